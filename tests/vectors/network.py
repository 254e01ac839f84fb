"""Pictures and the integer network of the vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.imaging.pictures import Image, to_pixels
from mobile_runtime.model_file.model import Size

OFFSETS = np.array([0, 29, 58])
"""Added to red, green and blue: the network colors what has no color."""


@dataclass(frozen=True)
class Promise:
    """The part of `manifest.Model` that tiles go by."""

    scale: int
    halo: int
    sizes: tuple[Size, ...] | None
    halo_8bit: int | None = None


@dataclass(frozen=True)
class IntegerNetwork:
    """A stand-in for an open model file that shows one missing pixel of halo."""

    model: Promise
    engine: str = "integers"

    def run(self, image: Image) -> Image:
        halo, scale = self.model.halo, self.model.scale
        pixels = to_pixels(image).astype(np.int64)
        height, width, _ = pixels.shape
        padded = np.pad(pixels, [(halo, halo), (halo, halo), (0, 0)])
        steps = sorted({0, halo, 2 * halo})
        total = sum(padded[y : y + height, x : x + width] for y in steps for x in steps)
        output = np.empty((height * scale, width * scale, 3), np.int64)
        for i in range(scale):
            for j in range(scale):
                output[i::scale, j::scale] = (total + 7 * i + 13 * j + OFFSETS) % 256
        return (output.transpose(2, 0, 1)[None] / 255).astype(np.float32)


def make_bytes(count: int, seed: int) -> NDArray[np.uint8]:
    """Return bytes that any language can make: the upper 8 of 32 bits, from the second state on."""
    state, values = seed, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    return np.frombuffer(bytes(values), np.uint8)
