"""Directories of TIFF, built from values as they are stored."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Union

from mobile_runtime.imaging.tiff import Directory, Tiff, TiffError

EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)
PADDING = 0xEA1C
"""Windows' room for later additions, which says nothing."""


@dataclass(frozen=True)
class Value:
    """What a tag holds."""

    kind: int
    count: int
    stored: Union[bytes, "Values"]
    """Bytes in the order of the file, or the directory that the tag points to."""


Values = Mapping[int, Value]
"""A directory: tag -> value."""


def gather(tiff: Tiff, directory: Directory, tags: Iterable[int]) -> dict[int, Value]:
    """Return tags of a directory as they are stored, with the directories that they point to."""
    found: dict[int, Value] = {}
    for tag in tags:
        entry = directory.entries[tag]
        below = _read_below(tiff, directory, tag)
        if below is None:
            found[tag] = Value(entry.kind, entry.count, tiff.bytes_of(entry))
        else:
            kept = below.entries.keys() - {PADDING}
            found[tag] = Value(4, 1, gather(tiff, below, kept - set(POINTERS[:2])))
    return found


def serialize(values: Values, *, order: str, start: int) -> bytes:
    """Return a directory that stands at an offset, and all that it points to behind it."""
    rows: list[bytes] = []
    behind = b""
    end = start + 2 + 12 * len(values) + 4
    for tag, value in sorted(values.items()):
        place = end + len(behind)
        row = struct.pack(f"{order}HHI", tag, value.kind, value.count)
        if isinstance(value.stored, Mapping):
            behind += serialize(value.stored, order=order, start=place)
            stored = struct.pack(f"{order}I", place)
        elif len(value.stored) > 4:
            behind += value.stored + bytes(len(value.stored) % 2)
            stored = struct.pack(f"{order}I", place)
        else:
            stored = value.stored.ljust(4, b"\0")
        rows.append(row + stored)
    return struct.pack(f"{order}H", len(rows)) + b"".join(rows) + bytes(4) + behind


def _read_below(tiff: Tiff, directory: Directory, tag: int) -> Directory | None:
    starts = tiff.integers(directory, tag) if tag in POINTERS else ()
    try:
        return tiff.read(starts[0]) if starts else None
    except TiffError:
        return None
