"""Integer arithmetic for TFLite: activations of 8 bits, weights of 8 bits per output channel.

The file is rewritten operator by operator. Those that read and write 8-bit values alone compute in
integers; the others stay in float, and a QUANTIZE or DEQUANTIZE stands between. Which values are in
8 bits decides where that is: at the ends, never inside. Measured for it are all values of a small
file of the same network, on photographs, and not the operators' own recipes: the official quantizer
leaves LEAKY_RELU in float (ai-edge-quantizer 0.10.0), six conversions in SCNet, though every kernel
has it in integers.

PAD fills with the zero point, and so does a convolution's padding: the shift stays exact.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from converters.quantization.quant_params import (
    SAMPLED,
    Floats,
    QuantParams,
    compute_quant_params,
    quantize_weight,
)
from mobile_runtime.formats.tflite_schema import TYPES, operator_kinds, pack, unpack
from mobile_runtime.imaging.pictures import Image

MOVING = (
    *("PAD", "SLICE", "CONCATENATION", "DEPTH_TO_SPACE"),
    *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "AVERAGE_POOL_2D"),
    "DEPTHWISE_CONV_2D",  # a shift, always
)
"""Operators whose results lie in the range of what they read."""

CHANNEL_AXES = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}
"""Of a weight's output channels."""

VERSIONS = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "ADD": 2,
    "PAD": 2,
    "SLICE": 2,
    "CONCATENATION": 2,
    "DEPTH_TO_SPACE": 1,
    "LEAKY_RELU": 1,
    "RESIZE_BILINEAR": 3,
    "RESIZE_NEAREST_NEIGHBOR": 3,
    "AVERAGE_POOL_2D": 2,
    "QUANTIZE": 1,
    "DEQUANTIZE": 2,
}
"""Of the operators on int8: google-ai-edge/LiteRT tflite/tools/versioning/op_version.cc. TensorFlow
Lite 2.14 has all of them."""

PIXEL = QuantParams(scale=float(np.float32(1 / 255)), zero_point=0)
"""The bytes of a picture."""

LOWEST = -128
"""The int8 that stands for the byte 0."""

MOST_DEPRECATED = 127
"""The largest operator number of the schema's first days; larger ones stand in another field."""


def quantize(content: bytes, small: bytes, images: Iterable[Image], *, uint8_ports: bool) -> bytes:
    """Rewrite a float file in integers.

    Args:
        content: A `.tflite` of SCNet in fp32.
        small: The same network, and the same operators, for pictures of the size of `images`.
        images: Photographs to measure ranges on, (1, 3, H, W) each, RGB in [0, 1].
        uint8_ports: Take and give uint8, everything between in integers. Otherwise the ends are
            exact: the first convolution, the interpolated picture and its addition are in float.

    Returns:
        The new file.
    """
    model, measured = unpack(content), unpack(small)
    assert _readers(model) == _readers(measured)
    twins = dict(zip(_features(measured), _features(model), strict=True))
    steps = _measure(measured, small, images, uint8_ports=uint8_ports)
    integers = _IntegerModel(model, {twins[index]: step for index, step in steps.items()})
    integers.rewrite()
    if uint8_ports:
        integers.use_uint8_ports()
    _drop_unread(model)
    return pack(model)


def _wiring(model: Any) -> list[tuple[str, list[int], list[int]]]:
    """Say which operator reads and writes which tensors."""
    kinds = operator_kinds(model)
    return [
        (kinds[op.opcodeIndex], list(op.inputs), list(op.outputs))
        for op in model.subgraphs[0].operators
    ]


def _features(model: Any) -> list[int]:
    """List the picture and what every operator makes of it, in the order of the operators.

    Two files of one network are compared by it and not by numbers of tensors: constants, which
    come first, lie in an order that depends on what they hold, and some hold the picture's size.
    """
    return [*model.subgraphs[0].inputs, *(result for _, _, (result,) in _wiring(model))]


def _readers(model: Any) -> list[tuple[str, list[int]]]:
    """Say which features every operator reads, by their places in the list."""
    places = {index: place for place, index in enumerate(_features(model))}
    return [(kind, [places[i] for i in read if i in places]) for kind, read, _ in _wiring(model)]


def _measure(
    model: Any, content: bytes, images: Iterable[Image], *, uint8_ports: bool
) -> dict[int, QuantParams]:
    """Choose the steps of all values of a model, which is `content`, that become 8 bits."""
    wiring = _wiring(model)
    moved = {result: read for kind, read, (result,) in wiring if kind in MOVING}
    picture, *made = _features(model)
    (upscaled,) = model.subgraphs[0].outputs
    skip = {picture}
    for result, read in moved.items():
        if skip.intersection(read):
            skip.add(result)
    if uint8_ports:
        values = [picture, *made]
    else:
        first = {result for _, read, (result,) in wiring if picture in read}
        values = [value for value in made if value not in skip | first | {upscaled}]
    seen = _observe(content, images, [value for value in values if value not in moved])
    steps = compute_quant_params(
        {value: seen.get(value, []) for value in values},
        lambda value: [source for source in moved.get(value, ()) if source in values],
    )
    if uint8_ports:
        steps |= dict.fromkeys([*skip, upscaled], PIXEL)
    return steps


