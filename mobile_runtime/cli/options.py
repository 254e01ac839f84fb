"""Options that several commands share."""

from math import isfinite
from pathlib import Path
from typing import Any

import click

from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.engines.session import MAX_THREADS


class SecondsType(click.FloatRange):
    """A time that ends, in seconds; `inf` and `nan` are floats to click."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Parse, for instance, 0.5."""
        seconds: float = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{seconds} is not a finite number.", param, ctx)
        return seconds


SECONDS = SecondsType(min=0, min_open=True, max=1e6)
THREADS = click.IntRange(1, MAX_THREADS)

threads = click.option("--threads", type=THREADS, help="All cores if not given.")
runs = click.option("--runs", type=click.IntRange(min=1), default=Plan.runs, show_default=True)
warmup_runs = click.option(
    "--warmup-runs", type=click.IntRange(min=1), default=Plan.warmup_runs, show_default=True
)
seconds_limit = click.option(
    "--seconds-limit",
    type=SECONDS,
    default=Plan.seconds_limit,
    show_default=True,
    help="For the timed runs of a file on an engine; fewer are made if it does not suffice.",
)
json_path = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write everything that was found into this file; - prints it instead of tables.",
)
details = click.option(
    "--details", is_flag=True, help="Print all figures of every engine, one block per file."
)
overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace the output files if they exist."
)
