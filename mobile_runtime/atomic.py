"""Files and folders that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; it replaces `path` only if nothing was raised."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.partial")  # nobody else's
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def take_place(new: Path, target: Path, *, spare: Path) -> None:
    """Give a file or folder its name. Unlike a file, a folder cannot be replaced in one step.

    Args:
        new: What is to be called `target`.
        target: Its name; what was there is replaced.
        spare: Where a folder that is replaced goes; it comes back if anything fails.
    """
    with ExitStack() as undo:
        if target.is_dir():
            target.replace(spare)
            undo.callback(spare.replace, target)
        new.replace(target)
        undo.pop_all()
