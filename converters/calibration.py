"""Photographs that quantized files are calibrated on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from converters.golden import PHOTOGRAPHS, widen
from converters.options import Size
from mobile_runtime.pictures import Image, Pixels, open_picture, to_image
from mobile_runtime.quality import list_images, resize_bicubic

MOST = 32
"""Images at most; ranges settle long before."""


def calibration_images(folder: Path | None, size: Size) -> Iterator[Image]:
    """Cut images of one size out of photographs, and out of the photographs at half their size.

    Args:
        folder: Pictures of any size, folders below included; None takes the bundled photographs.
        size: Height and width.

    Yields:
        (1, 3, H, W) float32, RGB in [0, 1], at least one per picture and `MOST` in all at most.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read.
    """
    paths = PHOTOGRAPHS if folder is None else list_images(folder)[:MOST]
    each = max(1, MOST // len(paths))
    for path in paths:
        pixels = open_picture(path).pixels
        cuts = [*_cut(resize_bicubic(pixels, 0.5), size), *_cut(pixels, size)]
        for index in np.linspace(0, len(cuts) - 1, min(each, len(cuts))).astype(int):
            yield to_image(cuts[index])


def _cut(pixels: Pixels, size: Size) -> list[Pixels]:
    """Cut into pieces side by side; what is smaller than one is mirrored outwards."""
    pixels = widen(pixels, size)
    height, width = size
    return [
        pixels[y : y + height, x : x + width]
        for y in range(0, pixels.shape[0] - height + 1, height)
        for x in range(0, pixels.shape[1] - width + 1, width)
    ]
