"""What `scnet upscale` prints of pictures that it was given."""

from itertools import compress
from math import ceil

from mobile_runtime.console import complain, printable, say
from mobile_runtime.engines.session import Session
from mobile_runtime.model_file.model import Model
from mobile_runtime.upscaling.jobs import Job, Photos
from mobile_runtime.upscaling.run_job import Outcome
from mobile_runtime.upscaling.upscale import model_of
from mobile_runtime.upscaling.upscale_picture import UpscaledFile


def describe_session(session: Session) -> str:
    """Return which network runs, and on what."""
    own = model_of(session)
    return f"scnet-{own.variant}-x{own.scale} {own.head} {own.precision}, {session.engine}"


def describe(source: str, target: str, done: UpscaledFile) -> str:
    """Return names and sizes of a photo and its result."""
    sizes = [f"{width}x{height}" for height, width in (done.input_size, done.output_size)]
    return f"{printable(source)} {sizes[0]} -> {printable(target)} {sizes[1]}"


def warn(source: str, done: UpscaledFile, model: Model) -> None:
    """Print what is not as one may expect it, on stderr."""
    for note in done.notes:
        say(f"{source}: {note}", err=True)
    if any(done.mirrored):
        sides = " and ".join(compress(("at the bottom", "on the right"), done.mirrored))
        inexact = ceil(model.halo * done.output_size[0] / done.input_size[0])
        say(
            f"{printable(source)} is smaller than what the file takes and was mirrored outwards: "
            f"the outermost {inexact} pixels {sides} are not exact.",
            err=True,
        )


def report(outcome: Outcome, model: Model) -> None:
    """Print what became of one of many pictures."""
    job, done = outcome.job, outcome.upscaled
    if done is not None:
        say(f"{describe(job.source.name, str(job.target), done)}, {done.seconds:.1f} s")
        warn(job.source.name, done, model)
    elif outcome.error is not None:
        _complain(job, outcome.error)
    else:
        say(f"{printable(str(job.target))} exists: skipped")


def summarize(outcomes: list[Outcome], jobs: int, found: Photos) -> None:
    """Print how many pictures were upscaled and how many not, and name those that failed."""
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


def _complain(job: Job, error: str) -> None:
    source = str(job.source)
    complain(error if source in error else f"{source}: {error}")
