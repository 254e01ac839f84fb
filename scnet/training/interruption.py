"""Interruption of a training run: a first signal asks it to stop, a second one ends the program."""

import os
import signal
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from mobile_runtime.cli.signals import SIGNALS


class Interruption:
    """Context in which the first of `SIGNALS` is noted, and all later ones do what they always do.

    Only the main thread can enter it.
    """

    def __init__(self, notice: str) -> None:
        """Prepare it.

        Args:
            notice: Printed on stderr when the first signal comes; nothing if empty.
        """
        self.received: int | None = None
        """Number of the first signal; None until it comes."""
        self._notice = notice
        self._before: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """What a program exits with that was asked to stop.

        Where the signal went to another process of the same run, that is the code of SIGTERM.
        """
        return 128 + (self.received or signal.SIGTERM)

    def __enter__(self) -> Self:
        """Note signals from now on."""
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the handlers that were there."""
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._restore()
        if not self._notice:
            return
        with suppress(OSError):  # not `print`, which may be at work; the terminal may be gone
            os.write(2, f"\n{self._notice}\n".encode())
