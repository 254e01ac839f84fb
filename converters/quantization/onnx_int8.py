"""Quantized convolutions of ONNX files, in the Q/DQ form that onnxruntime fuses into QLinearConv.

It fuses a Conv whose input, weight and bias each come from a DequantizeLinear and whose result goes
into a QuantizeLinear. Weights are int8, activations uint8: for that pair its kernels for AVX-512
VNNI and AMX, and for WebAssembly, are the fastest. On x86 with AVX2 only, they add the products of
two neighboring input channels in 16 bits and saturate (mlas, `vpmaddubsw`), so the scale of each
output channel is large enough for any such pair: 1.27 times as large in SCNet-T, where 7 bits for
all weights would be twice.

Its kernels are channels-last, and it moves the Transposes that this takes through the graph until
they cancel. The float convolution at the start would stop them at every addition of the residual
stream, so it is written as a MatMul on channels-last: 2 Transposes are left instead of 34, and
128x128 take 0.91 of the time (onnxruntime 1.32.0, SCNet-T x4, 2026-11-24).
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from converters.quantization.quant_params import Floats, quantize_weight


def quantize_convolutions(proto: onnx.ModelProto) -> None:
    """Store weights as int8 and biases as int32 wherever a convolution reads quantized features.

    Args:
        proto: With the Q/DQ pairs of `converters.quantization.qdq.insert_qdq`; changed in place.
    """
    graph = proto.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    producers = {name: node for node in graph.node for name in node.output}
    added: list[onnx.NodeProto] = []
    for conv in (node for node in graph.node if node.op_type == "Conv"):
        source = producers.get(conv.input[0])
        if source is None or source.op_type != "DequantizeLinear":
            continue
        kernel = values[conv.input[1]]
        weight = quantize_weight(kernel, sums=_sums_of_pairs(kernel))
        name = f"{conv.name}.weight"
        inputs = [_dequantized(graph, added, name, weight.values, weight.scales)]
        for bias in conv.input[2:]:  # a shift's convolution has none
            scales = weight.scales * values[source.input[1]]
            quantized = np.rint(values[bias] / scales).astype(np.int32)
            inputs.append(_dequantized(graph, added, f"{conv.name}.bias", quantized, scales))
        del conv.input[1:]
        conv.input.extend(inputs)
    for node in reversed(added):
        graph.node.insert(0, node)
    _start_with_channels_last(graph)
    _drop_unread(graph)


def _sums_of_pairs(kernel: Floats) -> Floats:
    """Return the sums of the weights on neighboring input channels, which are added in 16 bits.

    They fit: 255 times 128, which is `INT8_MAX` and two rounding errors of half, is below 2**15.
    """
    rows = kernel.reshape(len(kernel), -1)
    return rows[:, 0:-1:2] + rows[:, 1::2]


def _start_with_channels_last(graph: onnx.GraphProto) -> None:
    """Rewrite Conv, LeakyRelu, QuantizeLinear at the start to NHWC, between two Transposes."""
    conv, activation, quantize = _follow(graph, "Conv", "LeakyRelu", "QuantizeLinear")
    image, weight, *bias = conv.input  # the exporter's optimizer leaves out a bias of zeros
    matrix = f"{weight}_matrix"
    (kernel,) = (numpy_helper.to_array(t) for t in graph.initializer if t.name == weight)
    graph.initializer.append(numpy_helper.from_array(kernel[:, :, 0, 0].T.copy(), matrix))
    result = quantize.output[0]
    quantize.output[0] = f"{result}_channels_last"
    place = list(graph.node).index(conv)
    graph.node.remove(conv)
    moved, product, total = (f"{conv.name}.{part}" for part in ("channels_last", "matmul", "add"))
    nodes = [
        helper.make_node("Transpose", [image], [moved], moved, perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", [moved, matrix], [product], product),
        *(helper.make_node("Add", [product, one], [total], total) for one in bias),
    ]
    for node in reversed(nodes):
        graph.node.insert(place, node)
    activation.input[0] = nodes[-1].output[0]
    back = helper.make_node(
        "Transpose", [quantize.output[0]], [result], f"{result}_channels_first", perm=[0, 3, 1, 2]
    )
    graph.node.insert(list(graph.node).index(quantize) + 1, back)
    for value in [v for v in graph.value_info if v.name in (*activation.output, conv.output[0])]:
        graph.value_info.remove(value)


def _follow(graph: onnx.GraphProto, *kinds: str) -> list[onnx.NodeProto]:
    """Return the chain of operators of these kinds that begins at the image."""
    found: list[onnx.NodeProto] = []
    name = graph.input[0].name
    for kind in kinds:
        (node,) = (n for n in graph.node if n.op_type == kind and name in n.input)
        found.append(node)
        name = node.output[0]
    return found


def _dequantized(
    graph: onnx.GraphProto,
    added: list[onnx.NodeProto],
    name: str,
    quantized: NDArray[np.int8] | NDArray[np.int32],
    scales: Floats,
) -> str:
    """Store a quantized constant behind one DequantizeLinear, per output channel."""
    parts = {
        f"{name}_steps": quantized,
        f"{name}_scales": scales,
        f"{len(scales)}_zeros_{quantized.dtype}": np.zeros(len(scales), quantized.dtype),
    }
    stored = {tensor.name for tensor in graph.initializer}
    graph.initializer.extend(
        numpy_helper.from_array(part, key) for key, part in parts.items() if key not in stored
    )
    added.append(helper.make_node("DequantizeLinear", [*parts], [name], f"{name}_read", axis=0))
    return name


def _drop_unread(graph: onnx.GraphProto) -> None:
    read = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
