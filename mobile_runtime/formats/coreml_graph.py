"""Graph of a Core ML `.mlpackage`: read from its specification, without its weights; and cut."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.formats.coreml_package import (
    NUMPY_TYPES,
    Feature,
    block_of,
    damaged,
    read_features,
    read_specification,
)
from mobile_runtime.formats.coreml_proto import FeatureTypes_pb2, MIL_pb2
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
from mobile_runtime.model_file.file_hash import measure_file

IOS_OF_VERSION = {1: 11, 2: 11, 3: 12, 4: 13, 5: 14, 6: 15, 7: 16, 8: 17, 9: 18, 10: 26}
"""Specification version -> the iOS that reads it (coremltools 9.0, `__init__.py`)."""

ARRAY_TYPES = {
    MIL_pb2.FLOAT16: FeatureTypes_pb2.ArrayFeatureType.FLOAT16,
    MIL_pb2.FLOAT32: FeatureTypes_pb2.ArrayFeatureType.FLOAT32,
}
"""Type of a value inside a program -> of an array that Core ML returns."""


def read_graph(path: Path) -> Graph:
    """Return the graph of an mlprogram: of all its functions, nested blocks included.

    Raises:
        ModelLoadError: Damaged, incomplete, or not an mlprogram.
    """
    _, model = read_specification(path)
    try:
        return _read_model(model, measure_file(path))
    except (LookupError, TypeError, ValueError) as error:
        raise damaged(path, str(error)) from error


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a package that ends at a tensor, which Core ML returns as an array."""
    shutil.copytree(path, target)
    file, model = read_specification(target)
    block = block_of(model.mlProgram.functions["main"])
    kept = ancestors(tensor, list(block.operations), _ends)
    del block.operations[:], block.outputs[:], model.description.output[:]
    block.operations.extend(kept)
    block.outputs.append(tensor)
    (kind,) = (port.type.tensorType for op in kept for port in op.outputs if port.name == tensor)
    array = model.description.output.add(name=tensor).type.multiArrayType
    array.dataType = ARRAY_TYPES[kind.dataType]
    array.shape.extend(axis.constant.size for axis in kind.dimensions)
    file.write_bytes(model.SerializeToString())


def _ends(op: Any) -> tuple[list[str], list[str]]:
    reads = [name for argument in op.inputs.values() for name in _names(argument)]
    return reads, [output.name for output in op.outputs]


def _read_model(model: Any, size_bytes: int) -> Graph:
    functions = model.mlProgram.functions.values()
    operations = [op for function in functions for op in _walk(block_of(function))]
    tensors = {port.name: _read_tensor(port) for function in functions for port in function.inputs}
    for op in operations:
        for output in op.outputs:
            value = op.attributes["val"] if op.type == "const" else None
            tensors[output.name] = _read_tensor(output, _is_constant(op), value)
    graph = Graph(
        format="coreml",
        operators=tuple(_read_operator(op, tensors) for op in operations if not _is_constant(op)),
        tensors=tensors,
        inputs=tuple(map(to_port, read_features(model.description.input))),
        outputs=tuple(map(to_port, read_features(model.description.output))),
        version=model.specificationVersion,
        size_bytes=size_bytes,
        release=describe_release(model.specificationVersion),
        weights=count_elements(_read_stored(op) for op in operations if _is_constant(op)),
        metadata=read_metadata(model.description.metadata),
    )
    return fold_constants(graph)


def describe_release(version: int) -> str:
    """Return a specification version in words, with the iOS that reads it."""
    ios = IOS_OF_VERSION.get(version)
    return f"specification {version}" + (f", iOS {ios} or later" if ios else "")


def read_metadata(metadata: Any) -> dict[str, str]:
    """Return the fields of `Metadata` in Model.proto that are filled in, the user's own last."""
    known = {
        "description": metadata.shortDescription,
        "version": metadata.versionString,
        "author": metadata.author,
        "license": metadata.license,
    }
    return {name: text for name, text in known.items() if text} | dict(
        sorted(metadata.userDefined.items())
    )


def _read_stored(op: Any) -> Tensor:
    """Return the largest tensor that a constant operator stores: its values, maybe compressed."""
    values = [value.type.tensorType for name, value in op.attributes.items() if name != "name"]
    stored = [Tensor("", _read_sides(kind), _dtype(kind.dataType)) for kind in values]
    return max(
        stored, key=lambda tensor: sum(count_elements([tensor]).values()), default=Tensor("")
    )


def _walk(block: Any) -> Iterator[Any]:
    """Yield all operators; the bodies of `cond` and `while_loop` follow the one that runs them."""
    for op in block.operations:
        yield op
        for body in op.blocks:
            yield from _walk(body)


def _is_constant(op: Any) -> bool:
    return bool(op.type == "const" or op.type.startswith("constexpr_"))


def _read_operator(op: Any, tensors: dict[str, Tensor]) -> Operator:
    """Return an operator; its small constant parameters become attributes as well."""
    inputs = [name for _, argument in sorted(op.inputs.items()) for name in _names(argument)]
    attributes: dict[str, Any] = {}
    for parameter, argument in op.inputs.items():
        for binding in argument.arguments:
            known = tensors.get(binding.name)
            values = _read_values(binding.value) if not binding.name else known and known.values
            if values:
                attributes[parameter] = values if len(values) > 1 else values[0]
    outputs = tuple(output.name for output in op.outputs)
    return Operator(op.type, outputs[0] if outputs else op.type, tuple(inputs), outputs, attributes)


def _names(argument: Any) -> list[str]:
    return [binding.name for binding in argument.arguments if binding.name]


def _read_tensor(described: Any, constant: bool = False, value: Any = None) -> Tensor:
    kind = described.type.tensorType
    values = () if value is None else _read_values(value)
    return Tensor(described.name, _read_sides(kind), _dtype(kind.dataType), constant, values)


def _read_sides(kind: Any) -> Shape:
    return tuple(
        axis.constant.size if axis.WhichOneof("dimension") == "constant" else None
        for axis in kind.dimensions
    )


def _dtype(number: int) -> str:
    name = MIL_pb2.DataType.Name(number).lower()
    return "" if name == "unused_type" else str(name)


def _read_values(value: Any) -> tuple[Any, ...]:
    """Return what is written inside the program; the weight file stays closed."""
    tensor = value.immediateValue.tensor
    content = getattr(tensor, tensor.WhichOneof("value") or "bytes").values
    if not isinstance(content, bytes):
        return tuple(content) if len(content) <= SMALL else ()
    numpy_type = NUMPY_TYPES.get(value.type.tensorType.dataType)
    if numpy_type is None or len(content) > SMALL * 8:
        return ()
    return tuple(np.frombuffer(content, numpy_type).tolist())


def to_port(feature: Feature) -> Port:
    """Return an input or output as graphs of all formats have it."""
    shapes = (
        tuple(axis.start if axis.stop == axis.start + 1 else None for axis in shape)
        for shape in feature.shapes
    )
    is_image = feature.kind == "imageType"
    return Port(feature.name, tuple(shapes), is_image, feature.color_space, feature.dtype)
