"""One of many pictures or videos: read, upscaled and written; what goes wrong is an outcome."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError, ScnetError
from mobile_runtime.imaging.animation import Animation, open_animation
from mobile_runtime.imaging.background import flatten
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import decode_picture, read_file
from mobile_runtime.imaging.writing import OUTPUT_FORMATS
from mobile_runtime.upscaling.jobs import Job
from mobile_runtime.upscaling.settings import Settings
from mobile_runtime.upscaling.upscale import OnProgress
from mobile_runtime.upscaling.upscale_animation import upscale_animation
from mobile_runtime.upscaling.upscale_picture import UpscaledFile, upscale_to_file
from mobile_runtime.upscaling.upscale_video import upscale_video
from mobile_runtime.upscaling.video_file import is_video


@dataclass(frozen=True)
class Outcome:
    """What became of a job; it was skipped if there is neither a file nor an error."""

    job: Job
    upscaled: UpscaledFile | None = None
    error: str | None = None
    """In a sentence."""

    @property
    def skipped(self) -> bool:
        """Return whether the target existed and was left as it is."""
        return self.upscaled is None and self.error is None


def run_job(
    session: Session, job: Job, settings: Settings, *, on_progress: OnProgress | None = None
) -> Outcome:
    """Upscale one of many pictures; what goes wrong is in the outcome, and raises nothing.

    Args:
        session: An open model file.
        job: Is skipped if its target exists, unless that may be replaced.
        settings: How to upscale.
        on_progress: Called after each tile, of what moves after each frame.
    """
    if os.path.lexists(job.target) and not settings.overwrite:
        return Outcome(job)
    try:
        if is_video(job.source):
            done = write_video_job(session, job, settings, on_progress=on_progress)
        else:
            picture = decode_photo(read_file(job.source), str(job.source), settings)
            done = write_job(session, picture, job, settings, on_progress=on_progress)
    except ScnetError as error:
        return Outcome(job, error=str(error))
    return Outcome(job, done)


def decode_photo(content: bytes, name: str, settings: Settings) -> Picture | Animation:
    """Return a picture as it is to be upscaled; see `open_animation` and `decode_picture`."""
    animation = open_animation(content, name, max_pixels=settings.max_pixels)
    if animation is not None:
        return animation
    picture = decode_picture(content, name, max_pixels=settings.max_pixels, deep=True)
    return picture if settings.background is None else flatten(picture, settings.background)


def write_job(
    session: Session,
    picture: Picture | Animation,
    job: Job,
    settings: Settings,
    *,
    comparison: Path | None = None,
    on_progress: OnProgress | None = None,
) -> UpscaledFile:
    """Write the target of a job; see `upscale_to_file` and `upscale_animation`."""
    _make_folder(job)
    quality = settings.quality if has_quality(job) else None
    if isinstance(picture, Animation):
        if comparison is not None:
            raise ImageError(f"{job.source} is animated: a comparison shows one picture.")
        return upscale_animation(
            session,
            picture,
            job.target,
            replace(settings, quality=quality),
            on_progress=on_progress,
        )
    return upscale_to_file(
        session,
        picture,
        job.target,
        comparison=comparison,
        size=settings.size,
        quality=quality,
        alpha=settings.alpha,
        tile=settings.tile,
        exact=settings.exact,
        overwrite=settings.overwrite,
        on_progress=on_progress,
    )


def write_video_job(
    session: Session, job: Job, settings: Settings, *, on_progress: OnProgress | None = None
) -> UpscaledFile:
    """Write the target of a job about a video; see `upscale_video`."""
    _make_folder(job)
    return upscale_video(session, job.source, job.target, settings, on_progress=on_progress)


def has_quality(job: Job) -> bool:
    """Return whether the format of the target has a quality to choose."""
    output = OUTPUT_FORMATS.get(job.target.suffix.lower())
    return output is not None and output.is_lossy


def _make_folder(job: Job) -> None:
    try:
        if job.make_folder:
            job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror
        raise ImageError(f"The folder of {job.target} cannot be made: {reason}.") from error
