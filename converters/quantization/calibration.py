"""What features are measured on: photographs, and the worst pictures there are."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from converters.golden_samples import PHOTOGRAPHS, reflect_pad
from converters.options import Size
from mobile_runtime.imaging.metrics import list_images, resize_bicubic
from mobile_runtime.imaging.pictures import Image, Pixels, to_image
from mobile_runtime.imaging.reading import open_picture

Item = TypeVar("Item")

MOST = 32
"""Images at most; ranges settle long before."""

CALIBRATED_AT: Size = (96, 96)
"""Their height and width in pixels, whatever sizes a file takes: ranges do not depend on it."""


GRAINS = (1, 8)
"""Sides of the squares that hard pictures consist of, in pixels."""

STRESS_IMAGES = 3
"""Hard pictures of each kind, beside some 30 photographs. Without any the worst case would be 4 dB
farther from fp32 in both palettes, and photographs 2 dB nearer (x4 direct, in PyTorch)."""


def calibration_images(folder: Path | None, size: Size) -> Iterator[Image]:
    """Cut images of one size out of photographs, and out of the photographs at half their size.

    Args:
        folder: Pictures of any size, folders below included: of more than `MOST` every so-manieth.
            None takes the bundled photographs.
        size: Height and width.

    Yields:
        (1, 3, H, W) float32, RGB in [0, 1], at least one per picture and `MOST` in all at most.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read.
    """
    paths = PHOTOGRAPHS if folder is None else _spread(list_images(folder), MOST)
    for number, path in enumerate(paths):
        pixels = open_picture(path).pixels
        cuts = [*_cut(resize_bicubic(pixels, 0.5), size), *_cut(pixels, size)]
        if 2 * len(paths) > MOST:  # one of each: from elsewhere in each, or it is always the corner
            yield to_image(cuts[number * len(cuts) // len(paths)])
        else:
            yield from map(to_image, _spread(cuts, MOST // len(paths)))


def stress_images(size: Size) -> Iterator[Image]:
    """Make pictures that no photograph is like: noise, gray and black and white, of two grains.

    Args:
        size: Height and width.

    Yields:
        (1, 3, H, W) float32, RGB in [0, 1], the same at every call.
    """
    random = np.random.default_rng(seed=0)
    for _ in range(STRESS_IMAGES):
        for grain in GRAINS:
            squares = random.random((1, 3, *(-(-side // grain) for side in size)), np.float32)
            noise = squares.repeat(grain, 2).repeat(grain, 3)[:, :, : size[0], : size[1]]
            yield noise
            yield noise.round()


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Take some of many, evenly, the first and the last among them; all if there are no more."""
    chosen = np.linspace(0, len(items) - 1, min(count, len(items))).astype(int)
    return [items[index] for index in chosen]


def _cut(pixels: Pixels, size: Size) -> list[Pixels]:
    """Cut into pieces side by side; what is smaller than one is mirrored outwards."""
    pixels = reflect_pad(pixels, size)
    height, width = size
    return [
        pixels[y : y + height, x : x + width]
        for y in range(0, pixels.shape[0] - height + 1, height)
        for x in range(0, pixels.shape[1] - width + 1, width)
    ]
