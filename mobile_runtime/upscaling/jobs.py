"""Many pictures in one start: which there are, and what is written for each.

Outputs beside the photo get a name that says how large they are: `photo.x4.jpg`. In a folder of
their own they keep their names, and their places below the folder that was named.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.animation import is_animated_gif
from mobile_runtime.imaging.animation_writing import ANIMATION_FORMATS
from mobile_runtime.imaging.folder import find_pictures
from mobile_runtime.imaging.writing import OUTPUT_FORMATS
from mobile_runtime.upscaling.video_file import VIDEO_FORMATS, is_video

MADE_UP = re.compile(r"(?P<photo>.+)\.(x\d+(\.\d+)?|\d+x\d*)")
"""The name, without its suffix, of an output beside its photo: `photo.x4`, `photo.1920x1080`."""

PICTURE_SUFFIXES = tuple({**OUTPUT_FORMATS, **ANIMATION_FORMATS})
"""What files may end in that are written; GIF is for animations alone."""


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
    """Such as `.png`; None keeps that of each photo if it can be written (of a GIF, if it is
    animated), and takes `.png` otherwise."""


@dataclass(frozen=True)
class Job:
    """A picture to read and the file to write."""

    source: Path
    target: Path
    make_folder: bool = False
    """Whether the folder of the target is made if it is missing."""


def choose_output(output: str | None, format_: str | None, paths: Sequence[Path]) -> Output:
    """Return where the results go.

    A folder exists, or ends in a slash, or is meant because several pictures or a folder are read.

    Args:
        output: As the user wrote it, with a slash at the end if there is one; None to write beside
            each photo.
        format_: A suffix of `PICTURE_SUFFIXES` without its dot.
        paths: Pictures and folders that are read.

    Raises:
        ImageError: The path is a file where a folder is needed, or named like one; or it is neither
            a folder nor named like a picture of the format.
    """
    suffix = f".{format_}" if format_ else None
    if output is None:
        return Output(suffix=suffix)
    path = Path(output)
    names = VIDEO_FORMATS if len(paths) == 1 and is_video(paths[0]) else PICTURE_SUFFIXES
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
    if suffix and not _is_same_format(suffix, path.suffix.lower()):
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


def _key(path: Path) -> str:
    """Return what all names of one file have in common, links to it among them."""
    return os.path.normcase(os.path.realpath(path))


def _place(path: Path) -> str:
    """Return what all ways to one name have in common."""
    return os.path.normcase(Path(os.path.realpath(path.parent)) / path.name)


def _is_result(picture: Path, stems: set[Path]) -> bool:
    made_up = MADE_UP.fullmatch(picture.stem)
    return made_up is not None and picture.with_name(made_up["photo"]) in stems


def _is_same_format(suffix: str, other: str) -> bool:
    return suffix == other or OUTPUT_FORMATS.get(suffix, suffix) == OUTPUT_FORMATS.get(other)


def _name(photo: Photo, output: Output, tag: str) -> Path:
    stem, own = photo.path.stem, photo.path.suffix
    if is_video(photo.path):
        suffix = own if own.lower() in VIDEO_FORMATS else ".mkv"
    elif output.suffix is not None:
        suffix = output.suffix
    else:
        is_written = own.lower() in PICTURE_SUFFIXES and (
            own.lower() != ".gif" or is_animated_gif(photo.path)
        )
        suffix = own if is_written else ".png"
    if output.folder is None:
        return photo.path.with_name(f"{stem}.{tag}{suffix}")
    return output.folder / photo.inside.with_name(stem + suffix)
