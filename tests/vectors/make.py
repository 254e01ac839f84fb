"""The vectors, computed with the Python implementation."""

import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture, Pixels, to_image, to_pixels
from mobile_runtime.model_file.model import Size
from mobile_runtime.upscaling.tiling import Span, Tile, choose_halo, plan_tiles
from mobile_runtime.upscaling.upscale import find_mirrored, upscale_pixels
from mobile_runtime.upscaling.upscale_picture import upscale_picture
from vectors.network import IntegerNetwork, Promise, make_bytes


@dataclass(frozen=True)
class Case:
    """A picture, and what the file and the user say of tiles."""

    height: int
    width: int
    scale: int
    halo: int
    sizes: tuple[Size, ...] | None = None
    side: int | None = None
    gray: bool = False
    halo_8bit: int | None = None
    exact: bool = False

    @property
    def promise(self) -> Promise:
        return Promise(self.scale, self.halo, self.sizes, self.halo_8bit)

    def make_pixels(self, seed: int) -> Pixels:
        """Return (H, W, 3) RGB."""
        shape = self.height, self.width, 1 if self.gray else 3
        pixels = make_bytes(prod(shape), seed).reshape(shape)
        return np.repeat(pixels, 3, axis=2) if self.gray else pixels


NAMED = (
    Case(270, 400, 4, 17, ((128, 128),)),
    Case(300, 200, 2, 17, ((128, 128), (256, 256))),  # a .mlpackage with --other-size
    Case(100, 150, 4, 17, ((128, 128),)),  # smaller than the file on one side
    Case(128, 128, 4, 17, ((128, 128),)),
    Case(129, 128, 4, 17, ((128, 128),)),
    Case(5, 3, 4, 17, ((128, 128),)),  # mirrored 25 times over
    Case(1, 1, 2, 3, ((16, 20),)),
    Case(1, 1, 4, 17),
    Case(1, 90, 3, 5, None, 16),
    Case(300, 257, 2, 17),  # the default side
    Case(50, 120, 3, 9, None, 40),
    Case(60, 60, 2, 4, ((32, 32), (64, 64), (64, 64), (16, 128))),  # the first of the cheapest
    Case(40, 40, 2, 8, ((16, 16), (17, 17))),  # one of them too small for the halo
    Case(40, 40, 2, 8, ((16, 16),)),
    Case(40, 40, 2, 8, None, 16),
    Case(40, 40, 2, 8, ((32, 32),), 32),
    Case(70, 50, 2, 3, ((32, 32),), gray=True),
    Case(33, 40, 4, 5, None, 16, gray=True),
    Case(0, 5, 2, 3),
    Case(5, 0, 2, 3, ((16, 16),)),
)

FOR_8_BITS = tuple(
    Case(*case, halo_8bit=smaller, exact=exact)
    for case, smaller in (
        ((270, 400, 4, 17, ((128, 128),)), 14),
        ((300, 257, 2, 17), 10),
        ((40, 40, 2, 8, ((16, 16),)), 7),  # nothing is left inside the exact halo
        ((40, 33, 3, 6, None, 16), 0),
        ((40, 33, 3, 6, None, 16), 6),
        ((100, 100, 2, 17, ((64, 64), (128, 128))), 4),  # mirrored to 128 if exact
        ((1, 1, 2, 3, ((16, 20),)), 1),
    )
    for exact in (False, True)
)
"""Files that name a smaller halo for 8 bits, which tiles take unless they are to be exact."""

TRANSPARENT = (
    (1, 1, 4, 0),
    (1, 7, 2, 128),
    (2, 3, 3, 0),
    (3, 1, 4, 64),
    (20, 31, 2, 64),
    (17, 9, 3, 128),
    (40, 33, 4, 254),
    (12, 12, 2, 256),
)
"""Height, width, scale and the alpha below which pixels are hidden."""


def make_vectors() -> dict[str, Any]:
    cases = [*NAMED, *make_random_cases(140), *FOR_8_BITS]
    return {
        "tilings": [describe(case, seed) for seed, case in enumerate(cases, 1)],
        "rounding": make_rounding(),
        "transparency": [
            describe_transparency(*case, seed) for seed, case in enumerate(TRANSPARENT, 1001)
        ],
    }


