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
from mobile_runtime.engines.session import (
    CPU,
    Placement,
    Session,
    TensorSession,
    engines,
    open_session,
    open_tensors,
)
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.feed import Feed, plan_feeds
from mobile_runtime.formats.graph import Graph
from mobile_runtime.formats.reader import OLD_CORE_ML, read_graph
from mobile_runtime.host_info import describe_device, utc_now
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.model import Model, Size
from mobile_runtime.upscaling.tiling import DEFAULT_TILE
from mobile_runtime.upscaling.upscale import OnProgress

NAME_LENGTH = 100
"""Letters of an input's name that a report keeps."""


@dataclass(frozen=True)
class _Subject:
    """An open file."""

    config: ColdStartConfig
    session: Session | TensorSession
    model: Model | None
    """None for a file that this project did not make."""
    run: Callable[[], object]
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
        size: Height and width of the input, for files that take more than one. Files of others
            have inputs of the shapes and types that they state, free batches being 1.
        on_progress: Called after every cold start and every round, with the number of both done
            and planned; fewer are made if time runs out.

    Raises:
        ModelLoadError: A file is damaged, not a model, or has inputs that cannot be made up.
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
    actions = [subject.run for subject in subjects]
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


def choose_sizes(models: Sequence[tuple[Path, Model]], asked: Size | None) -> Iterator[Size]:
    """Choose an input size for each file of this project, the same wherever the files allow it.

    Args:
        models: Files, each with what it says of itself.
        asked: Height and width; if None, the first size of the first file of fixed size.

    Raises:
        ImageError: A file does not take the size.
    """
    fixed = [model.sizes[0] for _, model in models if model.sizes]
    chosen = asked or (fixed[0] if fixed else (DEFAULT_TILE, DEFAULT_TILE))
    for path, model in models:
        if model.sizes is None or chosen in model.sizes:
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
    """Open all files; what they take is read before any of them reaches an engine."""
    graphs = {path: _read(path) for path in files}
    models = {path: Model.from_metadata(graph.metadata) for path, graph in graphs.items()}
    ours = [(path, model) for path, model in models.items() if model is not None]
    sizes = dict(zip((path for path, _ in ours), choose_sizes(ours, size), strict=True))
    feeds = {
        path: plan_feeds(path, graphs[path], size) for path, model in models.items() if not model
    }
    subjects = []
    for path in files:
        name, total = engine or engines(path)[0], len(graphs[path].operators)
        if path in feeds:
            config = _configure(path, name, threads, feeds[path])
            tensors = open_tensors(path, feeds[path], engine=name, threads=threads)
            subjects.append(_Subject(config, tensors, None, tensors.run, total))
        else:
            config = ColdStartConfig(str(path), name, threads, *sizes[path])
            session = open_model(path, engine=engine, threads=threads)
            run = partial(session.run, config.image)
            subjects.append(_Subject(config, session, models[path], run, total))
    return subjects


def _configure(path: Path, engine: str, threads: int, feeds: tuple[Feed, ...]) -> ColdStartConfig:
    """Return how a file of others is run; its size is that of the first picture that it takes."""
    height, width = next((feed.size for feed in feeds if feed.size), (None, None))
    return ColdStartConfig(str(path), engine, threads, height, width, feeds)


def _read(path: Path) -> Graph:
    if path.suffix not in FORMAT_OF_SUFFIX and path.suffix not in OLD_CORE_ML:
        raise ModelLoadError(
            f"{path} cannot be timed: benchmark takes {', '.join(FORMAT_OF_SUFFIX)}. Convert a "
            "checkpoint first, with scnet convert."
        )
    return read_graph(path)


def _join(subject: _Subject, cold: ColdStart, samples_ms: Round, first_ms: Round) -> Measurement:
    config, model, placement = subject.config, subject.model, subject.session.placement
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
        inputs=tuple(map(_describe_feed, config.feeds)),
    )


def _describe_feed(feed: Feed) -> str:
    """Return name, type and shape; a name may be anything, and reports keep to one line."""
    name = "".join(letter if letter.isprintable() else "?" for letter in feed.name)
    return f"{name[:NAME_LENGTH]}: {feed.described}"
