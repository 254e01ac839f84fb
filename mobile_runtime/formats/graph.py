"""What a model file holds, whatever its format: the small view that every rule looks at."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

Shape = tuple[int | None, ...]
"""None for an axis whose length is free."""

BRANCHES = frozenset({"If", "Loop", "Scan", "cond", "while_loop"})
"""Their bodies read more than their inputs."""

SMALL = 64
"""Constants of up to this many elements are kept with their values: shapes, axes, paddings."""


@dataclass(frozen=True)
class Tensor:
    """One value that flows through the graph, or a constant."""

    name: str
    shape: Shape | None = None
    """None where the file does not say."""
    dtype: str = ""
    """`float32`, `int64`, `bool`, ...; empty where the file does not say."""
    constant: bool = False
    values: tuple[Any, ...] = ()
    """Of a small constant, flattened."""
    scales: int = 0
    """How many quantization scales it has; 0 if it is not quantized."""


@dataclass(frozen=True)
class Operator:
    """One step of the graph."""

    kind: str
    """The format's own word: `conv`, `CONV_2D`, `Conv`."""
    name: str
    """Unique in the file."""
    inputs: tuple[str, ...] = ()
    """Names of tensors; empty where an optional one is left out."""
    outputs: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """By the format's own names. MIL's small constant parameters are among them."""
    version: int = 1
    """Of the operator (TFLite), of the operator set (ONNX, Core ML)."""


@dataclass(frozen=True)
class Port:
    """An input or output as an app sees it."""

    name: str
    shapes: tuple[Shape, ...] = ()
    """Several where they are enumerated."""
    image: bool = False
    """A Core ML image."""


@dataclass(frozen=True)
class Graph:
    """A model file. Operators stand in the order of execution."""

    format: str
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    version: int = 0
    """Core ML's specification version; 0 for the others."""
    size_bytes: int = 0
    away: frozenset[str] = frozenset()
    """Operators that do not run on the unit that was hoped for, once rules have found them."""

    def inputs_of(self, operator: Operator) -> list[Tensor]:
        """Give the tensors that an operator reads, in order; those left out are missing."""
        return [self.tensor(name) for name in operator.inputs if name]

    def outputs_of(self, operator: Operator) -> list[Tensor]:
        """Give the tensors that an operator writes."""
        return [self.tensor(name) for name in operator.outputs]

    def tensors_of(self, operator: Operator) -> list[Tensor]:
        """Give all tensors of an operator."""
        return [*self.inputs_of(operator), *self.outputs_of(operator)]

    def dynamic_inputs_of(self, operator: Operator) -> list[Tensor]:
        """Give what an operator reads that is known only when it runs."""
        return [tensor for tensor in self.inputs_of(operator) if not tensor.constant]

    def tensor(self, name: str) -> Tensor:
        """Give a tensor; one of which nothing is known if the file does not describe it."""
        return self.tensors.get(name) or Tensor(name)

    @cached_property
    def producers(self) -> dict[str, Operator]:
        """Tensor -> the operator that writes it."""
        return {name: op for op in self.operators for name in op.outputs}

    @cached_property
    def consumers(self) -> dict[str, list[Operator]]:
        """Tensor -> the operators that read it."""
        found: dict[str, list[Operator]] = {}
        for op in self.operators:
            for name in op.inputs:
                found.setdefault(name, []).append(op)
        return found

    def predecessors(self, operator: Operator) -> Iterator[Operator]:
        """Give the operators whose results an operator reads."""
        return (self.producers[name] for name in operator.inputs if name in self.producers)

    def partitions(self) -> list[tuple[bool, list[Operator]]]:
        """Cut the execution order into runs that stay (True) or leave (False)."""
        runs = groupby(self.operators, lambda op: op.name not in self.away)
        return [(stays, list(run)) for stays, run in runs]


def fold_constants(graph: Graph, *kinds: str) -> Graph:
    """Mark as constant what is computed from constants alone, as the runtime does while loading.

    Args:
        graph: As read from the file.
        kinds: The operators that this runtime folds; all if none is named.
    """
    tensors = dict(graph.tensors)
    for op in graph.operators:
        read = [tensors.get(name) for name in op.inputs if name]
        if op.kind in BRANCHES or (kinds and op.kind not in kinds):
            continue
        if read and all(tensor is not None and tensor.constant for tensor in read):
            for name in op.outputs:
                tensors[name] = replace(tensors.get(name) or Tensor(name), constant=True)
    return replace(graph, tensors=tensors)


def is_free(shape: Iterable[int | None]) -> bool:
    """Tell whether some axis has no fixed length."""
    return any(length is None for length in shape)
