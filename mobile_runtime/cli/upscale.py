"""`scnet upscale`: photos to larger photos."""

from itertools import compress
from math import ceil
from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.cli.picture_progress import picture_progress
from mobile_runtime.console import complain, printable, say
from mobile_runtime.engines.session import Opener, Session
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.background import Color, parse_color
from mobile_runtime.imaging.reading import MAX_PIXELS
from mobile_runtime.imaging.resizing import Times, Within, parse_size
from mobile_runtime.imaging.writing import OUTPUT_FORMATS
from mobile_runtime.model_file.manifest import Model
from mobile_runtime.upscaling.jobs import (
    Job,
    Outcome,
    Output,
    Photos,
    Settings,
    are_many,
    choose_output,
    find_photos,
    has_quality,
    open_photo,
    plan_jobs,
    run_job,
    write_job,
)
from mobile_runtime.upscaling.tiling import DEFAULT_TILE
from mobile_runtime.upscaling.upscale import model_of
from mobile_runtime.upscaling.upscale_picture import UpscaledFile

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
    help="Of JPEG, 95 by default, and of WebP, which is lossless by default.",
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
    overwrite: bool,
) -> None:
    """Upscale pictures, and all pictures in folders, by the scale of the model file.

    Orientation, transparency, grayscale, color profile and EXIF are kept. Nothing is written
    unless the whole picture is done. Of several pictures, those whose output exists are skipped,
    and one that fails does not stop the rest: the exit code is then 1.
    """
    chosen = choose_output(output, format_, photos)
    several = are_many(photos)
    if comparison is not None:
        _check_comparison(comparison, chosen, several=several)
    if scale is not None and size is not None:
        raise click.UsageError("--scale and --size contradict each other: leave out one of them.")
    target = size if scale is None else Times(scale)
    settings = Settings(tile, max_pixels, overwrite, target, background, quality)
    found = find_photos(photos, without=chosen.folder)
    if not several:
        picture = open_photo(photos[0], settings)  # before seconds go into the model
    open_session: Opener = context.obj
    if model is None and scale is not None:
        model = _bundled_weights(scale)
    session = open_session(model, engine=engine, threads=threads)
    jobs = plan_jobs(found.photos, chosen, tag=str(target or Times(model_of(session).scale)))
    _check_settings(settings, jobs, model_of(session).scale)
    if several:
        context.exit(_upscale_many(session, jobs, found, settings))
    with picture_progress(1) as progress:
        progress.start(1, printable(photos[0].name))
        done = write_job(
            session,
            picture,
            jobs[0],
            settings,
            comparison=comparison,
            on_progress=progress.show_tile,
        )
    say(f"{_describe(jobs[0], done)}, {_describe_session(session)}, {done.seconds:.1f} s")
    _warn_of_mirroring(jobs[0], done, model_of(session))


def _bundled_weights(scale: float) -> Path:
    """Return the name of the bundled weights that make pictures so many times as large, or more."""
    for known in BUNDLED_SCALES:
        if known >= scale:
            return Path(f"scnet-t-x{known}-direct-photo")
    raise click.UsageError(
        f"--scale {scale:g} is more than the bundled weights make: {BUNDLED_SCALES[-1]} at most."
    )


def _check_settings(settings: Settings, jobs: list[Job], scale: int) -> None:
    """Check once what would go wrong with every picture."""
    target = settings.size
    if isinstance(target, Times) and target.factor > scale:
        raise ImageError(
            f"--scale {target.factor:g} is more than the model makes, which is x{scale}."
        )
    if settings.quality is not None and not any(map(has_quality, jobs)):
        raise ImageError(
            f"--quality is for lossy formats, and {jobs[0].target.suffix} is none: leave it out, "
            "or write .jpg or .webp."
        )


def _check_comparison(comparison: Path, output: Output, *, several: bool) -> None:
    if several:
        raise click.UsageError("--comparison shows one picture: name one.")
    if output.file is not None and comparison.resolve() == output.file.resolve():
        raise click.UsageError("--comparison and --output name the same file.")


def _upscale_many(session: Session, jobs: list[Job], found: Photos, settings: Settings) -> int:
    """Upscale pictures one after the other; return the exit code."""
    say(f"{len(jobs)} pictures with {_describe_session(session)}")
    outcomes: list[Outcome] = []
    try:
        with picture_progress(len(jobs)) as progress:
            for number, job in enumerate(jobs, 1):
                progress.start(number, printable(job.source.name))
                outcomes.append(run_job(session, job, settings, on_progress=progress.show_tile))
                with progress.hidden():
                    _report(outcomes[-1], model_of(session))
    finally:  # also when interrupted: what is done stays
        _summarize(outcomes, len(jobs), found)
    return int(any(outcome.error for outcome in outcomes))


def _report(outcome: Outcome, model: Model) -> None:
    job, done = outcome.job, outcome.upscaled
    if done is not None:
        say(f"{_describe(job, done)}, {done.seconds:.1f} s")
        _warn_of_mirroring(job, done, model)
    elif outcome.error is not None:
        _complain(outcome)
    else:
        say(f"{printable(str(job.target))} exists: skipped")


def _complain(outcome: Outcome) -> None:
    source, error = str(outcome.job.source), str(outcome.error)
    complain(error if source in error else f"{source}: {error}")


def _summarize(outcomes: list[Outcome], jobs: int, found: Photos) -> None:
    failed = [outcome for outcome in outcomes if outcome.error]
    counts = {
        "upscaled": sum(outcome.upscaled is not None for outcome in outcomes),
        "skipped (exist)": sum(outcome.skipped for outcome in outcomes),
        "failed": len(failed),
        "not begun": jobs - len(outcomes),
        "left alone (results of an earlier run)": len(found.results),
        "not a picture by name": len(found.others),
    }
    told = (f"{count} {what}" for what, count in counts.items() if count or what == "upscaled")
    say(", ".join(told))
    for outcome in failed:
        say(f"failed: {printable(str(outcome.job.source))}")


def _describe(job: Job, done: UpscaledFile) -> str:
    sizes = [f"{width}x{height}" for height, width in (done.input_size, done.output_size)]
    source, target = printable(job.source.name), printable(str(job.target))
    return f"{source} {sizes[0]} -> {target} {sizes[1]}"


def _describe_session(session: Session) -> str:
    own = model_of(session)
    return f"scnet-{own.variant}-x{own.scale} {own.head} {own.precision}, {session.engine}"


def _warn_of_mirroring(job: Job, done: UpscaledFile, model: Model) -> None:
    if not any(done.mirrored):
        return
    inexact = ceil(model.halo * done.output_size[0] / done.input_size[0])
    sides = compress(("at the bottom", "on the right"), done.mirrored)
    say(
        f"{printable(job.source.name)} is smaller than what the file takes and was mirrored "
        f"outwards: the outermost {inexact} pixels {' and '.join(sides)} are not "
        "exact.",
        err=True,
    )
