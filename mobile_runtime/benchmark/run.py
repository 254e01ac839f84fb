"""Benchmark of model files: each cold in a process of its own, all warm in turns."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from mobile_runtime.benchmark.cold_start import ColdStart, ColdStartConfig, measure_cold_start
from mobile_runtime.benchmark.results import Benchmark, Measurement
from mobile_runtime.benchmark.timing import DEFAULT_PLAN, Plan, Round, compare, run_warm, summarize
from mobile_runtime.engines.session import CPU, Placement, Session, engines, open_session
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.host_info import describe_device, utc_now
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.manifest import Model, Size
from mobile_runtime.upscaling.tiling import DEFAULT_TILE
from mobile_runtime.upscaling.upscale import OnProgress


@dataclass(frozen=True)
class _Subject:
    """An open file."""

    config: ColdStartConfig
    session: Session
    operators: int


def benchmark(
    files: Sequence[Path],
    *,
    open_model: Callable[..., Session] = open_session,
    plan: Plan = DEFAULT_PLAN,
    engine: str | None = None,
    threads: int | None = None,
    size: Size | None = None,
    on_progress: OnProgress | None = None,
) -> Benchmark:
    """Measure latency and memory of model files; nothing is timed unless all can be opened.

    Args:
        files: Model files; the first one is what the others are compared with.
        open_model: Opens a file, with the arguments of `open_session`.
        plan: How often to run.
        engine: Engine for all files; by default the first one of each format.
        threads: For engines that have threads; all cores by default.
        size: Height and width of the input, for files that take more than one.
        on_progress: Called after every cold start and every round, with the number of both done
            and planned; fewer are made if time runs out.

    Raises:
        ModelLoadError: A file is damaged, not a model, or not for pictures.
        ManifestError: The manifest beside a file belongs to another one.
        EngineUnavailableError: The engine cannot run here.
        ImageError: A file does not take the size, or does not say what it takes.
    """
    done, total = count(1), len(files) + plan.warmup_runs + plan.runs

    def advance() -> None:
        if on_progress is not None:
            on_progress(next(done), total)

    subjects = _open(files, open_model, engine, threads or os.cpu_count() or 1, size)
    colds = []
    for subject in subjects:
        colds.append(measure_cold_start(subject.config, seconds_limit=plan.seconds_limit))
        advance()
    actions = [partial(subject.session.run, subject.config.image) for subject in subjects]
    warmup, rounds = run_warm(actions, plan, on_round=advance)
    samples = list(zip(*rounds, strict=True))
    return Benchmark(
        device=describe_device(),
        date=utc_now(),
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
        asked: Height and width; if None, the first size of the first file of fixed size.

    Raises:
        ImageError: A file does not take the size, or does not say what it takes.
    """
    fixed = [model.sizes[0] for _, model in models if model is not None and model.sizes]
    chosen = asked or (fixed[0] if fixed else (DEFAULT_TILE, DEFAULT_TILE))
    for path, model in models:
        if model is None and asked is None:
            raise ImageError(f"{path} does not say what it takes: give --height and --width.")
        if model is None or model.sizes is None or chosen in model.sizes:
            yield chosen
        elif asked is None:
            yield model.sizes[0]
        else:
            sizes = " or ".join(f"{height}x{width}" for height, width in model.sizes)
            raise ImageError(f"{path} takes {sizes} (height x width), not {chosen[0]}x{chosen[1]}.")


def describe_placement(placement: Placement, operators: int) -> str:
    """Return what runs the operators of a file, as far as it is known."""
    if placement == CPU:
        return f"{operators} operators on CPU"
    return placement.described


def _open(
    files: Sequence[Path],
    open_model: Callable[..., Session],
    engine: str | None,
    threads: int,
    size: Size | None,
) -> list[_Subject]:
    operators = [_count(path) for path in files]
    sessions = [open_model(path, engine=engine, threads=threads) for path in files]
    models = [(path, session.model) for path, session in zip(files, sessions, strict=True)]
    return [
        _Subject(
            ColdStartConfig(str(path), engine or engines(path)[0], threads, *chosen), session, total
        )
        for path, chosen, session, total in zip(
            files, choose_sizes(models, size), sessions, operators, strict=True
        )
    ]


def _count(path: Path) -> int:
    if path.suffix not in FORMAT_OF_SUFFIX:
        raise ModelLoadError(
            f"{path} cannot be timed: benchmark takes {', '.join(FORMAT_OF_SUFFIX)}. Convert a "
            "checkpoint first, with scnet convert."
        )
    return sum(count_operators(path).values())


def _join(subject: _Subject, cold: ColdStart, samples_ms: Round, first_ms: Round) -> Measurement:
    config, model, placement = subject.config, subject.session.model, subject.session.placement
    return Measurement(
        file=Path(config.path).name,
        precision=None if model is None else model.precision,
        shift=None if model is None else model.shift,
        engine=str(subject.session.engine),
        threads=config.threads if placement == CPU else None,
        placement=describe_placement(placement, subject.operators),
        height=config.height,
        width=config.width,
        cold=cold,
        warm=summarize(samples_ms),
        ratio=compare(samples_ms, first_ms),
    )
