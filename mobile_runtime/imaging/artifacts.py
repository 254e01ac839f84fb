"""Artifacts of the input in the upscaled picture: blocks, and how far they moved it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.errors import ImageError

BLOCK = 8
"""Side of JPEG's blocks in low-resolution pixels."""

NO_STEP = 1e-3
"""Of 255; added to both means, so that a picture of one color has a blockiness of 1."""

Plane = NDArray[np.float64]


@dataclass(frozen=True)
class Artifacts:
    """What a degraded input leaves in one upscaled picture, or the mean of many."""

    blockiness: float
    """Mean step of Y across the borders of 8x8 blocks, divided by that elsewhere; 1: no blocks.
    Seen on the low-resolution grid, to which the picture is reduced by area first."""
    rms: float
    """Root mean square, on Y and of 255, of the difference from what the same method makes of the
    clean input: how far the degradation has moved the output."""


def find_artifacts(degraded: Plane, clean: Plane, scale: int) -> Artifacts:
    """Return what a degradation did to the output of one method.

    Args:
        degraded: Y of what was restored from the degraded input, (H * scale, W * scale).
        clean: Y of what was restored from the clean one, same shape.
        scale: Output pixels per input pixel and side.

    Raises:
        ImageError: The input had no more than one block along one side.
    """
    return Artifacts(_blockiness(degraded, scale), float(np.sqrt(np.mean((degraded - clean) ** 2))))


def mean_artifacts(found: list[Artifacts]) -> Artifacts:
    """Average over pictures."""
    return Artifacts(
        float(np.mean([each.blockiness for each in found])),
        float(np.mean([each.rms for each in found])),
    )


def _blockiness(luma: Plane, scale: int) -> float:
    height, width = (size // scale for size in luma.shape)
    if min(height, width) <= BLOCK:
        raise ImageError(
            f"A low-resolution picture of {width}x{height} pixels is too small to look for blocks "
            f"of {BLOCK}x{BLOCK} in."
        )
    low_res = luma.reshape(height, scale, width, scale).mean(axis=(1, 3))
    across, elsewhere = [], []
    for plane in (low_res, low_res.T):
        steps = np.abs(np.diff(plane, axis=0)).mean(axis=1)
        is_border = np.arange(1, len(plane)) % BLOCK == 0
        across.append(steps[is_border].mean())
        elsewhere.append(steps[~is_border].mean())
    return float((np.mean(across) + NO_STEP) / (np.mean(elsewhere) + NO_STEP))
