"""The same network with the shift removed: no model, but the least that any lowering could cost."""

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
    floor = deepcopy(net).eval()
    for name, layer in list(floor.named_modules()):
        if isinstance(layer, SpatialShift):
            floor.set_submodule(name, nn.Identity())
    return floor
