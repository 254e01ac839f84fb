"""Golden samples: photographs and a stress image as inputs, and PyTorch's outputs.

PyTorch computes them in float64, so that a file's difference is its own rounding. In float32
PyTorch is as far from the exact result as the engines are: 5.2e-6, half of the tolerance (SCNet-T
x2 direct on the stress image, 128x128).
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch

from converters.options import Size
from mobile_runtime.imaging.pictures import Image, Pixels, to_image
from mobile_runtime.imaging.reading import open_picture
from mobile_runtime.model_file.golden_samples import GoldenImages, write_golden
from mobile_runtime.model_file.manifest import GoldenSample
from scnet.network import SCNet

PHOTOGRAPHS = sorted((Path(__file__).parent / "photographs").glob("*.png"))

ANY_SIZE: tuple[Size, ...] = ((128, 128), (61, 37))
"""Heights and widths at which a file for any size is run: that of most files for a fixed one, so
that they share samples, and a small odd one. Neither is the one it was traced with."""

STRESS_IMAGE = "worst-case"
"""Name of the sample with the stress image."""


def write_samples(
    net: SCNet, sizes: tuple[Size, ...] | None, folder: Path, *, photographs_only: bool = False
) -> list[GoldenSample]:
    """Write the golden samples of a network for some input sizes.

    Args:
        net: In paper form.
        sizes: Heights and widths; None takes `ANY_SIZE`.
        folder: Where the manifest will be.
        photographs_only: Leave the stress image out. For calibrated precisions, whose ranges are
            those of photographs: noise and checkers leave them (10 dB to PyTorch), and ranges that
            held them would cost photographs ten times as much (0.33 instead of 0.04 dB, SCNet-T
            x4).

    Returns:
        What to put into the manifest.
    """
    exact, scale = deepcopy(net).double(), net.config.scale
    return [
        write_golden(
            folder,
            GoldenImages.keep(f"{name}-{size[0]}x{size[1]}", image, _run(exact, image), scale),
        )
        for size in sizes or ANY_SIZE
        for name, image in inputs(size)
        if not (photographs_only and name == STRESS_IMAGE)
    ]


def inputs(size: Size) -> Iterator[tuple[str, Image]]:
    """Yield name and image (1, 3, H, W) of each input; values are multiples of 1/255 in [0, 1]."""
    for name, pixels in photographs(size):
        yield name, to_image(pixels)
    yield STRESS_IMAGE, to_image(_stress_image(size))


def photographs(size: Size) -> Iterator[tuple[str, Pixels]]:
    """Yield name and center of each bundled photograph, mirrored outwards where it is too small."""
    for path in PHOTOGRAPHS:
        pixels = reflect_pad(open_picture(path).pixels, size)
        y, x = ((had - needed) // 2 for needed, had in zip(size, pixels.shape[:2], strict=True))
        yield path.stem, pixels[y : y + size[0], x : x + size[1]]


def reflect_pad(pixels: Pixels, size: Size) -> Pixels:
    """Return pixels of at least a size, mirrored down and to the right as often as it takes."""
    missing = [max(0, needed - had) for needed, had in zip(size, pixels.shape[:2], strict=True)]
    return np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric")


def _stress_image(size: Size) -> Pixels:
    """Return noise, a one-pixel checker, saturated colors, and lines on the outermost pixels."""
    height, width = size
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = (
        255 * (np.indices(size).sum(0) % 2)[..., None][: height // 2, : width // 2]
    )
    for index in range(8):
        band = slice(width // 2 + index * width // 16, width // 2 + (index + 1) * width // 16)
        pixels[height // 2 :, band] = [255 * (index >> bit & 1) for bit in range(3)]
    pixels[0], pixels[-1] = (255, 0, 255), (0, 255, 0)
    pixels[:, 0], pixels[:, -1] = (255, 255, 0), (0, 0, 255)
    return pixels


def _run(exact: SCNet, image: Image) -> Image:
    with torch.inference_mode():
        output: Image = exact(torch.from_numpy(image).double()).float().numpy()
    return output
