"""Write a file whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
