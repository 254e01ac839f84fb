"""The benchmark as tables: all rows, the forms and the peers side by side, targets, growth."""

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from bench.growth import Point
from bench.measure import Row
from bench.quality import Quality
from bench.targets import Outcome
from mobile_runtime.benchmark.timing import compare
from mobile_runtime.console import open_console


def tabulate_rows(rows: Sequence[Row]) -> Table:
    """Show everything about each subject, a row each."""
    table = _table(
        ("engine, threads", "group", "network", "form", "input"),
        (
            *("parameters", "MACs, G", "file, MB", "operators", "conversion, s", "load, ms"),
            *("memory, MB", "median, ms", "times the first", "times faster than naive"),
        ),
    )
    for row in rows:
        table.add_row(*map(escape, _cells(row, _naive_of(row, rows))))
    return table


def tabulate_forms(rows: Sequence[Row]) -> Table:
    """Show the forms of each SCNet side by side: median, and how many times the floor's."""
    ours = [row for row in rows if not row.group.startswith("peers")]
    forms = list(dict.fromkeys(row.form for row in ours))
    table = _table(("engine, threads", "network", "input"), forms)
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


def tabulate_peers(rows: Sequence[Row], known: Sequence[Quality]) -> Table:
    """Show ours and its peers: size, work, quality, and latency on each engine."""
    peers = [row for row in rows if row.group.startswith("peers")]
    engines = list(dict.fromkeys(row.engine for row in peers))
    columns = [f"{name}, {n}, ms" for name, n in {row.engine: row.threads for row in peers}.items()]
    psnr_db = {(one.network, one.scale): one.psnr_db for one in known}
    table = _table(
        ("network", "form", "input"),
        ("parameters", "MACs, G", "Set5, dB", *columns),
    )
    places = dict.fromkeys(
        (row.scale, row.height, row.width, row.network, row.form) for row in peers
    )
    for place in places:
        found = {
            row.engine: row
            for row in peers
            if (row.scale, row.height, row.width, row.network, row.form) == place
        }
        first = next(iter(found.values()))
        table.add_row(
            *(f"{first.network} x{first.scale}", first.form, f"{first.height}x{first.width}"),
            *(f"{first.parameters:,}", f"{first.macs / 1e9:.2f}"),
            _number(psnr_db.get((first.network, first.scale)), 2),
            *(_median(found.get(name)) for name in engines),
        )
    return table


def tabulate_targets(outcomes: Sequence[Outcome]) -> Table:
    """Show what was wanted, and what came of it."""
    table = _table(("engine", "wanted at x4"), ("limit", "found", "reached"))
    for outcome in outcomes:
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


def tabulate_growth(points: Sequence[Point]) -> Table:
    """Show what larger pictures cost, whole and in tiles."""
    table = _table(("engine", "network", "form", "way", "input"), ("median, ms", "memory, MB"))
    for point in points:
        table.add_row(
            *(point.engine, point.network, point.form, point.way),
            f"{point.height}x{point.width}",
            escape(point.failure) if point.failure else _number(point.median_ms, 1),
            _number(point.peak_memory_mb, 1),
        )
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


def _median(row: Row | None) -> str:
    """Say a latency, and how many times as long as the first of its group it is."""
    if row is None:
        return ""
    if row.median_ms is None:
        return "does not run"
    times = f" ({row.to_first.median:.2f})" if row.to_first else ""
    return f"{row.median_ms:.1f}{times}"


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=open_console()[1])
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
