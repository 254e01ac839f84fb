"""Messages that native code writes to stderr, kept from the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO


@contextmanager
def captured_stderr() -> Iterator[IO[bytes]]:
    """Redirect the process's stderr to a file, also what native code writes; yield the file.

    Where the process was started without stderr, nothing is redirected, and the file stays empty.
    """
    try:
        kept = os.dup(2)
    except OSError:  # first of all, or the file itself would become stderr
        kept = None
    with TemporaryFile() as log:
        if kept is None:
            yield log
            return
        os.dup2(log.fileno(), 2)
        try:
            yield log
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def without_info() -> Iterator[None]:
    """Drop the lines that TFLite marks as INFO, such as that it created XNNPACK's delegate.

    TFLite has neither an option nor a variable for the level of its log (ai-edge-litert 2.3.0).
    """
    with captured_stderr() as log:
        try:
            yield
        finally:
            log.seek(0)
            rest = b"".join(line for line in log if not line.startswith(b"INFO: "))
    if rest and sys.stderr is not None:
        sys.stderr.write(rest.decode(errors="replace"))
