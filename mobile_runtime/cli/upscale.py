"""`scnet upscale`: photos to larger photos."""

from functools import partial
from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.cli.picture_streams import STREAM
from mobile_runtime.cli.upscale_photos import upscale_many, upscale_one, upscale_video
from mobile_runtime.imaging.background import Color, parse_color
from mobile_runtime.imaging.reading import MAX_PIXELS
from mobile_runtime.imaging.resizing import Times, Within, parse_size
from mobile_runtime.upscaling.jobs import PICTURE_SUFFIXES, are_many, choose_output, find_photos
from mobile_runtime.upscaling.settings import Settings
from mobile_runtime.upscaling.tiling import DEFAULT_TILE
from mobile_runtime.upscaling.upscale_picture import ALPHA_METHODS, AlphaMethod
from mobile_runtime.upscaling.video_file import is_video

BUNDLED_SCALES = (2, 3, 4)

FORMATS = [suffix.removeprefix(".") for suffix in PICTURE_SUFFIXES]


SIZE = click.types.FuncParamType(parse_size)
COLOR = click.types.FuncParamType(parse_color)


@click.command("upscale")
@click.argument("photos", metavar="PHOTO...", type=options.PATH, nargs=-1, required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(),
    help="File to write, or a folder: one that exists, or a name that ends in /. By default beside "
    "the photo, as photo.x4.png.",
)
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(FORMATS, case_sensitive=False),
    help="Of the outputs; by default that of each photo if it can be written, png otherwise. gif "
    "is for animations.",
)
@click.option(
    "--model", "-m", type=options.PATH, help="Model file or checkpoint; bundled weights by default."
)
@click.option(
    "--scale",
    type=options.FiniteRange(1, 16),
    help="Times that the result is as large: chooses the bundled weights, and what they or the "
    "--model make beyond it is reduced. By default the model's own.",
)
@click.option(
    "--size",
    type=SIZE,
    metavar="WxH",
    help="Fit the result into these pixels, with the photo's proportions; 1920x or x1080 leaves "
    "the other side open. What the network makes beyond it is reduced.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="Of JPEG (95 by default), AVIF (90) and WebP (lossless by default).",
)
@click.option(
    "--background",
    type=COLOR,
    metavar="COLOR",
    help="Put the photo on this color in place of its transparency, such as white or #ffcc00.",
)
@click.option(
    "--alpha",
    type=options.choice(ALPHA_METHODS),
    help="Upscale transparency by bicubic interpolation (default), or by the network, as a gray "
    "picture: sharper, in up to twice the time.",
)
@options.engine
@click.option(
    "--tile",
    type=click.IntRange(min=1),
    help=f"Largest side of a tile in pixels of the photo, {DEFAULT_TILE} by default; only for "
    "files that take any size.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="Give each value as the whole picture in one piece would. By default tiles of 8-bit "
    "pictures overlap by less, as the file says is enough, and values may differ by one level.",
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
@click.pass_context
def command(
    context: click.Context,
    /,
    photos: tuple[Path, ...],
    output: str | None,
    format_: str | None,
    model: Path | None,
    scale: float | None,
    size: Within | None,
    quality: int | None,
    background: Color | None,
    alpha: AlphaMethod | None,
    engine: str | None,
    tile: int | None,
    threads: int | None,
    comparison: Path | None,
    max_pixels: int,
    *,
    exact: bool,
    overwrite: bool,
) -> None:
    """Upscale pictures, and all pictures in folders, by the scale of the model file.

    Orientation, transparency, grayscale, colors and metadata are kept; what the format written
    cannot hold is said. Nothing is written unless the whole picture is done. PHOTO may be - for
    standard input, and -o - is standard output. Videos need ffmpeg.

    Of several pictures, those whose output exists are skipped, and one that fails does not stop
    the rest: the exit code is then 1.
    """
    if scale is not None and size is not None:
        raise click.UsageError("--scale and --size contradict each other: leave out one of them.")
    if alpha is not None and background is not None:
        raise click.UsageError("--background leaves no transparency for --alpha to upscale.")
    if model is None and scale is not None:
        model = _bundled_weights(scale)
    target = size if scale is None else Times(scale)
    settings = Settings(
        tile, exact, max_pixels, overwrite, target, background, quality, alpha or "bicubic"
    )
    open_model = partial(context.obj, model, engine=engine, threads=threads)
    if not are_many(photos) and is_video(photos[0]):
        of_pictures = ("format_", "quality", "background", "alpha", "comparison")
        for name in of_pictures:
            if context.params[name] is not None:
                raise click.UsageError(
                    f"--{name.rstrip('_')} is for pictures, and {photos[0]} is a video."
                )
        upscale_video(open_model, photos[0], choose_output(output, format_, photos), settings)
        return
    if not are_many(photos):
        upscale_one(open_model, photos[0], output, format_, settings, comparison)
        return
    if STREAM in (output, *map(str, photos)):
        raise click.UsageError("Standard input and output hold one picture: name one.")
    if comparison is not None:
        raise click.UsageError("--comparison shows one picture: name one.")
    chosen = choose_output(output, format_, photos)
    found = find_photos(photos, without=chosen.folder)
    context.exit(upscale_many(open_model(), found, chosen, settings))


def _bundled_weights(scale: float) -> Path:
    """Return the name of the bundled weights that make pictures so many times as large, or more."""
    for known in BUNDLED_SCALES:
        if known >= scale:
            return Path(f"scnet-t-x{known}-direct-photo")
    raise click.UsageError(
        f"--scale {scale:g} is more than the bundled weights make: {BUNDLED_SCALES[-1]} at most."
    )
