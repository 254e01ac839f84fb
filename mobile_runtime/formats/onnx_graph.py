"""Graph of an `.onnx`: read without its external data, which is only measured; and cut."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError, EncodeError
from onnx import TensorProto, helper, numpy_helper
from onnx.inliner import inline_local_functions
from onnx.shape_inference import InferenceError, infer_shapes
from onnx.utils import extract_model

from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.graph import (
    SMALL,
    Graph,
    Operator,
    Port,
    Shape,
    Tensor,
    count_elements,
    fold_constants,
    is_free,
)

OWN_DOMAINS = ("", "ai.onnx")
SHAPE_READERS = ("Shape", "Size")
NUMPY_NAMES = {"float": "float32", "double": "float64"}
"""ONNX's name of a type -> NumPy's, where they differ."""


def read_graph(path: Path) -> Graph:
    """Return the graph of an `.onnx`, the bodies of its control flow included.

    Raises:
        ModelLoadError: Damaged, or something else.
    """
    try:
        content = path.read_bytes()
        model = onnx.load_model_from_string(content)
        if not model.graph.output:
            raise ModelLoadError(f"{path} is no .onnx file, or an empty one: it has no outputs.")
        files = _find_data_files(path, model)
        size_bytes = len(content) + sum(file.stat().st_size for file in files)
        return replace(_read_model(_complete(model), size_bytes), data_files=files)
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error.strerror}.") from error
    except (DecodeError, LookupError, TypeError, ValueError) as error:
        raise ModelLoadError(f"{path} is not a whole .onnx file: {error}") from error


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a file that ends at a tensor."""
    source = onnx.load(path).graph.input[0].name
    extract_model(path, target, [source], [tensor], check_model=False)


