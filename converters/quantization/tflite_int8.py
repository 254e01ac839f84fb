"""Full-integer quantization of TFLite files: int8 features, weights in int8 per output channel.

The file is rewritten operator by operator. Those whose features are all quantized compute in
integers; the others, all next to the input or output, stay in float behind a DEQUANTIZE or in front
of a QUANTIZE. Ranges are measured in a small file of the same network. ai-edge-quantizer 0.10.0
would leave LEAKY_RELU in float, with six conversions in SCNet, though every kernel has it in
integers.

PAD fills with the zero point, and so does a convolution's padding: the shift stays exact.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from converters.quantization.quant_params import (
    SAMPLING_STRIDE,
    Floats,
    QuantParams,
    compute_quant_params,
    quantize_weight,
)
from converters.quantization.quantized_values import copies, quantized_values
from mobile_runtime.formats.tflite_schema import TYPES, operator_kinds, pack, unpack
from mobile_runtime.imaging.pictures import Image

SAME_SCALE = (
    *("PAD", "SLICE", "CONCATENATION", "DEPTH_TO_SPACE"),
    *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "AVERAGE_POOL_2D"),
    "DEPTHWISE_CONV_2D",  # a shift, always
)
"""Operators whose results have the scale of what they read."""

CHANNEL_AXES = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}
"""Of the output channels in a weight."""

VERSIONS = {
    **dict.fromkeys(("DEPTH_TO_SPACE", "LEAKY_RELU", "QUANTIZE"), 1),
    **dict.fromkeys(("ADD", "PAD", "SLICE", "CONCATENATION", "AVERAGE_POOL_2D", "DEQUANTIZE"), 2),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), 3),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), 3),
}
"""Of the operators on int8: google-ai-edge/LiteRT tflite/tools/versioning/op_version.cc. TensorFlow
Lite 2.14 has all of them."""

PIXEL = QuantParams(scale=float(np.float32(1 / 255)), zero_point=0)
"""Of a picture's uint8 values, which stand for 0 to 1."""

INT8_OFFSET = -128
"""From uint8 to int8."""

MAX_DEPRECATED_CODE = 127
"""The largest operator code of the schema's first field for it; larger ones are in another."""


def quantize(content: bytes, small: bytes, images: Iterable[Image], *, uint8_ports: bool) -> bytes:
    """Return a float file rewritten in integers.

    Args:
        content: A `.tflite` of SCNet in fp32.
        small: The same network, and the same operators, for images of the size of `images`.
        images: Calibration images, (1, 3, H, W) each, RGB in [0, 1].
        uint8_ports: Input and output are uint8, and everything between is in integers. Otherwise
            they are float, and what `quantized_values` leaves out is too.
    """
    model, measured = unpack(content), unpack(small)
    assert _topology(model) == _topology(measured)
    counterparts = dict(zip(_features(measured), _features(model), strict=True))
    params = _calibrate(measured, small, images, uint8_ports=uint8_ports)
    rewriter = _Rewriter(model, {counterparts[index]: p for index, p in params.items()})
    rewriter.rewrite()
    if uint8_ports:
        rewriter.use_uint8_ports()
    _drop_unread(model)
    return pack(model)


def _operators(model: Any) -> list[tuple[str, list[int], list[int]]]:
    """Return the kind, inputs and outputs of every operator."""
    kinds = operator_kinds(model)
    return [
        (kinds[op.opcodeIndex], list(op.inputs), list(op.outputs))
        for op in model.subgraphs[0].operators
    ]


def _features(model: Any) -> list[int]:
    """Return the image and the result of every operator, in order.

    Tensors of two files of one network correspond by this order, not by index: the order of the
    constants, which come first, depends on their contents, and some contain the image's size.
    """
    return [*model.subgraphs[0].inputs, *(result for _, _, (result,) in _operators(model))]


def _topology(model: Any) -> list[tuple[str, list[int]]]:
    """Return the kind of every operator and its features, numbered in the order of `_features`."""
    numbers = {index: number for number, index in enumerate(_features(model))}
    return [
        (kind, [numbers[i] for i in read if i in numbers]) for kind, read, _ in _operators(model)
    ]


