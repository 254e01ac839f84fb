"""Animated GIF, written frame by frame: at most 255 colors in each, and no half transparency.

GIF89a, with Netscape's block for loops. Where nothing is transparent, a frame stores only what
differs from the one before, so that dithered colors of a still ground do not flicker.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.animation import Animation
from mobile_runtime.imaging.color_space import ColorSpace
from mobile_runtime.imaging.pictures import Picture, Pixels

LARGEST = 65_535
"""Side in pixels, duration in hundredths of a second, and number of repeats."""
COLORS = 255
"""Of a frame; the number behind them is that of its empty pixels."""
OPAQUE = 128
"""Alpha from which on a pixel is drawn."""
_KEEP, _CLEAR = 1, 2
"""What becomes of a frame before the next one is drawn."""

FEWER_COLORS = f"its frames were reduced to {COLORS} colors each, as GIF has them: .webp keeps all"
NO_HALVES = "its half transparent pixels became opaque or empty, as GIF has them: .webp keeps them"


def write_gif(
    file: IO[bytes], frames: Iterator[Picture], animation: Animation, quality: int | None
) -> tuple[str, ...]:
    """Write an animated GIF; where a frame has too many colors, they are dithered.

    Args:
        file: To write to.
        frames: All of one size, with alpha all or none.
        animation: Durations, which become hundredths of a second, and number of plays.
        quality: Not used: there is none.

    Returns:
        What the frames lost.

    Raises:
        ImageError: A GIF cannot hold the colors, or the size.
    """
    if not _is_srgb(animation.colors):
        raise ImageError("GIF cannot hold the color profile of this animation: write .webp.")
    lost: set[str] = set()
    before: Pixels | None = None
    for frame, delay in zip(frames, _delays(animation.durations_ms), strict=True):
        pixels, alpha = frame.pixels, frame.alpha
        if before is None:
            file.write(_header(pixels.shape[0], pixels.shape[1], animation.plays))
        if alpha is None:
            drawn = np.ones_like(pixels[..., 0], bool)
            drawn = drawn if before is None else (pixels != before).any(axis=2)
        else:
            drawn = alpha >= OPAQUE
            lost |= {NO_HALVES} if ((alpha != 0) & (alpha != 255)).any() else set()
        box = _box(drawn)
        indexed = _quantize(pixels[box], drawn[box])
        lost |= {FEWER_COLORS} if indexed.is_reduced else set()
        file.write(_encode(indexed, box, delay, _KEEP if alpha is None else _CLEAR))
        before = pixels
    file.write(b";")
    return tuple(sorted(lost))


@dataclass(frozen=True, eq=False)
class _Indexed:
    """A part of a frame, in colors of its own."""

    numbers: NDArray[np.uint8]
    """(H, W), of colors; `COLORS` where the pixel is empty."""
    palette: bytes
    """RGB of each color."""
    is_reduced: bool
    """Whether there were more colors."""


def _is_srgb(colors: ColorSpace) -> bool:
    kinds = {chunk.kind for chunk in colors.chunks}
    return colors.icc_profile is None and (not kinds or (b"sRGB" in kinds and b"cICP" not in kinds))


def _delays(durations_ms: Sequence[float]) -> list[int]:
    """Return durations in hundredths of a second that together last as long."""
    ends = [round(end_ms / 10) for end_ms in accumulate(durations_ms, initial=0.0)]
    return [min(end - start, LARGEST) for start, end in pairwise(ends)]


def _header(height: int, width: int, plays: int) -> bytes:
    if max(height, width) > LARGEST:
        raise ImageError(
            f"GIF ends at {LARGEST:,} pixels a side, and this animation becomes "
            f"{width:,} x {height:,}: write .png."
        )
    header = b"GIF89a" + struct.pack("<2H3B", width, height, 0x70, 0, 0)  # without a palette
    if plays == 1:
        return header
    repeats = min(plays - 1, LARGEST) if plays else 0  # 0: without end
    return header + b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", repeats, 0)


def _box(drawn: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return rows and columns of what is drawn; one pixel if nothing is."""
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _quantize(pixels: Pixels, drawn: NDArray[np.bool_]) -> _Indexed:
    """Return pixels in their own colors if those are few, else in the best ones, dithered."""
    wanted = pixels[drawn]
    red, green, blue = wanted.astype(np.uint32).T
    colors, numbers = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    indexed = np.full(drawn.shape, COLORS, np.uint8)
    if len(colors) <= COLORS:
        indexed[drawn] = numbers
        return _Indexed(
            indexed, colors.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes(), False
        )
    # Dithering needs the outermost colors more than the most frequent ones.
    best = Pillow.fromarray(wanted[None]).quantize(COLORS, Pillow.Quantize.MAXCOVERAGE)
    palette = bytes(best.getpalette() or ())[: 3 * COLORS]
    best.putpalette(palette + palette[-3:])  # which is full then, and no number stands for none
    dithered = Pillow.fromarray(np.ascontiguousarray(pixels)).quantize(palette=best)
    indexed[drawn] = np.minimum(np.asarray(dithered)[drawn], COLORS - 1)
    return _Indexed(indexed, palette, True)


def _encode(indexed: _Indexed, box: tuple[slice, slice], delay: int, disposal: int) -> bytes:
    rows, columns = box
    height, width = indexed.numbers.shape
    control = struct.pack("<2sBBHBB", b"\x21\xf9", 4, disposal << 2 | 1, delay, COLORS, 0)
    place = struct.pack("<c4HB", b",", columns.start, rows.start, width, height, 0x87)
    packed = Pillow.fromarray(indexed.numbers).tobytes("gif", ("L", 8, 0))
    return control + place + indexed.palette.ljust(768, b"\0") + b"\x08" + packed + b"\0"
