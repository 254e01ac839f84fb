"""Measure subjects side by side, in groups whose runs are interleaved."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import web
from bench.baselines import count_macs
from bench.files import Made, Workshop
from bench.subjects import BASELINES_GROUP, Scope, Subject, baselines, forms, networks, random_net
from bench.timing import Timing
from mobile_runtime.benchmark.run import benchmark
from mobile_runtime.benchmark.timing import Plan, Ratio, compare
from mobile_runtime.engines.session import Session, engines, open_unsandboxed, prepare
from mobile_runtime.errors import ScnetError
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.model_file.format import FormatName
from mobile_runtime.model_file.model import Size
from scnet.network import count_parameters

THREADS = 2

ENGINES: dict[str, FormatName] = {
    "TFLite XNNPACK": "tflite",
    "onnxruntime CPU": "onnx",
    web.NAME: "onnx",
}
"""Engine -> what it runs."""


@dataclass(frozen=True)
class Row:
    """One subject on one engine, at one size."""

    group: str
    """Rows of a group on one engine at one size ran in turns."""
    network: str
    form: str
    scale: int
    height: int
    """Of the input, in pixels."""
    width: int
    engine: str
    threads: int
    parameters: int
    macs: int
    """Of the convolutions, in paper form, for this input."""
    file_mb: float | None
    """In 10^6 bytes."""
    operators: int | None
    conversion_s: float | None
    timing: Timing
    to_first: Ratio | None
    """How many times as long as the first row of the group, round by round."""

    @property
    def median_ms(self) -> float | None:
        """The median of the rounds; None if it failed."""
        return median(self.timing.samples_ms) if self.timing.samples_ms else None


OnStep = Callable[[str], None]
"""Told what is done next."""


def measure(
    scope: Scope, staging_dir: Workshop, names: Sequence[str], on_step: OnStep
) -> list[Row]:
    """Measure all groups of a scope.

    Args:
        scope: How much.
        staging_dir: Makes the files.
        names: Of `ENGINES`.
        on_step: Told before each file is made and each group is run.
    """
    rows: list[Row] = []
    for name in names:
        for group, subjects, size in _groups(scope, ENGINES[name]):
            made = []
            for subject in subjects:
                on_step(f"{ENGINES[name]}: {group} {subject.network} {subject.form}")
                made.append(staging_dir.make(subject, ENGINES[name], size))
            on_step(f"{name}: {group} {size[0]}x{size[1]}")
            rows += _measure_group(group, made, name, size, scope)
    return rows


def _groups(scope: Scope, format_: FormatName) -> Iterator[tuple[str, list[Subject], Size]]:
    for scale in scope.scales:
        for size in scope.sizes:
            for config in networks(scope, scale):
                yield f"{config.head} x{scale}", list(forms(config, format_, scope)), size
            if scope.baselines:
                yield f"{BASELINES_GROUP} x{scale}", list(baselines(scope, scale)), size


def _measure_group(
    group: str, files: list[Made], engine: str, size: Size, scope: Scope
) -> Iterator[Row]:
    plan = Plan(scope.runs, scope.warmup_runs, scope.seconds_limit)
    sound = [made for made in files if made.failure is None]
    run = web.run if engine == web.NAME else _run_here
    timings = dict(zip([made.path for made in sound], run(sound, size, plan), strict=True))
    first = next((t.samples_ms for t in timings.values() if t.samples_ms), ())
    for made in files:
        timing = timings.get(made.path, Timing(failure=made.failure))
        yield _describe(group, made, engine, size, timing, first)


def _describe(
    group: str, made: Made, engine: str, size: Size, timing: Timing, first: tuple[float, ...]
) -> Row:
    subject, there = made.subject, made.failure is None
    parameters, macs = _weigh(subject, size)
    return Row(
        group=group,
        network=subject.network,
        form=subject.form,
        scale=subject.scale,
        height=size[0],
        width=size[1],
        engine=engine,
        threads=1 if engine == web.NAME else THREADS,
        parameters=parameters,
        macs=macs,
        file_mb=made.path.stat().st_size / 1e6 if there else None,
        operators=sum(count_operators(made.path).values()) if there else None,
        conversion_s=made.conversion_s,
        timing=timing,
        to_first=compare(timing.samples_ms, first) if timing.samples_ms else None,
    )


def _run_here(files: list[Made], size: Size, plan: Plan) -> list[Timing]:
    """Run files with the harness of `scnet benchmark`; one that cannot be opened is left out."""
    failures = {made.path: _why_not(made.path) for made in files}
    sound = [path for path, failure in failures.items() if failure is None]
    found = benchmark(sound, open_model=open_here, plan=plan, threads=THREADS, size=size)
    measured = {
        path: Timing(
            row.cold.load_ms,
            row.cold.first_run_ms,
            row.cold.peak_memory_mb,
            row.warm.samples_ms,
        )
        for path, row in zip(sound, found.files, strict=True)
    }
    return [measured.get(path, Timing(failure=why)) for path, why in failures.items()]


def open_here(path: Path | None, *, engine: str | None, threads: int | None) -> Session:
    """Open a file that was made here a moment ago: it needs no trial before."""
    assert path is not None
    name = engine or engines(path)[0]
    prepare(path, name)
    return open_unsandboxed(path, engine=name, threads=threads or THREADS)


def _why_not(path: Path) -> str | None:
    try:
        open_here(path, engine=None, threads=THREADS)
    except ScnetError as error:
        return str(error)
    return None


def _weigh(subject: Subject, size: Size) -> tuple[int, int]:
    """Count parameters, and multiply-accumulates for one input."""
    if subject.baseline is not None:
        net = subject.baseline.build(subject.scale)
        return count_parameters(net), count_macs(net, 1 if subject.baseline.luma else 3, *size)
    assert subject.config is not None
    net = random_net(subject.config)
    return count_parameters(net), count_macs(net, 3, *size)