def _find_data_files(path: Path, model: Any) -> tuple[Path, ...]:
    """Return the files that hold external data, each once: the format counts from the `.onnx`.

    Raises:
        ModelLoadError: One is missing, or lies outside the folder of the file.
    """
    names = {
        entry.value
        for graph in _walk_graphs(model.graph)
        for tensor in graph.initializer
        if tensor.data_location == TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    folder = path.parent.resolve()
    for name in names:
        file = (folder / name).resolve()
        if not file.is_relative_to(folder):
            raise ModelLoadError(
                f"{path} is not to be trusted: its weights are in {name}, outside its folder."
            )
        if not file.is_file():
            raise ModelLoadError(f"{path} keeps weights in {name}, which is missing: copy both.")
    return tuple(path.parent / name for name in sorted(names))


def _walk_graphs(graph: Any) -> Iterator[Any]:
    """Yield a graph, and the bodies of its If, Loop and Scan."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                yield from _walk_graphs(body)


def _complete(model: Any) -> Any:
    """Return a model as onnxruntime sees it: its functions inlined, shapes and types inferred.

    Some programs write a free axis as -1, with which inference would compute.
    """
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_value < 0:
                axis.ClearField("value")
    if model.functions:
        model = inline_local_functions(model)
    try:
        return infer_shapes(model)
    except (InferenceError, EncodeError, RuntimeError, ValueError):  # too large, or contradictory
        return model


def _read_model(model: Any, size_bytes: int) -> Graph:
    versions = {entry.domain: entry.version for entry in model.opset_import}
    nodes = list(walk(model.graph))
    tensors = {tensor.name: tensor for tensor in _read_tensors(model.graph)}
    names = name_operators(nodes)
    operators = [
        _read_operator(node, name, versions) for node, name in zip(nodes, names, strict=True)
    ]
    for op in operators:
        if op.kind == "Constant":
            tensors[op.outputs[0]] = _read_constant(op)
    graph = Graph(
        format="onnx",
        operators=tuple(op for op in operators if op.kind != "Constant"),
        tensors=tensors,
        inputs=_read_ports(_not_constant(model.graph.input, tensors), tensors),
        outputs=_read_ports(model.graph.output, tensors),
        version=model.ir_version,
        size_bytes=size_bytes,
        release="opset " + ", ".join(f"{k} {v}".strip() for k, v in sorted(versions.items())),
        weights=count_elements(tensor for tensor in tensors.values() if tensor.constant),
        metadata=_read_metadata(model),
    )
    return fold_constants(replace(graph, tensors=tensors | _known_shapes(graph)))


def _known_shapes(graph: Graph) -> dict[str, Tensor]:
    """Return what reads the shape of a tensor whose shape is fixed: engines compute it at once."""
    found = {}
    for op in graph.operators:
        if op.kind in SHAPE_READERS and op.inputs and op.outputs:
            shape = graph.tensor(op.inputs[0]).shape
            if shape is not None and not is_free(shape):
                found[op.outputs[0]] = replace(graph.tensor(op.outputs[0]), constant=True)
    return found


def walk(graph: Any) -> Iterator[Any]:
    """Yield all nodes; the bodies of If, Loop and Scan follow the node that runs them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                yield from walk(body)


def name_operators(nodes: Iterable[Any]) -> list[str]:
    """Return a name for each node, which is its own where it has one."""
    return _unique(node.name or f"{node.op_type} -> {', '.join(node.output)}" for node in nodes)


def _unique(names: Iterable[str]) -> list[str]:
    """Return the names, numbered where they repeat."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _read_operator(node: Any, name: str, versions: dict[str, int]) -> Operator:
    if isinstance(node.op_type, bytes):  # where it is not UTF-8
        raise TypeError(f"no operator is called {node.op_type!r}")
    own = node.domain in OWN_DOMAINS
    return Operator(
        kind=node.op_type if own else f"{node.domain}:{node.op_type}",
        name=name,
        inputs=tuple(node.input),
        outputs=tuple(node.output),
        attributes={a.name: helper.get_attribute_value(a) for a in node.attribute},
        version=versions.get("" if own else node.domain, 1),
    )


def _read_constant(op: Operator) -> Tensor:
    value = op.attributes.get("value")
    if isinstance(value, TensorProto):
        return _read_initializer(value, op.outputs[0])
    values = next(iter(op.attributes.values()), ())
    return Tensor(op.outputs[0], constant=True, values=_tuple(values))


def _read_tensors(graph: Any) -> Iterator[Tensor]:
    for value in (*graph.value_info, *graph.input, *graph.output):
        kind, form = value.type.tensor_type, value.type.WhichOneof("value")
        other = form.removesuffix("_type") if form not in (None, "tensor_type") else ""
        yield Tensor(value.name, _read_shape(kind), other or _dtype(kind.elem_type))
    for tensor in graph.initializer:
        yield _read_initializer(tensor, tensor.name)
    for tensor in graph.sparse_initializer:
        dtype = _dtype(tensor.values.data_type)
        yield Tensor(tensor.values.name, tuple(tensor.dims), dtype, constant=True, sparse=True)


def _read_initializer(tensor: Any, name: str) -> Tensor:
    count = prod(tensor.dims)
    inside = tensor.data_location != TensorProto.EXTERNAL
    values = numpy_helper.to_array(tensor).ravel().tolist() if inside and count <= SMALL else ()
    return Tensor(name, tuple(tensor.dims), _dtype(tensor.data_type), True, tuple(values))


def _read_shape(kind: Any) -> Shape | None:
    if not kind.HasField("shape"):
        return None
    return tuple(axis.dim_value if axis.HasField("dim_value") else None for axis in kind.shape.dim)


def _dtype(number: int) -> str:
    name = TensorProto.DataType.Name(number).lower()
    return "" if name == "undefined" else NUMPY_NAMES.get(name, name)


def _read_ports(ports: Any, tensors: dict[str, Tensor]) -> tuple[Port, ...]:
    """Return the inputs or outputs."""
    found = (tensors[port.name] for port in ports)
    return tuple(Port(each.name, (each.shape or (),), dtype=each.dtype) for each in found)


def _not_constant(ports: Any, tensors: dict[str, Tensor]) -> list[Any]:
    """Return the inputs without initializers, which may stand among them."""
    return [port for port in ports if not tensors[port.name].constant]


def _read_metadata(model: Any) -> dict[str, str]:
    producer = f"{model.producer_name} {model.producer_version}".strip()
    own = {entry.key: entry.value for entry in model.metadata_props}
    return {"producer": producer, **own} if producer else own


def _tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, list | tuple) else (values,)
