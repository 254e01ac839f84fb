"""Find the first operator at which two executors of one graph part."""

from collections.abc import Callable

from mobile_runtime.formats.graph import Graph, Tensor

Parts = Callable[[str], bool]
"""Tells of a tensor whether the executors give different values for it."""


def first_divergence(graph: Graph, tensor: str, parts: Parts) -> str:
    """Find a tensor at which the executors part, though they agree on all that it is made from.

    Bisects what the tensor depends on, in the order of execution. Branches can hide an error from
    that order, as the slices of a shift do: so the search goes on from whatever the tensor that
    it found is made from, until nothing there parts.

    Args:
        graph: The file.
        tensor: At which the executors are known to part.
        parts: Asked for about log2 of the operators; each tensor may be asked for again.
    """
    line = _ancestry(graph, tensor)
    agree, differ = -1, len(line) - 1
    while differ - agree > 1:
        middle = (agree + differ) // 2
        agree, differ = (agree, middle) if parts(line[middle]) else (middle, differ)
    found = line[differ]
    for name in graph.producers[found].inputs:
        if name in line and parts(name):
            return first_divergence(graph, name, parts)
    return found


def is_comparable(tensor: Tensor) -> bool:
    """Tell whether a tensor holds features: reals that depend on the picture, or steps of them."""
    real = tensor.dtype in ("float32", "float16", "") or tensor.scales == 1
    return real and not tensor.constant


def _ancestry(graph: Graph, tensor: str) -> list[str]:
    """List the comparable tensors that go into a tensor, in the order of execution; it is last."""
    needed = {tensor}
    line = []
    for op in reversed(graph.operators):
        if needed.isdisjoint(op.outputs):
            continue
        line += [
            name
            for name in op.outputs
            if name == tensor or (name in needed and is_comparable(graph.tensor(name)))
        ]
        needed.update(op.inputs)
    return line[::-1]
