"""Picture files as PNG, JPEG, WebP, TIFF and AVIF.

Pixels, transparency and colors that a format cannot hold are refused; of other metadata, what it
cannot hold is left out and told.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging import exif, xmp
from mobile_runtime.imaging.color_space import ColorSpaceError
from mobile_runtime.imaging.encoding import encode
from mobile_runtime.imaging.icc_profile import color_space_of
from mobile_runtime.imaging.metadata import NAMES, Metadata, present, without
from mobile_runtime.imaging.output_formats import OUTPUT_FORMATS, OutputFormat
from mobile_runtime.imaging.pictures import Picture, is_deep
from mobile_runtime.imaging.size_limits import enough_memory

__all__ = ["OUTPUT_FORMATS", "check_writable", "left_out", "save_picture"]


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
            or the format cannot hold this picture, or has no quality.
    """
    if reason := unwritable_reason(path, overwrite=overwrite):
        raise ImageError(reason)
    output = _output_format(path)
    height, width = (round(side * scale) for side in picture.pixels.shape[:2])
    if quality is not None and not output.is_lossy:
        raise ImageError(f"{path}: {output.name} is lossless and has no quality: leave it out.")
    if reason := _misfit(output, picture, height, width):
        raise ImageError(f"{path}: {reason}")


def left_out(path: Path, picture: Picture) -> tuple[str, ...]:
    """Return what the format cannot hold, and `save_picture` leaves out.

    Args:
        path: Its suffix tells the format.
        picture: What is to be saved.

    Returns:
        A phrase for each, such as `PNG texts`.
    """
    output = _output_format(path)
    unheld = _unheld(output, picture.metadata)
    depth = () if output.is_deep or not is_deep(picture.pixels) else ("values beyond 8 bits",)
    return depth + tuple(NAMES[name] for name in NAMES if name in unheld)


def save_picture(
    picture: Picture, path: Path, *, overwrite: bool = False, quality: int | None = None
) -> None:
    """Write a picture atomically; what `left_out` returns is not in it.

    EXIF and XMP that tell a size tell that of this picture.

    Args:
        picture: What to write.
        path: Ends as one of `OUTPUT_FORMATS`; `.jpg` and `.avif` have color in full resolution.
        overwrite: Replace an existing file.
        quality: 0 to 100: of JPEG, 95 if not given; of a lossy WebP; of AVIF, 90 if not given.

    Raises:
        ImageError: See `check_writable`; or the disk is full.
    """
    check_writable(path, picture, overwrite=overwrite, quality=quality)
    output = _output_format(path)
    held = _hold(output, picture)
    height, width = picture.pixels.shape[:2]
    try:
        with (
            enough_memory(f"{path} cannot be written", width, height),
            atomic_write(path) as temporary,
            temporary.open("w+b") as file,
        ):
            encode(held, file, output, quality)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"{path} cannot be written: {reason.rstrip('.')}.") from error


def _output_format(path: Path) -> OutputFormat:
    try:
        return OUTPUT_FORMATS[path.suffix.lower()]
    except KeyError:
        if path.suffix.lower() == ".gif":
            raise ImageError(
                f"{path}: GIF is for animations, and this is a still picture: use PNG."
            ) from None
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
    if output.max_pixels is not None and height * width > output.max_pixels:
        return (
            f"{output.name} ends at {output.max_pixels:,} pixels, and this picture becomes "
            f"{width:,} x {height:,}: use PNG."
        )
    if not output.has_alpha and picture.alpha is not None and not _is_opaque(picture):
        return f"{output.name} cannot hold transparency: use PNG or WebP."
    if output.has_color_chunks:
        return None
    try:
        profile = picture.colors.profile(gray=picture.grayscale and output.has_grayscale)
    except ColorSpaceError as error:
        return f"{output.name} cannot hold the colors of this picture, {error}: use PNG."
    if not output.has_grayscale and color_space_of(profile or b"") == b"GRAY":
        return f"{output.name} has no grayscale, and a gray color profile needs it: use PNG."
    return None


def _is_opaque(picture: Picture) -> bool:
    return picture.alpha is None or bool((picture.alpha == np.iinfo(picture.alpha.dtype).max).all())


def _unheld(output: OutputFormat, metadata: Metadata) -> frozenset[str]:
    names = present(metadata) - output.keeps
    if "exif" in output.keeps and metadata.exif and exif.tells_resolution(metadata.exif):
        names -= {"resolution"}
    if output.max_exif_bytes is not None and len(metadata.exif or b"") > output.max_exif_bytes:
        names |= {"exif"}
    if output.max_xmp_bytes is not None and len(metadata.xmp or b"") > output.max_xmp_bytes:
        names |= {"xmp"}
    return names


def _hold(output: OutputFormat, picture: Picture) -> Picture:
    """Return what the format holds of a picture, with the metadata of this size."""
    height, width = picture.pixels.shape[:2]
    metadata = without(picture.metadata, _unheld(output, picture.metadata))
    metadata = replace(
        metadata,
        exif=metadata.exif and exif.with_size(metadata.exif, width, height),
        xmp=metadata.xmp and xmp.with_size(metadata.xmp, width, height),
    )
    alpha = picture.alpha if output.has_alpha else None
    gray = picture.grayscale and output.has_grayscale
    return replace(picture, alpha=alpha, grayscale=gray, metadata=metadata)
