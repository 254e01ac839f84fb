"""Picture files that anybody may have made, decoded; `open_picture` is the only decoder.

Pillow decodes the pixels. What an upscaled picture cannot hold is refused; what is damaged beside
the pixels, or left behind, is a note of the picture.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageFile, UnidentifiedImageError

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging import exif, xmp
from mobile_runtime.imaging.channels import (
    COLOR_MODES,
    GRAYSCALE_MODES,
    PRINT_MODES,
    from_image,
    from_values,
)
from mobile_runtime.imaging.deep_reading import is_deep as is_deep_file
from mobile_runtime.imaging.deep_reading import layout_of, read_deep, with_key
from mobile_runtime.imaging.identify import HEAD, identify
from mobile_runtime.imaging.jpeg_scans import examine
from mobile_runtime.imaging.metadata import Metadata
from mobile_runtime.imaging.orientation import turn, turn_values
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.read_formats import read_formats
from mobile_runtime.imaging.size_limits import enough_memory, pillow_limit
from mobile_runtime.imaging.sources import Source, from_decoder, take_apart
from mobile_runtime.imaging.tiff import TiffError

MAX_PIXELS = 64_000_000
"""The output of this many at scale 4 takes 3 GB of memory, and 4 more while it is saved."""

DECODER_ERRORS = (
    # What decoders of Pillow 13 raised on 86 000 damaged files,
    *(OSError, ValueError, SyntaxError, TypeError, Pillow.DecompressionBombError),
    # and what else their source lets through.
    *(EOFError, LookupError, ArithmeticError, MemoryError, struct.error, zlib.error),
    RuntimeError,  # the plug-in for JPEG XL
)

BITS_PER_SAMPLE = 258
"""A tag of TIFF: one value per channel."""


def open_picture(path: Path, *, max_pixels: int | None = None, deep: bool = False) -> Picture:
    """Read a picture file that anybody may have made.

    Args:
        path: See `decode_picture`.
        max_pixels: See `decode_picture`.
        deep: See `decode_picture`.

    Raises:
        ImageError: Missing, or see `decode_picture`.
    """
    return decode_picture(read_file(path), str(path), max_pixels=max_pixels, deep=deep)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        ImageError: It is missing, or cannot be read.
    """
    try:
        return path.read_bytes()
    except (OSError, MemoryError) as error:
        raise ImageError(f"{path} cannot be read as a picture: {_reason(error)}.") from error


def decode_picture(
    content: bytes, name: str, *, max_pixels: int | None = None, deep: bool = False
) -> Picture:
    """Return a picture from the bytes of a file.

    EXIF orientation is applied, to the preview in EXIF, too.

    Args:
        content: A format of `read_formats`, still, with 8 bits per channel. Of a JPEG with more
            pictures inside (MPO: previews, depth maps of phones), the first one counts; of a TIFF,
            the only full page.
        name: Of the file, for messages.
        max_pixels: More are refused by the size in the header, before anything is decoded;
            `MAX_PIXELS` if not given. Pillow's own limit is raised to it.
        deep: Take 16 bits per channel of PNG and TIFF as uint16, which are refused otherwise.

    Raises:
        ImageError: Damaged, too large, animated, or more than 8-bit RGB can hold.
    """
    try:
        return _decode(content, max_pixels, deep=deep)
    except UnidentifiedImageError as error:
        known = identify(content[:HEAD], read_formats())
        expected = f"empty, damaged or not a picture: expected {', '.join(read_formats())}"
        raise ImageError(f"{name} is {known or expected}.") from error
    except ImageError as error:
        raise ImageError(f"{name} {error}") from error
    except Pillow.DecompressionBombError as error:
        raise ImageError(f"{name} has {_too_many('far more pixels', max_pixels)}") from error
    except DECODER_ERRORS as error:
        raise ImageError(f"{name} cannot be read as a picture: {_reason(error)}.") from error


