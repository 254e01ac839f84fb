"""What `scnet benchmark` found: as a table, as JSON, and as a plot."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobile_runtime.benchmark.cold_start import ColdStart
from mobile_runtime.benchmark.timing import Plan, Ratio, Statistics
from mobile_runtime.errors import MissingDependencyError, ScnetError
from mobile_runtime.model_file.manifest import Positive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 160
"""Columns for output that goes to a file or a log, where nothing else sets a width."""

Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z", max_length=1000)]
"""Text without control characters: reports come from strangers, and end up on terminals."""


@dataclass(frozen=True)
class Measurement:
    """One file on one engine, at one size: what ran where, and what came of it."""

    file: Line
    precision: Line | None
    """None for a file that this project did not make."""
    shift: Line | None
    """How the spatial shift is written; None for a file that this project did not make."""
    engine: Line
    """Its name and version."""
    threads: int | None
    """None where the engine decides for itself."""
    placement: Line
    """How many operators run on what."""
    height: Positive
    """Of the input, in pixels."""
    width: Positive
    cold: ColdStart
    """In a browser, in a fresh worker, and loading includes the start of the engine."""
    warm: Statistics
    ratio: Ratio
    """To the first file."""
    psnr_db: float | None = None
    """To PyTorch's output, the lowest over the golden samples; the web page measures it, and
    `scnet validate` is there for files."""


@dataclass(frozen=True)
class Benchmark:
    """Files that were run in turns, on one machine; in a browser, one file on several backends."""

    device: Line
    date: Line
    """UTC, ISO 8601."""
    plan: Plan
    warmup_runs: int
    """How many were made of each file; fewer than planned if time ran out."""
    files: Annotated[tuple[Measurement, ...], msgspec.Meta(min_length=1)]


def format_json(benchmark: Benchmark) -> bytes:
    """Write a benchmark as JSON, every run included."""
    return msgspec.json.format(msgspec.json.encode(benchmark), indent=2) + b"\n"


def read_benchmark(path: Path) -> Benchmark:
    """Read what `format_json` wrote, or the web page, on any machine.

    Raises:
        ScnetError: It cannot be read, or is something else.
    """
    try:
        benchmark = msgspec.json.decode(path.read_bytes(), type=Benchmark)
    except OSError as error:
        raise ScnetError(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ScnetError(
            f"{path} is not a benchmark ({error}): expected what scnet benchmark --json writes, "
            "or the web page's report."
        ) from error
    rounds = {len(row.warm.samples_ms) for row in benchmark.files}
    if len(rounds) > 1 or 0 in rounds:
        raise ScnetError(f"{path} was edited: each of its files must have been run as often.")
    return benchmark


def print_table(benchmark: Benchmark) -> None:
    """Print one row per file."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(_tabulate(benchmark))


def import_figure() -> "type[Figure]":
    """Import what draws plots.

    Raises:
        MissingDependencyError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingDependencyError("matplotlib", "plot") from error
    return Figure


def draw_png(benchmark: Benchmark) -> bytes:
    """Draw one box per file: quartiles and median; the whiskers end at the 5th and 95th percentile.

    Raises:
        MissingDependencyError: Matplotlib is not installed.
    """
    rows = benchmark.files[::-1]  # the first file on top
    figure = import_figure()(figsize=(10, 1.5 + 0.8 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(
        [row.warm.samples_ms for row in rows],
        orientation="horizontal",
        tick_labels=["\n".join(_facts(row)) for row in rows],
        whis=(5, 95),
        showfliers=False,
    )
    axes.set_xlim(left=0)
    axes.set_xlabel(f"latency of a warm run, ms ({benchmark.device})")
    for label in (axes.xaxis.label, *axes.get_yticklabels()):
        label.set_parse_math(False)  # a $ in a name begins no formula
    axes.grid(axis="x", alpha=0.3)
    file = BytesIO()
    figure.savefig(file, dpi=150)
    return file.getvalue()


def _tabulate(benchmark: Benchmark) -> Table:
    table = Table(
        title=f"Latency and memory on {escape(benchmark.device)}",
        caption="\n".join(_remarks(benchmark)),
        caption_justify="left",
        show_lines=True,
    )
    table.add_column("file, engine, placement", overflow="fold")
    for name in ("cold: load,\nfirst run, ms", "memory,\nMB", "median,\nms"):
        table.add_column(name, justify="right")
    for name in ("mean,\ntrimmed, ms", "p90,\np95, ms", "min,\nstdev, ms", "runs"):
        table.add_column(name, justify="right")
    table.add_column("ratio to\nthe first", justify="right")
    for row in benchmark.files:
        table.add_row(escape("\n".join(_facts(row))), *_figures(row, benchmark.plan))
    return table


def _facts(row: Measurement) -> Iterator[str]:
    yield row.file
    yield ", ".join(filter(None, (row.precision, row.shift, f"{row.height}x{row.width}")))
    yield row.engine
    yield row.placement
    if row.psnr_db is not None:
        yield f"{row.psnr_db:.1f} dB to PyTorch"


def _figures(row: Measurement, plan: Plan) -> Iterator[str]:
    cold, warm, ratio = row.cold, row.warm, row.ratio
    made = len(warm.samples_ms)
    yield f"{cold.load_ms:.2f}\n{cold.first_run_ms:.2f}"
    yield "?" if cold.peak_memory_mb is None else f"{cold.peak_memory_mb:.1f}"
    yield f"[bold]{warm.median_ms:.2f}[/]"
    yield f"{warm.mean_ms:.2f}\n{warm.trimmed_mean_ms:.2f}"
    yield f"{warm.p90_ms:.2f}\n{warm.p95_ms:.2f}"
    yield f"{warm.min_ms:.2f}\n{'?' if warm.stdev_ms is None else f'{warm.stdev_ms:.2f}'}"
    yield str(made) if made == plan.runs else f"[yellow]{made} of {plan.runs}[/]"
    yield f"{ratio.median:.2f}\n{ratio.p10:.2f}..{ratio.p90:.2f}"


def _remarks(benchmark: Benchmark) -> Iterator[str]:
    plan, made = benchmark.plan, benchmark.warmup_runs
    cut = "" if made == plan.warmup_runs else f" of {plan.warmup_runs}: time ran out"
    yield f"Files ran in turns after {made} warm-up runs{cut}."
    yield "Ratio: median of the ratios per round, and their 10th and 90th percentile."
    yield "ColdStart and memory: in a fresh process per file, above what Python and libraries take."
    if len({(row.height, row.width) for row in benchmark.files}) > 1:
        yield "[yellow]The inputs differ in size: a ratio compares runs, not pixels.[/]"
