"""Measure files side by side: each cold in a process of its own, all warm in turns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mobile_runtime.benchmark.cold_start import ColdStart, ColdStartConfig, measure_cold_start
from mobile_runtime.benchmark.report import Benchmark, Measurement
from mobile_runtime.benchmark.timing import OnRound, Plan, Round, compare, run_warm, summarize
from mobile_runtime.engines.session import (
    CPU,
    Opener,
    Placement,
    Session,
    engines,
)
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.reader import READERS, count_operators
from mobile_runtime.host_info import describe_device
from mobile_runtime.model_file.manifest import Model, Size
from mobile_runtime.upscaling.tiling import DEFAULT_TILE


@dataclass(frozen=True)
class _Subject:
    """A file that is open."""

    setup: ColdStartConfig
    session: Session
    operators: int


def benchmark(
    files: Sequence[Path],
    open_session: Opener,
    plan: Plan,
    *,
    engine: str | None,
    threads: int,
    size: Size | None,
    on_step: OnRound = lambda: None,
) -> Benchmark:
    """Measure files; nothing is timed unless all of them can be opened.

    Args:
        files: Model files, the one to compare with first.
        open_session: What opens them.
        plan: How often to run.
        engine: What runs them; the usual one of each if not given.
        threads: For engines that have threads.
        size: Of the input, for files that take more than one.
        on_step: Told of every file that was used cold, and of every round.

    Raises:
        ModelLoadError: A file is damaged, not a model, or not for pictures.
        ManifestError: The manifest beside a file belongs to another one.
        EngineUnavailableError: The engine cannot run here.
        ImageError: A file does not take the size, or does not say what it takes.
    """
    subjects = _open(files, open_session, engine, threads, size)
    colds = []
    for subject in subjects:
        colds.append(measure_cold_start(subject.setup, seconds_limit=plan.seconds_limit))
        on_step()
    actions = [partial(subject.session.run, subject.setup.image) for subject in subjects]
    warmup, rounds = run_warm(actions, plan, on_round=on_step)
    samples = list(zip(*rounds, strict=True))
    return Benchmark(
        device=describe_device(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        plan=plan,
        warmup_runs=len(warmup),
        files=tuple(
            _join(subject, cold, samples_ms, samples[0])
            for subject, cold, samples_ms in zip(subjects, colds, samples, strict=True)
        ),
    )


def choose_sizes(models: Sequence[tuple[Path, Model | None]], asked: Size | None) -> Iterator[Size]:
    """Choose an input size for each file, the same one wherever the files allow it.

    Args:
        models: Files, each with what it says of itself.
        asked: Height and width; if not given, the first size of the first file of fixed size.

    Raises:
        ImageError: A file does not take the size, or does not say what it takes.
    """
    fixed = [model.sizes[0] for _, model in models if model is not None and model.sizes]
    wanted = asked or (fixed[0] if fixed else (DEFAULT_TILE, DEFAULT_TILE))
    for path, model in models:
        if model is None and asked is None:
            raise ImageError(f"{path} does not say what it takes: give --height and --width.")
        if model is None or model.sizes is None or wanted in model.sizes:
            yield wanted
        elif asked is None:
            yield model.sizes[0]
        else:
            sizes = " or ".join(f"{height}x{width}" for height, width in model.sizes)
            raise ImageError(f"{path} takes {sizes} (height x width), not {wanted[0]}x{wanted[1]}.")


def describe_placement(placement: Placement, operators: int) -> str:
    """Say what runs the operators of a file, as far as it is known."""
    if placement == CPU:
        return f"{operators} operators on CPU"
    return placement.described


def _open(
    files: Sequence[Path],
    open_session: Opener,
    engine: str | None,
    threads: int,
    size: Size | None,
) -> list[_Subject]:
    operators = [_count(path) for path in files]
    sessions = [open_session(path, engine=engine, threads=threads) for path in files]
    models = [(path, session.model) for path, session in zip(files, sessions, strict=True)]
    return [
        _Subject(
            ColdStartConfig(str(path), engine or engines(path)[0], threads, *chosen), session, count
        )
        for path, chosen, session, count in zip(
            files, choose_sizes(models, size), sessions, operators, strict=True
        )
    ]


def _count(path: Path) -> int:
    if path.suffix not in READERS:
        raise ModelLoadError(
            f"{path} cannot be timed: benchmark takes {', '.join(READERS)}. Convert a checkpoint "
            "first, with scnet convert."
        )
    return sum(count_operators(path).values())


def _join(subject: _Subject, cold: ColdStart, samples_ms: Round, first_ms: Round) -> Measurement:
    setup, model, placement = subject.setup, subject.session.model, subject.session.placement
    return Measurement(
        file=Path(setup.path).name,
        precision=None if model is None else model.precision,
        shift=None if model is None else model.shift,
        engine=subject.session.engine,
        threads=setup.threads if placement == CPU else None,
        placement=describe_placement(placement, subject.operators),
        height=setup.height,
        width=setup.width,
        cold=cold,
        warm=summarize(samples_ms),
        ratio=compare(samples_ms, first_ms),
    )
