"""The reference implementation: zeros, eight slice assignments, PixelShuffle and bilinear.

Written from the facts in the paper (arXiv 2307.16140, section 3.2), not from its author's code.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn

from scnet.network import SCNet, SpatialShift
from scnet.shift import OFFSETS


class AssignedShift(nn.Module):
    """The spatial shift as one would write it down: a tensor of zeros, filled group by group."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        _, channels, height, width = features.shape
        group = channels // len(OFFSETS)
        shifted = torch.zeros_like(features)
        for k, (dy, dx) in enumerate(OFFSETS):
            inside = slice(k * group, (k + 1) * group)
            (to_rows, from_rows), (to_columns, from_columns) = _along(dy, height), _along(dx, width)
            shifted[:, inside, to_rows, to_columns] = features[:, inside, from_rows, from_columns]
        return shifted


def reference_form(net: SCNet) -> nn.Module:
    """Write the shifts of a network as the paper does; all else is as it is in paper form.

    Args:
        net: Left as it is.

    Returns:
        A module that gives what `net` does, bit for bit.
    """
    reference = deepcopy(net).eval()
    for name, layer in list(reference.named_modules()):
        if isinstance(layer, SpatialShift):
            reference.set_submodule(name, AssignedShift())
    return reference


def _along(offset: int, length: int) -> tuple[slice, slice]:
    """Say which rows (or columns) are written, and from which ones they are read."""
    start, stop = max(-offset, 0), length - max(offset, 0)
    return slice(start, stop), slice(start + offset, stop + offset)
