"""Options shared by several commands."""

from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.engines.registry import ENGINES
from mobile_runtime.engines.session import MAX_THREADS

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


class FiniteRange(click.FloatRange):
    """A finite number; click's floats include `inf` and `nan`."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Parse a number such as 0.5."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{number} is not a finite number.", param, ctx)
        return number


class EngineType(click.ParamType[str]):
    """An engine's name; which files it runs is checked when one is opened."""

    name = "engine"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name as the registry has it."""
        return str(value).lower()

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so."""
        names = [name for engines in ENGINES.values() for name in engines]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


ENGINE = EngineType()
ENGINES_HELP = "; ".join(f"for {suffix} {', '.join(names)}" for suffix, names in ENGINES.items())
"""All engines by format, the default first, for the help of an option."""


def choice(names: Iterable[str]) -> click.Choice[str]:
    """Return the type of an option that takes one of some names, in any case."""
    return click.Choice([*names], case_sensitive=False)


SECONDS = FiniteRange(min=0, min_open=True, max=1e6)
THREADS = click.IntRange(1, MAX_THREADS)

engine = click.option(
    "--engine",
    type=ENGINE,
    help=f"What runs the files: {ENGINES_HELP}. [default: the first of the format]",
)
threads = click.option("--threads", type=THREADS, help="All cores by default.")
runs = click.option("--runs", type=click.IntRange(min=1), default=Plan.runs, show_default=True)
warmup_runs = click.option(
    "--warmup-runs", type=click.IntRange(min=1), default=Plan.warmup_runs, show_default=True
)
seconds_limit = click.option(
    "--seconds-limit",
    type=SECONDS,
    default=Plan.seconds_limit,
    show_default=True,
    help="For the timed runs of a file on an engine; fewer are made if time runs out.",
)
details = click.option("--details", is_flag=True, help="Show everything that was found out.")
overwrite = click.option("--overwrite", is_flag=True, help="Replace existing output files.")
files = click.argument("files", type=PATH, nargs=-1, required=True)


def plan(command: Command) -> Command:
    """Add the options that make a `Plan`: `runs`, `warmup_runs` and `seconds_limit`."""
    return runs(warmup_runs(seconds_limit(command)))


def json_output(command: Command) -> Command:
    """Add --json and --overwrite: `json_path` and `overwrite`."""
    json_path = click.option(
        "--json",
        "json_path",
        type=click.Path(path_type=Path, allow_dash=True),
        help="Write all results into this file; - prints them instead of tables.",
    )
    return json_path(overwrite(command))
