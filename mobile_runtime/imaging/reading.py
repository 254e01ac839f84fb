"""Picture files that anybody may have made, decoded; `open_picture` is the only decoder.

What an upscaled picture cannot hold is refused. Kept from file to file are transparency,
grayscale, the color profile and EXIF (of a TIFF, all but EXIF). XMP and comments are dropped.
"""

import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile, ImageOps, UnidentifiedImageError

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.size_limits import enough_memory, pillow_limit

MAX_PIXELS = 64_000_000
"""The output of this many at scale 4 takes 3 GB of memory, and 4 more while it is saved."""

READ_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
"""The decoders that untrusted files reach; Pillow has others, which start other programs."""

GRAYSCALE_MODES = ("1", "L", "LA")
COLOR_MODES = ("P", "PA", "RGB", "RGBA")

DECODER_ERRORS = (
    # What decoders of Pillow 13 raised on 86 000 damaged files,
    *(OSError, ValueError, SyntaxError, TypeError, Pillow.DecompressionBombError),
    # and what else their source lets through.
    *(EOFError, LookupError, ArithmeticError, MemoryError, struct.error, zlib.error),
)

BITS_PER_SAMPLE = 258
"""A tag of TIFF: one value per channel."""

EXIF_AS_TEXT = "Raw profile type exif"
"""Where ImageMagick puts EXIF in a PNG; Pillow applies the orientation in it, too."""


def open_picture(path: Path, *, max_pixels: int | None = None) -> Picture:
    """Read a picture file that anybody may have made.

    EXIF orientation is applied. EXIF that cannot be read turns nothing, and is kept as it is.

    Args:
        path: PNG, JPEG, WebP, BMP, TIFF or a still GIF with 8 bits per channel. Of a JPEG with
            more pictures inside (MPO: previews, depth maps of phones), the first one counts.
        max_pixels: More are refused by the size in the header, before anything is decoded;
            `MAX_PIXELS` if not given. Pillow's own limit is raised to it.

    Raises:
        ImageError: Missing, damaged, too large, animated, or more than 8-bit RGB can hold.
    """
    try:
        with warnings.catch_warnings():
            # On odd metadata, and on sizes that `max_pixels` decides about.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            with (
                pillow_limit(max_pixels or MAX_PIXELS),
                Pillow.open(path, formats=READ_FORMATS) as file,
                enough_memory(f"{path} cannot be read", *file.size),
            ):
                _check_header(file, path, max_pixels)
                _expand_transparency_key(file)
                file.load()
                return _decode(_turn_upright(file))
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{path} is empty, damaged or not a picture: expected {', '.join(READ_FORMATS)}."
        ) from error
    except DECODER_ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"{path} cannot be read as a picture: {reason.rstrip('.')}.") from error


def _check_header(file: ImageFile.ImageFile, path: Path, max_pixels: int | None) -> None:
    limit = max_pixels or MAX_PIXELS
    if file.width * file.height > limit:
        advice = "make it smaller" if max_pixels is None else "make it smaller, or raise the limit"
        raise ImageError(
            f"{path} has {file.width} x {file.height} pixels, more than the limit of {limit:,}: "
            f"{advice}."
        )
    if file.width * file.height == 0:
        raise ImageError(f"{path} has no pixels.")
    if file.format != "MPO" and getattr(file, "is_animated", False):
        raise ImageError(f"{path} is animated or has several pages: save one of them by itself.")
    stored = _stored_mode(file)
    if stored not in GRAYSCALE_MODES + COLOR_MODES:
        raise ImageError(
            f"{path} is stored as {stored}, and 8 bits of RGB or gray are all that an upscaled "
            "picture holds: convert it to 8-bit sRGB first, where you can see what that changes."
        )


def _turn_upright(file: Pillow.Image) -> Pillow.Image:
    try:
        return ImageOps.exif_transpose(file)
    except DECODER_ERRORS:
        return file  # unchanged, with the same EXIF: viewers show the result as they show the photo


def _decode(file: Pillow.Image) -> Picture:
    transparent = file.has_transparency_data
    channels = np.asarray(file.convert("RGBA" if transparent else "RGB"))
    return Picture(
        pixels=np.ascontiguousarray(channels[..., :3]),
        alpha=np.ascontiguousarray(channels[..., 3]) if transparent else None,
        grayscale=file.mode in GRAYSCALE_MODES,
        icc_profile=file.info.get("icc_profile") or None,
        exif=_stored_exif(file).removeprefix(b"Exif\0\0") or None,
    )


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
    deep = file.format == "PNG" and ";16" in _packing(file)
    return "16 bits per channel" if deep or file.mode.startswith("I;16") else file.mode


def _packing(file: ImageFile.ImageFile) -> str:
    """Return Pillow's name for the layout of the values in a file that is not loaded yet."""
    return str(file.tile[0].args) if file.tile else ""


def _expand_transparency_key(file: ImageFile.ImageFile) -> None:
    """Scale the transparent gray of a 2- or 4-bit PNG to 8 bits; Pillow scales the pixels only."""
    largest = {"L;2": 3, "L;4": 15}.get(_packing(file))
    if file.format == "PNG" and largest is not None and "transparency" in file.info:
        file.info["transparency"] *= 255 // largest


def _stored_exif(file: Pillow.Image) -> bytes:
    """Return the EXIF bytes; older PNGs hold them as lines of text: a name, a length, and hex."""
    exif: bytes = file.info.get("exif", b"")
    with suppress(ValueError):
        return exif or bytes.fromhex("".join(file.info.get(EXIF_AS_TEXT, "").split("\n")[3:]))
    return b""