def _decode(content: bytes, max_pixels: int | None, *, deep: bool) -> Picture:
    source = take_apart(content)
    open_anew = partial(_open, source)
    with (
        _silence(),
        pillow_limit(max_pixels or MAX_PIXELS),
        open_anew() as file,
        enough_memory("cannot be read", *file.size),
    ):
        if not source.is_told:
            source = from_decoder(file, content)
        deep = deep and is_deep_file(file)
        _check_header(file, max_pixels, deep=deep)
        orientation, metadata, notes = _upright(source.metadata)
        if deep:
            values = with_key(read_deep(file, open_anew), file.info.get("transparency"))
            picture = from_values(turn_values(values, orientation), source.colors)
        else:
            _expand_transparency_key(file)
            drawn = file.tile[0].extents if file.format == "GIF" and file.tile else None
            file.load()
            if file.format in ("JPEG", "MPO"):
                notes = (*examine(content, file), *notes)
            picture = from_image(turn(file, orientation), source.colors, drawn)
        return replace(picture, metadata=metadata, notes=(*source.notes, *notes, *picture.notes))


@contextmanager
def _open(source: Source) -> Iterator[ImageFile.ImageFile]:
    """Open the page of a file that is its picture."""
    with Pillow.open(BytesIO(source.content), formats=read_formats()) as file:
        file.seek(source.page)
        yield file


@contextmanager
def _silence() -> Iterator[None]:
    """Silence Pillow's warnings, of odd metadata and of sizes that this program decides about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _check_header(file: ImageFile.ImageFile, max_pixels: int | None, *, deep: bool) -> None:
    if file.width * file.height > (max_pixels or MAX_PIXELS):
        size = f"{file.width} x {file.height} pixels, more"
        raise ImageError(f"has {_too_many(size, max_pixels)}")
    if file.width * file.height == 0:
        raise ImageError("has no pixels.")
    if file.format not in ("MPO", "TIFF") and getattr(file, "is_animated", False):
        raise ImageError("is animated or has several pages: save one of them by itself.")
    stored = _stored_mode(file)
    if not deep and stored not in GRAYSCALE_MODES + COLOR_MODES + PRINT_MODES:
        raise ImageError(
            f"is stored as {stored}, and 8 bits of RGB or gray are all that is read here (16 in "
            "PNG and TIFF, where they are upscaled): convert it to 8-bit sRGB first, where you can "
            "see what that changes."
        )


def _too_many(pixels: str, max_pixels: int | None) -> str:
    """Return a sentence without its beginning; a limit can be raised only where one was given."""
    if max_pixels is None:
        return f"{pixels} than the limit of {MAX_PIXELS:,}: make it smaller."
    return f"{pixels} than the limit of {max_pixels:,}: make it smaller, or raise the limit."


def _upright(metadata: Metadata) -> tuple[int, Metadata, tuple[str, ...]]:
    """Return EXIF's orientation, and metadata of the upright picture.

    Damaged EXIF is left out, and told in a note.
    """
    if metadata.exif is None:
        return 1, metadata, ()
    try:
        orientation = exif.Exif.open(metadata.exif).orientation
        changed = replace(metadata, exif=exif.upright(metadata.exif))
    except TiffError as error:
        return 1, replace(metadata, exif=None), (f"its EXIF was left out: {error}",)
    if orientation == 1:
        return 1, changed, ()
    packet, resolution = metadata.xmp, metadata.resolution
    changed = replace(
        changed,
        xmp=None if packet is None else xmp.upright(packet),
        resolution=resolution.turned if resolution and orientation >= 5 else resolution,
    )
    return orientation, changed, ()


def _stored_mode(file: ImageFile.ImageFile) -> str:
    """Return how values are stored: Pillow's mode, or a phrase for more than 8 bits per channel.

    Pillow silently halves the depth of 16-bit color, and reads a planar TIFF byte by byte however
    many bytes make a value.
    """
    if file.mode in ("I", "F"):
        return {"I": "32-bit integers", "F": "32-bit floats"}[file.mode]
    depth = max(getattr(file, "tag_v2", {}).get(BITS_PER_SAMPLE, ()), default=8)
    if depth > 8:
        return f"{depth} bits per channel"
    deep = file.format == "PNG" and ";16" in layout_of(file)
    return "16 bits per channel" if deep or file.mode.startswith("I;16") else file.mode


def _expand_transparency_key(file: ImageFile.ImageFile) -> None:
    """Scale the transparent gray of a 2- or 4-bit PNG to 8 bits; Pillow scales the pixels only."""
    largest = {"L;2": 3, "L;4": 15}.get(layout_of(file))
    if file.format == "PNG" and largest is not None and "transparency" in file.info:
        file.info["transparency"] *= 255 // largest


def _reason(error: Exception) -> str:
    if isinstance(error, RuntimeError):
        return "it is damaged"  # told in words for those who build the decoder
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(reason.split()).rstrip(". ")
