"""Many pictures in one start: which there are, what is written for each, one after the other.

Outputs beside the photo get a name that says how large they are: `photo.x4.jpg`. In a folder of
their own they keep their names, and their places below the folder that was named.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError, ScnetError
from mobile_runtime.imaging.animation import Animation, open_animation
from mobile_runtime.imaging.background import Color, flatten
from mobile_runtime.imaging.folder import find_pictures
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import MAX_PIXELS, decode_picture, read_file
from mobile_runtime.imaging.resizing import TargetSize
from mobile_runtime.imaging.writing import OUTPUT_FORMATS
from mobile_runtime.upscaling.upscale import OnProgress
from mobile_runtime.upscaling.upscale_animation import upscale_animation
from mobile_runtime.upscaling.upscale_picture import UpscaledFile, upscale_to_file
from mobile_runtime.upscaling.upscale_video import upscale_video
from mobile_runtime.upscaling.video_file import VIDEO_FORMATS, is_video

MADE_UP = re.compile(r"(?P<photo>.+)\.(x\d+(\.\d+)?|\d+x\d*)")
"""The name, without its suffix, of an output beside its photo: `photo.x4`, `photo.1920x1080`."""


@dataclass(frozen=True)
class Photo:
    """A picture to upscale."""

    path: Path
    inside: Path
    """Path below the folder that was named; the name alone of a file that was."""


@dataclass(frozen=True)
class Photos:
    """What was found under the paths that were named."""

    photos: tuple[Photo, ...]
    results: tuple[Path, ...] = ()
    """Outputs of earlier runs, which lie beside their photos and are left alone."""
    others: tuple[Path, ...] = ()
    """Files in folders that are not pictures by their names."""


@dataclass(frozen=True)
class Output:
    """Where results go: into one file, into a folder, or beside each photo if neither is named."""

    file: Path | None = None
    folder: Path | None = None
    suffix: str | None = None
    """Such as `.png`; None keeps that of each photo if it can be written, and takes `.png`
    otherwise."""


@dataclass(frozen=True)
class Settings:
    """How pictures are upscaled, whichever they are."""

    tile: int | None = None
    """Side of the largest tile in low-resolution pixels, for files that take any size."""
    max_pixels: int = MAX_PIXELS
    """Larger pictures are refused."""
    overwrite: bool = False
    """Replace existing targets."""
    size: TargetSize | None = None
    """Of the results; what the network makes if not given."""
    background: Color | None = None
    """What takes the place of transparency; transparency is kept if not given."""
    quality: int | None = None
    """Of a JPEG or WebP, see `save_picture`; other formats have none."""


@dataclass(frozen=True)
class Job:
    """A picture to read and the file to write."""

    source: Path
    target: Path
    make_folder: bool = False
    """Whether the folder of the target is made if it is missing."""


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


def choose_output(output: str | None, format_: str | None, paths: Sequence[Path]) -> Output:
    """Return where the results go.

    A folder exists, or ends in a slash, or is meant because several pictures or a folder are read.

    Args:
        output: As the user wrote it, with a slash at the end if there is one; None to write beside
            each photo.
        format_: A suffix of `OUTPUT_FORMATS` without its dot.
        paths: Pictures and folders that are read.

    Raises:
        ImageError: The path is a file where a folder is needed, or named like one; or it is neither
            a folder nor named like a picture of the format.
    """
    suffix = f".{format_}" if format_ else None
    if output is None:
        return Output(suffix=suffix)
    path = Path(output)
    names = VIDEO_FORMATS if len(paths) == 1 and is_video(paths[0]) else OUTPUT_FORMATS
    is_named = path.suffix.lower() in names
    if path.is_dir() or output.endswith(("/", os.sep)) or (are_many(paths) and not is_named):
        if path.exists() and not path.is_dir():
            raise ImageError(f"{path} is a file: name a folder for the outputs.")
        return Output(folder=path, suffix=suffix)
    if are_many(paths):
        raise ImageError(
            f"{output} is named like one picture, and several may be written: name a folder, such "
            f"as {path.with_suffix('')}/."
        )
    if not is_named:
        raise ImageError(
            f"{output} does not say what to write: end its name in {', '.join(names)}, "
            "or in / for a folder."
        )
    if suffix and OUTPUT_FORMATS[suffix] != OUTPUT_FORMATS.get(path.suffix.lower()):
        raise ImageError(f"{output} is not named like a {format_}: leave out one of the two.")
    return Output(file=path)


def are_many(paths: Sequence[Path]) -> bool:
    """Return whether more than one file is named, or a folder, however many pictures it holds."""
    return len(paths) > 1 or paths[0].is_dir()


def find_photos(paths: Iterable[Path], *, without: Path | None = None) -> Photos:
    """Return the named pictures, and those in the named folders and their subfolders.

    Each file counts once. In folders, `photo.x4.png` beside a picture `photo` of any format is
    taken for an output of an earlier run.

    Args:
        paths: Files, of any name, and folders.
        without: Folder of the outputs, which is left out where it lies in a named folder.

    Raises:
        ImageError: A folder cannot be read, or there is no picture at all.
    """
    photos: dict[str, Photo] = {}
    results: list[Path] = []
    others: list[Path] = []
    for path in paths:
        if not path.is_dir():
            photos.setdefault(_place(path), Photo(path, Path(path.name)))
            continue
        found = find_pictures(path, without=without)
        others += found.others
        stems = {picture.with_suffix("") for picture in found.pictures}
        for picture in found.pictures:
            if _is_result(picture, stems):
                results.append(picture)
            else:
                photos.setdefault(_place(picture), Photo(picture, picture.relative_to(path)))
    if not photos:
        raise ImageError(f"There is no picture to upscale in {', '.join(map(str, paths))}.")
    return Photos(tuple(photos.values()), tuple(results), tuple(others))


def plan_jobs(photos: Sequence[Photo], output: Output, *, tag: str) -> list[Job]:
    """Return what is written for each picture.

    Args:
        photos: From `find_photos`.
        output: From `choose_output`; names one file for one photo only.
        tag: Put into the name of an output beside its photo, such as `x4`.

    Raises:
        ImageError: Two pictures would be written into one file, or one over another that is read.
    """
    if output.file is not None:
        return [Job(photo.path, output.file) for photo in photos]
    below = output.folder is not None
    jobs = [Job(photo.path, _name(photo, output, tag), make_folder=below) for photo in photos]
    sources = {_key(job.source) for job in jobs}
    by_target: dict[str, Job] = {}
    for job in jobs:
        key = _key(job.target)
        if (other := by_target.setdefault(key, job)) is not job:
            raise ImageError(
                f"{other.source} and {job.source} would both become {job.target}: rename one of "
                "them, or upscale them in two starts."
            )
        if key in sources:
            raise ImageError(
                f"{job.source} would be written over {job.target}, which is read too: name "
                "another folder, or none to write beside each photo."
            )
    return jobs


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
            size=settings.size,
            background=settings.background,
            quality=quality,
            tile=settings.tile,
            overwrite=settings.overwrite,
            on_progress=on_progress,
        )
    return upscale_to_file(
        session,
        picture,
        job.target,
        comparison=comparison,
        size=settings.size,
        quality=quality,
        tile=settings.tile,
        overwrite=settings.overwrite,
        on_progress=on_progress,
    )


def write_video_job(
    session: Session, job: Job, settings: Settings, *, on_progress: OnProgress | None = None
) -> UpscaledFile:
    """Write the target of a job about a video; see `upscale_video`."""
    _make_folder(job)
    return upscale_video(
        session,
        job.source,
        job.target,
        size=settings.size,
        tile=settings.tile,
        max_pixels=settings.max_pixels,
        overwrite=settings.overwrite,
        on_progress=on_progress,
    )


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


def _key(path: Path) -> str:
    """Return what all names of one file have in common, links to it among them."""
    return os.path.normcase(os.path.realpath(path))


def _place(path: Path) -> str:
    """Return what all ways to one name have in common."""
    return os.path.normcase(Path(os.path.realpath(path.parent)) / path.name)


def _is_result(picture: Path, stems: set[Path]) -> bool:
    made_up = MADE_UP.fullmatch(picture.stem)
    return made_up is not None and picture.with_name(made_up["photo"]) in stems


def _name(photo: Photo, output: Output, tag: str) -> Path:
    stem, own = photo.path.stem, photo.path.suffix
    if is_video(photo.path):
        suffix = own if own.lower() in VIDEO_FORMATS else ".mkv"
    else:
        suffix = output.suffix or (own if own.lower() in OUTPUT_FORMATS else ".png")
    if output.folder is None:
        return photo.path.with_name(f"{stem}.{tag}{suffix}")
    return output.folder / photo.inside.with_name(stem + suffix)
