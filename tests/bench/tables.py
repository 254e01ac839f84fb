"""The benchmark as tables: all rows, forms side by side, published networks, targets, scaling."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from bench.measure import Row
from bench.scaling import Point
from bench.subjects import BASELINES_GROUP, LABELS, LOWER_BOUND, REFERENCE
from bench.targets import Outcome
from mobile_runtime.benchmark.timing import compare


def tabulate_rows(rows: Sequence[Row]) -> Table:
    """Show everything about each subject, a row each."""
    table = _table(
        ("engine, threads", "group", "network", "form", "input"),
        (
            *("parameters", "MACs, G", "file, MB", "operators", "conversion, s", "load, ms"),
            *("memory, MB", "median, ms", "times the first", "times faster than reference"),
        ),
    )
    for row in rows:
        table.add_row(*_cells(row, _reference_of(row, rows)))
    return table


def tabulate_forms(rows: Sequence[Row]) -> Table:
    """Show the forms of each SCNet side by side: median, and ratio to the lower bound."""
    ours = [row for row in rows if not row.group.startswith(BASELINES_GROUP)]
    forms = list(dict.fromkeys(row.form for row in ours))
    labels = [LABELS.get(form, form) for form in forms]
    table = _table(("engine, threads", "network", "input"), labels)
    for place in dict.fromkeys((row.engine, row.group, row.height, row.width) for row in ours):
        group = {
            row.form: row for row in ours if (row.engine, row.group, row.height, row.width) == place
        }
        first = next(iter(group.values()))
        table.add_row(
            f"{first.engine}, {first.threads}",
            f"{first.network} x{first.scale}",
            f"{first.height}x{first.width}",
            *(_median(group.get(form)) for form in forms),
        )
    return table


def tabulate_baselines(rows: Sequence[Row]) -> Table:
    """Show ours and published networks: size, work and latency on each engine."""
    baselines = [row for row in rows if row.group.startswith(BASELINES_GROUP)]
    engines = list(dict.fromkeys(row.engine for row in baselines))
    columns = [
        f"{name}, {n}, ms" for name, n in {row.engine: row.threads for row in baselines}.items()
    ]
    table = _table(
        ("network", "form", "input"),
        ("parameters", "MACs, G", *columns),
    )
    places = dict.fromkeys(
        (row.scale, row.height, row.width, row.network, row.form) for row in baselines
    )
    for place in places:
        found = {
            row.engine: row
            for row in baselines
            if (row.scale, row.height, row.width, row.network, row.form) == place
        }
        first = next(iter(found.values()))
        table.add_row(
            *(f"{first.network} x{first.scale}", first.form, f"{first.height}x{first.width}"),
            *(f"{first.parameters:,}", f"{first.macs / 1e9:.2f}"),
            *(_median(found.get(name)) for name in engines),
        )
    return table


def tabulate_targets(outcomes: Sequence[Outcome]) -> Table:
    """Show each target and what was found."""
    table = _table(("engine", "target at x4"), ("limit", "found", "reached"))
    for outcome in outcomes:
        target = outcome.target
        what = "memory, part of" if target.memory else "time, times"
        if target.than != LOWER_BOUND and not target.memory:
            what = "times faster than"
        table.add_row(
            target.engine,
            f"{target.head}, {target.form}: {what} {LABELS.get(target.than, target.than)}",
            f"{target.limit:g}",
            _number(outcome.found, 2),
            {True: "yes", False: "no", None: "not measured"}[outcome.reached],
        )
    return table


def tabulate_scaling(points: Sequence[Point]) -> Table:
    """Show latency and memory by size of the picture, whole and in tiles."""
    table = _table(("engine", "network", "form", "way", "input"), ("median, ms", "memory, MB"))
    for point in points:
        table.add_row(
            *(point.engine, point.network, LABELS.get(point.form, point.form), point.way),
            f"{point.height}x{point.width}",
            point.failure if point.failure else _number(point.median_ms, 1),
            _number(point.peak_memory_mb, 1),
        )
    return table


def _cells(row: Row, reference: Row | None) -> Iterator[str]:
    yield f"{row.engine}, {row.threads}"
    yield from (row.group, row.network, LABELS.get(row.form, row.form), f"{row.height}x{row.width}")
    yield f"{row.parameters:,}"
    yield f"{row.macs / 1e9:.2f}"
    if row.timing.failure is not None:
        yield from (_number(row.file_mb, 2), row.timing.failure)
        return
    yield from (_number(row.file_mb, 2), str(row.operators), _number(row.conversion_s, 1))
    yield from (_number(row.timing.load_ms, 0), _number(row.timing.peak_memory_mb, 1))
    yield _number(row.median_ms, 2)
    yield _number(None if row.to_first is None else row.to_first.median, 2)
    yield _number(_times_faster(row, reference), 2)


def _reference_of(row: Row, rows: Sequence[Row]) -> Row | None:
    place = (row.engine, row.group, row.height, row.width)
    for other in rows:
        if other.form == REFERENCE and place == (
            *(other.engine, other.group, other.height, other.width),
        ):
            return other
    return None


def _times_faster(row: Row, reference: Row | None) -> float | None:
    if reference is None or not reference.timing.samples_ms or not row.timing.samples_ms:
        return None
    return compare(reference.timing.samples_ms, row.timing.samples_ms).median


def _median(row: Row | None) -> str:
    """Say a latency, and how many times as long as the first of its group it is."""
    if row is None:
        return ""
    if row.median_ms is None:
        return "does not run"
    times = f" ({row.to_first.median:.2f})" if row.to_first else ""
    return f"{row.median_ms:.1f}{times}"


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(*left)
    for name in right:
        table.add_column(name, justify="right")
    return table


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
