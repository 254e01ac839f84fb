"""Upscaling of animations, frame by frame; durations and loops stay."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.animation import Animation
from mobile_runtime.imaging.animation_writing import ANIMATION_FORMATS
from mobile_runtime.imaging.background import Color, flatten
from mobile_runtime.imaging.color_space import ColorSpaceError
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.resizing import TargetSize, Times, reduce_picture, target_size
from mobile_runtime.imaging.size_limits import enough_memory
from mobile_runtime.upscaling.upscale import OnProgress, find_mirrored, model_of
from mobile_runtime.upscaling.upscale_picture import (
    AlphaMethod,
    UpscaledFile,
    upscale_picture,
)


def upscale_animation(
    session: Session,
    animation: Animation,
    target: Path,
    *,
    size: TargetSize | None = None,
    background: Color | None = None,
    quality: int | None = None,
    alpha: AlphaMethod = "bicubic",
    tile: int | None = None,
    exact: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> UpscaledFile:
    """Write an animation upscaled; nothing is written unless the whole animation is done.

    Args:
        session: An open model file.
        animation: From `open_animation`.
        target: A suffix of `ANIMATION_FORMATS`.
        size: How large the frames are to be; see `upscale_to_file`.
        background: What takes the place of transparency; that is kept if not given.
        quality: Of a WebP, which is lossless if not given.
        alpha: How transparency is upscaled.
        tile: Side of the largest tile in low-resolution pixels, for files that take any size.
        exact: See `upscale_pixels`.
        overwrite: Replace an existing file.
        on_progress: Called after each frame.

    Raises:
        ImageError: The target cannot be written or is no format for animations, or see
            `upscale_pixels`.
        ModelLoadError: The file does not say its scale and halo, or they are wrong.
    """
    if reason := unwritable_reason(target, overwrite=overwrite):
        raise ImageError(reason)
    write = ANIMATION_FORMATS.get(target.suffix.lower())
    if write is None:
        raise ImageError(f"{target} cannot hold an animation: write .png, .webp or .gif.")
    height, width = animation.height, animation.width
    scale = model_of(session).scale
    wanted = target_size(size or Times(scale), height, width, scale=scale)
    upscaled = (
        reduce_picture(
            upscale_picture(session, frame, alpha=alpha, tile=tile, exact=exact), *wanted
        )
        for frame in _frames(animation, background, on_progress)
    )
    start = perf_counter()
    try:
        with (
            enough_memory("The animation cannot be upscaled", width, height),
            atomic_write(target) as temporary,
            temporary.open("wb") as file,
        ):
            lost = write(file, upscaled, animation, quality)
    except (OSError, ColorSpaceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{target} cannot be written: {reason}.") from error
    seconds = perf_counter() - start
    mirrored = find_mirrored(session, (height, width), exact=exact)
    return UpscaledFile((height, width), wanted, mirrored, seconds, animation.notes + lost)


def _frames(
    animation: Animation, background: Color | None, on_progress: OnProgress | None
) -> Iterator[Picture]:
    """Yield the frames, and tell the progress when the next one, or the end, is asked for."""
    for number, frame in enumerate(animation.frames(), 1):
        yield frame if background is None else flatten(frame, background)
        if on_progress is not None:
            on_progress(number, len(animation.durations_ms))
