"""PSNR and SSIM of model files and bicubic on a folder of pictures, measured and as a table."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.table import Table

from mobile_runtime.console import print_table, print_text, printable
from mobile_runtime.engines.session import Session
from mobile_runtime.imaging.folder import list_pictures
from mobile_runtime.imaging.metrics import Score, Upscale, bicubic, evaluate, mean
from mobile_runtime.steps import OnStep, actions_of, ignore_step
from mobile_runtime.upscaling.upscale import model_of, upscale_image


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
    sessions: Iterable[tuple[str, Session]],
    folder: Path,
    *,
    degradation: str = "clean",
    on_step: OnStep = ignore_step,
) -> list[Quality]:
    """Measure open files on a folder of ground truth, and bicubic upscaling beside them.

    Args:
        sessions: Name and session of each file.
        folder: High-resolution pictures of any size.
        degradation: Key of `DEGRADATIONS`. Only `clean` is the papers' protocol.
        on_step: Called before each picture.

    Returns:
        One row per scale for bicubic, then one per file.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read, or that is too small.
    """
    opened = list(sessions)
    methods: list[tuple[str, int, str, Upscale]] = [
        ("bicubic", scale, "MATLAB's imresize, rewritten", bicubic(scale))
        for scale in sorted({model_of(session).scale for _, session in opened})
    ]
    methods += [
        (name, model_of(session).scale, str(session.engine), partial(upscale_image, session))
        for name, session in opened
    ]
    pictures = len(list_pictures(folder))
    rows = []
    for number, (method, scale, engine, upscale) in enumerate(methods, start=1):
        on_action = actions_of(on_step, method, number, len(methods))
        on_action(f"picture 1 of {pictures}")
        scores: list[Score] = []
        for score in evaluate(upscale, folder, scale, degradation):
            scores.append(score)
            if len(scores) < pictures:
                on_action(f"picture {len(scores) + 1} of {pictures}")
        name = printable(folder.name)
        rows.append(Quality(method, scale, engine, name, degradation, mean(scores), tuple(scores)))
    return rows


def print_quality(rows: list[Quality], *, each: bool = False) -> None:
    """Print one row per method, or if `each` is set a table of pictures; nothing for no rows."""
    if not rows:
        return
    folder, pictures, degradation = rows[0].folder, len(rows[0].pictures), rows[0].degradation
    reduced = "" if degradation == "clean" else f", degradation {degradation}"
    print_text(f"PSNR and SSIM on Y, {folder}, {pictures} pictures{reduced}")
    for row in rows if each else ():
        table = _table("picture", degradation)
        for score in (*row.pictures, replace(row.mean, name="mean")):
            table.add_row(score.name, *_figures(score))
        print_text(f"{row.method} x{row.scale}, {row.engine}", style="bold")
        print_table(table)
    if not each:
        table = _table("method and engine", degradation)
        for row in rows:
            table.add_row(f"{row.method} x{row.scale}\n{row.engine}", *_figures(row.mean))
        print_table(table)


def _table(first: str, degradation: str) -> Table:
    table = Table(first)
    more = () if degradation == "clean" else ("blockiness", "artifacts, RMS")
    for name in ("PSNR, dB", "SSIM", *more):
        table.add_column(name, justify="right")
    return table


def _figures(score: Score) -> tuple[str, ...]:
    figures = f"{score.psnr_db:.2f}", f"{score.ssim:.4f}"
    if score.artifacts is None:
        return figures
    return *figures, f"{score.artifacts.blockiness:.2f}", f"{score.artifacts.rms:.1f}"
