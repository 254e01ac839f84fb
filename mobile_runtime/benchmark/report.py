"""Output of a benchmark: one row per file, or a block with everything that was measured."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from mobile_runtime import console
from mobile_runtime.benchmark.results import Benchmark, Measurement
from mobile_runtime.benchmark.timing import Plan


def print_benchmark(benchmark: Benchmark, *, details: bool = False) -> None:
    """Print the latency of each file, or cold start, memory, statistics and ratios as well."""
    console.print_text(f"Latency on {benchmark.device}", style="bold")
    if details:
        for row in benchmark.files:
            console.print_facts(row.file, _details(row, benchmark.plan))
    else:
        console.print_table(_tabulate(benchmark))
    for remark in _remarks(benchmark, details=details):
        console.print_text(remark)
    for warning in _warnings(benchmark):
        console.print_text(warning, style="yellow")


def facts(row: Measurement) -> Iterator[str]:
    """Return the lines that identify a measurement: file, options, engine, placement."""
    yield row.file
    yield ", ".join(filter(None, (row.precision, row.shift, _describe_input(row))))
    yield row.engine
    yield row.placement
    if row.psnr_db is not None:
        yield _describe_psnr(row)


def _tabulate(benchmark: Benchmark) -> Table:
    table = Table("file and engine")
    for name in ("median, ms", "ratio"):
        table.add_column(name, justify="right")
    for row in benchmark.files:
        median = Text(f"{row.warm.median_ms:.2f}", style="bold")
        table.add_row(f"{row.file}\n{row.engine}", median, f"{row.ratio.median:.2f}")
    return table


def _details(row: Measurement, plan: Plan) -> dict[str, str]:
    """Return all figures of a file, by name."""
    cold, warm, ratio = row.cold, row.warm, row.ratio
    runs = len(warm.samples_ms)
    return {
        "precision": row.precision or "",
        "shift": row.shift or "",
        "input": _describe_input(row),
        "engine": row.engine,
        "placement": row.placement,
        "accuracy": _describe_psnr(row),
        "load": f"{cold.load_ms:.2f} ms",
        "first run": f"{cold.first_run_ms:.2f} ms",
        "memory": "" if cold.peak_memory_mb is None else f"{cold.peak_memory_mb:.1f} MB",
        "median": f"{warm.median_ms:.2f} ms",
        "mean": f"{warm.mean_ms:.2f} ms, trimmed {warm.trimmed_mean_ms:.2f} ms",
        "spread": f"min {warm.min_ms:.2f}, p90 {warm.p90_ms:.2f}, p95 {warm.p95_ms:.2f} ms"
        + ("" if warm.stdev_ms is None else f", stdev {warm.stdev_ms:.2f} ms"),
        "runs": str(runs) if runs == plan.runs else f"{runs} of {plan.runs}",
        "ratio": f"{ratio.median:.2f}, p10 {ratio.p10:.2f}, p90 {ratio.p90:.2f}",
    }


def _describe_input(row: Measurement) -> str:
    return " and ".join(row.inputs) or f"{row.height}x{row.width}"


def _describe_psnr(row: Measurement) -> str:
    return "" if row.psnr_db is None else f"{row.psnr_db:.1f} dB to PyTorch"


def _remarks(benchmark: Benchmark, *, details: bool) -> Iterator[str]:
    plan, warmup = benchmark.plan, benchmark.warmup_runs
    cut = "" if warmup == plan.warmup_runs else f" of {plan.warmup_runs}: time ran out"
    yield f"Files ran in turns, after {warmup} warm-up runs{cut}. Ratio: to the first file."
    if details:
        yield (
            "Load, first run and memory: in a fresh process per file, above what Python and "
            "libraries take."
        )


def _warnings(benchmark: Benchmark) -> Iterator[str]:
    runs = len(benchmark.files[0].warm.samples_ms)  # the same for all: files run in turns
    if runs < benchmark.plan.runs:
        yield f"Only {runs} of {benchmark.plan.runs} runs were timed: time ran out."
    if len({(row.height, row.width) for row in benchmark.files}) > 1:
        yield "The inputs differ in size: a ratio compares runs, not pixels."
