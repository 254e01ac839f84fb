"""Patches: which to cut, and how their bytes are read, turned and mirrored."""

import triton
import triton.language as tl

LUMA_RED = tl.constexpr(0.299)
LUMA_GREEN = tl.constexpr(0.587)
LUMA_BLUE = tl.constexpr(0.114)
"""What R, G and B give to Y (BT.601)."""


@triton.jit
def choose(
    cuts,
    table,
    state,
    seed,
    pictures,
    BATCH: tl.constexpr,
    LANES: tl.constexpr,
    PATCH: tl.constexpr,
    SCALE: tl.constexpr,
):
    """Choose this step's patches: a function of seed and step alone.

    cuts: (BATCH, 5) int64: first byte and row length of the low-resolution patch, the same of the
    high-resolution one, orientation (bits: transposed, upside down, mirrored, gray).
    table: (pictures, 5) int64: first byte of both pictures, low-resolution height and width, and 1
    where colors are to be read as Y.
    """
    lane = tl.arange(0, LANES)
    step = tl.load(state + 1).to(tl.int32)
    place = (step * BATCH + lane) * 4
    picture = tl.randint(seed, place).to(tl.int64) & 0x7FFFFFFF
    entry = table + (picture % pictures) * 5
    low, high = tl.load(entry), tl.load(entry + 1)
    height, width = tl.load(entry + 2), tl.load(entry + 3)
    y = (tl.randint(seed, place + 1).to(tl.int64) & 0x7FFFFFFF) % (height - PATCH + 1)
    x = (tl.randint(seed, place + 2).to(tl.int64) & 0x7FFFFFFF) % (width - PATCH + 1)
    turn = tl.randint(seed, place + 3).to(tl.int64) & 7
    orientation = turn + 8 * tl.load(entry + 4)
    cut, there = cuts + lane * 5, lane < BATCH
    tl.store(cut, low + (y * width + x) * 3, mask=there)
    tl.store(cut + 1, width * 3, mask=there)
    tl.store(cut + 2, high + (y * SCALE * width * SCALE + x * SCALE) * 3, mask=there)
    tl.store(cut + 3, width * SCALE * 3, mask=there)
    tl.store(cut + 4, orientation, mask=there)


@triton.jit
def find_place(row, column, orientation, SIDE: tl.constexpr):
    """Find where in the picture's patch a pixel of the turned patch comes from."""
    transposed = (orientation & 1) != 0
    y, x = tl.where(transposed, column, row), tl.where(transposed, row, column)
    y = tl.where((orientation & 2) != 0, SIDE - 1 - y, y)
    x = tl.where((orientation & 4) != 0, SIDE - 1 - x, x)
    return y, x


@triton.jit
def read_colors(pixels, place, orientation, there):
    """Read R, G and B as 0 to 255, or three times Y where the patch is to be gray."""
    red = tl.load(pixels + place, mask=there, other=0).to(tl.float32)
    green = tl.load(pixels + place + 1, mask=there, other=0).to(tl.float32)
    blue = tl.load(pixels + place + 2, mask=there, other=0).to(tl.float32)
    luma = LUMA_RED * red + LUMA_GREEN * green + LUMA_BLUE * blue + 0.5
    luma = luma.to(tl.int32).to(tl.float32)  # rounds down: it is not negative
    gray = (orientation & 8) != 0
    return tl.where(gray, luma, red), tl.where(gray, luma, green), tl.where(gray, luma, blue)
