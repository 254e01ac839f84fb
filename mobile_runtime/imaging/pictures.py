"""Pictures in memory: 8-bit pixels with their metadata, and the float images of the network.

`pixels` are uint8 (H, W, 3) RGB; `image` is float32 (1, 3, H, W) RGB in [0, 1], the one form that
crosses every border of this project. Files are read in `reading` and written in `writing`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Image = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a picture file holds, upright."""

    pixels: Pixels
    """(H, W, 3) RGB; three equal channels if `grayscale`."""
    alpha: NDArray[np.uint8] | None = None
    """(H, W), 0 is transparent; None if the file has no transparency."""
    grayscale: bool = False
    """Stored in grayscale, and to be written so: its color profile fits nothing else."""
    icc_profile: bytes | None = None
    exif: bytes | None = None
    """A TIFF structure with the orientation taken out, without the `Exif` prefix of JPEG."""


def to_image(pixels: Pixels) -> Image:
    """Return (H, W, 3) uint8 as (1, 3, H, W) float32 in [0, 1]."""
    return pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)


def to_pixels(image: Image) -> Pixels:
    """Return (1, 3, H, W) float32 as (H, W, 3) uint8, clipped to [0, 1] and rounded."""
    pixels: Pixels = np.rint(np.clip(image[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    return pixels
