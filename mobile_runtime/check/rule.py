"""What a rule is: what it looks for, what that means, what to do about it, and who says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mobile_runtime.formats.graph import Graph, Operator, Port

Severity = Literal["error", "warning", "info"]
"""Leaves the accelerator or fails; costs, or fails on some versions; good to know."""

TargetName = Literal["neural-engine", "gpu-legacy", "ml-drift", "webgpu", "wasm", "coreml-provider"]

Matcher = Callable[[Graph], Sequence[str]]
"""Names of what a rule finds: operators, inputs, outputs, or `WHOLE_FILE`."""

WHOLE_FILE = "the whole file"

MOVES_PER_COMPUTATION = 5
"""Ours: the slice form has 2.5; the published formulation, converted plainly, 13 in TFLite and 17
in ONNX."""


@dataclass(frozen=True)
class Rule:
    """One entry of the tables; rules on one matter share a number and differ by letter."""

    id: str
    severity: Severity
    targets: tuple[TargetName, ...]
    look: Matcher
    message: str
    fix: str
    source: str
    leaves: bool = False
    """What it finds runs elsewhere, not on the unit that was hoped for."""


@dataclass(frozen=True)
class NotStatic:
    """A rule that cannot be decided from the file."""

    id: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """What a rule found in one file."""

    rule: str
    severity: Severity
    places: tuple[str, ...]
    """Operators, inputs or outputs, in the order of execution."""
    message: str
    fix: str
    source: str


def each(test: Callable[[Graph, Operator], bool], *kinds: str) -> Matcher:
    """Look at every operator, or at those of some kinds; constants folded away are left out."""

    def look(graph: Graph) -> list[str]:
        return [
            op.name
            for op in graph.operators
            if (not kinds or op.kind in kinds)
            and not all(graph.tensor(name).constant for name in op.outputs)
            and test(graph, op)
        ]

    return look


def any_of(*kinds: str) -> Matcher:
    """Look for operators of some kinds."""
    return each(lambda graph, op: True, *kinds)


def each_input(test: Callable[[Port], bool]) -> Matcher:
    """Look at every input of the file."""
    return lambda graph: [port.name for port in graph.inputs if test(port)]


def each_port(test: Callable[[Graph, Port], bool]) -> Matcher:
    """Look at every input and output of the file."""
    return lambda graph: [p.name for p in (*graph.inputs, *graph.outputs) if test(graph, p)]


def whole(test: Callable[[Graph], bool]) -> Matcher:
    """Look at the file as a whole."""
    return lambda graph: [WHOLE_FILE] if test(graph) else []


def mostly(*moving: str) -> Matcher:
    """Look whether these kinds are more than `MOVES_PER_COMPUTATION` for each other operator."""

    def outnumber(graph: Graph) -> bool:
        moves = sum(op.kind in moving for op in graph.operators)
        return moves > MOVES_PER_COMPUTATION * (len(graph.operators) - moves)

    return whole(outnumber)
