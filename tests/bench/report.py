"""What one run of the benchmark found, printed and as JSON."""

from dataclasses import asdict, dataclass

import click
import msgspec

from bench.measure import Row
from bench.scaling import Point
from bench.subjects import Scope
from bench.tables import (
    tabulate_baselines,
    tabulate_forms,
    tabulate_rows,
    tabulate_scaling,
    tabulate_targets,
)
from bench.targets import Outcome
from mobile_runtime.console import print_table, print_text


@dataclass(frozen=True)
class Report:
    """One run of the session."""

    device: str
    date: str
    """UTC, ISO 8601."""
    versions: dict[str, str]
    """Of the engines."""
    scope: Scope
    rows: tuple[Row, ...]
    scaling: tuple[Point, ...]
    targets: tuple[Outcome, ...]


def format_json(report: Report) -> bytes:
    """Write a report as JSON: every run is in it; baselines are named, not built."""
    content = {
        "device": report.device,
        "date": report.date,
        "versions": report.versions,
        "runs": report.scope.runs,
        "warmup_runs": report.scope.warmup_runs,
        "seconds_limit": report.scope.seconds_limit,
        "rows": [_flatten(row) for row in report.rows],
        "growth": [asdict(point) for point in report.scaling],
        "targets": [asdict(outcome) for outcome in report.targets],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def _flatten(row: Row) -> dict[str, object]:
    fields = asdict(row)
    timing = fields.pop("timing")
    timing["samples_ms"] = [round(sample, 2) for sample in timing["samples_ms"]]
    return {**fields, "median_ms": row.median_ms, **timing}


def print_tables(report: Report) -> None:
    """Print what was found, first in full, then side by side."""
    print_text(f"{report.device}, {report.date}")
    for table in (
        tabulate_rows(report.rows),
        tabulate_forms(report.rows),
        tabulate_baselines(report.rows),
        tabulate_targets(report.targets),
        tabulate_scaling(report.scaling),
    ):
        print_table(table)
        click.echo()
    runs, limit = report.scope.runs, report.scope.seconds_limit
    print_text(
        f"Median of {runs} runs in turns (fewer where a file has had its {limit:g} s). Ratios, and "
        "numbers in brackets: medians of the ratios per round, to the first of the group. Memory: "
        "the peak in a fresh process, above what Python and libraries take."
    )
