"""PSNR and SSIM of several methods on one folder of pictures, as a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from mobile_runtime.output import open_console, printable
from mobile_runtime.quality import Score, Upscale, bicubic, evaluate, list_images, mean
from mobile_runtime.session import Session
from mobile_runtime.tiles import describe, upscale_image


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
    degradation: str
    """Key of `DEGRADATIONS`."""
    mean: Score
    pictures: tuple[Score, ...]


def measure_quality(
    sessions: Iterable[tuple[str, Session]], folder: Path, degradation: str = "clean"
) -> list[Quality]:
    """Score open files on a folder of ground truth, and bicubic upscaling beside them.

    Shows a progress bar, on stderr.

    Args:
        sessions: Name and session of each file.
        folder: High-resolution pictures of any size.
        degradation: Key of `DEGRADATIONS`. Only `clean` is the papers' protocol.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read, or that is too small.
    """
    opened = list(sessions)
    scales = sorted({describe(session).scale for _, session in opened})
    with Progress(console=Console(stderr=True), transient=True) as bar:
        measure = partial(_measure, bar, folder, degradation)
        baselines = [
            measure("bicubic", scale, "MATLAB's imresize, rewritten", bicubic(scale))
            for scale in scales
        ]
        return baselines + [
            measure(name, describe(session).scale, session.engine, _upscale(session))
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
    title = (
        f"PSNR and SSIM on Y, {rows[0].folder}, {len(rows[0].pictures)} pictures, degradation: "
        f"{rows[0].degradation}"
    )
    console.print(title, markup=False)
    table = Table(box=box)
    for name in ("method", "scale", "engine"):
        table.add_column(name, overflow="fold")
    degraded = () if rows[0].degradation == "clean" else ("blockiness", "artifacts, RMS")
    for name in ("PSNR, dB", "SSIM", *degraded):
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
    bar: Progress,
    folder: Path,
    degradation: str,
    method: str,
    scale: int,
    engine: str,
    upscale: Upscale,
) -> Quality:
    task = bar.add_task(f"{method} x{scale}, {engine}", total=len(list_images(folder)))
    scores = []
    for score in evaluate(upscale, folder, scale, degradation):
        scores.append(score)
        bar.advance(task)
    name = printable(folder.name)
    return Quality(method, scale, engine, name, degradation, mean(scores), tuple(scores))


def _figures(score: Score) -> tuple[str, ...]:
    figures = f"{score.psnr_db:.2f}", f"{score.ssim:.4f}"
    if score.artifacts is None:
        return figures
    return *figures, f"{score.artifacts.blockiness:.2f}", f"{score.artifacts.rms:.1f}"