def _observe(
    content: bytes, images: Iterable[Image], values: Iterable[int]
) -> dict[int, list[Floats]]:
    """Run a float file and keep some of what it computes."""
    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    seen: dict[int, list[Floats]] = {value: [] for value in values}
    for image in images:
        interpreter.set_tensor(source["index"], np.ascontiguousarray(image.transpose(0, 2, 3, 1)))
        interpreter.invoke()
        for value, samples in seen.items():
            samples.append(interpreter.get_tensor(value).reshape(-1)[::SAMPLED].copy())
    return seen


class _IntegerModel:
    """A `ModelT` whose operators are written anew, one after the other."""

    def __init__(self, model: Any, steps: dict[int, QuantParams]) -> None:
        self.model, self.graph, self.steps = model, model.subgraphs[0], steps
        self.codes: dict[tuple[str, int], int] = {}
        self.weights: dict[int, int] = {}
        """Tensor in float -> the same in steps."""
        self.floats: dict[int, int] = {}
        """Tensor in steps -> the same in float."""

    def rewrite(self) -> None:
        """Let what can compute in integers do so, and convert around the rest."""
        wiring, old = _wiring(self.model), self.graph.operators
        versions = [code.version for code in self.model.operatorCodes]
        self.graph.operators, self.model.operatorCodes = [], []
        for index, step in self.steps.items():
            tensor = self.graph.tensors[index]
            tensor.type, tensor.quantization = schema.TensorType.INT8, _parameters(step)
        for op, (kind, read, (result,)) in zip(old, wiring, strict=True):
            values = [index for index in read if self._constant(index) is None]
            if result in self.steps and all(value in self.steps for value in values):
                op.inputs = self._weights_in_steps(kind, read)
                self._append(op, kind, VERSIONS[kind])
                continue
            op.inputs = [self._in_float(i) if i in self.steps else i for i in read]
            if result in self.steps:
                op.outputs = [self._add_like(result, schema.TensorType.FLOAT32)]
            self._append(op, kind, versions[op.opcodeIndex])
            if result in self.steps:
                self._convert("QUANTIZE", op.outputs[0], result)

    def use_uint8_ports(self) -> None:
        """Put the uint8 that pictures are made of at both ends."""
        (picture,), (upscaled,) = self.graph.inputs, self.graph.outputs
        first, last = (self._add_like(i, schema.TensorType.UINT8) for i in (picture, upscaled))
        for index in (first, last):
            self.graph.tensors[index].quantization = _parameters(PIXEL, lowest=0)
        self._convert("QUANTIZE", first, picture)
        self.graph.operators.insert(0, self.graph.operators.pop())
        self._convert("QUANTIZE", upscaled, last)
        self.graph.inputs, self.graph.outputs = [first], [last]
        for signature in self.model.signatureDefs:
            signature.inputs[0].tensorIndex, signature.outputs[0].tensorIndex = first, last

    def _weights_in_steps(self, kind: str, read: list[int]) -> list[int]:
        """Replace the weight and bias of a convolution; other operators have none."""
        if kind not in CHANNEL_AXES:
            return read
        source, weight, bias = read
        if weight not in self.weights:
            self.weights[weight] = self._add_weight(weight, CHANNEL_AXES[kind])
        weight = self.weights[weight]
        scales = np.array(self.graph.tensors[weight].quantization.scale, np.float32)
        return [source, weight, self._add_bias(bias, scales * np.float32(self.steps[source].scale))]

    def _add_weight(self, index: int, axis: int) -> int:
        weight = quantize_weight(self._constant(index), axis)
        added = self._add_like(index, schema.TensorType.INT8, weight.steps)
        self.graph.tensors[added].quantization = _per_channel(weight.scales, axis)
        return added

    def _add_bias(self, index: int, scales: Floats) -> int:
        """Add a bias in the steps of the products that it is added to."""
        steps = np.rint(self._constant(index) / scales).astype(np.int32)
        added = self._add_like(index, schema.TensorType.INT32, steps)
        self.graph.tensors[added].quantization = _per_channel(scales, 0)
        return added

    def _in_float(self, index: int) -> int:
        if index not in self.floats:
            self.floats[index] = self._add_like(index, schema.TensorType.FLOAT32)
            self._convert("DEQUANTIZE", index, self.floats[index])
        return self.floats[index]

    def _constant(self, index: int) -> Any:
        """Give a constant's values; None for what is computed."""
        tensor = self.graph.tensors[index]
        content = self.model.buffers[tensor.buffer].data
        if content is None or tensor.type != schema.TensorType.FLOAT32:
            return content
        return np.frombuffer(bytes(content), "<f4").reshape(tensor.shape)

    def _add_like(self, index: int, dtype: int, content: NDArray[Any] | None = None) -> int:
        """Add a tensor of the shape of another; with its values, if it is a constant."""
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
            code.deprecatedBuiltinCode = min(code.builtinCode, MOST_DEPRECATED)
            code.version = version
            self.codes[kind, version] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(code)
        op.opcodeIndex = self.codes[kind, version]
        self.graph.operators.append(op)


def _parameters(step: QuantParams, lowest: int = LOWEST) -> Any:
    """Write a step for values that begin at `lowest`."""
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = [step.scale], [step.zero_point + lowest]
    return parameters


def _per_channel(scales: Floats, axis: int) -> Any:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = scales.tolist(), [0] * len(scales)
    parameters.quantizedDimension = axis
    return parameters


def _drop_unread(model: Any) -> None:
    """Leave out tensors that no operator has, and what only they held."""
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
