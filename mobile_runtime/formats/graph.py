"""Computation graph of a model file, the same for every format: operators, tensors, ports."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any, TypeVar

Op = TypeVar("Op")
Name = TypeVar("Name")

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
    sparse: bool = False
    """Stored as ONNX's pairs of positions and values."""


@dataclass(frozen=True)
class Operator:
    """One operator of the graph."""

    kind: str
    """By the format's own name: `conv`, `CONV_2D`, `Conv`."""
    name: str
    """Unique in the file."""
    inputs: tuple[str, ...] = ()
    """Names of tensors; an empty name where an optional one is left out."""
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
    color_space: str = ""
    """Of a Core ML image: RGB, BGR, GRAYSCALE, GRAYSCALE_FLOAT16."""
    dtype: str = ""
    """As an app sees it; empty where the file does not say."""
    title: str = ""
    """Its name in the file where that is not `name`, which is unique: TFLite counts tensors."""

    @property
    def shape(self) -> Shape:
        """The first shape; empty for a scalar, and where the file does not say."""
        return self.shapes[0] if self.shapes else ()


@dataclass(frozen=True)
class Graph:
    """A model file. Operators stand in the order of execution."""

    format: str
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    version: int = 0
    """Core ML's specification version, ONNX's IR version; 0 for TFLite."""
    size_bytes: int = 0
    """Of the whole model, weights in other files included."""
    release: str = ""
    """Of the format: operator sets, or the iOS that the file needs."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Element type -> how many stored constants are of it."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What whoever made the file wrote into it."""
    data_files: tuple[Path, ...] = ()
    """Files beside it that hold its weights."""
    unsupported: frozenset[str] = frozenset()
    """Names of the operators that do not run on the target, once rules have found them."""

    def inputs_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator reads, in order, without those left out."""
        return [self.tensor(name) for name in operator.inputs if name]

    def outputs_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator writes."""
        return [self.tensor(name) for name in operator.outputs]

    def tensors_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator reads and writes."""
        return [*self.inputs_of(operator), *self.outputs_of(operator)]

    def dynamic_inputs_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator reads, constants left out."""
        return [tensor for tensor in self.inputs_of(operator) if not tensor.constant]

    def tensor(self, name: str) -> Tensor:
        """Return a tensor; one without shape and type if the file does not describe it."""
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

    def activations_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator reads and writes, constant inputs left out."""
        return [*self.dynamic_inputs_of(operator), *self.outputs_of(operator)]

    def predecessors(self, operator: Operator) -> Iterator[Operator]:
        """Return the operators whose results an operator reads."""
        return (self.producers[name] for name in operator.inputs if name in self.producers)

    def ancestors(self, tensor: str) -> list[Operator]:
        """Return the operators that a tensor depends on, in the order of execution."""
        return ancestors(tensor, self.operators, lambda op: (op.inputs, op.outputs))

    def partitions(self) -> list[tuple[bool, list[Operator]]]:
        """Return the runs of operators that the target supports (True) or not (False)."""
        runs = groupby(self.operators, lambda op: op.name not in self.unsupported)
        return [(supported, list(run)) for supported, run in runs]


def ancestors(
    target: Name,
    operators: Sequence[Op],
    ends: Callable[[Op], tuple[Iterable[Name], Iterable[Name]]],
) -> list[Op]:
    """Return the operators that a tensor depends on, in the order of execution, as they come.

    `ends` returns the tensors that an operator reads, and those that it writes.
    """
    needed, found = {target}, []
    for op in reversed(operators):
        reads, writes = ends(op)
        if not needed.isdisjoint(writes):
            needed.update(reads)
            found.append(op)
    return found[::-1]


def fold_constants(graph: Graph, *kinds: str) -> Graph:
    """Return the graph with all that is computed from constants marked as constant.

    Engines compute it once, while they load the file: operators of these kinds, all if none is
    named.
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


def count_elements(tensors: Iterable[Tensor]) -> dict[str, int]:
    """Return how many numbers tensors have of each type, the most frequent type first."""
    counts = Counter[str]()
    for tensor in tensors:
        counts[tensor.dtype] += prod(side or 0 for side in tensor.shape or ())
    numbers = counts.keys() - {"", "bool", "string"}
    return {dtype: count for dtype, count in counts.most_common() if count and dtype in numbers}


CHANNELS = (1, 3, 4)
"""Of pictures: gray, RGB, and RGB with alpha."""


def layout_of(shape: Shape, format_: str) -> str:
    """Return NCHW or NHWC, by which axis has as many values as a pixel; empty unless of rank 4.

    Where both or none has, it is what the format's own operators compute in.
    """
    if len(shape) != 4:
        return ""
    first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
    if first == last:
        return "NHWC" if format_ == "tflite" else "NCHW"
    return "NCHW" if first else "NHWC"


def is_free(shape: Iterable[int | None]) -> bool:
    """Check whether some axis has no fixed length."""
    return any(length is None for length in shape)
