"""Metadata of a TIFF page, and its EXIF as a structure of its own."""

import struct

from mobile_runtime.imaging.color_space import ColorSpace
from mobile_runtime.imaging.exif import EXIF_IFD, ORIENTATION, Exif, upright
from mobile_runtime.imaging.metadata import Metadata
from mobile_runtime.imaging.photoshop import IPTC, make_block
from mobile_runtime.imaging.tiff import Directory, Tiff
from mobile_runtime.imaging.tiff_directories import GPS_IFD, Value, gather, serialize
from mobile_runtime.imaging.tiff_pages import Page

BITS, SAMPLE_FORMAT = 258, 339
ICC_PROFILE, XMP, IPTC_TAG, PHOTOSHOP = 34_675, 700, 33_723, 34_377
TOLD_ELSEWHERE = frozenset({282, 283, 296, ORIENTATION})
"""Resolution and orientation."""
DESCRIPTIVE = (
    TOLD_ELSEWHERE
    | {269, 270, 271, 272, 285, 305, 306, 315, 316, 18_246, 18_249, 33_432, EXIF_IFD, GPS_IFD}
    | set(range(40_091, 40_096))
)
"""Tags of a page that tell about the picture; the others tell how it is stored."""


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


def descriptive_values(tiff: Tiff, directory: Directory) -> dict[int, Value]:
    """Return the tags of a directory that tell about the picture, as they are stored."""
    return gather(tiff, directory, DESCRIPTIVE & directory.entries.keys())


def _extract_exif(tiff: Tiff, directory: Directory) -> bytes | None:
    """Return the descriptive tags as EXIF, with types and values as they are stored."""
    values = descriptive_values(tiff, directory)
    if values.keys() <= TOLD_ELSEWHERE:
        return None
    mark = b"II" if tiff.order == "<" else b"MM"
    header = struct.pack(f"{tiff.order}2sHI", mark, 42, 8)
    return header + serialize(values, order=tiff.order, start=8)
