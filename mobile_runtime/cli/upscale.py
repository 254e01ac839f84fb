"""`scnet upscale`: a photo to a larger photo."""

from itertools import compress
from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.cli.progress import progress_bar
from mobile_runtime.console import printable
from mobile_runtime.engines.session import Opener
from mobile_runtime.imaging.reading import MAX_PIXELS, open_picture
from mobile_runtime.model_file.manifest import Model, Size
from mobile_runtime.upscaling.tiling import DEFAULT_TILE
from mobile_runtime.upscaling.upscale import model_of
from mobile_runtime.upscaling.upscale_picture import upscale_to_file


@click.command("upscale")
@click.argument("photo", type=options.PATH)
@click.option("--output", "-o", type=options.PATH, required=True, help=".png, .jpg or .webp.")
@click.option(
    "--model", "-m", type=options.PATH, help="Model file or checkpoint; bundled weights by default."
)
@click.option("--engine", help="Engine that runs the file; by default the first of its format.")
@click.option(
    "--tile",
    type=click.IntRange(min=1),
    help=f"Largest side of a tile in pixels of the photo, {DEFAULT_TILE} by default; only for "
    "files that take any size.",
)
@options.threads
@click.option(
    "--comparison",
    type=options.PATH,
    help="Also write the photo, bicubic and the result side by side into this file.",
)
@options.overwrite
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
    """Upscale PHOTO by the scale of the model file.

    Orientation, transparency, grayscale, color profile and EXIF are kept. Nothing is written
    unless the whole picture is done.
    """
    if comparison is not None and comparison.resolve() == output.resolve():
        raise click.UsageError("--comparison and --output name the same file.")
    picture = open_picture(photo, max_pixels=max_pixels)  # before seconds go into the model
    session = open_session(model, engine=engine, threads=threads)
    with progress_bar("upscaling", "tiles") as show:
        done = upscale_to_file(
            session,
            picture,
            output,
            comparison=comparison,
            tile=tile,
            overwrite=overwrite,
            on_progress=show,
        )
    own = model_of(session)
    click.echo(
        f"{printable(photo.name)} {_describe(done.input_size)} -> {printable(str(output))} "
        f"{_describe(done.output_size)}, scnet-{own.variant}-x{own.scale} {own.head} "
        f"{own.precision}, {session.engine}, {done.seconds:.1f} s"
    )
    if any(done.mirrored):
        _warn_of_mirroring(photo, done.mirrored, own)


def _warn_of_mirroring(photo: Path, mirrored: tuple[bool, bool], own: Model) -> None:
    sides = compress(("at the bottom", "on the right"), mirrored)
    click.echo(
        f"{printable(photo.name)} is smaller than what the file takes and was mirrored "
        f"outwards: the outermost {own.halo * own.scale} pixels {' and '.join(sides)} are not "
        "exact.",
        err=True,
    )


def _describe(size: Size) -> str:
    return f"{size[1]}x{size[0]}"
