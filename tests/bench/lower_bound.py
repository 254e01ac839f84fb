"""The network without its shift: a lower bound of what any way to write the shift could cost."""

from copy import deepcopy

from torch import nn

from scnet.network import SCNet, SpatialShift


def without_shift(net: SCNet) -> SCNet:
    """Let features pass where they were shifted.

    Args:
        net: Left as it is.

    Returns:
        Still an SCNet, so that it is rewritten and converted as every other one.
    """
    bound = deepcopy(net).eval()
    for name, layer in list(bound.named_modules()):
        if isinstance(layer, SpatialShift):
            bound.set_submodule(name, nn.Identity())
    return bound
