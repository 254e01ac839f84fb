"""Turning of pictures as EXIF's orientation says."""

from types import MappingProxyType

from PIL import Image as Pillow

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
