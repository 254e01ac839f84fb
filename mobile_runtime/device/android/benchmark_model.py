"""TFLite's `benchmark_model`: how it is asked, and what its words mean.

Flags and wording are those of google-ai-edge/LiteRT, `tflite/tools/benchmark/` (README.md,
benchmark_model.cc, benchmark_tflite_model.cc) and, before the move, of tensorflow/tensorflow,
`tensorflow/lite/tools/benchmark/`. Percentiles and the total of nodes came with later
versions; older ones leave them out.

LiteRT's other program of this name, `litert/tools/benchmark_model` (CompiledModel), can neither be
given an input nor asked for the output, and so proves nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mobile_runtime.errors import DeviceError, ModelLoadError

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"


@dataclass(frozen=True)
class Engine:
    """One way in which a phone can run a file."""

    name: str
    flags: tuple[str, ...]
    delegate: str
    """What the tool calls whatever takes the nodes."""
    takes_all: bool
    """A node that is left to the CPU fails the verdict."""
    computes_in: str | None = None
    """The precision that its outputs are judged by; None for the file's own."""


ENGINES: Mapping[str, Engine] = {
    "cpu": Engine("XNNPACK", ("--use_xnnpack=true",), "TfLiteXNNPackDelegate", takes_all=False),
    # The delegate's own default, and what apps ship: it rounds fp32 files to fp16.
    "gpu": Engine(
        "GPU delegate, fp16",
        ("--use_gpu=true", "--gpu_precision_loss_allowed=true"),
        "TfLiteGpuDelegateV2",
        takes_all=True,
        computes_in="fp16",
    ),
    "gpu-fp32": Engine(
        "GPU delegate, fp32",
        ("--use_gpu=true", "--gpu_precision_loss_allowed=false"),
        "TfLiteGpuDelegateV2",
        takes_all=True,
    ),
}
"""Name -> engine. What the GPU does not take, the tool silently runs on the CPU."""


@dataclass(frozen=True)
class PhoneLatency:
    """The figures that the tool gives; single runs it keeps to itself."""

    init_ms: float
    """Loading, and compiling for the engine."""
    first_run_ms: float
    runs: int
    median_ms: float | None
    """None from versions of the tool before they had percentiles."""
    mean_ms: float
    stdev_ms: float
    """Of the population."""
    min_ms: float
    max_ms: float
    p95_ms: float | None
    memory_mb: float | None
    """How much the tool's memory grew until the end, in 10^6 bytes; approximate, it says."""


@dataclass(frozen=True)
class Delegation:
    """Who runs the nodes of a file."""

    delegate: str
    nodes: int
    """That it took."""
    total: int | None
    """That there were; None from versions of the tool that do not say."""
    partitions: int
    complete: bool
    """The tool found nothing but the delegate left to run."""

    def __str__(self) -> str:
        """Say how many nodes it took."""
        if self.nodes == 0:
            return f"no node on {self.delegate}"
        total = "?" if self.total is None else self.total
        parts = f"{self.partitions} partition{'' if self.partitions == 1 else 's'}"
        rest = "" if self.complete else ", the rest without it"
        return f"{self.nodes}/{total} nodes on {self.delegate}, {parts}{rest}"


@dataclass(frozen=True)
class NodeKind:
    """What a profiled run spent on one kind of node."""

    kind: str
    count: int
    mean_ms: float


def check_flags(log: str) -> None:
    """Make sure that the tool understood what it was asked.

    Raises:
        DeviceError: It is another program, or too old.
    """
    if "Unconsumed cmdline flags" in log:
        raise DeviceError(
            "This benchmark_model cannot be given inputs or asked for outputs: take TFLite's own "
            "(tflite/tools/benchmark), not LiteRT's for CompiledModel, nor an old one."
        )


def read_latency(log: str) -> PhoneLatency:
    """Read the figures of the timed runs.

    Raises:
        ModelLoadError: The tool printed none.
    """
    counts = re.findall(r"^(?:INFO: )?count=(\d{1,9})\b(.*)", log, re.MULTILINE)
    timings = re.search(rf"Init: ({NUMBER}), First inference: ({NUMBER})", log)
    if not counts or timings is None:
        raise ModelLoadError("benchmark_model printed no timings: is it TFLite's own?")
    runs, words = counts[-1]  # the warm-up comes before
    figures_ms = {key: float(us) / 1e3 for key, us in re.findall(rf"(\w+)=({NUMBER})", words)}
    same = figures_ms.get("curr", 0)  # the tool names one value only if all are the same
    memory = re.search(rf"Memory footprint delta.*overall=({NUMBER})", log)
    return PhoneLatency(
        init_ms=float(timings[1]) / 1e3,
        first_run_ms=float(timings[2]) / 1e3,
        runs=int(runs),
        median_ms=figures_ms.get("median"),
        mean_ms=figures_ms.get("avg", same),
        stdev_ms=figures_ms.get("std", 0),
        min_ms=figures_ms.get("min", same),
        max_ms=figures_ms.get("max", same),
        p95_ms=figures_ms.get("p95"),
        memory_mb=None if memory is None else float(memory[1]) * 2**20 / 1e6,
    )


def read_delegation(log: str, delegate: str) -> Delegation:
    """Read how many nodes a delegate took; none, if the tool does not name it."""
    line = re.search(
        rf"Replacing (\d+)(?: out of (\d+))? node\(s\) with delegate \({re.escape(delegate)}\) "
        r"node, yielding (\d+) partitions",
        log,
    )
    complete = re.search(
        r"Explicitly applied \w+ delegate, and the model graph will be completely executed", log
    )
    return Delegation(
        delegate=delegate,
        nodes=int(line[1]) if line else 0,
        total=int(line[2]) if line and line[2] else None,
        partitions=int(line[3]) if line else 0,
        complete=complete is not None,
    )


def read_profile(csv: str) -> tuple[NodeKind, ...]:
    """Read the summary by kind of node of the regular runs; empty if there is none."""
    regular = csv.rpartition("Profiling Info for Regular Benchmark Runs")[2]
    table = regular.partition("node type, count, avg_ms")[2].partition("\n\n")[0]
    row = rf"^(.+), (\d{{1,9}}), ({NUMBER}), [^,]+%, [^,]+%, [^,]+, \d+\s*$"
    found = re.findall(row, table, re.MULTILINE)
    return tuple(NodeKind(kind, int(count), float(mean_ms)) for kind, count, mean_ms in found)
