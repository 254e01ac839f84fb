"""The benchmark as tables, as JSON, and as one picture."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.growth import Point
from bench.measure import Row
from bench.quality import Quality
from bench.subjects import Scope
from bench.targets import Outcome
from mobile_runtime.latency import compare
from mobile_runtime.output import open_console


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
    growth: tuple[Point, ...]
    targets: tuple[Outcome, ...]
    quality: tuple[Quality, ...]


def format_json(report: Report) -> bytes:
    """Write a report as JSON: every run is in it; peers are named, not built."""
    content = {
        "device": report.device,
        "date": report.date,
        "versions": report.versions,
        "runs": report.scope.runs,
        "warmup_runs": report.scope.warmup_runs,
        "seconds_limit": report.scope.seconds_limit,
        "rows": [_flatten(row) for row in report.rows],
        "growth": [asdict(point) for point in report.growth],
        "targets": [asdict(outcome) for outcome in report.targets],
        "set5_psnr_db": [asdict(quality) for quality in report.quality],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def _flatten(row: Row) -> dict[str, object]:
    fields = asdict(row)
    timing = fields.pop("timing")
    timing["samples_ms"] = [round(sample, 2) for sample in timing["samples_ms"]]
    return {**fields, "median_ms": row.median_ms, **timing}


def print_tables(report: Report) -> None:
    """Print one row per subject, then the targets, then how things grow."""
    console, _ = open_console()
    console.print(f"{escape(report.device)}, {report.date}")
    for table in (_tabulate(report), _tabulate_targets(report), _tabulate_growth(report)):
        console.print(table)
    _explain(console, report)


def _explain(console: Console, report: Report) -> None:
    runs, limit = report.scope.runs, report.scope.seconds_limit
    console.print(
        f"Median of {runs} runs in turns (fewer where a file has had its {limit:g} s). Ratios: "
        "medians of the ratios per round, to the first row of the group. Memory: the peak in a "
        "fresh process, above what Python and libraries take."
    )


def _tabulate(report: Report) -> Table:
    table = _table(
        ("engine, threads", "group", "network", "form", "input"),
        (
            *("parameters", "MACs, G", "file, MB", "operators", "conversion, s", "load, ms"),
            *("memory, MB", "median, ms", "times the first", "times faster than naive"),
        ),
    )
    for row in report.rows:
        table.add_row(*map(escape, _cells(row, _naive_of(row, report.rows))))
    return table


def _cells(row: Row, naive: Row | None) -> Iterator[str]:
    yield f"{row.engine}, {row.threads}"
    yield from (row.group, row.network, row.form, f"{row.height}x{row.width}")
    yield f"{row.parameters:,}"
    yield f"{row.macs / 1e9:.2f}"
    if row.timing.failure is not None:
        yield from (_number(row.file_mb, 2), row.timing.failure)
        return
    yield from (_number(row.file_mb, 2), str(row.operators), _number(row.conversion_s, 1))
    yield from (_number(row.timing.load_ms, 0), _number(row.timing.peak_memory_mb, 1))
    yield _number(row.median_ms, 2)
    yield _number(None if row.to_first is None else row.to_first.median, 2)
    yield _number(_times_faster(row, naive), 2)


def _naive_of(row: Row, rows: Sequence[Row]) -> Row | None:
    place = (row.engine, row.group, row.height, row.width)
    for other in rows:
        if other.form == "naive" and place == (
            *(other.engine, other.group, other.height, other.width),
        ):
            return other
    return None


def _times_faster(row: Row, naive: Row | None) -> float | None:
    if naive is None or not naive.timing.samples_ms or not row.timing.samples_ms:
        return None
    return compare(naive.timing.samples_ms, row.timing.samples_ms).median


def _tabulate_targets(report: Report) -> Table:
    table = _table(("engine", "wanted at x4"), ("limit", "found", "reached"))
    for outcome in report.targets:
        target = outcome.target
        what = "memory, part of" if target.memory else "time, times"
        if target.than != "floor" and not target.memory:
            what = "times faster than"
        table.add_row(
            target.engine,
            f"{target.head}, {target.form}: {what} {target.than}",
            f"{target.limit:g}",
            _number(outcome.found, 2),
            {True: "yes", False: "no", None: "not measured"}[outcome.reached],
        )
    return table


def _tabulate_growth(report: Report) -> Table:
    table = _table(("engine", "network", "form", "way", "input"), ("median, ms", "memory, MB"))
    for point in report.growth:
        table.add_row(
            *(point.engine, point.network, point.form, point.way),
            f"{point.height}x{point.width}",
            escape(point.failure) if point.failure else _number(point.median_ms, 1),
            _number(point.peak_memory_mb, 1),
        )
    return table


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=open_console()[1])
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
