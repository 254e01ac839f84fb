"""Single-operator `.tflite` files, built from the operators' usual forms."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mobile_runtime.formats.tflite_schema import pack
from placement_tables.tflite_forms import Form, Port

DTYPES = (
    *("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"),
    *("float64", "int4", "bfloat16", "uint32"),
)
QUANTIZED = ("int8", "uint8", "int16", "int4")
BIAS_DTYPES = {"int8": "int32", "uint8": "int32", "int16": "int64", "int4": "int32"}
LAST_OLD_KIND = 127
"""Newer kinds of operators do not fit the field in which older files have theirs."""


def build_form(kind: str, form: Form, dtype: str = "float32", version: int = 1) -> bytes:
    """Return a file of one operator.

    Args:
        kind: Of the operator.
        form: How it is used.
        dtype: What T stands for.
        version: Of the operator.
    """
    number = getattr(schema.BuiltinOperator, kind)
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = number, min(number, LAST_OLD_KIND)
    code.version = version
    model, graph, op = schema.ModelT(), schema.SubGraphT(), schema.OperatorT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    ports = [*form.inputs, *form.outputs]
    graph.tensors = [_tensor(model, port, index, dtype) for index, port in enumerate(ports)]
    op.inputs = list(range(len(form.inputs)))
    op.outputs = list(range(len(form.inputs), len(ports)))
    graph.operators, graph.outputs = [op], op.outputs
    graph.inputs = [index for index in op.inputs if form.inputs[index].values is None]
    if form.options:
        second = hasattr(schema.BuiltinOptions2, form.options)
        kinds = schema.BuiltinOptions2 if second else schema.BuiltinOptions
        options = getattr(schema, f"{form.options}T")()
        for name, value in form.values.items():
            setattr(options, name, value)
        suffix = "2" if second else ""
        setattr(op, f"builtinOptions{suffix}Type", getattr(kinds, form.options))
        setattr(op, f"builtinOptions{suffix}", options)
    return pack(model)


def _tensor(model: Any, port: Port, index: int, dtype: str) -> Any:
    own = {"T": dtype, "bias": BIAS_DTYPES.get(dtype, dtype)}.get(port.dtype, port.dtype)
    if dtype == "int16" and port.dtype == "T" and port.values is not None:
        own = "int8"  # 16-bit activations come with 8-bit weights
    tensor = schema.TensorT()
    tensor.name, tensor.shape = b"tensor %d" % index, list(port.shape)
    tensor.type = getattr(schema.TensorType, own.upper())
    quantized = own in QUANTIZED or (port.dtype == "bias" and dtype in QUANTIZED)
    if quantized:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [0.1]
        tensor.quantization.zeroPoint = [128 if own == "uint8" else 0]
    if port.values is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(port.values.astype(_stored(own)).tobytes(), np.uint8)
        tensor.buffer = len(model.buffers)
        model.buffers.append(buffer)
    return tensor


def _stored(dtype: str) -> str:
    """Return a NumPy type of the same size, or a larger one."""
    return {"int4": "int8", "bfloat16": "float16"}.get(dtype, dtype)
