"""`scnet upscale`: photos to larger photos."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.cli.picture_progress import picture_progress
from mobile_runtime.cli.picture_streams import (
    STREAM,
    read_standard_input,
    standard_output,
    suffix_of,
)
from mobile_runtime.cli.upscale_report import describe, describe_session, report, summarize, warn
from mobile_runtime.console import printable, say
from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.background import Color, parse_color
from mobile_runtime.imaging.reading import MAX_PIXELS, read_file
from mobile_runtime.imaging.resizing import Times, Within, parse_size
from mobile_runtime.imaging.writing import OUTPUT_FORMATS
from mobile_runtime.upscaling.jobs import (
    Job,
    Output,
    Photo,
    Photos,
    are_many,
    choose_output,
    find_photos,
    plan_jobs,
)
from mobile_runtime.upscaling.run_job import (
    Outcome,
    Settings,
    decode_photo,
    has_quality,
    run_job,
    write_job,
    write_video_job,
)
from mobile_runtime.upscaling.tiling import DEFAULT_TILE
from mobile_runtime.upscaling.upscale import model_of
from mobile_runtime.upscaling.video_file import is_video

BUNDLED_SCALES = (2, 3, 4)

FORMATS = [suffix.removeprefix(".") for suffix in OUTPUT_FORMATS]


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
    help="Of the outputs; by default that of each photo if it can be written, png otherwise.",
)
@click.option(
    "--model", "-m", type=options.PATH, help="Model file or checkpoint; bundled weights by default."
)
@click.option(
    "--scale",
    type=click.FloatRange(1, 16),
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
    if model is None and scale is not None:
        model = _bundled_weights(scale)
    target = size if scale is None else Times(scale)
    settings = Settings(tile, exact, max_pixels, overwrite, target, background, quality)
    open_model = partial(context.obj, model, engine=engine, threads=threads)
    if not are_many(photos) and is_video(photos[0]):
        of_pictures = {"--format": format_, "--quality": quality, "--background": background}
        for name, value in (of_pictures | {"--comparison": comparison}).items():
            if value is not None:
                raise click.UsageError(f"{name} is for pictures, and {photos[0]} is a video.")
        _upscale_video(open_model, photos[0], choose_output(output, format_, photos), settings)
        return
    if not are_many(photos):
        _upscale_one(open_model, photos[0], output, format_, settings, comparison)
        return
    if STREAM in (output, *map(str, photos)):
        raise click.UsageError("Standard input and output hold one picture: name one.")
    if comparison is not None:
        raise click.UsageError("--comparison shows one picture: name one.")
    chosen = choose_output(output, format_, photos)
    found = find_photos(photos, without=chosen.folder)
    context.exit(_upscale_many(open_model(), found, chosen, settings))


def _upscale_one(
    open_model: Callable[[], Session],
    photo: Path,
    output: str | None,
    format_: str | None,
    settings: Settings,
    comparison: Path | None,
) -> None:
    """Upscale one picture, which may come from standard input and go to standard output."""
    from_stream = str(photo) == STREAM
    to_stream = output == STREAM or (from_stream and output is None)
    name = "standard input" if from_stream else str(photo)
    content = read_standard_input() if from_stream else read_file(photo)
    with ExitStack() as stack:
        if to_stream:
            suffix = f".{format_}" if format_ else suffix_of(content)
            chosen = Output(file=stack.enter_context(standard_output(suffix)))
        else:
            chosen = choose_output(output, format_, [photo])
        if from_stream and chosen.file is None:
            raise click.UsageError("Standard input has no name: name the file to write.")
        if comparison is not None and _is_same(comparison, chosen.file):
            raise click.UsageError("--comparison and --output name the same file.")
        picture = decode_photo(content, name, settings)  # before seconds go into the model
        session = open_model()
        (job,) = _plan(session, (Photo(photo, Path(photo.name)),), chosen, settings)
        with picture_progress(1) as progress:
            progress.start(1, printable(name))
            done = write_job(
                session,
                picture,
                job,
                settings,
                comparison=comparison,
                on_progress=progress.show_step,
            )
    source, target = photo.name if not from_stream else name, str(job.target)
    described = describe(source, "standard output" if to_stream else target, done)
    line = f"{described}, {describe_session(session)}, {done.seconds:.1f} s"
    say(line, err=to_stream)
    warn(source, done, model_of(session))


def _upscale_video(
    open_model: Callable[[], Session], video: Path, output: Output, settings: Settings
) -> None:
    session = open_model()
    (job,) = _plan(session, (Photo(video, Path(video.name)),), output, settings)
    with picture_progress(1) as progress:
        progress.start(1, printable(video.name))
        done = write_video_job(session, job, settings, on_progress=progress.show_step)
    described = describe(video.name, str(job.target), done)
    say(f"{described}, {describe_session(session)}, {done.seconds:.1f} s")
    warn(video.name, done, model_of(session))


def _is_same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()


def _plan(
    session: Session, photos: Sequence[Photo], output: Output, settings: Settings
) -> list[Job]:
    """Return what is to be done, after a look at what would go wrong with every picture."""
    scale, target = model_of(session).scale, settings.size
    if isinstance(target, Times) and target.factor > scale:
        raise ImageError(
            f"--scale {target.factor:g} is more than the model makes, which is x{scale}."
        )
    jobs = plan_jobs(photos, output, tag=str(target or Times(scale)))
    if settings.quality is not None and not any(map(has_quality, jobs)):
        raise ImageError(
            f"--quality is for lossy formats, and {jobs[0].target.suffix} is none: leave it out, "
            "or write .jpg, .avif or .webp."
        )
    return jobs


def _upscale_many(session: Session, found: Photos, output: Output, settings: Settings) -> int:
    """Upscale pictures one after the other; return the exit code."""
    jobs = _plan(session, found.photos, output, settings)
    say(f"{len(jobs)} pictures with {describe_session(session)}")
    outcomes: list[Outcome] = []
    try:
        with picture_progress(len(jobs)) as progress:
            for number, job in enumerate(jobs, 1):
                progress.start(number, printable(job.source.name))
                outcomes.append(run_job(session, job, settings, on_progress=progress.show_step))
                with progress.hidden():
                    report(outcomes[-1], model_of(session))
    finally:  # also when interrupted: what is done stays
        summarize(outcomes, len(jobs), found)
    return int(any(outcome.error for outcome in outcomes))


def _bundled_weights(scale: float) -> Path:
    """Return the name of the bundled weights that make pictures so many times as large, or more."""
    for known in BUNDLED_SCALES:
        if known >= scale:
            return Path(f"scnet-t-x{known}-direct-photo")
    raise click.UsageError(
        f"--scale {scale:g} is more than the bundled weights make: {BUNDLED_SCALES[-1]} at most."
    )
