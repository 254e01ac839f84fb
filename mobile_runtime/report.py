"""Manifests as a table."""

from collections.abc import Iterable

from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from mobile_runtime.manifest import Manifest
from mobile_runtime.parity import Verdict

WIDTH = 240
"""Columns for output that goes to a file or a log, where nothing else sets a width."""


def print_table(entries: Iterable[tuple[Manifest, int]]) -> None:
    """Print one row per file and engine; into a file or a log, as Markdown.

    Args:
        entries: Manifests, each with the size of its file in bytes.
    """
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(_tabulate(entries, SIMPLE_HEAD if console.is_terminal else MARKDOWN))


def _tabulate(entries: Iterable[tuple[Manifest, int]], box: Box) -> Table:
    table = Table(box=box)
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right")
    table.add_column("shift form")
    table.add_column("operators", justify="right")
    table.add_column("max abs difference", justify="right")
    table.add_column("PSNR to PyTorch", justify="right")
    table.add_column("engine that ran it")
    table.add_column("passed")
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
        return "", "", "none: not verified", "[yellow]?[/]"
    return (
        f"{verdict.worst.max_abs:.1e}",
        f"{verdict.worst.psnr_db:.1f} dB",
        verdict.engine,
        "[green]yes[/]" if verdict.passed else "[red]no[/]",
    )
