"""Golden samples: photographs and a stress image as inputs, and PyTorch's outputs.

PyTorch computes them in float64, so that a file's difference is its own rounding. In float32
PyTorch is as far from the exact result as the engines are: 5.2e-6, half of the tolerance (SCNet-T
x2 direct on the stress image, 128x128).
"""

from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from converters.options import Size
from mobile_runtime.imaging.pictures import Image, Pixels, to_image
from mobile_runtime.imaging.reading import open_picture
from mobile_runtime.model_file.golden_samples import write_array
from mobile_runtime.model_file.manifest import GoldenSample
from scnet.network import SCNet

PHOTOGRAPHS = sorted((Path(__file__).parent / "photographs").glob("*.png"))

ANY_SIZE: tuple[Size, ...] = ((96, 128), (61, 37))
"""Heights and widths at which a file for any size is run; neither is the one it was traced with."""

STRESS_IMAGE = "worst-case"
"""Name of the sample with the stress image."""


def write_golden(
    net: SCNet, sizes: tuple[Size, ...] | None, folder: Path, *, photographs_only: bool = False
) -> list[GoldenSample]:
    """Write the golden samples of a network for some input sizes.

    The samples of one size are in a subfolder named after their content, so that files of one
    network share them, and no later conversion changes those of an earlier one.

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
    exact, config = deepcopy(net).double(), net.config
    network = f"{config.variant}-x{config.scale}-{config.head}"
    samples = []
    for size in sizes or ANY_SIZE:
        pairs = {
            name: (image, _run(exact, image))
            for name, image in inputs(size)
            if not (photographs_only and name == STRESS_IMAGE)
        }
        # Of every bit: PyTorch's last bits depend on machine and threads.
        content = b"".join(array.tobytes() for pair in pairs.values() for array in pair)
        digest = sha256(content).hexdigest()
        home = f"golden/{network}-{size[0]}x{size[1]}-{digest[:8]}"
        (folder / home).mkdir(parents=True, exist_ok=True)
        for name, (image, output) in pairs.items():
            source, target = f"{home}/{name}.input.f32", f"{home}/{name}.output.f32"
            samples.append(
                GoldenSample(
                    name=f"{name}-{size[0]}x{size[1]}",
                    input=source,
                    input_shape=image.shape,
                    input_sha256=write_array(folder / source, image),
                    output=target,
                    output_shape=output.shape,
                    output_sha256=write_array(folder / target, output),
                )
            )
    return samples


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
