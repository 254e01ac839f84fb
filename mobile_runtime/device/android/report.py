"""Results of a file on a phone, as a table; as JSON they are a `PhoneReport`."""

from dataclasses import dataclass

from rich.table import Table

from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.console import print_table, print_text
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


def print_phone_report(report: PhoneReport) -> None:
    """Print one row per engine, and why engines failed."""
    print_text(f"{report.file} on {report.device}, {report.device.abi}", style="bold")
    table = Table("engine", "placement", "median", "p95", "PSNR", "required", "passed")
    for run in report.runs:
        result, latency = run.result, run.latency
        times = ("" if ms is None else f"{ms:.2f} ms" for ms in (latency.median_ms, latency.p95_ms))
        accuracy = f"{result.worst.psnr_db:.1f} dB", f"{run.tolerance.psnr_db:g} dB"
        passed = "yes" if result.passed else "no"
        table.add_row(str(result.engine_info), result.placement, *times, *accuracy, passed)
    print_table(table)
    for result in (run.result for run in report.runs if not run.result.passed):
        line = f"{report.file} failed on {result.engine_info}: {result.failure}."
        print_text(line, style="red", failed=True)
