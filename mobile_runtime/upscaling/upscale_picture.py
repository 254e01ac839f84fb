"""Upscaling of picture files, with transparency and metadata."""

from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image as Pillow

from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import MAX_PIXELS, open_picture
from mobile_runtime.imaging.side_by_side import compare_side_by_side
from mobile_runtime.imaging.writing import check_writable, save_picture
from mobile_runtime.model_file.manifest import Size
from mobile_runtime.upscaling.upscale import OnProgress, find_mirrored, model_of, upscale_pixels


@dataclass(frozen=True)
class UpscaledFile:
    """A picture file that was upscaled."""

    input_size: Size
    """Height and width in pixels."""
    output_size: Size
    mirrored: tuple[bool, bool]
    """Whether the outermost pixels at the bottom, and on the right, are not exact: the picture is
    smaller than the file's fixed input, and was mirrored outwards."""
    seconds: float
    """For upscaling, without reading and writing."""


def upscale_file(
    session: Session,
    source: Path,
    target: Path,
    *,
    comparison: Path | None = None,
    tile: int | None = None,
    max_pixels: int = MAX_PIXELS,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> UpscaledFile:
    """Upscale a picture file; nothing is written unless the whole picture is done.

    Orientation is applied; transparency, grayscale, color profile and EXIF are kept.

    Args:
        session: An open model file.
        source: See `open_picture`.
        target: `.png`, `.jpg` or `.webp`; see `save_picture`.
        comparison: Also write the source, bicubic and the result side by side into this file.
        tile: Side of the largest tile in low-resolution pixels, for files that take any size.
        max_pixels: Refuse larger pictures.
        overwrite: Replace existing files.
        on_progress: Called after each tile.

    Raises:
        ImageError: The source cannot be read, a target not be written, or see `upscale_pixels`.
        ModelLoadError: The file does not say its scale and halo, or they are wrong.
    """
    picture = open_picture(source, max_pixels=max_pixels)
    check_writable(target, picture, scale=model_of(session).scale, overwrite=overwrite)
    if comparison is not None:
        if comparison.resolve() == target.resolve():
            raise ImageError(f"Comparison and output name the same file: {target}.")
        check_writable(comparison, Picture(picture.pixels), overwrite=overwrite)
    start = perf_counter()
    upscaled = upscale_picture(session, picture, tile=tile, on_progress=on_progress)
    seconds = perf_counter() - start
    save_picture(upscaled, target, overwrite=overwrite)
    if comparison is not None:
        panels = compare_side_by_side(picture.pixels, upscaled.pixels)
        save_picture(Picture(panels), comparison, overwrite=overwrite)
    size = _size(picture)
    return UpscaledFile(size, _size(upscaled), find_mirrored(session, size), seconds)


def upscale_picture(
    session: Session,
    picture: Picture,
    *,
    tile: int | None = None,
    on_progress: OnProgress | None = None,
) -> Picture:
    """Upscale a picture with all that belongs to it; arguments and errors as `upscale_pixels`.

    The network sees the colors as they are stored, those under transparent pixels too. The
    transparency itself is upscaled by Pillow's bicubic interpolation.
    """
    pixels = upscale_pixels(session, picture.pixels, tile=tile, on_progress=on_progress)
    if picture.alpha is None:
        return replace(picture, pixels=pixels)
    height, width = pixels.shape[:2]
    alpha = Pillow.fromarray(picture.alpha).resize((width, height), Pillow.Resampling.BICUBIC)
    return replace(picture, pixels=pixels, alpha=np.asarray(alpha))


def _size(picture: Picture) -> Size:
    height, width = picture.pixels.shape[:2]
    return height, width
