"""`scnet upscale`: from a photo to a larger photo."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import compress
from pathlib import Path
from time import perf_counter

import click
import numpy as np
from PIL import Image as Pillow
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mobile_runtime.cli import options as command_options
from mobile_runtime.console import printable
from mobile_runtime.engines.session import Opener, Session
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import MAX_PIXELS, open_picture
from mobile_runtime.imaging.side_by_side import compare_side_by_side
from mobile_runtime.imaging.writing import check_writable, save_picture
from mobile_runtime.upscaling.tiling import (
    DEFAULT_TILE,
    OnProgress,
    describe,
    find_mirrored,
    upscale,
)


@click.command("upscale")
@click.argument("photo", type=click.Path(path_type=Path))
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), required=True, help=".png, .jpg or .webp."
)
@click.option(
    "--model", "-m", type=click.Path(path_type=Path), help="Model file; bundled weights if none."
)
@click.option("--engine", help="What runs the file; the usual one if none is named.")
@click.option(
    "--tile",
    type=click.IntRange(min=1),
    help=f"Largest side of a tile in pixels of the photo, {DEFAULT_TILE} if not given; only for "
    "files that take any size.",
)
@command_options.threads
@click.option(
    "--comparison",
    type=click.Path(path_type=Path),
    help="Also write the photo, bicubic and the result side by side into this file.",
)
@command_options.overwrite
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    default=MAX_PIXELS,
    show_default=True,
    help="Refuse larger photos.",
)
@click.pass_obj
def command(
    open_session: Opener,
    photo: Path,
    output: Path,
    model: Path | None,
    engine: str | None,
    tile: int | None,
    threads: int | None,
    comparison: Path | None,
    max_pixels: int,
    *,
    overwrite: bool,
) -> None:
    """Upscale PHOTO, by as much as the model file was made for.

    Orientation, transparency, grayscale, colour profile and EXIF are kept. Nothing is written
    unless the whole picture is done.
    """
    picture = open_picture(photo, max_pixels=max_pixels)
    session = open_session(model, engine=engine, threads=threads)
    description = describe(session)
    check_writable(output, picture, scale=description.scale, overwrite=overwrite)
    if comparison is not None:
        if comparison.resolve() == output.resolve():
            raise click.UsageError("--comparison and --output name the same file.")
        check_writable(comparison, Picture(picture.pixels), overwrite=overwrite)
    start = perf_counter()
    with _progress() as show:
        upscaled = upscale_picture(session, picture, tile=tile, on_progress=show)
    seconds = perf_counter() - start
    save_picture(upscaled, output, overwrite=overwrite)
    if comparison is not None:
        panels = compare_side_by_side(picture.pixels, upscaled.pixels)
        save_picture(Picture(panels), comparison, overwrite=overwrite)
    click.echo(
        f"{printable(photo.name)} {_size(picture)} -> {printable(str(output))} {_size(upscaled)}, "
        f"scnet-{description.variant}-x{description.scale} {description.head} "
        f"{description.precision}, {session.engine}, {seconds:.1f} s"
    )
    _warn_of_mirroring(photo, picture, session)


def upscale_picture(
    session: Session,
    picture: Picture,
    *,
    tile: int | None = None,
    on_progress: OnProgress | None = None,
) -> Picture:
    """Upscale a picture with all that belongs to it.

    The network sees the colours, those under transparent pixels too, as they are stored. The
    transparency itself is upscaled by Pillow's bicubic interpolation.

    Raises:
        ModelLoadError: The file does not say its scale and halo, or does not keep to them.
        ImageError: There are no pixels, the tiles are too small for the halo, or no tile can be
            chosen: the file takes fixed sizes only.
    """
    pixels = upscale(session, picture.pixels, tile=tile, on_progress=on_progress)
    if picture.alpha is None:
        return replace(picture, pixels=pixels)
    height, width = pixels.shape[:2]
    alpha = Pillow.fromarray(picture.alpha).resize((width, height), Pillow.Resampling.BICUBIC)
    return replace(picture, pixels=pixels, alpha=np.asarray(alpha))


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Show a bar that counts tiles."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("tiles"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("upscaling", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def _warn_of_mirroring(photo: Path, picture: Picture, session: Session) -> None:
    """Say which pixels are not exact, if any are not."""
    height, width = picture.pixels.shape[:2]
    mirrored = find_mirrored(session, (height, width))
    if any(mirrored):
        sides = compress(("at the bottom", "on the right"), mirrored)
        description = describe(session)
        click.echo(
            f"{printable(photo.name)} is smaller than what the file takes and was mirrored "
            f"outwards: the outermost {description.halo * description.scale} pixels "
            f"{' and '.join(sides)} are not exact.",
            err=True,
        )


def _size(picture: Picture) -> str:
    height, width = picture.pixels.shape[:2]
    return f"{width}x{height}"
