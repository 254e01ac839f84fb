"""Transposes around what WebGPU computes in NHWC, where it has no kernel for them."""

from dataclasses import dataclass

from mobile_runtime.check.web_table import find_row, takes
from mobile_runtime.formats.graph import Graph, Operator

NHWC = frozenset(("AveragePool", "BatchNormalization", "Conv", "DepthToSpace"))
"""Operators with a kernel in operator set 25 that onnxruntime moves to NHWC (seen in Chromium)."""

STUCK = frozenset(("Flatten", "Gemm", "MatMul", "Reshape", "Resize"))
"""A Transpose is not moved behind them."""


@dataclass(frozen=True)
class Border:
    """A tensor that changes its layout, the operator there, and the copies that this adds."""

    tensor: str
    operator: str
    copies: int


def borders(graph: Graph) -> list[Border]:
    """Return where onnxruntime adds a Transpose on the CPU; the operators have been placed.

    It adds one before a chain of such operators and one behind, of the file's own operator set.
    """
    nhwc: dict[str, Operator] = {}
    found: dict[str, Border] = {}
    for op in graph.operators:
        source = op.inputs[0] if op.inputs else ""
        if op.name in graph.unsupported or _has_transpose(op.version):
            continue
        if op.kind in NHWC and source not in nhwc:
            found.setdefault(source, Border(source, op.name, _copies_before(graph, source)))
        if op.kind in NHWC or (op.kind not in STUCK and not nhwc.keys().isdisjoint(op.inputs)):
            nhwc.update(dict.fromkeys(op.outputs, op))
    behind = (
        Border(name, op.name, _copies_behind(graph, name, nhwc))
        for name, op in nhwc.items()
        if _ends(graph, name, nhwc)
    )
    return [*found.values(), *behind]


def transposed_on_cpu(graph: Graph) -> list[str]:
    """Return the operators beside which onnxruntime adds a Transpose that runs on the CPU."""
    names = {border.operator for border in borders(graph)}
    return [op.name for op in graph.operators if op.name in names]


def _has_transpose(version: int) -> bool:
    row = find_row("Transpose", version)
    return row is not None and takes(row, "webgpu", {"in 0": "float32"})


def _copies_before(graph: Graph, name: str) -> int:
    """Return 2 behind WebGPU, 1 for an input of the file; behind the CPU, the one is counted."""
    writer = graph.producers.get(name)
    if writer is None:
        return 1
    return 0 if writer.name in graph.unsupported else 2


def _leaves(graph: Graph, name: str, nhwc: dict[str, Operator]) -> list[Operator]:
    """Return the readers that take a tensor in the file's own layout."""
    readers = graph.consumers.get(name, ())
    return [op for op in readers if nhwc.keys().isdisjoint(op.outputs)]


def _ends(graph: Graph, name: str, nhwc: dict[str, Operator]) -> bool:
    return any(port.name == name for port in graph.outputs) or bool(_leaves(graph, name, nhwc))


def _copies_behind(graph: Graph, name: str, nhwc: dict[str, Operator]) -> int:
    """Return 2 before WebGPU, 1 for an output of the file; before the CPU, the one is counted."""
    leaves = _leaves(graph, name, nhwc)
    if any(op.name not in graph.unsupported for op in leaves):
        return 2
    return 0 if leaves else 1
