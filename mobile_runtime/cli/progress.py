"""Progress on stderr: a bar, or the step of each file, drawn where stderr is a terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mobile_runtime.console import printable, verbosity
from mobile_runtime.steps import OnStep, Step
from mobile_runtime.upscaling.upscale import OnProgress


@contextmanager
def progress_bar(description: str, unit: str) -> Iterator[OnProgress]:
    """Show a bar that is drawn on its calls only, to take no time from what is measured."""
    with (
        _open_stderr() as console,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal or verbosity() == "quiet",
        ) as bar,
    ):
        task = bar.add_task(description, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, refresh=True)

        yield show


@contextmanager
def show_steps() -> Iterator[OnStep]:
    """Show which file is worked on, its step and its time; afterwards a line with its seconds.

    Where stderr is no terminal, there are only the lines, and one more when the first file begins.
    """
    if verbosity() == "quiet":
        yield lambda step: None
        return
    with _open_stderr() as console:
        steps = _Steps(console)
        if not console.is_terminal:
            yield steps.show
            steps.finish_file()
            return
        with Live(
            console=console, get_renderable=steps.draw, transient=True, redirect_stdout=False
        ) as live:

            def show(step: Step) -> None:
                steps.show(step)
                live.refresh()  # however short the step

            yield show
            steps.finish_file()


class _Steps:
    """What is known of the work so far."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.step: Step | None = None
        self.started = 0.0
        self.task: TaskID | None = None
        self.bar = Progress(
            *(SpinnerColumn(), BarColumn(bar_width=10), TextColumn("{task.description}")),
            TimeElapsedColumn(),
        )

    def show(self, step: Step) -> None:
        """Show the step that begins; with -v it gets a line of its own."""
        if self.step is None or step.number != self.step.number:
            self._begin_file(step)
        assert self.task is not None
        self.step = step
        self.bar.update(self.task, description=step.action)
        if verbosity() == "verbose":
            self._print(f"  {perf_counter() - self.started:.1f} s: {step.action}")

    def finish_file(self) -> None:
        """Write how long the last file took, if there was one."""
        if self.step is not None:
            seconds = perf_counter() - self.started
            self._print(f"{_describe(self.step)}, {seconds:.1f} s")

    def draw(self) -> Group | str:
        """Return what is drawn below the lines: the file, a bar of files, the step and its time."""
        return "" if self.step is None else Group(Text(_describe(self.step)), self.bar)

    def _begin_file(self, step: Step) -> None:
        self.finish_file()
        if self.step is None and not self.console.is_terminal:
            self._print(f"{_describe(step)} begins")
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.task = self.bar.add_task("", total=step.files, completed=step.number - 1)
        self.started = perf_counter()

    def _print(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)


def _describe(step: Step) -> str:
    return f"{step.number} of {step.files}: {printable(step.file)}"


@contextmanager
def _open_stderr() -> Iterator[Console]:
    """Open a console on a copy of stderr, which stays when engines have stderr redirected."""
    try:
        number = os.dup(sys.stderr.fileno())
    except (AttributeError, OSError):  # started without stderr, or it is no file
        yield Console(stderr=True)
        return
    with os.fdopen(number, "w", errors="backslashreplace") as copy:
        yield Console(file=copy)
