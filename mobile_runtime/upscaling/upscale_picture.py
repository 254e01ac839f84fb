"""Upscaling of picture files, with transparency and metadata."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Literal, get_args

import numpy as np
from PIL import Image as Pillow

from mobile_runtime.engines.session import Session
from mobile_runtime.imaging.hidden_colors import spread_colors
from mobile_runtime.imaging.pictures import Picture, Stored, is_deep
from mobile_runtime.imaging.resizing import (
    TargetSize,
    Times,
    reduce_picture,
    resize_values,
    target_size,
)
from mobile_runtime.imaging.side_by_side import compare_side_by_side
from mobile_runtime.imaging.size_limits import enough_memory
from mobile_runtime.imaging.writing import check_writable, left_out, save_picture
from mobile_runtime.model_file.model import Size
from mobile_runtime.upscaling.upscale import OnProgress, find_mirrored, model_of, upscale_pixels

AlphaMethod = Literal["bicubic", "network"]
"""How transparency is upscaled: by Pillow's bicubic interpolation, or as a gray picture."""
ALPHA_METHODS: tuple[AlphaMethod, ...] = get_args(AlphaMethod)


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
    notes: tuple[str, ...] = ()
    """What was damaged or left behind in the photo, and what the format written cannot hold."""


def upscale_to_file(
    session: Session,
    picture: Picture,
    target: Path,
    *,
    comparison: Path | None = None,
    size: TargetSize | None = None,
    quality: int | None = None,
    alpha: AlphaMethod = "bicubic",
    tile: int | None = None,
    exact: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> UpscaledFile:
    """Write a picture upscaled; nothing is written unless the whole picture is done.

    Transparency, grayscale, color profile and metadata are kept; what the format cannot hold of
    the metadata is in `notes`.

    Args:
        session: An open model file.
        picture: From `open_picture`.
        target: `.png`, `.jpg` or `.webp`; see `save_picture`.
        comparison: Also write the picture, bicubic and the result side by side into this file; not
            the same as `target`.
        size: How large the result is to be, at most what the network makes of it, which is then
            reduced; that itself if not given.
        quality: Of a lossy format; see `save_picture`.
        alpha: How transparency is upscaled.
        tile: Side of the largest tile in low-resolution pixels, for files that take any size.
        exact: See `upscale_pixels`.
        overwrite: Replace existing files.
        on_progress: Called after each tile.

    Raises:
        ImageError: A target cannot be written, or see `upscale_pixels`.
        ModelLoadError: The file does not say its scale and halo, or they are wrong.
    """
    scale = model_of(session).scale
    height, width = _size(picture)
    wanted = target_size(size or Times(scale), height, width, scale=scale)
    check_writable(target, picture, scale=wanted[0] / height, overwrite=overwrite, quality=quality)
    if comparison is not None:
        beside = Picture(picture.pixels, None, picture.grayscale, picture.colors)
        check_writable(comparison, beside, overwrite=overwrite)
    start = perf_counter()
    with enough_memory("The picture cannot be upscaled", width, height):
        upscaled = upscale_picture(
            session, picture, alpha=alpha, tile=tile, exact=exact, on_progress=on_progress
        )
        upscaled = reduce_picture(upscaled, *wanted)
    seconds = perf_counter() - start
    save_picture(upscaled, target, overwrite=overwrite, quality=quality)
    if comparison is not None:
        panels = compare_side_by_side(picture, upscaled)
        save_picture(panels, comparison, overwrite=overwrite)
    notes = picture.notes + tuple(
        f"{what} left out, which {target.suffix} cannot hold" for what in left_out(target, picture)
    )
    exact = exact or is_deep(picture.pixels)
    mirrored = find_mirrored(session, (height, width), exact=exact)
    return UpscaledFile((height, width), _size(upscaled), mirrored, seconds, notes)


def upscale_picture(
    session: Session,
    picture: Picture,
    *,
    alpha: AlphaMethod = "bicubic",
    tile: int | None = None,
    exact: bool = False,
    on_progress: OnProgress | None = None,
) -> Picture:
    """Upscale a picture with all that belongs to it; other arguments and errors: `upscale_pixels`.

    Colors of visible pixels are spread into fully transparent ones first, so that the network draws
    no outline of what was hidden there. Transparency that is the same everywhere stays so, at no
    cost.

    Args:
        session: An open model file.
        picture: What to upscale.
        alpha: How transparency is upscaled.
        tile: See `upscale_pixels`.
        exact: See `upscale_pixels`.
        on_progress: Called after each tile, of the colors and then of the transparency.
    """
    upscale = partial(upscale_pixels, session, tile=tile, exact=exact)
    if picture.alpha is None:
        pixels = upscale(picture.pixels, on_progress=on_progress)
        return replace(picture, pixels=pixels)
    visible = spread_colors(picture.pixels, picture.alpha)
    by_network = alpha == "network" and picture.alpha.min() != picture.alpha.max()
    runs = 2 if by_network else 1
    pixels = upscale(visible, on_progress=_part(on_progress, 0, runs))
    if by_network:
        as_gray = np.broadcast_to(picture.alpha[..., None], picture.pixels.shape)
        part = _part(on_progress, 1, runs)
        upscaled: Stored = upscale(as_gray, on_progress=part)[..., 0]
    else:
        height, width = pixels.shape[:2]
        upscaled = resize_values(picture.alpha, height, width, Pillow.Resampling.BICUBIC)
    return replace(picture, pixels=pixels, alpha=np.ascontiguousarray(upscaled))


def _part(on_progress: OnProgress | None, number: int, parts: int) -> OnProgress | None:
    """Return what tells the progress of one of several equal parts as that of the whole."""
    if on_progress is None:
        return None
    return lambda done, steps: on_progress(number * steps + done, parts * steps)


def _size(picture: Picture) -> Size:
    height, width = picture.pixels.shape[:2]
    return height, width
