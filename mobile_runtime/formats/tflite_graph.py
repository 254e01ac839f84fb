"""Graph of a `.tflite`: read in pure Python, and cut."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.formats.graph import (
    SMALL,
    Graph,
    Operator,
    Port,
    Shape,
    Tensor,
    ancestors,
    count_elements,
    fold_constants,
)
from mobile_runtime.formats.tflite_schema import (
    DAMAGE,
    TYPES,
    damaged,
    operator_kinds,
    pack,
    read_metadata,
    read_model,
    unpack,
)


def read_graph(path: Path) -> Graph:
    """Return the graph of a `.tflite`, all its subgraphs one after the other.

    Raises:
        ModelLoadError: Damaged, or something else.
    """
    content, model = read_model(path)
    try:
        return _read_model(model, len(content))
    except DAMAGE as error:
        raise damaged(path, error) from error


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a file that ends at a tensor of the first subgraph."""
    model = unpack(path.read_bytes())
    graph, end = model.subgraphs[0], int(tensor.removeprefix("T#"))
    graph.operators = ancestors(end, graph.operators, lambda op: (op.inputs, op.outputs))
    graph.outputs = [end]
    model.signatureDefs = []
    target.write_bytes(pack(model))


def _read_model(model: Any, size_bytes: int) -> Graph:
    kinds = operator_kinds(model)
    operators: list[Operator] = []
    tensors: dict[str, Tensor] = {}
    for number, subgraph in enumerate(model.subgraphs):
        scope = f"Subgraph#{number} " if number else ""
        names = [f"{scope}T#{index}" for index in range(len(subgraph.tensors))]
        read = map(_read_tensor, [model] * len(names), subgraph.tensors, names)
        tensors.update(zip(names, read, strict=True))
        for index, op in enumerate(_list(subgraph.operators)):
            code, kind = model.operatorCodes[op.opcodeIndex], kinds[op.opcodeIndex]
            operators.append(_read_operator(code, kind, op, names, f"{scope}Op#{index}"))
    main = model.subgraphs[0]
    graph = Graph(
        format="tflite",
        operators=tuple(operators),
        tensors=tensors,
        inputs=_read_ports(main.inputs, main.tensors, tensors),
        outputs=_read_ports(main.outputs, main.tensors, tensors),
        size_bytes=size_bytes,
        release=f"schema {model.version}",
        weights=count_elements(tensor for tensor in tensors.values() if tensor.constant),
        metadata=read_metadata(model),
    )
    return fold_constants(graph, "DEQUANTIZE", "DENSIFY")


def _read_operator(code: Any, kind: str, op: Any, names: list[str], number: str) -> Operator:
    """Return an operator, named as TFLite's model analyzer does: `Op#17 SLICE`."""
    if kind == "CUSTOM":
        kind = f"CUSTOM:{(code.customCode or b'').decode(errors='replace')}"
    return Operator(
        kind=kind,
        name=f"{number} {kind}",
        inputs=tuple(names[index] if index >= 0 else "" for index in _list(op.inputs)),
        outputs=tuple(names[index] for index in _list(op.outputs)),
        attributes=vars(op.builtinOptions) if op.builtinOptions else {},
        version=code.version,
    )


def _read_tensor(model: Any, tensor: Any, name: str) -> Tensor:
    shape, dtype = _read_shape(tensor), TYPES[tensor.type]
    buffer = model.buffers[tensor.buffer]
    stored = buffer.data is not None and len(buffer.data) > 0
    quantization = tensor.quantization
    return Tensor(
        name=name,
        shape=shape,
        dtype=dtype,
        constant=stored or buffer.offset > 1,  # files over 2 GB keep their weights behind the end
        values=_read_values(buffer.data, dtype) if stored else (),
        scales=0 if quantization is None else len(_list(quantization.scale)),
    )


def _read_shape(tensor: Any) -> Shape:
    free = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
    return tuple(int(side) if side >= 0 else None for side in _list(free))


def _read_values(content: Any, dtype: str) -> tuple[Any, ...]:
    if dtype not in ("int32", "int64", "float32"):
        return ()
    values = np.frombuffer(bytes(content), np.dtype(dtype).newbyteorder("<"))
    return tuple(values.tolist()) if values.size <= SMALL else ()


def _read_ports(indices: Any, described: Any, tensors: dict[str, Tensor]) -> tuple[Port, ...]:
    found = [(tensors[f"T#{index}"], described[index]) for index in _list(indices)]
    return tuple(
        Port(
            tensor.name,
            (tensor.shape or (),),
            dtype=tensor.dtype,
            title=(proto.name or b"").decode(errors="replace"),
        )
        for tensor, proto in found
    )


def _list(vector: Iterable[Any] | None) -> list[Any]:
    """Return a vector of a flatbuffer, which leaves empty ones out."""
    return [] if vector is None else list(vector)
