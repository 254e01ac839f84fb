"""PSNR and SSIM of several methods on one folder of pictures, as a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from mobile_runtime.console import open_console, printable
from mobile_runtime.engines.session import Session
from mobile_runtime.imaging.metrics import Score, Upscale, bicubic, evaluate, list_images, mean
from mobile_runtime.upscaling.tiling import describe, upscale_image


@dataclass(frozen=True)
class Quality:
    """One method on one folder."""

    method: str
    """`bicubic`, or the name of a file."""
    scale: int
    """Output pixels per input pixel and side."""
    engine: str
    folder: str
    """Name of the folder."""
    mean: Score
    pictures: tuple[Score, ...]


def measure_quality(sessions: Iterable[tuple[str, Session]], folder: Path) -> list[Quality]:
    """Score open files on a folder of ground truth, and bicubic upscaling beside them.

    Shows a progress bar, on stderr.

    Args:
        sessions: Name and session of each file.
        folder: High-resolution pictures of any size.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read.
    """
    opened = list(sessions)
    scales = sorted({describe(session).scale for _, session in opened})
    with Progress(console=Console(stderr=True), transient=True) as bar:
        baselines = [
            _measure(bar, folder, "bicubic", scale, "MATLAB's imresize, rewritten", bicubic(scale))
            for scale in scales
        ]
        return baselines + [
            _measure(
                bar, folder, name, describe(session).scale, str(session.engine), _upscale(session)
            )
            for name, session in opened
        ]


def print_quality(rows: list[Quality], *, each: bool = False) -> None:
    """Print a table, one row per method, or nothing if there is none.

    Args:
        rows: From `measure_quality`.
        each: Print every picture, not only the mean.
    """
    if not rows:
        return
    console, box = open_console()
    title = f"PSNR and SSIM on Y, {rows[0].folder}, {len(rows[0].pictures)} pictures"
    console.print(title, markup=False)
    table = Table(box=box)
    for name in ("method", "scale", "engine"):
        table.add_column(name, overflow="fold")
    for name in ("PSNR, dB", "SSIM"):
        table.add_column(name, justify="right")
    for row in rows:
        for score in row.pictures if each else ():
            table.add_row(Text(f"  {score.name}"), "", "", *_figures(score))
        facts = Text(row.method), f"x{row.scale}", Text(row.engine)
        table.add_row(*facts, *_figures(row.mean), end_section=each)
    console.print(table)


def _upscale(session: Session) -> Upscale:
    return lambda image: upscale_image(session, image)


def _measure(
    bar: Progress, folder: Path, method: str, scale: int, engine: str, upscale: Upscale
) -> Quality:
    task = bar.add_task(f"{method} x{scale}, {engine}", total=len(list_images(folder)))
    scores = []
    for score in evaluate(upscale, folder, scale):
        scores.append(score)
        bar.advance(task)
    name = printable(folder.name)
    return Quality(method, scale, engine, name, mean(scores), tuple(scores))


def _figures(score: Score) -> tuple[str, str]:
    return f"{score.psnr_db:.2f}", f"{score.ssim:.4f}"
