"""Results of a file on a phone, as a table and as JSON."""

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
    """Return a report as JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def print_table(report: PhoneReport, *, details: bool = False) -> None:
    """Print one row per engine, as Markdown where standard output is no terminal.

    Args:
        report: What to print.
        details: Add the accuracy and latency figures beyond PSNR and median.
    """
    console, box = open_console()
    console.print(
        f"{report.file} on {report.device}, {report.device.abi}", markup=False, highlight=False
    )
    table = Table(box=box)
    for name in ("engine", "placement"):
        table.add_column(name, overflow="fold")
    for name in ("median", "PSNR", "required"):
        table.add_column(name, justify="right")
    table.add_column("passed")
    for name in ("max abs", "p95", "min", "first run", "init", "memory") if details else ():
        table.add_column(name, justify="right")
    for run in report.runs:
        table.add_row(*_figures(run), *(_details(run) if details else ()))
    console.print(table)
    for run in report.runs:
        if not run.result.passed:
            line = f"{report.file} failed on {run.result.engine_info}: {run.result.failure}."
            console.print(Text(line, style="red"), soft_wrap=True)


def _figures(run: PhoneRun) -> Iterator[str]:
    yield escape(str(run.result.engine_info))
    yield run.result.placement
    yield _ms(run.latency.median_ms)
    yield f"{run.result.worst.psnr_db:.1f} dB"
    yield f"{run.tolerance.psnr_db:g} dB"
    yield "[green]yes[/]" if run.result.passed else "[red]no[/]"


def _details(run: PhoneRun) -> Iterator[str]:
    latency = run.latency
    yield f"{run.result.worst.max_abs:.1e}"
    for figure in (latency.p95_ms, latency.min_ms, latency.first_run_ms, latency.init_ms):
        yield _ms(figure)
    yield "" if latency.memory_mb is None else f"{latency.memory_mb:.0f} MB"


def _ms(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.2f} ms"