def make_random_cases(count: int) -> Iterator[Case]:
    generator = random.Random(7)
    for _ in range(count):
        height, width = generator.randint(1, 90), generator.randint(1, 90)
        halo, scale = generator.randint(0, 12), generator.choice((2, 3, 4))
        case = Case(height, width, scale, halo, None, generator.choice((8, 16, 25, 31, 64)))
        if generator.random() < 0.6:
            sides = [generator.randint(4, 64) for _ in range(2 * generator.choice((1, 1, 2, 3)))]
            sizes = tuple(zip(sides[::2], sides[1::2], strict=True))
            case = Case(height, width, scale, halo, sizes)
        yield case


def describe(case: Case, seed: int) -> dict[str, Any]:
    """Return a case with its plan and result, or with the reason why there is none."""
    facts = asdict(case) | {"seed": seed}
    network = IntegerNetwork(case.promise)
    halo = choose_halo(case.promise, exact=case.exact)
    try:
        tiles = plan_tiles(case.height, case.width, halo=halo, sizes=case.sizes, side=case.side)
        pixels = case.make_pixels(seed)
        result = upscale_pixels(network, pixels, tile=case.side, exact=case.exact)
    except ImageError as error:
        return facts | describe_refusal(case, str(error))
    rows, columns = (list(dict.fromkeys(map(find, tiles))) for find in (rows_of, columns_of))
    assert list(product(rows, columns)) == [(rows_of(tile), columns_of(tile)) for tile in tiles]
    return facts | {
        "rows": rows,
        "columns": columns,
        "mirrored": find_mirrored(network, (case.height, case.width), exact=case.exact),
        "crc32": zlib.crc32(result.tobytes()),
    }


def rows_of(tile: Tile) -> tuple[int, ...]:
    return numbers(tile.rows)


def columns_of(tile: Tile) -> tuple[int, ...]:
    return numbers(tile.columns)


def numbers(span: Span) -> tuple[int, ...]:
    return span.read.start, span.read.stop, span.kept.start, span.kept.stop


def describe_refusal(case: Case, message: str) -> dict[str, Any]:
    if case.height * case.width == 0:
        return {"refused": "no pixels"}
    if case.sizes is not None and case.side is not None:
        return {"refused": "side for fixed sizes"}
    smallest = re.search(r"smallest that works is (\d+)", message)
    return {"refused": "tiles too small", "smallest": int(smallest[1])}


def make_rounding() -> dict[str, Any]:
    """Return values around every half level, and some far away, with what they are rounded to."""
    halves = ((np.arange(-1, 257) + 0.5) / 255).astype(np.float32)
    steps = [np.nextafter(halves, np.float32(end)) for end in (-np.inf, np.inf)]
    others = np.array([0, -0.0, 1, -1, 2, 1e-40, 3e38, -3e38], np.float32)
    values = np.concatenate([halves, *steps, others])
    rounded = to_pixels(np.broadcast_to(values, (1, 3, 1, values.size)))[0, :, 0]
    levels = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)
    return {
        "bits": values.view(np.uint32).tolist(),
        "pixels": rounded.tolist(),
        "floats": to_image(levels)[0, 0, 0].view(np.uint32).tolist(),
    }


def describe_transparency(
    height: int, width: int, scale: int, hidden_below: int, seed: int
) -> dict[str, int]:
    """Return a picture with transparency, and what becomes of it in tiles of 16 at a halo of 2."""
    rgba = make_bytes(height * width * 4, seed).reshape(height, width, 4).copy()
    alpha = np.where(rgba[..., 3] < hidden_below, np.uint8(0), rgba[..., 3])
    network = IntegerNetwork(Promise(scale, 2, None))
    result = upscale_picture(network, Picture(rgba[..., :3], alpha), tile=16)
    facts = {"height": height, "width": width, "scale": scale, "hidden_below": hidden_below}
    return facts | {"halo": 2, "side": 16, "seed": seed, "crc32": checksum(result)}


def checksum(picture: Picture) -> int:
    """Return the CRC-32 of the RGBA bytes."""
    rgba = np.concatenate([picture.pixels, picture.alpha[..., None]], axis=2)
    return zlib.crc32(rgba.tobytes())
