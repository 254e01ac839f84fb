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
    """Print one row per file; details are cold start, memory, statistics and spread of ratios."""
    console = Console()
    if not console.is_terminal:
        console.width = DETAILED_WIDTH if details else WIDTH
    table = Table(
        title=f"Latency on {escape(benchmark.device)}",
        caption="\n".join(_remarks(benchmark, details=details)),
        caption_justify="left",
        show_lines=True,
    )
    rows = [(_details if details else _latency)(row, benchmark.plan) for row in benchmark.files]
    for name in rows[0]:
        words = name.startswith(("file", "engine"))
        table.add_column(name, justify="left" if words else "right", overflow="fold")
    for cells in rows:
        table.add_row(*cells.values())
    console.print(table)


def facts(row: Measurement) -> Iterator[str]:
    """Return the lines that identify a measurement: file, options, engine, placement."""
    yield row.file
    yield ", ".join(filter(None, (row.precision, row.shift, f"{row.height}x{row.width}")))
    yield row.engine
    yield row.placement
    if row.psnr_db is not None:
        yield f"{row.psnr_db:.1f} dB to PyTorch"


def _latency(row: Measurement, plan: Plan) -> dict[str, str]:
    """Return the cells of a row, by column."""
    return {
        "file": escape(row.file),
        "engine": escape(row.engine),
        "median,\nms": f"[bold]{row.warm.median_ms:.2f}[/]",
        "ratio to\nthe first": f"{row.ratio.median:.2f}",
    }


def _details(row: Measurement, plan: Plan) -> dict[str, str]:
    cold, warm, ratio = row.cold, row.warm, row.ratio
    memory, runs = cold.peak_memory_mb, len(warm.samples_ms)
    stdev = "?" if warm.stdev_ms is None else f"{warm.stdev_ms:.2f}"
    return {
        "file, engine, placement": escape("\n".join(facts(row))),
        "cold: load,\nfirst run, ms": f"{cold.load_ms:.2f}\n{cold.first_run_ms:.2f}",
        "memory,\nMB": "?" if memory is None else f"{memory:.1f}",
        "median,\nms": f"[bold]{warm.median_ms:.2f}[/]",
        "mean,\ntrimmed, ms": f"{warm.mean_ms:.2f}\n{warm.trimmed_mean_ms:.2f}",
        "p90,\np95, ms": f"{warm.p90_ms:.2f}\n{warm.p95_ms:.2f}",
        "min,\nstdev, ms": f"{warm.min_ms:.2f}\n{stdev}",
        "runs": str(runs) if runs == plan.runs else f"[yellow]{runs} of {plan.runs}[/]",
        "ratio to\nthe first": f"{ratio.median:.2f}\n{ratio.p10:.2f}..{ratio.p90:.2f}",
    }


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
