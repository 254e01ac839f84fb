"""Insertion of quantize-dequantize pairs (Q/DQ) into the device form, for Core ML and ONNX.

Features are quantized per tensor, to uint8, in ranges measured on calibration images; weights by
each format in its own way.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, fx, nn

from converters.quantization.quant_params import (
    SAMPLING_STRIDE,
    UINT8_MAX,
    Floats,
    QuantParams,
    compute_quant_params,
)
from converters.quantization.quantized_values import quantized_values
from scnet.channel_scaling import smooth_channels
from scnet.device_form import DepthToSpace, DepthwiseShift, layer_of
from scnet.network import SpatialShift, Upsample
from scnet.observer import observe

SAME_SCALE = (SpatialShift, DepthwiseShift, DepthToSpace, Upsample)
"""Layers whose results have the scale of what they read."""


@torch.library.custom_op("scnet::quantize", mutates_args=())
def quantize(values: Tensor, scale: float, zero_point: int) -> Tensor:
    """Return uint8 values, rounded to nearest and clipped; parameters as in `QuantParams`."""
    return (values / scale).round().add(zero_point).clamp(0, UINT8_MAX).to(torch.uint8)


@torch.library.custom_op("scnet::dequantize", mutates_args=())
def dequantize(values: Tensor, scale: float, zero_point: int) -> Tensor:
    """Return float32 values; parameters as in `QuantParams`."""
    return (values.float() - zero_point) * scale


@torch.library.custom_op("scnet::shift_bytes", mutates_args=())
def shift_bytes(values: Tensor, zero_point: int) -> Tensor:
    """Return (N, C, H, W) uint8 values after the spatial shift, zero points coming in."""
    centered = values.to(torch.int16) - zero_point
    shifted: Tensor = torch.ops.scnet.spatial_shift.default(centered) + zero_point
    return shifted.to(torch.uint8)


quantize.register_fake(lambda values, *_: torch.empty_like(values, dtype=torch.uint8))
dequantize.register_fake(lambda values, *_: torch.empty_like(values, dtype=torch.float32))
shift_bytes.register_fake(lambda values, _: torch.empty_like(values))


class _QuantizationLayer(nn.Module):
    def __init__(self, params: QuantParams) -> None:
        super().__init__()
        self.params = params


class Quantize(_QuantizationLayer):
    """`quantize` as a layer."""

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, float32 -> uint8."""
        return quantize(values, self.params.scale, self.params.zero_point)  # type: ignore[no-any-return]


class Dequantize(_QuantizationLayer):
    """`dequantize` as a layer."""

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, uint8 -> float32."""
        return dequantize(values, self.params.scale, self.params.zero_point)  # type: ignore[no-any-return]


class QuantizedShift(_QuantizationLayer):
    """`shift_bytes` as a layer."""

    def forward(self, values: Tensor) -> Tensor:
        """(N, C, H, W) uint8 -> the same."""
        return shift_bytes(values, self.params.zero_point)  # type: ignore[no-any-return]


def insert_qdq(graph: fx.GraphModule, images: Sequence[Tensor]) -> None:
    """Smooth the channels and put a quantize and a dequantize behind what becomes 8 bits.

    Args:
        graph: The device form, its shifts in their final form; changed in place.
        images: Calibration images, (1, 3, H, W) each, in the graph's own range.
    """
    smooth_channels(graph, images)
    for node, params in _calibrate(graph, images).items():
        graph.add_submodule(f"{node.name}_quantize", Quantize(params))
        graph.add_submodule(f"{node.name}_dequantize", Dequantize(params))
        with graph.graph.inserting_after(node):
            quantized = graph.graph.call_module(f"{node.name}_quantize", (node,))
        with graph.graph.inserting_after(quantized):
            restored = graph.graph.call_module(f"{node.name}_dequantize", (quantized,))
        node.replace_all_uses_with(restored, lambda user, own=quantized: user is not own)  # type: ignore[misc]
    graph.graph.lint()
    graph.recompile()


def propagate_dequantize(graph: fx.GraphModule) -> None:
    """Move each dequantize behind the shift, concatenation or depth-to-space that reads it.

    These then move uint8 instead of float32 values, a quarter of the traffic; the result is equal.
    """
    moving = [n for n in graph.graph.nodes if isinstance(layer_of(n), SpatialShift | DepthToSpace)]
    joining = [n for n in graph.graph.nodes if n.op == "call_function" and n.target is torch.cat]
    for node in (*moving, *joining):
        (after,) = node.users
        for source in node.all_input_nodes:
            node.replace_input_with(source, source.args[0])
        if isinstance(layer_of(node), SpatialShift):
            graph.add_submodule(f"{node.name}_bytes", QuantizedShift(layer_of(after).params))
            node.target = f"{node.name}_bytes"
        after.replace_all_uses_with(node)
    graph.graph.eliminate_dead_code()
    graph.graph.lint()
    graph.recompile()


def _calibrate(graph: fx.GraphModule, images: Iterable[Tensor]) -> dict[fx.Node, QuantParams]:
    """Return the quantization parameters of each value that becomes 8 bits."""
    nodes = graph.graph.nodes
    operands = {n: n.all_input_nodes for n in nodes if n.op.startswith("call") and not _fuses(n)}
    moved = {node: sources for node, sources in operands.items() if _keeps_scale(node)}
    (source,), (output,) = (graph.graph.find_nodes(op=op) for op in ("placeholder", "output"))
    values = quantized_values(operands, moved, source, output.args[0])
    samples: dict[fx.Node, list[Floats]] = {node: [] for node in values}

    def keep_sample(node: fx.Node, value: Tensor) -> None:
        if node in samples:
            samples[node].append(value.reshape(-1)[::SAMPLING_STRIDE].numpy().copy())

    observe(graph, images, keep_sample)
    return compute_quant_params(samples, moved)


def _fuses(node: fx.Node) -> bool:
    """Check whether a node is a convolution into which ReLU fuses: it has no value of its own."""
    user, *others = node.users
    return (
        isinstance(layer_of(node), nn.Conv2d) and isinstance(layer_of(user), nn.ReLU) and not others
    )


def _keeps_scale(node: fx.Node) -> bool:
    """Check whether a node only moves or joins values."""
    return node.target is torch.cat or isinstance(layer_of(node), SAME_SCALE)
