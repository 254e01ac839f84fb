"""Rules of `scnet check` as data: what a rule matches, what that means, the fix, and the source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from mobile_runtime.formats.graph import Graph, Operator, Port, Shape

Severity = Literal["error", "warning", "info"]
"""Leaves the accelerator or fails; costs time, or fails on some versions; good to know."""

TargetName = Literal["neural-engine", "gpu-legacy", "ml-drift", "webgpu", "wasm", "coreml-provider"]

Matcher = Callable[[Graph], Sequence[str]]
"""Returns the names of what a rule matches: operators, inputs, outputs, or `WHOLE_FILE`."""

Condition = Callable[[Graph, Operator], bool]
"""Checks one operator."""

WHOLE_FILE = "the whole file"

MOVES_PER_COMPUTATION = 5
"""Ours: the slice form has 2.5; the published formulation, converted plainly, 13 in TFLite and 17
in ONNX."""


@dataclass(frozen=True)
class Rule:
    """One rule; rules on one matter share a number and differ by letter."""

    id: str
    severity: Severity
    targets: tuple[TargetName, ...]
    match: Matcher
    message: str
    fix: str
    source: str
    unsupported: bool = False
    """The target does not run what the rule matches: it falls back to another unit."""
    foreign_fix: str = ""
    """Instead of `fix` for a file that this project did not make, where that is another."""

    def fix_for(self, graph: Graph) -> str:
        """Return what to do about a file; those of this project name their shift."""
        return self.fix if "shift" in graph.metadata else self.foreign_fix or self.fix


refusal = partial(Rule, unsupported=True)
"""A rule on what the target does not run."""


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


def each(condition: Condition, *kinds: str) -> Matcher:
    """Return a matcher of all operators, or of some kinds; folded constants are left out."""

    def match(graph: Graph) -> list[str]:
        return [
            op.name
            for op in graph.operators
            if (not kinds or op.kind in kinds)
            and not all(graph.tensor(name).constant for name in op.outputs)
            and condition(graph, op)
        ]

    return match


def any_of(*kinds: str) -> Matcher:
    """Return a matcher of operators of some kinds."""
    return each(lambda graph, op: True, *kinds)


def each_input(condition: Callable[[Port], bool]) -> Matcher:
    """Return a matcher of the file's inputs."""
    return lambda graph: [port.name for port in graph.inputs if condition(port)]


def each_port(condition: Callable[[Graph, Port], bool]) -> Matcher:
    """Return a matcher of the file's inputs and outputs."""
    return lambda graph: [p.name for p in (*graph.inputs, *graph.outputs) if condition(graph, p)]


def whole(condition: Callable[[Graph], bool]) -> Matcher:
    """Return a matcher of the file as a whole."""
    return lambda graph: [WHOLE_FILE] if condition(graph) else []


def mostly(*kinds: str) -> Matcher:
    """Return a matcher of files with more than `MOVES_PER_COMPUTATION` of these per other one."""

    def outnumber(graph: Graph) -> bool:
        moves = sum(op.kind in kinds for op in graph.operators)
        return moves > MOVES_PER_COMPUTATION * (len(graph.operators) - moves)

    return whole(outnumber)


def follows(*kinds: str) -> Condition:
    """Return the condition that an operator reads the result of one of these kinds."""
    return lambda graph, op: any(before.kind in kinds for before in graph.predecessors(op))


def uses_dtype(*dtypes: str) -> Condition:
    """Return the condition that an operator reads or writes one of these types, not as constant."""
    return lambda graph, op: any(t.dtype in dtypes for t in graph.activations_of(op))


def has_rank_above(limit: int) -> Condition:
    """Return the condition that a tensor of an operator has more axes than the limit."""
    return lambda graph, op: any(len(t.shape or ()) > limit for t in graph.tensors_of(op))


def shape_at(graph: Graph, names: tuple[str, ...], index: int) -> Shape:
    """Return the shape of the tensor at an index; empty if it is unknown, or there is none."""
    return graph.tensor(names[index]).shape or () if len(names) > index else ()
