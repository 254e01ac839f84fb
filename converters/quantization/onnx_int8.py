"""Integer convolutions for ONNX: what onnxruntime fuses into QLinearConv.

It fuses a Conv whose picture, weight and bias each come out of a DequantizeLinear and whose result
goes into a QuantizeLinear. Weights are signed, activations unsigned: for that pair its kernels for
AVX-512 VNNI and AMX, and for WebAssembly, are the fastest. On x86 with AVX2 only, they add the
products of two input channels side by side in 16 bits and saturate (mlas, `vpmaddubsw`), so each
output channel has steps that are large enough for any such two: 1.27 times as large in SCNet-T,
where 7 bits for all weights would be twice.

Its kernels read channels last, and it moves the Transposes that this takes through the graph, to
where they cancel. The float convolution at the start would hold them up at every addition of the
residual stream, so it is written as a MatMul on channels last: 2 Transposes are left instead of
34, and 128x128 take 0.91 of the time (onnxruntime 1.32.0, SCNet-T x4, 2026-11-24).
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from converters.quantization.quant_params import Floats, quantize_weight


def quantize_convolutions(proto: onnx.ModelProto) -> None:
    """Store weights as int8 and biases as int32 wherever a convolution reads 8-bit values.

    Args:
        proto: With 8-bit steps as `converters.quantization.qdq` puts them; changed in place.
    """
    graph = proto.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    added: list[onnx.NodeProto] = []
    for conv in (node for node in graph.node if node.op_type == "Conv"):
        source = makers.get(conv.input[0])
        if source is None or source.op_type != "DequantizeLinear":
            continue
        kernel = values[conv.input[1]]
        weight = quantize_weight(kernel, sums=_sums_of_two(kernel))
        name = f"{conv.name}.weight"
        inputs = [_dequantized(graph, added, name, weight.steps, weight.scales)]
        for bias in conv.input[2:]:  # a shift's convolution has none
            scales = weight.scales * values[source.input[1]]
            steps = np.rint(values[bias] / scales).astype(np.int32)
            inputs.append(_dequantized(graph, added, f"{conv.name}.bias", steps, scales))
        del conv.input[1:]
        conv.input.extend(inputs)
    for node in reversed(added):
        graph.node.insert(0, node)
    _start_with_channels_last(graph)
    _drop_unread(graph)


def _sums_of_two(kernel: Floats) -> Floats:
    """Add the weights of each two input channels that are multiplied side by side.

    255 times 128, which is `WEIGHT` and half a step of rounding for each, are within 16 bits.
    """
    rows = kernel.reshape(len(kernel), -1)
    return rows[:, 0:-1:2] + rows[:, 1::2]


def _start_with_channels_last(graph: onnx.GraphProto) -> None:
    """Write Conv, LeakyRelu, QuantizeLinear as the same on (N, H, W, C), with Transposes around."""
    conv, activation, quantize = _follow(graph, "Conv", "LeakyRelu", "QuantizeLinear")
    picture, weight, *bias = conv.input  # a bias of zeros was left out when the file was optimised
    matrix = f"{weight}_matrix"
    (kernel,) = (numpy_helper.to_array(t) for t in graph.initializer if t.name == weight)
    graph.initializer.append(numpy_helper.from_array(kernel[:, :, 0, 0].T.copy(), matrix))
    result = quantize.output[0]
    quantize.output[0] = f"{result}_channels_last"
    place = list(graph.node).index(conv)
    graph.node.remove(conv)
    moved, product, total = (f"{conv.name}.{part}" for part in ("channels_last", "matmul", "add"))
    nodes = [
        helper.make_node("Transpose", [picture], [moved], moved, perm=[0, 2, 3, 1]),
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
    """Find operators of these kinds in a row, from the picture on."""
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
    steps: NDArray[np.int8] | NDArray[np.int32],
    scales: Floats,
) -> str:
    """Store steps and their scales, behind one DequantizeLinear along the output channels."""
    parts = {
        f"{name}_steps": steps,
        f"{name}_scales": scales,
        f"{len(scales)}_zeros_{steps.dtype}": np.zeros(len(scales), steps.dtype),
    }
    there = {tensor.name for tensor in graph.initializer}
    graph.initializer.extend(
        numpy_helper.from_array(part, key) for key, part in parts.items() if key not in there
    )
    added.append(helper.make_node("DequantizeLinear", [*parts], [name], f"{name}_read", axis=0))
    return name


def _drop_unread(graph: onnx.GraphProto) -> None:
    read = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