def _calibrate(
    model: Any, content: bytes, images: Iterable[Image], *, uint8_ports: bool
) -> dict[int, QuantParams]:
    """Return the quantization parameters of each value of a model, which is `content`."""
    operators = _operators(model)
    operands = {result: read for _, read, (result,) in operators}
    moved = {result: read for kind, read, (result,) in operators if kind in SAME_SCALE}
    (image,), (upscaled,) = model.subgraphs[0].inputs, model.subgraphs[0].outputs
    values = quantized_values(operands, moved, image, upscaled)
    if uint8_ports:
        values = [image, *operands]
    samples = _observe(content, images, [value for value in values if value not in moved])
    params = compute_quant_params({value: samples.get(value, []) for value in values}, moved)
    if uint8_ports:
        params |= dict.fromkeys([*copies(moved, image), upscaled], PIXEL)
    return params


def _observe(
    content: bytes, images: Iterable[Image], values: Iterable[int]
) -> dict[int, list[Floats]]:
    """Run a float file and return samples of what it computes."""
    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    samples: dict[int, list[Floats]] = {value: [] for value in values}
    for image in images:
        interpreter.set_tensor(source["index"], np.ascontiguousarray(image.transpose(0, 2, 3, 1)))
        interpreter.invoke()
        for value, arrays in samples.items():
            arrays.append(interpreter.get_tensor(value).reshape(-1)[::SAMPLING_STRIDE].copy())
    return samples


