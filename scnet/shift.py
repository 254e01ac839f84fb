"""The spatial shift, SCNet's only spatial operation, as one torch operator.

"Fully 1x1 Convolutional Network for Lightweight Image Super-Resolution", arXiv 2307.16140, section
3.2: the channels are split into eight groups of equal width; each group reads its input one pixel
away in its own direction, and reads zeros outside the image.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from scnet.config import GROUPS

OFFSETS = ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1), (1, -1), (-1, 1), (-1, -1))
"""Group k of the output at (y, x) reads the same group of the input at (y + dy, x + dx)."""


@torch.library.custom_op("scnet::spatial_shift", mutates_args=())
def spatial_shift(features: Tensor) -> Tensor:
    """Return features with eight groups of channels shifted by one pixel, zeros coming in.

    One operator, so that `torch.export` has one node per shift, which every converter can lower to
    what its format does best.

    Args:
        features: (N, C, H, W), C a multiple of 8.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: C is not a multiple of 8.
    """
    return _shift(features, OFFSETS)


@spatial_shift.register_fake
def _fake(features: Tensor) -> Tensor:
    _group_width(features.shape[1])
    return torch.empty_like(features)


def _gradient(_ctx: Any, gradient: Tensor) -> Tensor:
    """Return the gradient of the input; the shift is linear, so nothing need be kept for it."""
    return _shift(gradient, [(-dy, -dx) for dy, dx in OFFSETS])


spatial_shift.register_autograd(_gradient)


def shift_kernel(channels: int) -> Tensor:
    """Return the kernels of the shift as a depthwise 3x3 convolution (padding 1).

    Args:
        channels: C, a multiple of 8.

    Returns:
        One-hot kernels, (C, 1, 3, 3) float32; `conv2d(x, kernel, padding=1, groups=C)` equals
        `spatial_shift(x)` bit for bit.
    """
    width = _group_width(channels)
    kernel = torch.zeros(channels, 1, 3, 3)
    for k, (dy, dx) in enumerate(OFFSETS):
        kernel[k * width : (k + 1) * width, 0, 1 + dy, 1 + dx] = 1
    return kernel


def _shift(features: Tensor, offsets: Sequence[tuple[int, int]]) -> Tensor:
    _, channels, height, width = features.shape
    group = _group_width(channels)
    padded = F.pad(features, [1, 1, 1, 1])
    return torch.cat(
        [
            padded[
                :, k * group : (k + 1) * group, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width
            ]
            for k, (dy, dx) in enumerate(offsets)
        ],
        dim=1,
    )


def _group_width(channels: int) -> int:
    if channels % GROUPS:
        raise ValueError(f"The shift needs a multiple of {GROUPS} channels, not {channels}.")
    return channels // GROUPS
