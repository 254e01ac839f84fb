"""What a phone made of a file, as a table and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.console import open_console
from mobile_runtime.device.android.measure import PhoneRun
from mobile_runtime.device.android.phone import Phone


@dataclass(frozen=True)
class PhoneReport:
    """One file on one phone."""

    file: str
    sha256: str
    device: Phone
    date: str
    """UTC, ISO 8601."""
    threads: int
    plan: Plan
    runs: tuple[PhoneRun, ...]


def format_json(report: PhoneReport) -> bytes:
    """Write a report as JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def print_table(report: PhoneReport) -> None:
    """Print one row per engine; into a file or a log, as Markdown."""
    console, box = open_console()
    console.print(
        f"{report.file} on {report.device}, {report.device.abi}", markup=False, highlight=False
    )
    table = Table(box=box)
    for name in ("engine", "placement", "max abs", "PSNR", "wanted"):
        table.add_column(name)
    for name in ("median", "p95", "min", "first run", "init", "memory"):
        table.add_column(name, justify="right")
    table.add_column("passed")
    for run in report.runs:
        table.add_row(*_figures(run))
    console.print(table)
    for run in report.runs:
        if not run.result.passed:
            line = f"{report.file} failed on {run.result.engine_info}: {run.result.failure}."
            console.print(Text(line, style="red"), soft_wrap=True)


def _figures(run: PhoneRun) -> Iterator[str]:
    latency, worst = run.latency, run.result.worst
    yield escape(str(run.result.engine_info))
    yield run.result.placement
    yield f"{worst.max_abs:.1e}"
    yield f"{worst.psnr_db:.1f} dB"
    yield f"{run.tolerance.psnr_db:g} dB"
    for figure in (latency.median_ms, latency.p95_ms, latency.min_ms):
        yield "" if figure is None else f"{figure:.2f} ms"
    yield f"{latency.first_run_ms:.1f} ms"
    yield f"{latency.init_ms:.0f} ms"
    yield "" if latency.memory_mb is None else f"{latency.memory_mb:.0f} MB"
    yield "[green]yes[/]" if run.result.passed else "[red]no[/]"
