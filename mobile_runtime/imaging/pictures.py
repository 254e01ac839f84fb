"""Pictures on disk and in memory.

`pixels` are uint8 (H, W, 3) RGB; `image` is float32 (1, 3, H, W) RGB in [0, 1], the one form that
crosses every border of this project.

Pictures come from strangers, and go back to their owners: `open_picture` is the only place that
decodes one, and what it cannot keep, it refuses. Kept from file to file are transparency,
grayscale, the colour profile and EXIF (of a TIFF, all but EXIF). XMP and comments stay behind.
"""

import struct
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageFile, ImageOps, UnidentifiedImageError

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pillow_gaps import read_exif, stored_as, widen_key

Pixels = NDArray[np.uint8]
Image = NDArray[np.float32]

MAX_PIXELS = 64_000_000
"""The output of this many at scale 4 takes 3 GB of memory, and 4 more while it is saved."""

READ_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
"""The decoders that untrusted files reach; Pillow has others, which start other programs."""

GRAYSCALE_MODES = ("1", "L", "LA")
COLOUR_MODES = ("P", "PA", "RGB", "RGBA")

DECODER_ERRORS = (
    # What decoders of Pillow 13 raised on 86 000 damaged files,
    *(OSError, ValueError, SyntaxError, TypeError, Pillow.DecompressionBombError),
    # and what else their source lets through.
    *(EOFError, LookupError, ArithmeticError, MemoryError, struct.error, zlib.error),
)


@dataclass(frozen=True, eq=False)
class Picture:
    """What a picture file holds, upright."""

    pixels: Pixels
    """(H, W, 3) RGB; three equal channels if `grayscale`."""
    alpha: NDArray[np.uint8] | None = None
    """(H, W), 0 is transparent; None if the file has no transparency."""
    grayscale: bool = False
    """Stored in grayscale, and to be stored so again: its colour profile fits nothing else."""
    icc_profile: bytes | None = None
    exif: bytes | None = None
    """A TIFF structure with the orientation taken out, without the `Exif` prefix of JPEG."""


@dataclass(frozen=True)
class OutputFormat:
    """What a kind of file can hold, and how it is written."""

    name: str
    largest_side: int
    """In pixels."""
    has_alpha: bool = True
    has_grayscale: bool = True
    largest_exif: int | None = None
    """In bytes, without prefix."""
    options: Mapping[str, object] = field(default_factory=dict)


_JPEG = OutputFormat(
    "JPEG",
    largest_side=65_500,  # libjpeg's JPEG_MAX_DIMENSION; the format itself ends at 65 535
    has_alpha=False,
    largest_exif=65_527,  # one marker, less its length field and the prefix
    options={"quality": 95, "subsampling": "4:4:4"},
)
OUTPUT_FORMATS: Mapping[str, OutputFormat] = {
    ".png": OutputFormat("PNG", largest_side=2**31 - 1),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": OutputFormat(
        "WEBP",
        largest_side=16_383,
        has_grayscale=False,
        options={"lossless": True, "exact": True},  # exact: keep the colour under transparency
    ),
}
"""Suffix -> format."""


def to_image(pixels: Pixels) -> Image:
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [0, 1]."""
    return pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)


def to_pixels(image: Image) -> Pixels:
    """(1, 3, H, W) float32 in [0, 1] -> (H, W, 3) uint8, clipped and rounded."""
    pixels: Pixels = np.rint(np.clip(image[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    return pixels


def open_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Open a picture that anybody may have made.

    EXIF orientation is applied. EXIF that cannot be read turns nothing, and is kept as it is.

    Args:
        path: PNG, JPEG, WebP, BMP, TIFF or a still GIF with 8 bits per channel. Of a JPEG with
            more pictures inside (MPO: previews, depth maps of phones), the first one counts.
        max_pixels: More are refused, on the word of the header, before anything is decoded. Pillow
            has its own limit above, at 179 million.

    Raises:
        ImageError: Missing, damaged, too large, animated, or more than 8-bit RGB can hold.
    """
    try:
        with warnings.catch_warnings():
            # On odd metadata, and on sizes that `max_pixels` decides about.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            with Pillow.open(path, formats=READ_FORMATS) as file:
                _check_header(file, path, max_pixels)
                widen_key(file)
                file.load()
                return _decode(_turn_upright(file))
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{path} is empty, damaged or not a picture: expected {', '.join(READ_FORMATS)}."
        ) from error
    except DECODER_ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"{path} cannot be read as a picture: {reason.rstrip('.')}.") from error


