"""Folders of pictures as people have them, with all that file managers and archives leave there."""

import os
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.read_formats import READ_SUFFIXES

IMAGE_SUFFIXES = tuple(chain.from_iterable(READ_SUFFIXES.values()))
"""In lower case; what a file of a folder ends in to be taken for a picture."""

JUNK = frozenset(
    {
        "__macosx",  # AppleDouble files, in archives packed on a Mac
        *("thumbs.db", "ehthumbs.db", "desktop.ini"),
        *("@eadir", "#recycle"),  # thumbnails and the trash of Synology's file servers
        *("$recycle.bin", "system volume information", "lost+found"),
    }
)
"""Files and folders by their names in lower case; hidden ones are left out too."""


@dataclass(frozen=True)
class Found:
    """What was found in a folder and its subfolders, sorted by path."""

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]
    """Not pictures by their names, and links that lead nowhere or to a folder. Neither `JUNK` nor
    hidden files are among them, such as a Mac's `._photo.png`, which is no picture."""


def find_pictures(folder: Path, *, without: Path | None = None) -> Found:
    """Return the files of a folder and its subfolders; linked subfolders are not followed.

    Args:
        folder: Where to look; may be a link itself.
        without: A subfolder to leave out.

    Raises:
        ImageError: It is not a folder, or one within it cannot be read.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder.")
    pictures: list[Path] = []
    others: list[Path] = []
    for inside, subfolders, files in os.walk(folder, onerror=_refuse):
        here = Path(inside)
        linked = [name for name in subfolders if (here / name).is_symlink()]
        subfolders[:] = [
            name
            for name in subfolders
            if not (_is_junk(name) or name in linked or _same_folder(here / name, without))
        ]
        for path in (here / name for name in files + linked if not _is_junk(name)):
            is_picture = path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
            (pictures if is_picture else others).append(path)
    return Found(tuple(sorted(pictures)), tuple(sorted(others)))


def list_pictures(folder: Path) -> tuple[Path, ...]:
    """Return the pictures of a folder and its subfolders, sorted by path.

    Raises:
        ImageError: It is not a folder, cannot be read, or holds no picture.
    """
    pictures = find_pictures(folder).pictures
    if not pictures:
        raise ImageError(f"{folder} holds no picture ({', '.join(IMAGE_SUFFIXES)}).")
    return pictures


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in JUNK


def _same_folder(path: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and path.samefile(other)


def _refuse(error: OSError) -> None:
    raise ImageError(f"{error.filename} cannot be read: {error.strerror}.")
