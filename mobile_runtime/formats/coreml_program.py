"""Program of a Core ML `.mlpackage`, with all values that the reference executor computes with.

Reading follows the format itself: mlmodel/format/MIL.proto of github.com/apple/coremltools.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.formats.coreml_package import (
    NUMPY_TYPES,
    Array,
    Feature,
    WeightFiles,
    block_of,
    damaged,
    read_features,
    read_specification,
)
from mobile_runtime.formats.coreml_proto import MIL_pb2

Value = Array | str | bool | int | float


@dataclass(frozen=True)
class Operation:
    """One operator of a program."""

    type: str
    name: str
    inputs: Mapping[str, tuple[str, ...]]
    """Parameter -> names of its values; only `concat`'s `values` takes several."""
    outputs: tuple[str, ...]
    types: tuple[int, ...]
    """`MIL_pb2.DataType` of each output."""
    frees: tuple[str, ...]
    """What nothing needs after this operator."""


@dataclass(frozen=True)
class Program:
    """The function `main` of an mlprogram."""

    inputs: tuple[Feature, ...]
    outputs: tuple[Feature, ...]
    input_types: Mapping[str, int]
    """Name -> `MIL_pb2.DataType` inside the program."""
    constants: Mapping[str, Value | None]
    """Floats as float32, which holds all stored types exactly; None for types unknown here."""
    operations: tuple[Operation, ...]
    metadata: Mapping[str, str]
    """The user-defined metadata."""


def load_program(path: Path) -> Program:
    """Return the program of a `.mlpackage`, its weights included.

    Raises:
        ModelLoadError: Damaged, incomplete, or not an mlprogram.
    """
    file, model = read_specification(path)
    try:
        return _read_program(model, WeightFiles(file.parent))
    except (ValueError, OverflowError) as error:
        raise damaged(path, str(error)) from error


def _read_program(model: Any, weights: WeightFiles) -> Program:
    functions = model.mlProgram.functions
    if "main" not in functions:
        raise ValueError("it has no function `main`")
    main = functions["main"]
    block = block_of(main)
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
        inputs=read_features(described.input),
        outputs=read_features(described.output),
        input_types=inputs,
        constants=constants,
        operations=_with_frees(operations, {*constants, *block.outputs}),
        metadata=dict(described.metadata.userDefined),
    )


def _read_operation(op: Any, weights: WeightFiles, constants: dict[str, Value | None]) -> Operation:
    """Return an operator; values written inside it are added to the constants."""
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


def _check_names(operations: list[Operation], known: set[str], results: Iterable[str]) -> None:
    """Raise ValueError unless everything is computed once, before it is used."""
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
    """Return the operations, each with the values that nothing after it needs."""
    needed = set(kept)
    result = []
    for op in reversed(operations):
        names = {*op.outputs, *(name for names in op.inputs.values() for name in names)}
        result.append(replace(op, frees=tuple(sorted(names - needed))))
        needed |= names
    return tuple(reversed(result))
