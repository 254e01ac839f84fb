"""What `scnet upscale` does with one picture, with many, and with a video."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

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
from mobile_runtime.imaging.reading import read_file
from mobile_runtime.imaging.resizing import Times
from mobile_runtime.upscaling.jobs import Job, Output, Photo, Photos, choose_output, plan_jobs
from mobile_runtime.upscaling.run_job import (
    Outcome,
    decode_photo,
    has_quality,
    run_job,
    write_job,
    write_video_job,
)
from mobile_runtime.upscaling.settings import Settings
from mobile_runtime.upscaling.upscale import model_of


def upscale_one(
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


def upscale_video(
    open_model: Callable[[], Session], video: Path, output: Output, settings: Settings
) -> None:
    """Upscale one video."""
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


def upscale_many(session: Session, found: Photos, output: Output, settings: Settings) -> int:
    """Upscale pictures one after the other; return the exit code."""
    jobs = _plan(session, found.photos, output, settings)
    say(f"{len(jobs)} picture{'s' * (len(jobs) != 1)} with {describe_session(session)}")
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
