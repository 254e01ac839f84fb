"""Metadata of a TIFF page, and its EXIF as a structure of its own."""

import struct

from mobile_runtime.imaging.color_space import ColorSpace
from mobile_runtime.imaging.exif import EXIF_IFD, ORIENTATION, Exif, upright
from mobile_runtime.imaging.metadata import Metadata
from mobile_runtime.imaging.photoshop import IPTC, make_block
from mobile_runtime.imaging.tiff import Directory, Tiff, TiffError
from mobile_runtime.imaging.tiff_pages import Page

BITS, SAMPLE_FORMAT = 258, 339
ICC_PROFILE, XMP, IPTC_TAG, PHOTOSHOP = 34_675, 700, 33_723, 34_377
GPS_IFD, INTEROP_IFD = 0x8825, 0xA005
TOLD_ELSEWHERE = frozenset({282, 283, 296, ORIENTATION})
"""Resolution and orientation."""
DESCRIPTIVE = (
    TOLD_ELSEWHERE
    | {269, 270, 271, 272, 285, 305, 306, 315, 316, 18_246, 18_249, 33_432, EXIF_IFD, GPS_IFD}
    | set(range(40_091, 40_096))
)
"""Tags of a page that tell about the picture; the others tell how it is stored."""

POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)


def read_metadata(page: Page) -> tuple[ColorSpace, Metadata]:
    """Return what a page says beside its pixels, which the decoder turns upright."""
    tiff, directory = page.tiff, page.directory

    def stored(tag: int) -> bytes | None:
        entry = directory.entries.get(tag)
        return None if entry is None else tiff.bytes_of(entry)

    iptc = stored(IPTC_TAG)
    photoshop = stored(PHOTOSHOP) or (None if iptc is None else make_block(IPTC, iptc))
    own, exif = Exif(tiff, directory), _extract_exif(tiff, directory)
    resolution = own.resolution
    metadata = Metadata(
        exif=None if exif is None else upright(exif),
        xmp=stored(XMP),
        photoshop=photoshop,
        resolution=resolution.turned if resolution and own.orientation >= 5 else resolution,
    )
    return ColorSpace(stored(ICC_PROFILE)), metadata


def _extract_exif(tiff: Tiff, directory: Directory) -> bytes | None:
    """Return the descriptive tags as EXIF, with types and values as they are stored."""
    kept = DESCRIPTIVE & directory.entries.keys()
    if kept <= TOLD_ELSEWHERE:
        return None
    mark = b"II" if tiff.order == "<" else b"MM"
    header = struct.pack(f"{tiff.order}2sHI", mark, 42, 8)
    return header + _write(tiff, directory, kept, start=8)


def _write(tiff: Tiff, directory: Directory, tags: set[int] | frozenset[int], start: int) -> bytes:
    """Return a directory that stands at `start`, and all that it points to behind it."""
    order = tiff.order
    rows: list[bytes] = []
    behind = b""
    end = start + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        entry = directory.entries[tag]
        value = tiff.bytes_of(entry)
        below = _read_below(tiff, directory, tag)
        place = end + len(behind)
        if below is not None:
            behind += _write(tiff, below, below.entries.keys() - {0xEA1C}, start=place)
            rows.append(struct.pack(f"{order}HHII", tag, 4, 1, place))
            continue
        row = struct.pack(f"{order}HHI", tag, entry.kind, entry.count)
        if len(value) > 4:
            behind += value + bytes(len(value) % 2)
            value = struct.pack(f"{order}I", place)
        rows.append(row + value.ljust(4, b"\0"))
    return struct.pack(f"{order}H", len(rows)) + b"".join(rows) + bytes(4) + behind


def _read_below(tiff: Tiff, directory: Directory, tag: int) -> Directory | None:
    starts = tiff.integers(directory, tag) if tag in POINTERS else ()
    try:
        return tiff.read(starts[0]) if starts else None
    except TiffError:
        return None
