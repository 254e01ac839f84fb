"""Picture files taken apart: what the decoder gets, and what the file says beside its pixels."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PIL import ImageFile

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging import jpeg_segments, png_chunks, png_metadata, tiff_metadata, xmp
from mobile_runtime.imaging.color_space import SRGB, ColorSpace
from mobile_runtime.imaging.exif import PREFIX, Exif
from mobile_runtime.imaging.heif_boxes import Told, read_boxes
from mobile_runtime.imaging.jpeg_scans import end_properly
from mobile_runtime.imaging.metadata import NO_METADATA, Metadata, Resolution
from mobile_runtime.imaging.tiff import TiffError
from mobile_runtime.imaging.tiff_pages import find_page

_MOVING = re.compile(rb"(MotionPhoto|MicroVideo)\s*(=\s*[\"']|>\s*)1")
_SAMPLES = {2: "integers with signs", 3: "floats", 5: "complex integers", 6: "complex floats"}
"""TIFF's SampleFormat; 1 and 4 are unsigned integers."""
_BITS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Source:
    """A file for the decoder."""

    content: bytes
    page: int = 0
    """Of a TIFF."""
    colors: ColorSpace = SRGB
    metadata: Metadata = NO_METADATA
    notes: tuple[str, ...] = ()
    is_told: bool = True
    """Colors and metadata are read; if not, those that the decoder finds count."""


def take_apart(content: bytes) -> Source:
    """Return what the decoder gets of a file, and what the file says; unknown formats as they are.

    Raises:
        ImageError: It is a kind of file that is no single picture; begins with a verb.
    """
    for beginning, read in _READERS.items():
        if content.startswith(beginning):
            return read(content)
    return Source(content, is_told=False)


def from_decoder(file: ImageFile.ImageFile, content: bytes) -> Source:
    """Return what the decoder of WebP, AVIF, GIF, BMP and of plug-ins found in a file."""
    info = file.info
    dpi = info.get("dpi")
    comment = info.get("comment") or b""
    metadata = Metadata(
        exif=(info.get("exif") or b"").removeprefix(PREFIX) or None,
        xmp=info.get("xmp") or None,
        resolution=Resolution(dpi[0], dpi[1]) if dpi and all(dpi) else None,
        comments=(comment,) if isinstance(comment, bytes) and comment else (),
    )
    told = read_boxes(content) if file.format in ("AVIF", "HEIF") else Told()
    profile = info.get("icc_profile") or None
    colors = ColorSpace(profile, () if profile else told.color_chunks)
    return Source(content, 0, colors, metadata, told.notes)


def _png(content: bytes) -> Source:
    png = png_chunks.take_apart(content)
    if png.is_animated:
        raise ImageError("is animated or has several pages: save one of them by itself.")
    found = png_metadata.read_metadata(png)
    return Source(png.pixel_stream, 0, found.colors, found.metadata, found.notes)


def _jpeg(content: bytes) -> Source:
    jpeg = jpeg_segments.read_segments(content)
    if jpeg.bits != 8:
        raise ImageError(
            f"is a JPEG of {jpeg.bits} bits per channel, as in medicine: save it as 8-bit PNG or "
            "JPEG first, where you can see what that changes."
        )
    exif = next(iter(jpeg.named(jpeg_segments.APP1, jpeg_segments.EXIF)), None)
    packet = next(iter(jpeg.named(jpeg_segments.APP1, jpeg_segments.XMP)), None)
    notes = []
    if jpeg.named(jpeg_segments.APP1, jpeg_segments.XMP_EXTENSION):
        notes.append("its extended XMP was left out")
    gain_map = b"hdrgm" in (packet or b"") or b"HDRGainMap" in (packet or b"")
    if gain_map or jpeg.named(jpeg_segments.APP2, b"urn:iso:std:iso:ts:21496"):
        notes.append("its gain map was left out: the result is without HDR")
    elif jpeg.named(jpeg_segments.APP2, b"MPF\0"):
        notes.append("further pictures in the file (previews, depth or gain maps) were left out")
    if packet is not None and _MOVING.search(packet):
        notes.append("its short video (motion photo) was left out")
    metadata = Metadata(
        exif=exif,
        xmp=None if packet is None else xmp.without_companions(packet),
        photoshop=b"".join(jpeg.named(jpeg_segments.APP13, jpeg_segments.PHOTOSHOP)) or None,
        resolution=jpeg.resolution or _resolution_in(exif),
        comments=jpeg.comments,
    )
    profile = jpeg.profile
    if profile is None and jpeg.named(jpeg_segments.APP2, jpeg_segments.ICC):
        notes.append("its color profile is damaged, and was left out")
    return Source(end_properly(content), 0, ColorSpace(profile), metadata, tuple(notes))


def _tiff(content: bytes) -> Source:
    try:
        page = find_page(content)
    except TiffError as error:
        raise ImageError(f"cannot be read as a picture: {error}.") from error
    bits = max(page.tiff.integers(page.directory, tiff_metadata.BITS), default=1)
    kind = max(page.tiff.integers(page.directory, tiff_metadata.SAMPLE_FORMAT), default=1)
    if kind in _SAMPLES or bits not in _BITS:
        raise ImageError(
            f"is stored as {bits}-bit {_SAMPLES.get(kind, 'integers')}, and integers of 8 or 16 "
            "bits without signs are all that is read of TIFF: save it as 8-bit sRGB first, where "
            "you can see what that changes."
        )
    colors, metadata = tiff_metadata.read_metadata(page)
    return Source(content, page.number, colors, metadata, page.notes)


def _resolution_in(exif: bytes | None) -> Resolution | None:
    try:
        return None if exif is None else Exif.open(exif).resolution
    except TiffError:
        return None


_READERS: Mapping[bytes, Callable[[bytes], Source]] = MappingProxyType(
    {
        png_chunks.SIGNATURE: _png,
        jpeg_segments.START: _jpeg,
        **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _tiff),
    }
)
