"""Placement of a model file's operators: the rules of every target applied to its graph."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mobile_runtime.check import neural_engine, tflite_gpu, web
from mobile_runtime.check.rule import WHOLE_FILE, Finding, Rule, TargetName
from mobile_runtime.check.webgpu_placement import count_copies
from mobile_runtime.errors import EngineUnavailableError, ModelLoadError
from mobile_runtime.formats.graph import Graph
from mobile_runtime.formats.reader import read_graph, require_model_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX, FormatName

RULES: tuple[Rule, ...] = (*neural_engine.RULES, *tflite_gpu.RULES, *web.RULES)


@dataclass(frozen=True)
class NotStatic:
    """A rule that only a device, or running the model, can decide."""

    id: str
    reason: str


NOT_STATIC = (
    NotStatic("ANE016", "The range of activations needs calibration images: run the model."),
    NotStatic(
        "ANE023", "What blocks a conversion is in the source network; the file is converted."
    ),
    NotStatic("TFG028", "How far the GPU's numbers are from the CPU's: run the golden samples."),
)


@dataclass(frozen=True)
class Target:
    """A unit on a phone or in a browser, and the unit that it falls back to."""

    name: TargetName
    title: str
    format: FormatName
    """Of the files that it runs."""
    unit: str
    fallback: str


TARGETS = (
    Target("neural-engine", "Core ML", "coreml", "Neural Engine", "GPU or CPU"),
    Target("gpu-legacy", "TFLite GPU delegate (legacy)", "tflite", "GPU", "CPU"),
    Target("ml-drift", "LiteRT CompiledModel (ML Drift)", "tflite", "GPU", "CPU"),
    Target("webgpu", "onnxruntime-web WebGPU", "onnx", "WebGPU", "WASM"),
    Target("wasm", "onnxruntime-web WASM", "onnx", "WASM", "nowhere"),
    Target("coreml-provider", "onnxruntime CoreML provider", "onnx", "Core ML", "CPU"),
)


@dataclass(frozen=True)
class Partition:
    """A run of operators, in the order of execution, on one unit."""

    unit: str
    operators: int
    first: str
    last: str


@dataclass(frozen=True)
class PlacementReport:
    """Where the operators of one file would run on one target, and why."""

    file: str
    format: str
    target: TargetName
    title: str
    unit: str
    passed: bool
    """Whether nothing is an error."""
    resident: int
    """Operators on the target's unit, as far as the rules can tell."""
    total: int
    operators: dict[str, dict[str, int]]
    """Unit -> kind of operator -> how many."""
    partitions: tuple[Partition, ...]
    copies: int
    """Tensors that go from one unit to the other, in one run (`webgpu_placement.count_copies`)."""
    findings: tuple[Finding, ...]
    """Errors first."""


def check(path: Path, targets: Sequence[str] = ()) -> list[PlacementReport]:
    """Return where each operator of a file would run, one report for each target.

    Args:
        path: A `.mlpackage`, `.tflite` or `.onnx` of any origin.
        targets: Names from `TARGETS`; all that take this kind of file if empty.

    Raises:
        ModelLoadError: No such file, an unknown format, or a damaged file.
        EngineUnavailableError: No named target takes this format.
        MissingDependencyError: The library that reads the format is not installed.
    """
    require_model_file(path)
    format_ = FORMAT_OF_SUFFIX[path.suffix]
    able = [target for target in TARGETS if target.format == format_.name]
    chosen = [target for target in able if not targets or target.name in targets]
    if not chosen:
        names = ", ".join(target.name for target in able)
        raise EngineUnavailableError(f"{path} runs on {names}, not {', '.join(targets)}.")
    graph = read_graph(path)
    try:
        return [apply_rules(graph, target, path.name) for target in chosen]
    except (LookupError, TypeError, ValueError) as error:  # an operator without its inputs, say
        raise ModelLoadError(f"{path} contradicts itself: {error}.") from error


def apply_rules(graph: Graph, target: Target, file: str) -> PlacementReport:
    """Return what the rules of a target say of a graph."""
    graph = replace(graph, unsupported=_unsupported_operators(graph, target.name))
    runs = graph.partitions()
    findings = _find(graph, target.name)
    units = {True: target.unit, False: target.fallback}
    operators: dict[str, Counter[str]] = {}
    for supported, run in runs:
        operators.setdefault(units[supported], Counter()).update(op.kind for op in run)
    return PlacementReport(
        file=file,
        format=graph.format,
        target=target.name,
        title=target.title,
        unit=target.unit,
        passed=not any(finding.severity == "error" for finding in findings),
        resident=sum(len(run) for supported, run in runs if supported),
        total=len(graph.operators),
        operators={unit: dict(kinds.most_common()) for unit, kinds in operators.items()},
        partitions=tuple(
            Partition(units[supported], len(run), run[0].name, run[-1].name)
            for supported, run in runs
        ),
        copies=count_copies(graph),
        findings=tuple(findings),
    )


def _find(graph: Graph, target: TargetName) -> list[Finding]:
    """Return what the rules of a target find, errors first."""
    found = [
        Finding(
            *(rule.id, rule.severity, tuple(places), rule.message),
            *(rule.fix_for(graph), rule.source),
        )
        for rule in _rules(target)
        if (places := rule.match(graph))
    ]
    return sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.severity))


def _rules(target: TargetName) -> list[Rule]:
    return [rule for rule in RULES if target in rule.targets]


def _unsupported_operators(graph: Graph, target: TargetName) -> frozenset[str]:
    """Return the names of the operators that the target does not run."""
    names = {name for rule in _rules(target) if rule.unsupported for name in rule.match(graph)}
    everything = {op.name for op in graph.operators}
    return frozenset(everything if WHOLE_FILE in names else names & everything)
