"""Read the graph of a `.mlpackage` on any system: its specification, not its weights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.errors import MissingDependencyError, ModelLoadError
from mobile_runtime.formats.graph import SMALL, Graph, Operator, Port, Shape, Tensor, fold_constants
from mobile_runtime.model_file.manifest import measure_file

try:
    from coremltools.proto import MIL_pb2, Model_pb2
    from google.protobuf.message import DecodeError

    from mobile_runtime.formats.coreml_package import (
        NUMPY_TYPES,
        damaged,
        find_specification,
        read_file,
    )
except ModuleNotFoundError as error:
    raise MissingDependencyError("coremltools", "coreml") from error


def read_graph(path: Path) -> Graph:
    """Read an mlprogram: all its functions, nested blocks included.

    Raises:
        ModelLoadError: Damaged, incomplete, or not an mlprogram.
    """
    model = Model_pb2.Model()
    try:
        model.ParseFromString(read_file(find_specification(path)))
    except DecodeError as error:
        raise damaged(path, "its specification is none, or was cut off") from error
    kind = model.WhichOneof("Type")
    if kind != "mlProgram":
        raise ModelLoadError(
            f"{path} holds a model of type {kind or 'unknown'}, not an mlprogram: convert for "
            "iOS 15 or later."
        )
    try:
        return _read_model(model, measure_file(path))
    except (LookupError, TypeError, ValueError) as error:
        raise damaged(path, str(error)) from error


def _read_model(model: Any, size_bytes: int) -> Graph:
    functions = model.mlProgram.functions.values()
    steps = [op for function in functions for op in _walk(function)]
    tensors = {port.name: _read_tensor(port) for function in functions for port in function.inputs}
    for op in steps:
        for output in op.outputs:
            value = op.attributes["val"] if op.type == "const" else None
            tensors[output.name] = _read_tensor(output, _is_constant(op), value)
    graph = Graph(
        format="coreml",
        operators=tuple(_read_operator(op, tensors) for op in steps if not _is_constant(op)),
        tensors=tensors,
        inputs=tuple(map(_read_port, model.description.input)),
        outputs=tuple(map(_read_port, model.description.output)),
        version=model.specificationVersion,
        size_bytes=size_bytes,
    )
    return fold_constants(graph)


def _walk(function: Any) -> Iterator[Any]:
    if function.opset not in function.block_specializations:
        raise ValueError(f"a function has no block for {function.opset}")
    yield from _walk_block(function.block_specializations[function.opset])


def _walk_block(block: Any) -> Iterator[Any]:
    """Give all operators; the bodies of `cond` and `while_loop` follow the one that runs them."""
    for op in block.operations:
        yield op
        for body in op.blocks:
            yield from _walk_block(body)


def _is_constant(op: Any) -> bool:
    return bool(op.type == "const" or op.type.startswith("constexpr_"))


def _read_operator(op: Any, tensors: dict[str, Tensor]) -> Operator:
    """Read an operator; its small constant parameters become attributes as well."""
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
    shape = tuple(
        axis.constant.size if axis.WhichOneof("dimension") == "constant" else None
        for axis in kind.dimensions
    )
    values = () if value is None else _read_values(value)
    return Tensor(described.name, shape, _dtype(kind.dataType), constant, values)


def _dtype(number: int) -> str:
    name = MIL_pb2.DataType.Name(number).lower()
    return "" if name == "unused_type" else str(name)


def _read_values(value: Any) -> tuple[Any, ...]:
    """Read what is written inside the program; the weight file stays closed."""
    tensor = value.immediateValue.tensor
    content = getattr(tensor, tensor.WhichOneof("value") or "bytes").values
    if not isinstance(content, bytes):
        return tuple(content) if len(content) <= SMALL else ()
    numpy_type = NUMPY_TYPES.get(value.type.tensorType.dataType)
    if numpy_type is None or len(content) > SMALL * 8:
        return ()
    return tuple(np.frombuffer(content, numpy_type).tolist())


def _read_port(port: Any) -> Port:
    kind = port.type.WhichOneof("Type")
    if kind == "imageType":
        return Port(port.name, tuple(_image_shapes(port.type.imageType)), image=True)
    if kind == "multiArrayType":
        return Port(port.name, tuple(_array_shapes(port.type.multiArrayType)))
    return Port(port.name)


def _image_shapes(image: Any) -> Iterator[Shape]:
    """Give (1, 3, H, W) of each size."""
    flexible = image.WhichOneof("SizeFlexibility")
    if flexible == "imageSizeRange":
        limits = image.imageSizeRange
        yield (1, 3, _length(limits.heightRange), _length(limits.widthRange))
        return
    for size in image.enumeratedSizes.sizes if flexible else [image]:
        yield (1, 3, size.height, size.width)


def _array_shapes(array: Any) -> Iterator[Shape]:
    flexible = array.WhichOneof("ShapeFlexibility")
    if flexible == "shapeRange":
        yield tuple(map(_length, array.shapeRange.sizeRanges))
        return
    for shape in array.enumeratedShapes.shapes if flexible else [array]:
        yield tuple(shape.shape)


def _length(limits: Any) -> int | None:
    """Give the length of an axis, None if its range allows several."""
    return limits.lowerBound if limits.lowerBound == limits.upperBound else None
