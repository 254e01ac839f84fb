"""Device form -> the same in 8 bits, for formats that say so by quantize and dequantize steps.

Activations are rounded to 8 bits per value, in ranges measured on photographs; weights to 8 bits
per output channel, by each format in its own way. Exact stay: the picture itself and the first
convolution on it, which has 3 channels and next to nothing to compute; the interpolated picture
that is added at the end, and that addition. Shifts, concatenations and depth-to-space move bytes
without changing them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from converters.quantization.quant_params import (
    BYTE,
    SAMPLED,
    Floats,
    QuantParams,
    compute_quant_params,
)
from scnet.channel_scaling import smooth_channels
from scnet.device_form import DepthToSpace, DepthwiseShift, layer_of
from scnet.network import SpatialShift, Upsample

MOVING = (SpatialShift, DepthwiseShift, DepthToSpace, Upsample)
"""Layers whose results lie in the range of what they read."""


@torch.library.custom_op("scnet::quantize", mutates_args=())
def quantize(values: Tensor, scale: float, zero_point: int) -> Tensor:
    """Round to the nearest byte; what is out of range becomes the nearest end.

    Args:
        values: float32.
        scale: See `Step`.
        zero_point: See `Step`.

    Returns:
        uint8, of the same shape.
    """
    return (values / scale).round().add(zero_point).clamp(0, BYTE).to(torch.uint8)


@quantize.register_fake
def _quantize_fake(values: Tensor, scale: float, zero_point: int) -> Tensor:
    return torch.empty_like(values, dtype=torch.uint8)


@torch.library.custom_op("scnet::dequantize", mutates_args=())
def dequantize(values: Tensor, scale: float, zero_point: int) -> Tensor:
    """Give the reals that bytes stand for, float32; the way back from `quantize`."""
    return (values.float() - zero_point) * scale


@dequantize.register_fake
def _dequantize_fake(values: Tensor, scale: float, zero_point: int) -> Tensor:
    return torch.empty_like(values, dtype=torch.float32)


@torch.library.custom_op("scnet::shift_bytes", mutates_args=())
def shift_bytes(values: Tensor, zero_point: int) -> Tensor:
    """Shift eight groups of channels as `scnet::spatial_shift` does, zero points coming in.

    Args:
        values: (N, C, H, W) uint8, C a multiple of 8.
        zero_point: What stands for 0.0.

    Returns:
        The same shape and dtype.
    """
    centred = values.to(torch.int16) - zero_point
    shifted: Tensor = torch.ops.scnet.spatial_shift.default(centred) + zero_point
    return shifted.to(torch.uint8)


@shift_bytes.register_fake
def _shift_fake(values: Tensor, zero_point: int) -> Tensor:
    return torch.empty_like(values)


class Quantize(nn.Module):
    """`quantize` as a layer."""

    def __init__(self, step: QuantParams) -> None:
        super().__init__()
        self.step = step

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, float32 -> uint8."""
        return quantize(values, self.step.scale, self.step.zero_point)  # type: ignore[no-any-return]


class Dequantize(nn.Module):
    """`dequantize` as a layer."""

    def __init__(self, step: QuantParams) -> None:
        super().__init__()
        self.step = step

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, uint8 -> float32."""
        return dequantize(values, self.step.scale, self.step.zero_point)  # type: ignore[no-any-return]


class QuantizedShift(nn.Module):
    """`shift_bytes` as a layer."""

    def __init__(self, step: QuantParams) -> None:
        super().__init__()
        self.step = step

    def forward(self, values: Tensor) -> Tensor:
        """(N, C, H, W) uint8 -> the same."""
        return shift_bytes(values, self.step.zero_point)  # type: ignore[no-any-return]


def quantize_graph(graph: fx.GraphModule, images: Sequence[Tensor]) -> None:
    """Equalise, and put a quantize and a dequantize behind what is computed.

    Args:
        graph: The device form in the shift form that is wanted; changed in place.
        images: To calibrate on, (1, 3, H, W) each, in the graph's own range.
    """
    smooth_channels(graph, images)
    for node, step in _steps(graph, images).items():
        graph.add_submodule(f"{node.name}_quantize", Quantize(step))
        graph.add_submodule(f"{node.name}_dequantize", Dequantize(step))
        with graph.graph.inserting_after(node):
            eight_bits = graph.graph.call_module(f"{node.name}_quantize", (node,))
        with graph.graph.inserting_after(eight_bits):
            restored = graph.graph.call_module(f"{node.name}_dequantize", (eight_bits,))
        node.replace_all_uses_with(restored, lambda user, own=eight_bits: user is not own)  # type: ignore[misc]
    graph.graph.lint()
    graph.recompile()


def propagate_dequantize(graph: fx.GraphModule) -> None:
    """Shift, join and rearrange bytes as such, not the reals that they stand for.

    Zero stays zero and every byte itself, so nothing changes but the traffic: a quarter.
    """
    moving = [n for n in graph.graph.nodes if isinstance(layer_of(n), SpatialShift | DepthToSpace)]
    joining = [n for n in graph.graph.nodes if n.op == "call_function" and n.target is torch.cat]
    for node in (*moving, *joining):
        (after,) = node.users
        for source in node.all_input_nodes:
            node.replace_input_with(source, source.args[0])
        if isinstance(layer_of(node), SpatialShift):
            graph.add_submodule(f"{node.name}_bytes", QuantizedShift(layer_of(after).step))
            node.target = f"{node.name}_bytes"
        after.replace_all_uses_with(node)
    graph.graph.eliminate_dead_code()
    graph.graph.lint()
    graph.recompile()


def _steps(graph: fx.GraphModule, images: Iterable[Tensor]) -> dict[fx.Node, QuantParams]:
    """Measure a range for each value that becomes bytes; what is only moved keeps its own."""
    samples = _Samples(graph, [node for node in graph.graph.nodes if _needs_quantization(node)])
    for image in images:
        with torch.inference_mode():
            samples.run(image)
    return compute_quant_params(samples.seen, _moved_from)


def _needs_quantization(node: fx.Node) -> bool:
    """Tell whether a value is written in 8 bits; see the top of this file for what is not."""
    if node.op in ("placeholder", "output") or any(user.op == "output" for user in node.users):
        return False
    layer, users = layer_of(node), list(node.users)
    from_picture = any(source.op == "placeholder" for source in node.all_input_nodes)
    fused = len(users) == 1 and isinstance(layer_of(users[0]), nn.ReLU)
    return not from_picture and not (isinstance(layer, nn.Conv2d) and fused)


def _moved_from(node: fx.Node) -> list[fx.Node]:
    """List what a value is moved or joined from; nothing if it is computed."""
    joined = node.op == "call_function" and node.target is torch.cat
    return node.all_input_nodes if joined or isinstance(layer_of(node), MOVING) else []


class _Samples(fx.Interpreter):
    """Runs a graph and keeps some of what it computes."""

    def __init__(self, graph: fx.GraphModule, wanted: Iterable[fx.Node]) -> None:
        super().__init__(graph)
        self.seen: dict[fx.Node, list[Floats]] = {node: [] for node in wanted}

    def run_node(self, n: fx.Node) -> Any:
        """Run one step; called by `run`."""
        value = super().run_node(n)
        if n in self.seen:
            self.seen[n].append(value.reshape(-1)[::SAMPLED].numpy().copy())
        return value
