"""Golden samples of a `.tflite` run on a phone: verdict, latency and placement per engine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.device.android.benchmark_model import (
    Delegation,
    Engine,
    NodeKind,
    PhoneLatency,
    read_delegation,
    read_latency,
    read_profile,
)
from mobile_runtime.device.android.remote_tool import Bench, OnStep
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.file import ModelFile, read_model_file
from mobile_runtime.model_file.golden_samples import GoldenImages, read_golden
from mobile_runtime.model_file.manifest import own_tolerance, tolerance_in
from mobile_runtime.model_file.parity import Difference
from mobile_runtime.model_file.precision import Tolerance
from mobile_runtime.model_file.validation_result import ValidationResult

ONE_RUN = ("--num_runs=1", "--min_secs=0", "--warmup_runs=0", "--warmup_min_secs=0")
PROFILED_RUNS = ("--num_runs=10", "--min_secs=0")


@dataclass(frozen=True)
class Subject:
    """A file that can be run on a phone, and its golden samples."""

    file: ModelFile
    golden: list[GoldenImages]


@dataclass(frozen=True)
class PhoneRun:
    """Result of one engine of a phone."""

    result: ValidationResult
    """On the outputs, and on nodes that the engine left to the CPU and should not."""
    tolerance: Tolerance
    """Of the outputs, for the precision that the engine computes in."""
    delegation: Delegation
    latency: PhoneLatency
    """On the first golden sample."""
    profile: tuple[NodeKind, ...]
    """From separate runs, so that profiling does not slow down the timed ones."""


def read_subject(model: Path) -> Subject:
    """Read the manifest and golden samples of a `.tflite`.

    Raises:
        ManifestError: The manifest is missing, edited or of another file, or the tool cannot feed
            this kind of file.
    """
    file = read_model_file(model)
    manifest = file.manifest
    ports = manifest.model.input, manifest.model.output
    readable = all((port.layout, port.dtype) == ("NHWC", "float32") for port in ports)
    if model.suffix != ".tflite" or not readable:
        raise ManifestError(
            f"{model} cannot be run by benchmark_model: expected a .tflite that takes and gives "
            "float32 NHWC."
        )
    own_tolerance(manifest)  # refused now rather than after the runs
    return Subject(file, read_golden(manifest, file.path.parent))


def measure(
    bench: Bench, subject: Subject, engine: Engine, plan: Plan, on_step: OnStep
) -> PhoneRun:
    """Run the golden samples on one engine of a phone; the first one is timed and profiled too.

    Raises:
        ModelLoadError: The tool cannot run the file, or its output has another size.
        DeviceError: The tool cannot be run, or the phone cannot be reached.
    """
    logs: list[str] = []
    differences = []
    manifest, rounds_to = subject.file.manifest, engine.computes_in
    for golden in subject.golden:
        on_step(f"{engine.name}: {golden.name}")
        logs.append(bench.run(golden.image, *engine.flags, *(ONE_RUN if logs else _timing(plan))))
        output = bench.fetch_output(golden.output_shape)
        differences.append(golden.compare(output, clipped=manifest.model.output.clipped))
    on_step(f"{engine.name}: profile")
    profile = bench.profile(subject.golden[0].image, *engine.flags, *PROFILED_RUNS)
    tolerance = tolerance_in(manifest, rounds_to) if rounds_to else own_tolerance(manifest)
    delegation = read_delegation(logs[0], engine.delegate)
    worst = parity.over_samples(differences)
    failures = tuple(_find_failures(worst, tolerance, delegation, engine))
    return PhoneRun(
        result=ValidationResult(
            engine=engine.name,
            version="benchmark_model",
            threads=bench.threads,
            device=str(bench.phone),
            compared=f"PyTorch, {len(differences)} golden samples",
            worst=worst,
            passed=not failures,
            placement=str(delegation),
            failure="; ".join(failures),
        ),
        tolerance=tolerance,
        delegation=delegation,
        latency=read_latency(logs[0]),
        profile=read_profile(profile),
    )


def _timing(plan: Plan) -> tuple[str, ...]:
    return (
        f"--num_runs={plan.runs}",
        "--min_secs=0",  # left to itself, the tool goes on for a second
        f"--warmup_runs={plan.warmup_runs}",
        "--warmup_min_secs=0",
        f"--max_secs={plan.seconds_limit:g}",
    )


def _find_failures(
    worst: Difference, allowed: Tolerance, delegation: Delegation, engine: Engine
) -> Iterator[str]:
    if not allowed.allows(worst):
        yield f"{worst} (expected {allowed})"
    if engine.takes_all and not delegation.complete:
        yield f"not all of it ran on the GPU: {delegation}"