def check_writable(
    path: Path, picture: Picture, *, scale: int = 1, overwrite: bool = False
) -> None:
    """Refuse in advance what `save_picture` would refuse after the work.

    Args:
        path: Where the picture shall go.
        picture: As it is now.
        scale: How many times larger its sides will be.
        overwrite: A file that is there may be replaced.

    Raises:
        ImageError: The file exists, the folder is missing or not writable, the suffix is unknown,
            or the format cannot hold this picture.
    """
    if obstacle := unwritable_reason(path, overwrite=overwrite):
        raise ImageError(obstacle)
    height, width = (side * scale for side in picture.pixels.shape[:2])
    reason = _misfit(_output_format(path), picture, height, width)
    if reason is not None:
        raise ImageError(f"{path}: {reason}")


def save_picture(picture: Picture, path: Path, *, overwrite: bool = False) -> None:
    """Save a picture: the whole file, or nothing.

    Args:
        picture: What to save.
        path: `.png`; `.jpg` or `.jpeg` (quality 95, 4:4:4); `.webp` (lossless).
        overwrite: Replace a file that is there.

    Raises:
        ImageError: See `check_writable`; or the disk is full.
    """
    check_writable(path, picture, overwrite=overwrite)
    output = _output_format(path)
    try:
        with atomic_write(path) as aside:
            _to_pillow(picture).save(
                aside,
                output.name,
                icc_profile=picture.icc_profile,
                exif=b"Exif\0\0" + picture.exif if picture.exif else b"",
                **output.options,
            )
    except (OSError, ValueError, MemoryError) as error:
        raise ImageError(f"{path} cannot be written: {error}.") from error


def _check_header(file: ImageFile.ImageFile, path: Path, max_pixels: int) -> None:
    if file.width * file.height > max_pixels:
        raise ImageError(
            f"{path} has {file.width} x {file.height} pixels, more than the limit of "
            f"{max_pixels:,}: make it smaller, or raise the limit."
        )
    if file.width * file.height == 0:
        raise ImageError(f"{path} has no pixels.")
    if file.format != "MPO" and getattr(file, "is_animated", False):
        raise ImageError(f"{path} is animated or has several pages: save one of them by itself.")
    stored = stored_as(file)
    if stored not in GRAYSCALE_MODES + COLOUR_MODES:
        raise ImageError(
            f"{path} is stored as {stored}, and 8 bits of RGB or gray are all that an upscaled "
            "picture holds: convert it to 8-bit sRGB first, where you can see what that changes."
        )


def _turn_upright(file: Pillow.Image) -> Pillow.Image:
    try:
        return ImageOps.exif_transpose(file)
    except DECODER_ERRORS:
        return file  # as it was, with the same EXIF: viewers make of it what they made before


def _decode(file: Pillow.Image) -> Picture:
    transparent = file.has_transparency_data
    channels = np.asarray(file.convert("RGBA" if transparent else "RGB"))
    return Picture(
        pixels=np.ascontiguousarray(channels[..., :3]),
        alpha=np.ascontiguousarray(channels[..., 3]) if transparent else None,
        grayscale=file.mode in GRAYSCALE_MODES,
        icc_profile=file.info.get("icc_profile") or None,
        exif=read_exif(file).removeprefix(b"Exif\0\0") or None,
    )


def _output_format(path: Path) -> OutputFormat:
    try:
        return OUTPUT_FORMATS[path.suffix.lower()]
    except KeyError:
        raise ImageError(
            f"{path} does not say what to write: end its name in {', '.join(OUTPUT_FORMATS)}."
        ) from None


def _misfit(output: OutputFormat, picture: Picture, height: int, width: int) -> str | None:
    """Say why a format cannot hold a picture, if it cannot."""
    if max(height, width) > output.largest_side:
        return (
            f"{output.name} ends at {output.largest_side:,} pixels a side, and this picture "
            f"becomes {width:,} x {height:,}: use PNG."
        )
    if picture.alpha is not None and not output.has_alpha:
        return f"{output.name} cannot hold transparency: use PNG or WebP."
    profile = picture.icc_profile or b""
    if profile[16:20] == b"GRAY" and not output.has_grayscale:
        return f"{output.name} has no grayscale, and a gray colour profile needs it: use PNG."
    if output.largest_exif is not None and len(picture.exif or b"") > output.largest_exif:
        return f"The EXIF of this picture is too long for {output.name}: use PNG or WebP."
    return None


def _to_pillow(picture: Picture) -> Pillow.Image:
    image = Pillow.fromarray(picture.pixels)
    if picture.grayscale:
        image = image.convert("L")
    if picture.alpha is not None:
        image.putalpha(Pillow.fromarray(picture.alpha))
    return image
