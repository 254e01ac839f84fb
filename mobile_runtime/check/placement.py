"""Check a model file against the rules of every unit that it may run on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from mobile_runtime.check import neural_engine, tflite_gpu, web
from mobile_runtime.check.analyzer import Analysis, analyze
from mobile_runtime.check.rule import WHOLE_FILE, Finding, NotStatic, Rule, TargetName
from mobile_runtime.engines.session import require_model_file
from mobile_runtime.errors import EngineUnavailableError, ModelLoadError
from mobile_runtime.formats.graph import Graph

RULES: tuple[Rule, ...] = (*neural_engine.RULES, *tflite_gpu.RULES, *web.RULES)
NOT_STATIC: tuple[NotStatic, ...] = (*neural_engine.NOT_STATIC, *tflite_gpu.NOT_STATIC)
"""What only a device, or running the model, can tell."""

READERS = {
    ".mlpackage": "mobile_runtime.formats.coreml_graph",
    ".tflite": "mobile_runtime.formats.tflite_graph",
    ".onnx": "mobile_runtime.formats.onnx_graph",
}
"""Suffix -> module with `read_graph`."""


@dataclass(frozen=True)
class Target:
    """A unit on a phone or in a browser, and what comes in where it does not fit."""

    name: TargetName
    title: str
    suffix: str
    """Of the files that it runs."""
    unit: str
    otherwise: str


TARGETS = (
    Target("neural-engine", "Core ML", ".mlpackage", "Neural Engine", "GPU or CPU"),
    Target("gpu-legacy", "TFLite GPU delegate (legacy)", ".tflite", "GPU", "CPU"),
    Target("ml-drift", "LiteRT CompiledModel (ML Drift)", ".tflite", "GPU", "CPU"),
    Target("webgpu", "onnxruntime-web WebGPU", ".onnx", "WebGPU", "WASM"),
    Target("wasm", "onnxruntime-web WASM", ".onnx", "WASM", "nowhere"),
    Target("coreml-provider", "onnxruntime CoreML provider", ".onnx", "Core ML", "CPU"),
)


@dataclass(frozen=True)
class Partition:
    """A run of operators, in the order of execution, on one unit."""

    unit: str
    operators: int
    first: str
    last: str


@dataclass(frozen=True)
class Report:
    """One file on one target."""

    file: str
    format: str
    target: TargetName
    title: str
    unit: str
    passed: bool
    """Whether nothing is an error."""
    resident: int
    """Operators on the unit that was hoped for, as far as the rules can tell."""
    total: int
    operators: dict[str, dict[str, int]]
    """Unit -> kind of operator -> how many."""
    partitions: tuple[Partition, ...]
    findings: tuple[Finding, ...]
    """Errors first."""
    analyzer: Analysis | None = None
    """Of a `.tflite`: the official analyzer's answer."""


def check(path: Path, targets: Sequence[str] = ()) -> list[Report]:
    """Say where each operator of a file would run.

    Args:
        path: A `.mlpackage`, `.tflite` or `.onnx`, of whatever origin.
        targets: Names from `TARGETS`; all that take this kind of file if empty.

    Raises:
        ModelLoadError: No such file, an unknown kind of file, or a damaged one.
        EngineUnavailableError: No named target takes this kind of file, or the library that
            reads it is not installed.
    """
    require_model_file(path)
    able = [target for target in TARGETS if target.suffix == path.suffix]
    chosen = [target for target in able if not targets or target.name in targets]
    if not chosen:
        names = ", ".join(target.name for target in able)
        raise EngineUnavailableError(f"{path} runs on {names}, not {', '.join(targets)}.")
    graph: Graph = import_module(READERS[path.suffix]).read_graph(path)
    try:
        reports = [judge(graph, target, path.name) for target in chosen]
    except (LookupError, TypeError, ValueError) as error:  # an operator without its inputs, say
        raise ModelLoadError(f"{path} contradicts itself: {error}.") from error
    if path.suffix != ".tflite":
        return reports
    return [
        replace(r, analyzer=analyze(path, _unsupported_operators(graph, r.target))) for r in reports
    ]


def judge(graph: Graph, target: Target, file: str) -> Report:
    """Apply the rules of a target to a graph."""
    graph = replace(graph, away=_unsupported_operators(graph, target.name))
    runs = graph.partitions()
    findings = find(graph, target.name)
    units = {True: target.unit, False: target.otherwise}
    operators: dict[str, Counter[str]] = {}
    for stays, run in runs:
        operators.setdefault(units[stays], Counter()).update(op.kind for op in run)
    return Report(
        file=file,
        format=graph.format,
        target=target.name,
        title=target.title,
        unit=target.unit,
        passed=not any(finding.severity == "error" for finding in findings),
        resident=sum(len(run) for stays, run in runs if stays),
        total=len(graph.operators),
        operators={unit: dict(kinds.most_common()) for unit, kinds in operators.items()},
        partitions=tuple(
            Partition(units[stays], len(run), run[0].name, run[-1].name) for stays, run in runs
        ),
        findings=tuple(findings),
    )


def find(graph: Graph, target: TargetName) -> list[Finding]:
    """Apply the rules of a target, errors first."""
    found = [
        Finding(rule.id, rule.severity, tuple(places), rule.message, rule.fix, rule.source)
        for rule in _rules(target)
        if (places := rule.look(graph))
    ]
    return sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.severity))


def _rules(target: TargetName) -> list[Rule]:
    return [rule for rule in RULES if target in rule.targets]


def _unsupported_operators(graph: Graph, target: TargetName) -> frozenset[str]:
    """Name the operators that do not stay on the target."""
    names = {name for rule in _rules(target) if rule.leaves for name in rule.look(graph)}
    everything = {op.name for op in graph.operators}
    return frozenset(everything if WHOLE_FILE in names else names & everything)
