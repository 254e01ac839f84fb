"""Is a `.tflite` right on a phone, how fast, and on what? Its golden samples, run there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import Manifest, read_manifest
from mobile_runtime.model_file.parity import Difference, Tolerance, Verdict
from mobile_runtime.model_file.tolerance import own_tolerance, tolerance_in

ONE_RUN = ("--num_runs=1", "--min_secs=0", "--warmup_runs=0", "--warmup_min_secs=0")
PROFILED_RUNS = ("--num_runs=10", "--min_secs=0")


@dataclass(frozen=True)
class Subject:
    """A file that can be run on a phone, and what must come out."""

    manifest: Manifest
    golden: list[tuple[str, Image, Image]]


@dataclass(frozen=True)
class PhoneRun:
    """What one engine of a phone made of a file."""

    verdict: Verdict
    """On the outputs, and on nodes that were left over and should not be."""
    tolerance: Tolerance
    """What the outputs had to keep to; that of the precision which the engine computes in."""
    delegation: Delegation
    latency: PhoneLatency
    """On the first golden sample."""
    profile: tuple[NodeKind, ...]
    """From runs of their own, so that profiling slows down no timed one."""


def read_subject(model: Path) -> Subject:
    """Read what a file promises.

    Args:
        model: A `.tflite` with its manifest beside it.

    Raises:
        ManifestError: There is no manifest, it is about another file or was edited, or the tool
            cannot feed such a file.
    """
    manifest = read_manifest(model)
    ports = manifest.model.input, manifest.model.output
    readable = all((port.layout, port.dtype) == ("NHWC", "float32") for port in ports)
    if model.suffix != ".tflite" or not readable:
        raise ManifestError(
            f"{model} cannot be run by benchmark_model: expected a .tflite that takes and gives "
            "float32 NHWC."
        )
    own_tolerance(manifest)  # refused now rather than after the runs
    return Subject(manifest, read_golden(manifest, model.parent))


def measure(
    bench: Bench, subject: Subject, engine: Engine, plan: Plan, on_step: OnStep
) -> PhoneRun:
    """Run the golden samples on one engine of a phone; the first one is timed and profiled too.

    Args:
        bench: Where the file is.
        subject: What must come out of it.
        engine: What runs it.
        plan: How often to run the first sample.
        on_step: Told what begins.

    Raises:
        ModelLoadError: The tool cannot run the file, or gives something else.
        DeviceError: The tool cannot be run, or the phone cannot be reached.
    """
    logs: list[str] = []
    differences = []
    for name, image, expected in subject.golden:
        on_step(f"{engine.name}: {name}")
        logs.append(bench.run(image, *engine.flags, *(ONE_RUN if logs else _timing(plan))))
        if subject.manifest.model.output.clipped:
            expected = np.clip(expected, 0, 1)
        differences.append(parity.compare(expected, bench.fetch_output(expected.shape)))
    on_step(f"{engine.name}: profile")
    _, image, _ = subject.golden[0]
    profile = bench.profile(image, *engine.flags, *PROFILED_RUNS)
    if engine.computes_in is None:
        tolerance = own_tolerance(subject.manifest)
    else:
        tolerance = tolerance_in(subject.manifest, engine.computes_in)
    delegation = read_delegation(logs[0], engine.delegate)
    worst = parity.worst(differences)
    failures = tuple(_find_failures(worst, tolerance, delegation, engine))
    return PhoneRun(
        verdict=Verdict(
            engine=f"{engine.name}, benchmark_model, {bench.threads} threads",
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
    if not parity.within(worst, allowed):
        yield f"{worst} (wanted {allowed})"
    if engine.takes_all and not delegation.complete:
        yield f"not all of it ran on the GPU: {delegation}"
