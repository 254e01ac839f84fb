"""Flatbuffer of a `.tflite`: unpacked into objects and packed again, in pure Python.

Native parsers trust what they read, so every file is read here first.
"""

import struct
from pathlib import Path
from typing import Any

import flatbuffers
import msgspec
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mobile_runtime.errors import ModelLoadError

IDENTIFIER = b"TFL3"

METADATA = b"scnet"
"""Name of the entry that `converters.to_tflite` writes."""

DAMAGE = (
    *(ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError),
    *(ValueError, msgspec.MsgspecError, struct.error),
)
"""What the flatbuffer library, and code that reads what it returns, raise for damaged files."""

TYPES = {value: name.lower() for name, value in vars(schema.TensorType).items()}
KINDS = {value: name for name, value in vars(schema.BuiltinOperator).items()}


def read_model(path: Path) -> tuple[bytes, Any]:
    """Return the bytes of a file, and the `ModelT` that they hold.

    Raises:
        ModelLoadError: It cannot be read, or is no whole `.tflite`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error.strerror}.") from error
    if content[4:8] != IDENTIFIER:
        raise ModelLoadError(f"{path} is not a .tflite file: it does not start as one does.")
    try:
        return content, schema.ModelT.InitFromPackedBuf(content, 0)
    except DAMAGE as error:
        raise damaged(path, error) from error


def read_metadata(model: Any) -> dict[str, str]:
    """Return the metadata of a file: ours field by field, what others wrote as far as it is text.

    Raises:
        Exception: One of `DAMAGE`.
    """
    found = {}
    if model.description:
        found["description"] = model.description.decode(errors="replace")
    for entry in model.metadata or ():
        data = model.buffers[entry.buffer].data
        content = b"" if data is None else bytes(data)
        if entry.name == METADATA:
            found |= msgspec.json.decode(content, type=dict[str, str])
        else:
            text = content.rstrip(b"\0").decode(errors="replace")
            name = (entry.name or b"").decode(errors="replace")
            found[name] = text if text.isprintable() else f"{len(content)} bytes"
    return found


def damaged(path: Path, error: Exception) -> ModelLoadError:
    """Return the error for a damaged file."""
    return ModelLoadError(f"{path} is not a whole .tflite file ({error}): convert again.")


def unpack(content: bytes) -> Any:
    """Return the `ModelT` that bytes hold, to be changed and packed again."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:  # large ones may lie behind the flatbuffer
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def pack(model: Any) -> bytes:
    """Return a `ModelT` as the bytes of a file."""
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def pack_single(kind: str, shape: list[int], *dtypes: str) -> bytes:
    """Return the smallest file of one operator that every engine opens.

    Args:
        kind: Of the operator, such as `RELU`.
        shape: Of all tensors.
        dtypes: Of the inputs, such as `FLOAT32`; the output is `FLOAT32`.
    """
    code, op, graph, model = (
        getattr(schema, name)() for name in ("OperatorCodeT", "OperatorT", "SubGraphT", "ModelT")
    )
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, kind)
    graph.tensors = [schema.TensorT() for _ in (*dtypes, "FLOAT32")]
    for number, (tensor, dtype) in enumerate(zip(graph.tensors, (*dtypes, "FLOAT32"), strict=True)):
        tensor.shape, tensor.name = shape, b"tensor %d" % number
        tensor.type = getattr(schema.TensorType, dtype)
    op.inputs, op.outputs = list(range(len(dtypes))), [len(dtypes)]
    graph.operators, graph.inputs, graph.outputs = [op], op.inputs, op.outputs
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    return pack(model)


def operator_kinds(model: Any) -> list[str]:
    """Return the kind that each operator code of a model stands for: `CONV_2D`, `ADD`, ..."""
    return [
        KINDS.get(max(code.builtinCode, code.deprecatedBuiltinCode), "UNKNOWN")
        for code in model.operatorCodes
    ]
