"""Tables of a benchmark: the latencies in 80 columns, or everything that was measured."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobile_runtime.benchmark.results import Benchmark, Measurement
from mobile_runtime.benchmark.timing import Plan

WIDTH, DETAILED_WIDTH = 80, 160
"""Columns for output that goes to a file or a log, where nothing else sets a width."""


def print_table(benchmark: Benchmark, *, details: bool = False) -> None:
    """Print one row per file.

    Args:
        benchmark: From `benchmark` or `read_benchmark`.
        details: Add cold start, memory, statistics and the spread of the ratios.
    """
    console = Console()
    if not console.is_terminal:
        console.width = DETAILED_WIDTH if details else WIDTH
    table = Table(
        title=f"Latency on {escape(benchmark.device)}",
        caption="\n".join(_remarks(benchmark, details=details)),
        caption_justify="left",
        show_lines=True,
    )
    (_fill_detailed if details else _fill)(table, benchmark)
    console.print(table)


def facts(row: Measurement) -> Iterator[str]:
    """Return the lines that identify a measurement: file, options, engine, placement."""
    yield row.file
    yield ", ".join(filter(None, (row.precision, row.shift, f"{row.height}x{row.width}")))
    yield row.engine
    yield row.placement
    if row.psnr_db is not None:
        yield f"{row.psnr_db:.1f} dB to PyTorch"


def _fill(table: Table, benchmark: Benchmark) -> None:
    table.add_column("file", overflow="fold")
    table.add_column("engine", overflow="fold")
    table.add_column("median,\nms", justify="right")
    table.add_column("ratio to\nthe first", justify="right")
    for row in benchmark.files:
        figures = f"[bold]{row.warm.median_ms:.2f}[/]", f"{row.ratio.median:.2f}"
        table.add_row(escape(row.file), escape(row.engine), *figures)


def _fill_detailed(table: Table, benchmark: Benchmark) -> None:
    table.add_column("file, engine, placement", overflow="fold")
    for name in ("cold: load,\nfirst run, ms", "memory,\nMB", "median,\nms"):
        table.add_column(name, justify="right")
    for name in ("mean,\ntrimmed, ms", "p90,\np95, ms", "min,\nstdev, ms", "runs"):
        table.add_column(name, justify="right")
    table.add_column("ratio to\nthe first", justify="right")
    for row in benchmark.files:
        table.add_row(escape("\n".join(facts(row))), *_figures(row, benchmark.plan))


def _figures(row: Measurement, plan: Plan) -> Iterator[str]:
    cold, warm, ratio = row.cold, row.warm, row.ratio
    runs = len(warm.samples_ms)
    yield f"{cold.load_ms:.2f}\n{cold.first_run_ms:.2f}"
    yield "?" if cold.peak_memory_mb is None else f"{cold.peak_memory_mb:.1f}"
    yield f"[bold]{warm.median_ms:.2f}[/]"
    yield f"{warm.mean_ms:.2f}\n{warm.trimmed_mean_ms:.2f}"
    yield f"{warm.p90_ms:.2f}\n{warm.p95_ms:.2f}"
    yield f"{warm.min_ms:.2f}\n{'?' if warm.stdev_ms is None else f'{warm.stdev_ms:.2f}'}"
    yield str(runs) if runs == plan.runs else f"[yellow]{runs} of {plan.runs}[/]"
    yield f"{ratio.median:.2f}\n{ratio.p10:.2f}..{ratio.p90:.2f}"


def _remarks(benchmark: Benchmark, *, details: bool) -> Iterator[str]:
    plan, warmup = benchmark.plan, benchmark.warmup_runs
    runs = len(benchmark.files[0].warm.samples_ms)  # the same for all: files run in turns
    cut = "" if warmup == plan.warmup_runs else f" of {plan.warmup_runs}: time ran out"
    yield f"Files ran in turns after {warmup} warm-up runs{cut}."
    if runs < plan.runs:
        yield f"[yellow]Only {runs} of {plan.runs} runs were timed: time ran out.[/]"
    if details:
        yield "Ratio: median of the ratios per round, and their 10th and 90th percentile."
        yield "Cold and memory: in a fresh process per file, above what Python and libraries take."
    if len({(row.height, row.width) for row in benchmark.files}) > 1:
        yield "[yellow]The inputs differ in size: a ratio compares runs, not pixels.[/]"
