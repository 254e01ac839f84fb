"""Suppression of what converter libraries print."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from mobile_runtime.console import verbosity


@contextmanager
def suppress_output() -> Iterator[None]:
    """Discard output, log messages and warnings; exceptions still come through.

    Native code prints too, so the file descriptors themselves are redirected; so are Python's
    streams, which may be somebody's who draws progress. With --verbose all of it is shown.
    """
    if verbosity() == "verbose":
        yield
        return
    _flush()
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    with (
        Path(os.devnull).open("w") as nowhere,
        warnings.catch_warnings(action="ignore"),
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
    ):
        kept = {number: os.dup(number) for number in (1, 2) if _is_open(number)}
        for number in kept:
            os.dup2(nowhere.fileno(), number)
        try:
            yield
        finally:
            _flush()
            for number, original in kept.items():
                os.dup2(original, number)
                os.close(original)
            logging.disable(disabled)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # None where the program was started without it
            stream.flush()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