class _Rewriter:
    """A `ModelT` whose operators are written anew, one after the other."""

    def __init__(self, model: Any, params: dict[int, QuantParams]) -> None:
        self.model, self.graph, self.params = model, model.subgraphs[0], params
        self.codes: dict[tuple[str, int], int] = {}
        self.quantized: dict[int, int] = {}
        """Weight in float -> the same in int8."""
        self.dequantized: dict[int, int] = {}
        """Feature in int8 -> the same in float."""

    def rewrite(self) -> None:
        """Write every operator in integers if its features are quantized, else conversions."""
        operators, old = _operators(self.model), self.graph.operators
        versions = [code.version for code in self.model.operatorCodes]
        self.graph.operators, self.model.operatorCodes = [], []
        for index, params in self.params.items():
            tensor = self.graph.tensors[index]
            tensor.type, tensor.quantization = schema.TensorType.INT8, _per_tensor(params)
        for op, (kind, read, (result,)) in zip(old, operators, strict=True):
            features = [index for index in read if self._constant(index) is None]
            if result in self.params and all(index in self.params for index in features):
                op.inputs = self._quantize_weights(kind, read)
                self._append(op, kind, VERSIONS[kind])
                continue
            op.inputs = [self._dequantize(i) if i in self.params else i for i in read]
            if result in self.params:
                op.outputs = [self._add_like(result, schema.TensorType.FLOAT32)]
            self._append(op, kind, versions[op.opcodeIndex])
            if result in self.params:
                self._convert("QUANTIZE", op.outputs[0], result)

    def use_uint8_ports(self) -> None:
        """Put a QUANTIZE from uint8 behind the input and one to uint8 in front of the output."""
        (image,), (upscaled,) = self.graph.inputs, self.graph.outputs
        first, last = (self._add_like(i, schema.TensorType.UINT8) for i in (image, upscaled))
        for index in (first, last):
            self.graph.tensors[index].quantization = _per_tensor(PIXEL, offset=0)
        self._convert("QUANTIZE", first, image)
        self.graph.operators.insert(0, self.graph.operators.pop())
        self._convert("QUANTIZE", upscaled, last)
        self.graph.inputs, self.graph.outputs = [first], [last]
        for signature in self.model.signatureDefs:
            signature.inputs[0].tensorIndex, signature.outputs[0].tensorIndex = first, last

    def _quantize_weights(self, kind: str, read: list[int]) -> list[int]:
        """Return a convolution's inputs with weight and bias quantized; others' as they are."""
        if kind not in CHANNEL_AXES:
            return read
        source, weight, bias = read
        if weight not in self.quantized:
            self.quantized[weight] = self._add_weight(weight, CHANNEL_AXES[kind])
        weight = self.quantized[weight]
        scales = np.array(self.graph.tensors[weight].quantization.scale, np.float32)
        bias = self._add_bias(bias, scales * np.float32(self.params[source].scale))
        return [source, weight, bias]

    def _add_weight(self, index: int, axis: int) -> int:
        weight = quantize_weight(self._constant(index), axis)
        added = self._add_like(index, schema.TensorType.INT8, weight.values)
        self.graph.tensors[added].quantization = _per_channel(weight.scales, axis)
        return added

    def _add_bias(self, index: int, scales: Floats) -> int:
        """Add a bias in int32, in the scales of the products that it is added to."""
        quantized = np.rint(self._constant(index) / scales).astype(np.int32)
        added = self._add_like(index, schema.TensorType.INT32, quantized)
        self.graph.tensors[added].quantization = _per_channel(scales, 0)
        return added

    def _dequantize(self, index: int) -> int:
        if index not in self.dequantized:
            self.dequantized[index] = self._add_like(index, schema.TensorType.FLOAT32)
            self._convert("DEQUANTIZE", index, self.dequantized[index])
        return self.dequantized[index]

    def _constant(self, index: int) -> Any:
        """Return a constant's values, None for features."""
        tensor = self.graph.tensors[index]
        content = self.model.buffers[tensor.buffer].data
        if content is None or tensor.type != schema.TensorType.FLOAT32:
            return content
        return np.frombuffer(bytes(content), "<f4").reshape(tensor.shape)

    def _add_like(self, index: int, dtype: int, content: NDArray[Any] | None = None) -> int:
        """Add a tensor of the shape of another, with contents if it is a constant."""
        model, like, tensor = self.model, self.graph.tensors[index], schema.TensorT()
        tensor.name = like.name + b"/" + TYPES[dtype].encode()
        tensor.shape, tensor.type, tensor.buffer = like.shape, dtype, 0
        if content is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
            tensor.buffer = len(model.buffers)
            model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _convert(self, kind: str, source: int, target: int) -> None:
        """Append a QUANTIZE or DEQUANTIZE."""
        op = schema.OperatorT()
        op.inputs, op.outputs = [source], [target]
        self._append(op, kind, VERSIONS[kind])

    def _append(self, op: Any, kind: str, version: int) -> None:
        """Append an operator under the code of its kind and version."""
        if (kind, version) not in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, kind)
            code.deprecatedBuiltinCode = min(code.builtinCode, MAX_DEPRECATED_CODE)
            code.version = version
            self.codes[kind, version] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(code)
        op.opcodeIndex = self.codes[kind, version]
        self.graph.operators.append(op)


def _per_tensor(params: QuantParams, offset: int = INT8_OFFSET) -> Any:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = [params.scale], [params.zero_point + offset]
    return parameters


def _per_channel(scales: Floats, axis: int) -> Any:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = scales.tolist(), [0] * len(scales)
    parameters.quantizedDimension = axis
    return parameters


def _drop_unread(model: Any) -> None:
    """Remove tensors that no operator uses, and their buffers' contents."""
    graph = model.subgraphs[0]
    used = sorted({int(i) for op in graph.operators for i in (*op.inputs, *op.outputs)})
    numbers = {index: number for number, index in enumerate(used)}
    graph.tensors = [graph.tensors[index] for index in used]
    for holder in (graph, *graph.operators):
        holder.inputs = [numbers[index] for index in holder.inputs]
        holder.outputs = [numbers[index] for index in holder.outputs]
    for signature in model.signatureDefs:
        for port in (*signature.inputs, *signature.outputs):
            port.tensorIndex = numbers[port.tensorIndex]
    kept = {holder.buffer for holder in (*graph.tensors, *(model.metadata or ()))}
    for index, buffer in enumerate(model.buffers):
        if index not in kept:
            buffer.data = None
