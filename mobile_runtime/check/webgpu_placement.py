"""Placement of an `.onnx` graph by onnxruntime's WebGPU: by kernels, and shapes on the CPU.

The kernels are those of web_table.json. What is computed from shapes alone stays on the CPU
although WebGPU could do it (microsoft/onnxruntime core/framework/fallback_cpu_capability.cc).
"""

from math import prod

from mobile_runtime.check.web_table import Row, Unit, find_row, takes
from mobile_runtime.formats.graph import Graph, Operator, Tensor

NOT_FOLDED = frozenset(("DequantizeLinear",))
"""Of a constant it is one too, but onnxruntime keeps the operator."""

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

SMALL_INITIALIZER = 100
"""Elements; the limit of onnxruntime."""


def runs(graph: Graph, operator: Operator, unit: Unit) -> bool:
    """Return whether a unit has a kernel; an operator that nobody tried has none."""
    row = find_row(operator.kind, operator.version)
    return row is not None and takes(row, unit, _dtypes(graph, operator, row))


def is_folded(graph: Graph, operator: Operator) -> bool:
    """Return whether onnxruntime computes an operator once, while it loads the file."""
    if operator.kind in SHAPE_READERS:
        shape = graph.tensor(operator.inputs[0]).shape
        return shape is not None and None not in shape
    constant = all(tensor.constant for tensor in graph.outputs_of(operator))
    return constant and operator.kind not in NOT_FOLDED


def without_kernel(graph: Graph) -> list[str]:
    """Return the operators that WebGPU has no kernel for."""
    kept = (op for op in graph.operators if not is_folded(graph, op))
    return [op.name for op in kept if not runs(graph, op, "webgpu")]


def shape_computations(graph: Graph) -> list[str]:
    """Return the operators that WebGPU could run, and that onnxruntime leaves to the CPU."""
    lacking, found = set(without_kernel(graph)), list[str]()
    inputs = {port.name for port in graph.inputs}
    on_host: set[str] = set()
    for op in graph.operators:
        if is_folded(graph, op):
            continue
        if op.kind in SHAPE_READERS:
            on_host.update(op.outputs)
        elif on_host.intersection(op.inputs):
            if op.name in lacking:
                on_host.update(op.outputs)
            elif _reads_host_only(graph, op, on_host, inputs):
                found.append(op.name)
                on_host.update(op.outputs)
    return found


def count_copies(graph: Graph) -> int:
    """Count the tensors that go from one unit to the other, once rules have placed operators."""
    return sum(
        any(_crosses(graph, op, name, reader) for reader in graph.consumers.get(name, ()))
        for op in graph.operators
        for name in op.outputs
        if not graph.tensor(name).constant or op.kind in NOT_FOLDED
    )


def _crosses(graph: Graph, writer: Operator, name: str, reader: Operator) -> bool:
    from_cpu, to_cpu = (op.name in graph.unsupported for op in (writer, reader))
    if from_cpu == to_cpu or (to_cpu and writer.kind in SHAPE_READERS):
        return False
    if to_cpu:
        return True
    read_at = {index for index, read in enumerate(reader.inputs) if read == name}
    return not read_at <= set(HOST_INPUTS.get(reader.kind, ()))


def _reads_host_only(graph: Graph, operator: Operator, on_host: set[str], inputs: set[str]) -> bool:
    """Return whether an operator reads nothing large, and nothing that its kernel reads there."""
    for index, name in enumerate(operator.inputs):
        tensor = graph.tensor(name)
        if tensor.dtype in ("float16", "bfloat16"):
            return False
        if not name or name in inputs or _is_small(tensor):
            continue
        if name not in on_host or index in HOST_INPUTS.get(operator.kind, ()):
            return False
    return True


def _is_small(tensor: Tensor) -> bool:
    size = prod(n or 1 for n in tensor.shape) if tensor.shape is not None else 1
    return tensor.constant and size <= SMALL_INITIALIZER


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
