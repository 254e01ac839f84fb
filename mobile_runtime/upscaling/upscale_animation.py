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
from mobile_runtime.imaging.resizing import Times, reduce_picture, target_size
from mobile_runtime.imaging.size_limits import enough_memory
from mobile_runtime.upscaling.settings import Settings
from mobile_runtime.upscaling.upscale import OnProgress, find_mirrored, model_of
from mobile_runtime.upscaling.upscale_picture import (
    UpscaledFile,
    upscale_picture,
)


def upscale_animation(
    session: Session,
    animation: Animation,
    target: Path,
    settings: Settings,
    *,
    on_progress: OnProgress | None = None,
) -> UpscaledFile:
    """Write an animation upscaled; nothing is written unless the whole animation is done.

    Args:
        session: An open model file.
        animation: From `open_animation`.
        target: A suffix of `ANIMATION_FORMATS`.
        settings: How; `quality` is that of a WebP, which is lossless if not given.
        on_progress: Called after each frame.

    Raises:
        ImageError: The target cannot be written or is no format for animations, or see
            `upscale_pixels`.
        ModelLoadError: The file does not say its scale and halo, or they are wrong.
    """
    if reason := unwritable_reason(target, overwrite=settings.overwrite):
        raise ImageError(reason)
    write = ANIMATION_FORMATS.get(target.suffix.lower())
    if write is None:
        raise ImageError(f"{target} cannot hold an animation: write .png, .webp or .gif.")
    height, width = animation.height, animation.width
    scale = model_of(session).scale
    wanted = target_size(settings.size or Times(scale), height, width, scale=scale)
    upscaled = (
        upscale_picture(
            session, frame, alpha=settings.alpha, tile=settings.tile, exact=settings.exact
        )
        for frame in _frames(animation, settings.background, on_progress)
    )
    reduced = (reduce_picture(frame, *wanted) for frame in upscaled)
    start = perf_counter()
    try:
        with (
            enough_memory("The animation cannot be upscaled", width, height),
            atomic_write(target) as temporary,
            temporary.open("wb") as file,
        ):
            lost = write(file, reduced, animation, settings.quality)
    except (OSError, ColorSpaceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{target} cannot be written: {reason}.") from error
    seconds = perf_counter() - start
    mirrored = find_mirrored(session, (height, width), exact=settings.exact)
    return UpscaledFile((height, width), wanted, mirrored, seconds, animation.notes + lost)


def _frames(
    animation: Animation, background: Color | None, on_progress: OnProgress | None
) -> Iterator[Picture]:
    """Yield the frames, and tell the progress when the next one, or the end, is asked for."""
    for number, frame in enumerate(animation.frames(), 1):
        yield frame if background is None else flatten(frame, background)
        if on_progress is not None:
            on_progress(number, len(animation.durations_ms))
