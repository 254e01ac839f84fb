"""Ctrl-C and the other signals that end a program, as an exception that cleans up."""

import signal
import sys
from types import FrameType
from typing import NoReturn

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_received: list[int] = []


def install_handlers() -> None:
    """Turn signals into `SystemExit`, so that half-written files are removed."""
    for number in SIGNALS:
        signal.signal(number, _exit)


def check() -> None:
    """Exit if a signal was received but its `SystemExit` was swallowed.

    coremltools imports its optional tools under a bare `except:`, which takes our exit for a
    missing tool (coremltools 9, coremltools/_deps/__init__.py).
    """
    if _received:
        sys.exit(128 + _received[0])


def describe_received() -> str:
    """Return in a line which signal ended the program; empty if none did."""
    if not _received:
        return ""
    name = signal.Signals(_received[0]).name
    return "Interrupted." if name == "SIGINT" else f"Ended by {name}."


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    _received.append(number)
    sys.exit(128 + number)
