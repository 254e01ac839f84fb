"""Read an mlprogram from a Core ML `.mlpackage` on any system.

The reading follows the format itself: the protobuf of the specification,
mlmodel/format/{Model,MIL}.proto of github.com/apple/coremltools.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from coremltools.proto import FeatureTypes_pb2, MIL_pb2, Model_pb2
from google.protobuf.message import DecodeError

from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.coreml_package import (
    NUMPY_TYPES,
    Array,
    WeightFiles,
    damaged,
    find_specification,
    read_file,
)

Value = Array | str | bool | int | float
Shape = tuple[range, ...]
"""The lengths that each axis may have."""


@dataclass(frozen=True)
class Port:
    """An input or output as the file shows it to an app."""

    name: str
    kind: Literal["array", "image"]
    """The program itself sees an image as (1, 3, H, W) values from 0 to 255."""
    colours: str
    """Of an image: RGB, BGR, ...; empty for an array."""
    shapes: tuple[Shape, ...]
    """One for each enumerated shape."""


@dataclass(frozen=True)
class Operation:
    """One step of a program."""

    type: str
    name: str
    inputs: Mapping[str, tuple[str, ...]]
    """Parameter -> names of its values; only `values` takes several."""
    outputs: tuple[str, ...]
    types: tuple[int, ...]
    """`MIL_pb2.DataType` of each output."""
    frees: tuple[str, ...]
    """What nothing needs after this step."""


@dataclass(frozen=True)
class Program:
    """An mlprogram: its function `main`."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    input_types: Mapping[str, int]
    """Name -> `MIL_pb2.DataType` inside the program."""
    constants: Mapping[str, Value | None]
    """Floats as float32, whatever they are stored in: exact. None for types unknown here."""
    operations: tuple[Operation, ...]
    metadata: Mapping[str, str]
    """The user-defined metadata."""


def load_program(path: Path) -> Program:
    """Read an mlprogram.

    Args:
        path: A `.mlpackage`.

    Raises:
        ModelLoadError: Damaged, incomplete, or not an mlprogram.
    """
    file = find_specification(path)
    model = Model_pb2.Model()
    try:
        model.ParseFromString(read_file(file))
    except DecodeError as error:
        raise damaged(path, f"{file.name} is no Core ML specification, or was cut off") from error
    kind = model.WhichOneof("Type")
    if kind != "mlProgram":
        raise ModelLoadError(
            f"{path} holds a model of type {kind or 'unknown'}, not an mlprogram: "
            "convert for iOS 15 or later."
        )
    try:
        return _read_program(model, WeightFiles(file.parent))
    except (ValueError, OverflowError) as error:
        raise damaged(path, str(error)) from error


def count_operators(program: Program) -> dict[str, int]:
    """Count operators by kind; constants, compressed ones too, are left out."""
    return dict(
        Counter(op.type for op in program.operations if not op.type.startswith("constexpr_"))
    )


def _read_program(model: Any, weights: WeightFiles) -> Program:
    functions = model.mlProgram.functions
    if "main" not in functions:
        raise ValueError("it has no function `main`")
    main = functions["main"]
    if main.opset not in main.block_specializations:
        raise ValueError(f"its function `main` has no block for {main.opset}")
    block = main.block_specializations[main.opset]
    constants: dict[str, Value | None] = {}
    operations: list[Operation] = []
    for op in block.operations:
        if not op.outputs:
            raise ValueError(f"an operator {op.type} has no output")
        if op.type == "const":
            constants[op.outputs[0].name] = _read_value(op.attributes["val"], weights)
        else:
            operations.append(_read_operation(op, weights, constants))
    inputs = {port.name: port.type.tensorType.dataType for port in main.inputs}
    _check_names(operations, {*constants, *inputs}, block.outputs)
    described = model.description
    _check_description(described, set(inputs), set(block.outputs))
    return Program(
        inputs=tuple(_read_port(port) for port in described.input),
        outputs=tuple(_read_port(port) for port in described.output),
        input_types=inputs,
        constants=constants,
        operations=_with_frees(operations, {*constants, *block.outputs}),
        metadata=dict(described.metadata.userDefined),
    )


