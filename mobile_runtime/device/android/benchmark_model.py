"""TFLite's `benchmark_model`: its flags, and the parsing of its logs.

Flags and wording are those of google-ai-edge/LiteRT, `tflite/tools/benchmark/` (README.md,
benchmark_model.cc, benchmark_tflite_model.cc) and, before the move, of tensorflow/tensorflow,
`tensorflow/lite/tools/benchmark/`. Percentiles and the total of nodes came with later
versions; older ones leave them out.

LiteRT's other program of this name, `litert/tools/benchmark_model` (CompiledModel), takes no
input file and writes no output, so it cannot verify a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mobile_runtime.errors import DeviceError, ModelLoadError
from mobile_runtime.model_file.precision import PrecisionName

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"


@dataclass(frozen=True)
class Engine:
    """One way to run a file on a phone."""

    name: str
    flags: tuple[str, ...]
    delegate: str
    """The tool's name for the delegate that takes the nodes."""
    takes_all: bool
    """A node left to the CPU fails the validation."""
    computes_in: PrecisionName | None = None
    """Precision whose tolerance applies to its outputs; None for that of the file."""


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
"""Name -> engine. The tool silently runs on the CPU what the GPU does not take."""


@dataclass(frozen=True)
class PhoneLatency:
    """Latency as the tool reports it; it does not print single runs."""

    init_ms: float
    """Loading, and compiling for the engine."""
    first_run_ms: float
    runs: int
    median_ms: float | None
    """None from versions of the tool without percentiles."""
    mean_ms: float
    stdev_ms: float
    """Of the population."""
    min_ms: float
    max_ms: float
    p95_ms: float | None
    memory_mb: float | None
    """Growth of the tool's memory in 10^6 bytes; approximate, according to the tool."""


@dataclass(frozen=True)
class Delegation:
    """Share of a file's nodes that a delegate runs."""

    delegate: str
    nodes: int
    """Taken by the delegate."""
    total: int | None
    """None from versions of the tool that do not report it."""
    partitions: int
    complete: bool
    """The tool reported that the delegate runs the whole graph."""

    def __str__(self) -> str:
        """Return how many nodes the delegate took."""
        if self.nodes == 0:
            return f"no node on {self.delegate}"
        total = "?" if self.total is None else self.total
        parts = f"{self.partitions} partition{'' if self.partitions == 1 else 's'}"
        rest = "" if self.complete else ", the rest without it"
        return f"{self.nodes}/{total} nodes on {self.delegate}, {parts}{rest}"


@dataclass(frozen=True)
class NodeKind:
    """Time that a profiled run spent on one kind of node."""

    kind: str
    count: int
    mean_ms: float


def check_flags(log: str) -> None:
    """Check that the tool understood its flags.

    Raises:
        DeviceError: It is another program, or too old.
    """
    if "Unconsumed cmdline flags" in log:
        raise DeviceError(
            "This benchmark_model cannot be given inputs or asked for outputs: take TFLite's own "
            "(tflite/tools/benchmark), not LiteRT's for CompiledModel, nor an old one."
        )


def read_latency(log: str) -> PhoneLatency:
    """Return the latency of the timed runs.

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
    """Return how many nodes a delegate took; 0 if the log does not name it."""
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
    """Return the summary by kind of node of the regular runs; empty if there is none."""
    regular = csv.rpartition("Profiling Info for Regular Benchmark Runs")[2]
    table = regular.partition("node type, count, avg_ms")[2].partition("\n\n")[0]
    row = rf"^(.+), (\d{{1,9}}), ({NUMBER}), [^,]+%, [^,]+%, [^,]+, \d+\s*$"
    found = re.findall(row, table, re.MULTILINE)
    return tuple(NodeKind(kind, int(count), float(mean_ms)) for kind, count, mean_ms in found)
