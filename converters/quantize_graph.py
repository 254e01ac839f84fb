"""Device form -> the same in 8 bits, for formats that say so by quantize and dequantize steps.

Activations are rounded to 8 bits per value, in ranges measured on photographs; weights to 8 bits
per output channel, by each format in its own way. Exact stay: the picture itself and the first
convolution on it, which has 3 channels and next to nothing to compute; the interpolated picture
that is added at the end, and that addition. Shifts, concatenations and depth-to-space move bytes
without changing them.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from scnet.device_form import DepthToSpace, DepthwiseShift, layer_of, layers_of
from scnet.equalisation import equalise
from scnet.network import SpatialShift, Upsample

BYTE = 255
"""The largest of the unsigned values that activations become."""

WEIGHT = 127
"""The largest magnitude of the signed values that weights become."""

CLIPPED_PERCENT = 5e-4
"""Of the values at each end, beyond the range: single outliers would widen everybody's steps. With
less, photographs lose more; with more, text and drawings do, which go further than the photographs
that ranges are measured on. x2 (direct) at 1e-3, 5e-4 and 3e-4: a rendered page of text loses 1.61,
1.25 and 1.07 dB, three photographs of Set14 0.088, 0.096 and 0.108 (2026-11-25)."""

FAINT = 0.05
"""A LeakyReLU of a smaller slope leaves little of what is below zero, so of what it reads more may
lie beyond the range there: by one over the slope. Loss of x2, x3 and x4 (direct) on 14 held-out
crops: 0.182, 0.111 and 0.024 dB, without 0.216, 0.130 and 0.032. With a slope of 0.1 there are
channels that live below zero: x2 lost 0.372 (2026-11-25, 1e-3 % clipped; x2 and x3 in
training)."""

SILENT = 1e-4
"""Stands for the largest weight of a channel whose weights are all 0: XNNPACK refuses scales that
are next to nothing, and products of over 256 steps."""

SAMPLED = 23
"""Every so-manieth value is looked at; a prime, so that no column of a picture is preferred."""

MOVING = (SpatialShift, DepthwiseShift, DepthToSpace, Upsample)
"""Layers whose results lie in the range of what they read."""


Floats = NDArray[np.float32]
Value = TypeVar("Value", bound=Hashable)
"""Whatever names a value in a format's graph."""


@dataclass(frozen=True)
class Step:
    """How reals become bytes: real = scale * (byte - zero_point)."""

    scale: float
    """A float32."""
    zero_point: int
    """0 to 255; stands for 0.0 exactly."""


@dataclass(frozen=True)
class WeightSteps:
    """A convolution's weight in 8 bits: weight = scale * steps."""

    steps: NDArray[np.int8]
    scales: Floats
    """One for each output channel."""


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

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, float32 -> uint8."""
        return quantize(values, self.step.scale, self.step.zero_point)  # type: ignore[no-any-return]


class Dequantize(nn.Module):
    """`dequantize` as a layer."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, uint8 -> float32."""
        return dequantize(values, self.step.scale, self.step.zero_point)  # type: ignore[no-any-return]


class ShiftBytes(nn.Module):
    """`shift_bytes` as a layer."""

    def __init__(self, step: Step) -> None:
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
    equalise(graph, images)
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


def move_bytes(graph: fx.GraphModule) -> None:
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
            graph.add_submodule(f"{node.name}_bytes", ShiftBytes(layer_of(after).step))
            node.target = f"{node.name}_bytes"
        after.replace_all_uses_with(node)
    graph.graph.eliminate_dead_code()
    graph.graph.lint()
    graph.recompile()


def to_steps(weight: Floats, axis: int = 0, sums: Floats | None = None) -> WeightSteps:
    """Say a weight in steps; a shift's one-hot kernels in steps of 1, so that it stays exact.

    Args:
        weight: Of a convolution.
        axis: That of its output channels.
        sums: For each output channel, sums of its weights, (channels, any number), that must fit
            into `WEIGHT` steps as its weights do.
    """
    if weight.any() and np.isin(weight, (0, 1)).all():
        return WeightSteps(weight.astype(np.int8), np.ones(weight.shape[axis], np.float32))
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    largest = np.abs(rows if sums is None else np.hstack([rows, sums])).max(1)
    largest[largest == 0] = SILENT
    scales = largest / np.float32(WEIGHT)
    steps = np.rint(weight / np.expand_dims(scales, [d for d in range(weight.ndim) if d != axis]))
    return WeightSteps(steps.astype(np.int8), scales)


def choose_steps(
    seen: Mapping[Value, Sequence[Floats]],
    sources: Callable[[Value], Iterable[Value]],
    slopes: Mapping[Value, float],
) -> dict[Value, Step]:
    """Choose the steps of values by what they were on photographs.

    Args:
        seen: What each value was, in the order in which they are made.
        sources: Of a value that is only moved or joined, what it is made of: they all share one
            step. Nothing for a value that is computed.
        slopes: Value that a LeakyReLU alone reads -> its slope.
    """
    homes = _homes(seen, sources)
    slope_of = {homes[value]: slope for value, slope in slopes.items() if value in homes}
    gathered: dict[Value, list[Floats]] = {}
    for value, samples in seen.items():
        gathered.setdefault(homes[value], []).extend(samples)
    steps = {
        home: _step(np.concatenate(samples), slope_of.get(home, 1))
        for home, samples in gathered.items()
    }
    return {value: steps[homes[value]] for value in seen}


def _steps(graph: fx.GraphModule, images: Iterable[Tensor]) -> dict[fx.Node, Step]:
    """Measure a range for each value that becomes bytes; what is only moved keeps its own."""
    samples = _Samples(graph, [node for node in graph.graph.nodes if _becomes_bytes(node)])
    for image in images:
        with torch.inference_mode():
            samples.run(image)
    leaky = layers_of(graph, nn.LeakyReLU)
    slopes = {node.all_input_nodes[0]: layer_of(node).negative_slope for node in leaky}
    return choose_steps(samples.seen, _moved_from, slopes)


def _becomes_bytes(node: fx.Node) -> bool:
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


def _homes(
    values: Iterable[Value], sources: Callable[[Value], Iterable[Value]]
) -> dict[Value, Value]:
    """Say for each value whose range it is in: what is moved or joined shares one."""
    homes: dict[Value, Value] = {}
    for value in values:
        homes[value] = value
        shared = {homes[source] for source in sources(value)}
        if shared:
            (first, *_) = shared
            shared.add(value)
            homes = {key: first if home in shared else home for key, home in homes.items()}
    return homes


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


def _step(values: Floats, slope: float) -> Step:
    """Choose the range: nearly all values, and 0, which must be a byte of its own."""
    clipped_low = CLIPPED_PERCENT / slope if slope < FAINT else CLIPPED_PERCENT
    ends = np.percentile(values, [clipped_low, 100 - CLIPPED_PERCENT])
    low, high = min(float(ends[0]), 0.0), max(float(ends[1]), 0.0)
    scale = float(np.float32(max(high - low, 1e-6) / BYTE))
    return Step(scale, round(-low / scale))
