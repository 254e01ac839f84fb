"""Placement of an `.onnx` graph by onnxruntime's WebGPU: which operators have a kernel there."""

from mobile_runtime.check.web_table import Row, Unit, find_row, takes
from mobile_runtime.check.webgpu_layout import borders
from mobile_runtime.formats.graph import Graph, Operator

NOT_FOLDED = frozenset(("DequantizeLinear",))
"""Of a constant it is one too, but onnxruntime keeps the operator."""

REMOVED = frozenset(("Dropout", "Identity"))
"""Left out, unless nothing else stands between an input and an output."""

OLDEST_OPSET = 7
"""Of files that onnxruntime places on WebGPU at all."""

SHAPE_READERS = frozenset(("Shape", "Size"))
"""They run on WebGPU; their result lies in the memory of the CPU."""

HOST_INPUTS = {
    **dict.fromkeys(("Expand", "Reshape", "Squeeze", "Tile", "TopK", "Unsqueeze", "CumSum"), (1,)),
    **dict.fromkeys(("Split", "Upsample", "ReduceSum", "ReduceMean", "ReduceMax"), (1,)),
    **dict.fromkeys(("ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"), (1,)),
    **dict.fromkeys(("ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"), (1,)),
    **dict.fromkeys(("Slice", "Pad", "Resize"), (1, 2, 3, 4)),
    "ConstantOfShape": (0,),
    "Range": (0, 1, 2),
}
"""Operator -> inputs that WebGPU's kernels read from the memory of the CPU."""


def runs(graph: Graph, operator: Operator, unit: Unit) -> bool:
    """Return whether a unit has a kernel; what was not tried, such as sequences, is the CPU's."""
    if unit == "webgpu" and ":" not in operator.kind and operator.version < OLDEST_OPSET:
        return False
    row = find_row(operator.kind, operator.version)
    if row is None:
        return unit != "webgpu"
    return takes(row, unit, _dtypes(graph, operator, row))


def is_folded(graph: Graph, operator: Operator) -> bool:
    """Return whether onnxruntime is done with an operator while it loads the file."""
    if operator.kind in REMOVED:
        ends = {port.name for port in (*graph.inputs, *graph.outputs)}
        return not ends.issuperset((operator.inputs[0], operator.outputs[0]))
    constant = all(tensor.constant for tensor in graph.outputs_of(operator))
    return constant and operator.kind not in NOT_FOLDED


def without_kernel(graph: Graph) -> list[str]:
    """Return the operators that WebGPU has no kernel for."""
    kept = (op for op in graph.operators if not is_folded(graph, op))
    return [op.name for op in kept if not runs(graph, op, "webgpu")]


def count_copies(graph: Graph) -> int:
    """Count the tensors that go from one unit to the other, once rules have placed operators.

    Those of the file, and of the Transposes that WebGPU lacks; not of `QuantizeLinear` that
    onnxruntime's layout optimizer adds around a Transpose, which costs 2 more.
    """
    return sum(border.copies for border in borders(graph)) + sum(
        any(_crosses(graph, op, name, reader) for reader in graph.consumers.get(name, ()))
        for op in graph.operators
        for name in op.outputs
        if not graph.tensor(name).constant or op.kind in NOT_FOLDED
    )


def _crosses(graph: Graph, writer: Operator, name: str, reader: Operator) -> bool:
    on_host = writer.name in graph.unsupported or writer.kind in SHAPE_READERS
    read_at = {index for index, read in enumerate(reader.inputs) if read == name}
    needs_host = read_at <= set(HOST_INPUTS.get(reader.kind, ()))
    return on_host != (needs_host or reader.name in graph.unsupported)


def _dtypes(graph: Graph, operator: Operator, row: Row) -> dict[str, str]:
    """Return the element types at the ports of a row; empty where the file does not say."""
    names = {"in": operator.inputs, "out": operator.outputs}
    found: dict[str, str] = {}
    for port in row.webgpu:
        side, _, index = port.partition(" ")
        at = int(index) if index else len(operator.inputs)
        tensors = names.get(side, ())
        found[port] = graph.tensor(tensors[at]).dtype if at < len(tensors) else ""
    return found
