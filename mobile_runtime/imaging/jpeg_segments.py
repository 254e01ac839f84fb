"""Marker segments of a JPEG: what it says beside its pixels (ISO/IEC 10918-1, annex B)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from mobile_runtime.imaging.metadata import Resolution

START, END = b"\xff\xd8", b"\xff\xd9"
APP0, APP1, APP2, APP13, COMMENT, SCAN = 0xE0, 0xE1, 0xE2, 0xED, 0xFE, 0xDA
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15."""

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"
ICC = b"ICC_PROFILE\0"
MAX_CONTENT = 65_533
"""Bytes of one segment, less its length field."""


class Segment(NamedTuple):
    """What stands behind one marker."""

    marker: int
    content: bytes


@dataclass(frozen=True)
class Jpeg:
    """The segments up to the first scan."""

    segments: tuple[Segment, ...]

    def named(self, marker: int, name: bytes) -> tuple[bytes, ...]:
        """Return the contents of a marker's segments that begin with a name, without it."""
        return tuple(
            content.removeprefix(name)
            for found, content in self.segments
            if found == marker and content.startswith(name)
        )

    @cached_property
    def bits(self) -> int:
        """Bits per channel; 8 where no frame says it."""
        return next(
            (content[0] for kind, content in self.segments if kind in FRAMES and content), 8
        )

    @property
    def comments(self) -> tuple[bytes, ...]:
        """Return the comments, without the zeros that some programs end them with."""
        return tuple(text for text in (c.rstrip(b"\0") for c in self.named(COMMENT, b"")) if text)

    @property
    def profile(self) -> bytes | None:
        """Return the color profile (ICC.1, B.4); None if there is none, or not all of it."""
        parts = sorted(part for part in self.named(APP2, ICC) if len(part) >= 2)
        total = parts[0][1] if parts else 0
        if [part[0] for part in parts] != list(range(1, total + 1)):
            return None
        return b"".join(part[2:] for part in parts) or None

    @property
    def resolution(self) -> Resolution | None:
        """Return what JFIF says; None for square pixels of no size."""
        for content in self.named(APP0, b"JFIF\0"):
            if len(content) < 7:
                return None
            unit, x, y = struct.unpack_from(">BHH", content, 2)
            if not x or not y or unit > 2 or (unit == 0 and x == y):
                return None
            factor = 2.54 if unit == 2 else 1
            return Resolution(x * factor, y * factor, per_inch=unit != 0)
        return None


def read_segments(content: bytes) -> Jpeg:
    """Return the segments before the first scan; a file cut short gives those there are."""
    return Jpeg(tuple(_walk(content)))


def density(resolution: Resolution) -> bytes:
    """Return the five bytes of JFIF for a resolution: unit, and pixels across and down."""
    x, y = resolution.x, resolution.y
    unit = 1 if resolution.per_inch else 0
    if unit == 1 and _distance(x) + _distance(y) > _distance(x / 2.54) + _distance(y / 2.54):
        unit, x, y = 2, x / 2.54, y / 2.54
    return struct.pack(">B2H", unit, *(min(max(round(side), 1), 65_535) for side in (x, y)))


def write_segment(marker: int, content: bytes) -> bytes:
    """Return a segment as bytes; its content is no longer than `MAX_CONTENT`."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _distance(value: float) -> float:
    return abs(value - round(value))


def _walk(content: bytes) -> Iterator[Segment]:
    place = len(START)
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # fill bytes are allowed before any marker
            place += 1
            continue
        if marker == SCAN:
            return
        (length,) = struct.unpack_from(">H", content, place + 2)
        yield Segment(marker, content[place + 4 : place + 2 + length])
        place += 2 + max(length, 2)
