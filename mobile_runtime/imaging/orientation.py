"""Turning of pictures as EXIF's orientation says."""

from types import MappingProxyType

import numpy as np
from PIL import Image as Pillow

from mobile_runtime.imaging.pictures import Stored

TURNS = MappingProxyType(
    {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_270,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_90,
    }
)
"""Orientation -> what makes the stored picture upright."""


def turn(image: Pillow.Image, orientation: int) -> Pillow.Image:
    """Return the image upright; itself for orientations that say nothing."""
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def turn_values(values: Stored, orientation: int) -> Stored:
    """Return values, (H, W, C), upright."""
    if orientation >= 5:
        values = values.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        values = np.flipud(values)
    if orientation in (2, 3, 6, 7):
        values = np.fliplr(values)
    return values
