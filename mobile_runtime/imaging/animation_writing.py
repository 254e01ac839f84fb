"""Animations as APNG, WebP and GIF, frame by frame: memory holds two frames, and the file."""

import struct
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from types import MappingProxyType
from typing import IO

from PIL import Image as Pillow
from PIL import ImageChops

from mobile_runtime.imaging.animation import Animation
from mobile_runtime.imaging.gif_writing import write_gif
from mobile_runtime.imaging.metadata import NO_METADATA, Chunk
from mobile_runtime.imaging.pictures import Picture, to_pillow
from mobile_runtime.imaging.png_chunks import SIGNATURE, encode_chunk, walk
from mobile_runtime.imaging.png_metadata import make_chunks

Write = Callable[[IO[bytes], Iterator[Picture], Animation, int | None], tuple[str, ...]]
"""Writes frames, and returns what the format could not hold of them."""

MAX_DELAY = 65_535
"""Of numerator and denominator in an APNG."""


def write_apng(
    file: IO[bytes], frames: Iterator[Picture], animation: Animation, quality: int | None
) -> tuple[str, ...]:
    """Write an APNG (PNG, third edition, 11.3.5), of each frame only what differs from the last.

    Args:
        file: To write to.
        frames: All of one size, with alpha all or none.
        animation: Durations, number of plays and colors.
        quality: Not used: it is lossless.
    """
    shown: Pillow.Image | None = None
    sequence = 0
    for frame, duration_ms in zip(map(to_pillow, frames), animation.durations_ms, strict=True):
        box = _changed(shown, frame)
        header, data = _compress(frame.crop(box))
        if shown is None:
            file.write(SIGNATURE + header)
            for chunk in make_chunks(animation.colors, NO_METADATA, gray=False, deep=False):
                file.write(encode_chunk(chunk))
            counts = struct.pack(">2I", len(animation.durations_ms), animation.plays)
            file.write(encode_chunk(Chunk(b"acTL", counts)))
        left, top, right, bottom = box
        control = struct.pack(">5I", sequence, right - left, bottom - top, left, top)
        delay = _delay(duration_ms)
        keep_and_replace = 0, 0  # dispose of nothing afterwards; values replace those before
        control += struct.pack(">2H2B", delay.numerator, delay.denominator, *keep_and_replace)
        file.write(encode_chunk(Chunk(b"fcTL", control)))
        sequence += 1
        if shown is None:
            file.write(encode_chunk(Chunk(b"IDAT", data)))
        else:
            file.write(encode_chunk(Chunk(b"fdAT", struct.pack(">I", sequence) + data)))
            sequence += 1
        shown = frame
    file.write(encode_chunk(Chunk(b"IEND", b"")))
    return ()


def write_webp(
    file: IO[bytes], frames: Iterator[Picture], animation: Animation, quality: int | None
) -> tuple[str, ...]:
    """Write an animated WebP; arguments as `write_apng`.

    Args:
        file: To write to.
        frames: All of one size, with alpha all or none.
        animation: Durations, number of plays and colors.
        quality: 0 to 100; lossless if None.
    """
    lossless = {"lossless": True} if quality is None else {"quality": quality}
    images = _Frames(map(to_pillow, frames), len(animation.durations_ms))
    images.save(
        file,
        "WEBP",
        save_all=True,
        duration=list(animation.durations_ms),
        loop=animation.plays,
        icc_profile=animation.colors.profile(gray=False),
        **lossless,
    )
    return ()


ANIMATION_FORMATS: Mapping[str, Write] = MappingProxyType(
    {".png": write_apng, ".apng": write_apng, ".webp": write_webp, ".gif": write_gif}
)
"""Suffix -> what writes it."""


class _Frames(Pillow.Image):
    """Frames that are made when Pillow seeks them, one after the other."""

    def __init__(self, frames: Iterator[Pillow.Image], count: int) -> None:
        super().__init__()
        self.n_frames = count
        self._frames = frames
        self._number = -1
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Go on to a frame; there is no way back, which Pillow takes at the end."""
        while self._number < frame:
            image = next(self._frames)
            self.im, self._mode, self._size = image.im, image.mode, image.size
            self._number += 1


def _changed(before: Pillow.Image | None, after: Pillow.Image) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what differs; one pixel if nothing does."""
    if before is None:
        return 0, 0, *after.size
    difference = ImageChops.difference(before, after)
    boxes = (channel.getbbox() for channel in difference.split())
    found = [box for box in boxes if box is not None] or [(0, 0, 1, 1)]
    lefts, tops, rights, bottoms = zip(*found, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _compress(image: Pillow.Image) -> tuple[bytes, bytes]:
    """Return the IHDR chunk, and the compressed pixels."""
    file = BytesIO()
    image.save(file, "PNG")
    content, header, data = file.getvalue(), b"", []
    for kind, start, end in walk(content):
        if kind == b"IHDR":
            header = content[start - 8 : end + 4]
        elif kind == b"IDAT":
            data.append(content[start:end])
    return header, b"".join(data)


def _delay(duration_ms: float) -> Fraction:
    """Return seconds as the nearest fraction that an APNG can hold."""
    delay = Fraction(duration_ms / 1000).limit_denominator(MAX_DELAY)
    if delay.numerator > MAX_DELAY:  # beyond a second, where milliseconds are near enough
        delay = Fraction(min(round(delay * 1000), MAX_DELAY * 1000), 1000)
    return delay if delay.numerator <= MAX_DELAY else Fraction(min(round(delay), MAX_DELAY))
