"""Picture files as PNG, JPEG and WebP; what a format cannot hold is refused, never dropped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image as Pillow

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.size_limits import enough_memory


@dataclass(frozen=True)
class OutputFormat:
    """What a picture format can hold, and Pillow's options to write it."""

    name: str
    max_side: int
    """In pixels."""
    has_alpha: bool = True
    has_grayscale: bool = True
    max_exif_bytes: int | None = None
    """Without the prefix."""
    is_lossy: bool = False
    """Has a quality to choose."""
    options: Mapping[str, object] = field(default_factory=dict)


_JPEG = OutputFormat(
    "JPEG",
    max_side=65_500,  # libjpeg's JPEG_MAX_DIMENSION; the format itself ends at 65 535
    has_alpha=False,
    max_exif_bytes=65_527,  # one marker, less its length field and the prefix
    is_lossy=True,
    options={"quality": 95, "subsampling": "4:4:4"},
)
OUTPUT_FORMATS: Mapping[str, OutputFormat] = {
    ".png": OutputFormat("PNG", max_side=2**31 - 1),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": OutputFormat(
        "WEBP",
        max_side=16_383,
        has_grayscale=False,
        is_lossy=True,
        options={"lossless": True, "exact": True},  # exact: keep the color under transparency
    ),
}
"""Suffix -> format."""


def check_writable(
    path: Path,
    picture: Picture,
    *,
    scale: float = 1,
    overwrite: bool = False,
    quality: int | None = None,
) -> None:
    """Raise in advance what `save_picture` would raise for the picture, `scale` times as large.

    Raises:
        ImageError: The file exists, the folder is missing or not writable, the suffix is unknown,
            or the format cannot hold this picture.
    """
    if reason := unwritable_reason(path, overwrite=overwrite):
        raise ImageError(reason)
    output = _output_format(path)
    height, width = (round(side * scale) for side in picture.pixels.shape[:2])
    if quality is not None and not output.is_lossy:
        raise ImageError(f"{path}: {output.name} is lossless and has no quality: leave it out.")
    if reason := _misfit(output, picture, height, width):
        raise ImageError(f"{path}: {reason}")


def save_picture(
    picture: Picture, path: Path, *, overwrite: bool = False, quality: int | None = None
) -> None:
    """Write a picture atomically.

    Args:
        picture: What to write.
        path: `.png`; `.jpg` or `.jpeg` (4:4:4); `.webp` (lossless).
        overwrite: Replace an existing file.
        quality: Of JPEG, 95 if not given, and of a lossy WebP, 0 to 100.

    Raises:
        ImageError: See `check_writable`; or the disk is full.
    """
    check_writable(path, picture, overwrite=overwrite, quality=quality)
    output = _output_format(path)
    lossy = {} if quality is None else {"quality": quality, "lossless": False}
    try:
        height, width = picture.pixels.shape[:2]
        with (
            atomic_write(path) as temporary,
            enough_memory(f"{path} cannot be written", width, height),
        ):
            _to_pillow(picture).save(
                temporary,
                output.name,
                icc_profile=picture.icc_profile,
                exif=b"Exif\0\0" + picture.exif if picture.exif else b"",
                **{**output.options, **lossy},
            )
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be written: {error}.") from error


def _output_format(path: Path) -> OutputFormat:
    try:
        return OUTPUT_FORMATS[path.suffix.lower()]
    except KeyError:
        raise ImageError(
            f"{path} does not say what to write: end its name in {', '.join(OUTPUT_FORMATS)}."
        ) from None


def _misfit(output: OutputFormat, picture: Picture, height: int, width: int) -> str | None:
    """Return why a format cannot hold a picture, or None."""
    if max(height, width) > output.max_side:
        return (
            f"{output.name} ends at {output.max_side:,} pixels a side, and this picture "
            f"becomes {width:,} x {height:,}: use PNG."
        )
    if picture.alpha is not None and not output.has_alpha:
        return f"{output.name} cannot hold transparency: use PNG or WebP."
    profile = picture.icc_profile or b""
    if profile[16:20] == b"GRAY" and not output.has_grayscale:
        return f"{output.name} has no grayscale, and a gray color profile needs it: use PNG."
    if output.max_exif_bytes is not None and len(picture.exif or b"") > output.max_exif_bytes:
        return f"The EXIF of this picture is too long for {output.name}: use PNG or WebP."
    return None


def _to_pillow(picture: Picture) -> Pillow.Image:
    image = Pillow.fromarray(picture.pixels)
    if picture.grayscale:
        image = image.convert("L")
    if picture.alpha is not None:
        image.putalpha(Pillow.fromarray(picture.alpha))
    return image
