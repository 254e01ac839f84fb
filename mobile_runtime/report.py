"""Manifests as a table."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from mobile_runtime.manifest import Manifest
from mobile_runtime.parity import Verdict

WIDTH = 160
"""Columns for output that goes to a file or a log, where nothing else sets a width."""


def print_table(entries: Iterable[tuple[Manifest, int]]) -> None:
    """Print one row per file and engine.

    Args:
        entries: Manifests, each with the size of its file in bytes.
    """
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(_tabulate(entries))


def _tabulate(entries: Iterable[tuple[Manifest, int]]) -> Table:
    table = Table(title="Converted files against PyTorch")
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right")
    table.add_column("shift form")
    table.add_column("operators", justify="right")
    table.add_column("engine that ran it")
    for name in ("max abs diff", "PSNR to PyTorch", "passed"):
        table.add_column(name, justify="right")
    for manifest, size_bytes in entries:
        facts = (
            manifest.file,
            f"{size_bytes / 1e6:.2f} MB",
            manifest.model.shift,
            str(sum(manifest.operators.values())),
        )
        for row, verdict in enumerate(manifest.verified or (None,)):
            table.add_row(*(facts if row == 0 else ("",) * 4), *_figures(verdict))
    return table


def _figures(verdict: Verdict | None) -> tuple[str, str, str, str]:
    if verdict is None:
        return "none: not verified", "", "", "[yellow]?[/]"
    return (
        verdict.engine,
        f"{verdict.worst.max_abs:.1e}",
        f"{verdict.worst.psnr_db:.1f} dB",
        "[green]yes[/]" if verdict.passed else "[red]no[/]",
    )
