"""Progress over pictures and their parts: a bar on a terminal, now and then a line elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mobile_runtime.console import say, verbosity

SECONDS_BETWEEN_LINES = 10


class PictureProgress:
    """What is shown on stderr while pictures are upscaled, on its calls only."""

    def __init__(self, bar: Progress, pictures: int) -> None:
        self.bar, self.pictures = bar, pictures
        self.task = bar.add_task("", total=pictures)
        self.number, self.name, self.said = 0, "", monotonic()

    def start(self, number: int, name: str) -> None:
        """Show that a picture is begun; the first has number 1."""
        self.number, self.name, self.said = number, name, monotonic()
        self._draw(number - 1, "")

    def show_step(self, done: int, total: int) -> None:
        """Show how many tiles of the picture are done, or frames of what moves."""
        self._draw(self.number - 1 + done / total, f", {done} of {total}")

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide the bar while lines are printed, wherever they go."""
        self.bar.stop()
        yield
        self.bar.start()

    def _draw(self, completed: float, steps: str) -> None:
        shown = f"{self.number} of {self.pictures}: {self.name}{steps}"
        if not self.bar.disable:
            self.bar.update(self.task, description=shown, completed=completed, refresh=True)
        elif steps and monotonic() - self.said >= SECONDS_BETWEEN_LINES:
            self.said = monotonic()
            say(shown, err=True)


@contextmanager
def picture_progress(pictures: int) -> Iterator[PictureProgress]:
    """Show progress over a number of pictures."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not console.is_terminal or verbosity() == "quiet",
    ) as bar:
        yield PictureProgress(bar, pictures)
