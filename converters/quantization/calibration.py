"""Calibration and stress images, on which ranges of features are measured."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from converters.golden_samples import PHOTOGRAPHS, reflect_pad
from converters.options import Size
from mobile_runtime.imaging.folder import list_pictures
from mobile_runtime.imaging.metrics import resize_bicubic
from mobile_runtime.imaging.pictures import Image, Pixels, to_image
from mobile_runtime.imaging.reading import open_picture

Item = TypeVar("Item")

MAX_IMAGES = 32
"""More would hardly change the ranges."""

CALIBRATED_AT: Size = (96, 96)
"""Height and width of calibration images, whatever a file takes: ranges do not depend on them."""

SQUARE_SIDES = (1, 8)
"""Sides of the squares that stress images consist of, in pixels."""

STRESS_IMAGES_PER_KIND = 3
"""Beside some 30 photographs. Without any, the worst image would be 4 dB farther from fp32 in both
palettes, and photographs 2 dB nearer (x4 direct, in PyTorch)."""


def calibration_images(folder: Path | None, size: Size) -> Iterator[Image]:
    """Yield crops of one size from photographs, and from the photographs at half their size.

    Args:
        folder: Picture files of any size, in subfolders too; of more than `MAX_IMAGES`, that many
            are taken at even intervals. None takes the bundled photographs.
        size: Height and width.

    Yields:
        (1, 3, H, W) float32, RGB in [0, 1]; at least one per file, at most `MAX_IMAGES` in all.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read.
    """
    paths = PHOTOGRAPHS if folder is None else _spread(list_pictures(folder), MAX_IMAGES)
    for number, path in enumerate(paths):
        pixels = open_picture(path).pixels
        crops = [*_crops(resize_bicubic(pixels, 0.5), size), *_crops(pixels, size)]
        if 2 * len(paths) > MAX_IMAGES:  # one per file, each from a different place
            yield to_image(crops[number * len(crops) // len(paths)])
        else:
            yield from map(to_image, _spread(crops, MAX_IMAGES // len(paths)))


def stress_images(size: Size) -> Iterator[Image]:
    """Yield noise, harder than any photograph: uniform and of 0 and 1 alone, in two square sizes.

    Args:
        size: Height and width.

    Yields:
        (1, 3, H, W) float32, RGB in [0, 1], the same at every call.
    """
    random = np.random.default_rng(seed=0)
    for _ in range(STRESS_IMAGES_PER_KIND):
        for side in SQUARE_SIDES:
            squares = random.random((1, 3, *(-(-length // side) for length in size)), np.float32)
            noise = squares.repeat(side, 2).repeat(side, 3)[:, :, : size[0], : size[1]]
            yield noise
            yield noise.round()


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Return `count` items at even intervals, the first and last among them, or all if fewer."""
    chosen = np.linspace(0, len(items) - 1, min(count, len(items))).astype(int)
    return [items[index] for index in chosen]


def _crops(pixels: Pixels, size: Size) -> list[Pixels]:
    """Return crops side by side; a smaller picture is padded by reflection."""
    pixels = reflect_pad(pixels, size)
    height, width = size
    return [
        pixels[y : y + height, x : x + width]
        for y in range(0, pixels.shape[0] - height + 1, height)
        for x in range(0, pixels.shape[1] - width + 1, width)
    ]
