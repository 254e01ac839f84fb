"""`scnet evaluate`: how good are the pictures, by the papers' protocol?"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from mobile_runtime.quality import Score, Upscale, bicubic, evaluate, list_images, mean
from mobile_runtime.session import Session
from mobile_runtime.tiles import describe, upscale_image


@dataclass(frozen=True)
class Row:
    """One method on one folder."""

    method: str
    scale: int
    engine: str
    mean: Score
    pictures: tuple[Score, ...]


@click.command("evaluate")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--each", is_flag=True, help="Print every picture, not only the mean.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def command(
    context: click.Context, files: tuple[Path, ...], folder: Path, *, each: bool, as_json: bool
) -> None:
    """Measure PSNR and SSIM on Y of checkpoints and model FILES on the pictures in FOLDER.

    The pictures are the truth: they are degraded by MATLAB's bicubic, upscaled, and compared, as
    the papers do it. Bicubic upscaling is measured beside them. A file of fixed input size is run
    by tiles; a smaller picture is mirrored outwards, which costs a little accuracy at two borders.
    """
    sessions = [(path, context.obj(path, engine=None, threads=None)) for path in files]
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as bar:
        rows = []
        for method, scale, engine, upscale in _methods(sessions):
            task = bar.add_task(f"{method} x{scale}", total=len(list_images(folder)))
            scores = []
            for score in evaluate(upscale, folder, scale):
                scores.append(score)
                bar.advance(task)
            rows.append(Row(method, scale, engine, mean(scores), tuple(scores)))
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _print(rows, folder, each=each)


def _methods(sessions: list[tuple[Path, Session]]) -> Iterator[tuple[str, int, str, Upscale]]:
    """Name every method to measure: bicubic for each scale first, then the files."""
    for scale in sorted({describe(session).scale for _, session in sessions}):
        yield "bicubic", scale, "MATLAB's imresize, rewritten", bicubic(scale)
    for path, session in sessions:
        yield (
            path.name,
            describe(session).scale,
            session.engine,
            lambda image, session=session: upscale_image(session, image),  # type: ignore[misc]
        )


def _print(rows: list[Row], folder: Path, *, each: bool) -> None:
    title = f"PSNR and SSIM on Y, {folder.name}, {len(rows[0].pictures)} pictures"
    table = Table(title=Text(title))
    for name in ("method", "scale", "engine"):
        table.add_column(name, overflow="fold")
    for name in ("PSNR, dB", "SSIM"):
        table.add_column(name, justify="right")
    for row in rows:
        for score in row.pictures if each else ():
            table.add_row(
                Text(f"  {score.name}"), "", "", f"{score.psnr_db:.2f}", f"{score.ssim:.4f}"
            )
        table.add_row(
            Text(row.method),
            f"x{row.scale}",
            row.engine,
            f"{row.mean.psnr_db:.2f}",
            f"{row.mean.ssim:.4f}",
            end_section=each,
        )
    Console().print(table)
