"""Ctrl-C and its kin, heard even where a library swallows the exception they raise."""

import signal
import sys
from types import FrameType
from typing import NoReturn

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_heard: list[int] = []


def listen() -> None:
    """Turn signals into an exception, so that half-made files are cleared away."""
    for number in SIGNALS:
        signal.signal(number, _leave)


def check() -> None:
    """Leave if a signal came in that somebody swallowed.

    coremltools imports its optional tools under a bare `except:`, which takes our exit for a
    missing tool (coremltools 9, coremltools/_deps/__init__.py).
    """
    if _heard:
        sys.exit(128 + _heard[0])


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    _heard.append(number)
    sys.exit(128 + number)
