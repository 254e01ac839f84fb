"""What AVIF and HEIC say beside what their decoders tell: colors, depth, gain maps.

Boxes of ISO/IEC 14496-12, properties of ISO/IEC 23008-12, code points of ITU-T H.273.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mobile_runtime.imaging.metadata import Chunk

_SRGB = 1, 13
_UNSPECIFIED = 2
_SHOWN_AS_SRGB = (1, 2, 6, 14, 15)
"""Transfer of video, which browsers show with the curve of sRGB."""
_GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"tmap")


@dataclass(frozen=True)
class Told:
    """What stands in the boxes of a file."""

    color_chunks: tuple[Chunk, ...] = ()
    """The code points as a PNG has them, unless they are those of sRGB."""
    notes: tuple[str, ...] = ()


def read_boxes(content: bytes) -> Told:
    """Return what the first properties of a file say; nothing where it is damaged."""
    meta = next((box for box in _boxes(content) if box[0] == b"meta"), (b"", b""))[1][4:]
    inside = dict(reversed(list(_boxes(meta))))
    properties = list(_boxes(dict(_boxes(inside.get(b"iprp", b""))).get(b"ipco", b"")))
    codes = [value[4:] for kind, value in properties if kind == b"colr" and value[:4] == b"nclx"]
    depths = [max(value[5:], default=8) for kind, value in properties if kind == b"pixi"]
    notes = []
    if max(depths, default=8) > 8:
        notes.append("its values beyond 8 bits were left out")
    if any(name in meta for name in _GAIN_MAPS):
        notes.append("its gain map was left out: the result is without HDR")
    return Told(_color_chunks(codes[0]) if codes else (), tuple(notes))


def _color_chunks(code_points: bytes) -> tuple[Chunk, ...]:
    if len(code_points) < 4:
        return ()
    primaries, transfer = struct.unpack_from(">2H", code_points)
    primaries = 1 if primaries == _UNSPECIFIED else primaries
    transfer = _SRGB[1] if transfer in _SHOWN_AS_SRGB else transfer
    if (primaries, transfer) == _SRGB or max(primaries, transfer) > 255:
        return ()
    return (Chunk(b"cICP", bytes([primaries, transfer, 0, 1])),)


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of boxes one behind the other."""
    place = 0
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        start = place + 8
        if size == 1 and place + 16 <= len(content):
            (size,) = struct.unpack_from(">Q", content, start)
            start += 8
        size = size or len(content) - place
        if size < start - place:
            return
        yield kind, content[start : place + size]
        place += size