def _read_operation(
    op: Any,
    weights: WeightFiles,
    constants: dict[str, Value | None],
) -> Operation:
    """Read an operator; values written inside it become constants."""
    name = op.outputs[0].name
    inputs: dict[str, tuple[str, ...]] = {}
    for parameter, value in op.attributes.items():
        if parameter != "name":
            constants[f"{name}.{parameter}"] = _read_value(value, weights)
            inputs[parameter] = (f"{name}.{parameter}",)
    for parameter, argument in op.inputs.items():
        for index, binding in enumerate(argument.arguments):
            if binding.WhichOneof("binding") == "value":
                constants[f"{name}.{parameter}.{index}"] = _read_value(binding.value, weights)
        inputs[parameter] = tuple(
            binding.name or f"{name}.{parameter}.{index}"
            for index, binding in enumerate(argument.arguments)
        )
    return Operation(
        type=op.type,
        name=name,
        inputs=inputs,
        outputs=tuple(output.name for output in op.outputs),
        types=tuple(output.type.tensorType.dataType for output in op.outputs),
        frees=(),
    )


def _read_value(value: Any, weights: WeightFiles) -> Value | None:
    mil_type = value.type.tensorType.dataType
    tensor = value.immediateValue.tensor
    if mil_type == MIL_pb2.STRING:
        return "".join(tensor.strings.values)
    if mil_type not in NUMPY_TYPES:
        return None
    if value.WhichOneof("value") == "blobFileValue":
        blob = value.blobFileValue
        array = weights.read(blob.fileName, blob.offset, mil_type)
    else:
        values = getattr(tensor, tensor.WhichOneof("value") or "bytes").values
        read = np.frombuffer if isinstance(values, bytes) else np.array
        array = read(values, NUMPY_TYPES[mil_type])
    array = array.reshape([axis.constant.size for axis in value.type.tensorType.dimensions])
    array = array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
    return array if array.ndim else array.item()


def _read_port(port: Any) -> Port:
    kind = port.type.WhichOneof("Type")
    if kind == "imageType":
        image = port.type.imageType
        colours = FeatureTypes_pb2.ImageFeatureType.ColorSpace.Name(image.colorSpace)
        fixed = (range(1, 2), range(3, 4))
        return Port(port.name, "image", colours, tuple((*fixed, *s) for s in _image_sizes(image)))
    if kind == "multiArrayType":
        return Port(port.name, "array", "", _array_shapes(port.type.multiArrayType))
    raise ModelLoadError(f"{port.name} is a {kind}, neither an image nor an array.")


def _image_sizes(image: Any) -> list[Shape]:
    flexible = image.WhichOneof("SizeFlexibility")
    if flexible == "imageSizeRange":
        return [
            tuple(map(_range, (image.imageSizeRange.heightRange, image.imageSizeRange.widthRange)))
        ]
    sizes = image.enumeratedSizes.sizes if flexible else [image]
    return [_exactly((size.height, size.width)) for size in sizes]


def _array_shapes(array: Any) -> tuple[Shape, ...]:
    flexible = array.WhichOneof("ShapeFlexibility")
    if flexible == "shapeRange":
        return (tuple(map(_range, array.shapeRange.sizeRanges)),)
    shapes = array.enumeratedShapes.shapes if flexible else [array]
    return tuple(_exactly(shape.shape) for shape in shapes)


def _exactly(lengths: Iterable[int]) -> Shape:
    return tuple(range(length, length + 1) for length in lengths)


def _range(limits: Any) -> range:
    """Core ML writes an open upper end as -1."""
    return range(
        limits.lowerBound, limits.upperBound + 1 if limits.upperBound >= 0 else sys.maxsize
    )


def _check_names(operations: list[Operation], known: set[str], results: Iterable[str]) -> None:
    """Make sure that everything is computed once, before it is used."""
    known = set(known)
    for op in operations:
        missing = {name for names in op.inputs.values() for name in names or [""]} - known
        if missing:
            raise ValueError(f"operator {op.name} uses {sorted(missing)}, which nothing computes")
        if known.intersection(op.outputs):
            raise ValueError(f"operator {op.name} computes again what is there")
        known.update(op.outputs)
    if not known.issuperset(results):
        raise ValueError("nothing computes some of its outputs")


def _check_description(described: Any, inputs: set[str], outputs: set[str]) -> None:
    same_inputs = {port.name for port in described.input} == inputs
    if not same_inputs or not outputs.issuperset(port.name for port in described.output):
        raise ValueError("its description and its program name different inputs or outputs")


def _with_frees(operations: list[Operation], kept: set[str]) -> tuple[Operation, ...]:
    """Note with each operation what nothing after it needs."""
    needed = set(kept)
    result = []
    for op in reversed(operations):
        names = {*op.outputs, *(name for names in op.inputs.values() for name in names)}
        result.append(replace(op, frees=tuple(sorted(names - needed))))
        needed |= names
    return tuple(reversed(result))
