"""Atomic writing: files and folders that appear complete or not at all."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from uuid import uuid4


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Provide a temporary path to write to; it replaces `path` only if nothing was raised.

    Where `path` is a link, its target is replaced and the link stays. The rights are those of the
    file that is replaced, else those that `open` would give.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{uuid4().hex}.part")  # unique, and short
    try:
        temporary.touch(0o600 if target.exists() else 0o666)  # no more than it will have
        rights = temporary.stat().st_mode
        yield temporary
        temporary.chmod(stat.S_IMODE(rights))  # some writers make a file of their own
        keep_rights(temporary, target)
        temporary.replace(target)
    except OSError as error:
        _name(error, path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def keep_rights(new: Path, old: Path) -> None:
    """Copy the rights of the file or folder that `new` will replace, where there is one."""
    if old.exists():
        new.chmod(stat.S_IMODE(old.stat().st_mode))


def unwritable_reason(path: Path, *, overwrite: bool) -> str | None:
    """Return in a sentence why a file cannot be written with `atomic_write`; None if it can.

    With `overwrite`, an existing file or a broken link may be replaced.
    """
    try:
        if path.is_dir():
            return f"{path} exists and is a folder: name a file in it."
        if path.exists() and not path.is_file():
            return f"{path} exists and is no file: name another one."
        if os.path.lexists(path) and not overwrite:
            return f"{path} exists: name another file, or give --overwrite to replace it."
        with TemporaryFile(dir=Path(os.path.realpath(path)).parent):  # the only sure answer
            return None
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}."


@contextmanager
def file_lock(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder, among processes and threads that call this function.

    Where the system or a network drive cannot lock a folder, nothing is locked.
    """
    with ExitStack() as undo:
        if sys.platform != "win32":
            import fcntl

            with suppress(OSError):
                handle = os.open(folder, os.O_RDONLY)
                undo.callback(os.close, handle)  # unlocks it too
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def staging_dir(target: Path) -> Iterator[Path]:
    """Yield a new folder inside `target`, and so on its file system; it is gone afterwards.

    `target` is made where it is missing, and gone too if nothing is in it in the end.

    Raises:
        OSError: `target` cannot be written to.
    """
    new = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=".scnet-", dir=target))
    try:
        yield folder
    except OSError as error:
        _name(error, target)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if new and not any(target.iterdir()):
            target.rmdir()


def _name(error: OSError, path: Path) -> None:
    """Let an error that has no path, as that of a full disk, name what was being written."""
    if error.filename is None and error.strerror is not None:  # else it is a sentence of its own
        error.filename = str(path)


def replace_atomically(new: Path, target: Path, *, spare: Path) -> None:
    """Rename a file or folder over an existing one; a folder cannot be replaced in one step.

    It gets the rights of the one that it replaces; what is in a folder keeps its own.

    Args:
        new: Path to rename.
        target: New path; replaced if it exists.
        spare: Where a replaced folder is moved; it is moved back if anything fails.
    """
    keep_rights(new, target)
    with ExitStack() as undo:
        if target.is_dir():
            target.replace(spare)
            undo.callback(spare.replace, target)
        new.replace(target)
        undo.pop_all()
