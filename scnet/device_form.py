"""The device form: a network's function as an fx graph that is fast on devices.

Every rewrite below is a pass over a `torch.fx` graph that keeps its function, so that each can be
tested alone. The graph calls layers of the kinds Conv2d (1x1), ReLU, LeakyReLU, SpatialShift,
DepthToSpace and Upsample, adds and concatenates, and does nothing else.

`leaky_as_relu`, `shift_as_convolution` and `fold_range` are the converters' choice.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from scnet.network import SCNet, SpatialShift, Upsample
from scnet.shift import OFFSETS, shift_kernel

Pass = Callable[[fx.GraphModule], None]


@torch.library.custom_op("scnet::depth_to_space", mutates_args=())
def depth_to_space(features: Tensor, block: int) -> Tensor:
    """Return features with channels rearranged into pixels, sub-pixel by sub-pixel.

    Channel (i * block + j) * C + c goes to channel c at row i and column j of a block: the order of
    TFLite's DEPTH_TO_SPACE and of ONNX's mode DCR. PixelShuffle keeps c outermost instead.

    Args:
        features: (N, block * block * C, H, W).
        block: Side of a block in pixels.

    Returns:
        (N, C, H * block, W * block).
    """
    n, channels, height, width = features.shape
    split = features.reshape(n, block, block, channels // block**2, height, width)
    moved = split.permute(0, 3, 4, 1, 5, 2)  # (N, C, H, block, W, block)
    return moved.reshape(n, channels // block**2, height * block, width * block).contiguous()


@depth_to_space.register_fake
def _fake(features: Tensor, block: int) -> Tensor:
    n, channels, height, width = features.shape
    return features.new_empty(n, channels // block**2, height * block, width * block)


class DepthwiseShift(nn.Module):
    """The spatial shift as a fixed convolution."""

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("kernel", shift_kernel(channels))

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        return F.conv2d(features, self.kernel, padding=1, groups=self.kernel.shape[0])


class DepthToSpace(nn.Module):
    """`depth_to_space` as a layer."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def forward(self, features: Tensor) -> Tensor:
        """(N, block * block * C, H, W) -> (N, C, H * block, W * block)."""
        return torch.ops.scnet.depth_to_space.default(features, self.block)  # type: ignore[no-any-return]


def relu_before_shift(graph: fx.GraphModule) -> None:
    """Swap shift and ReLU, so that ReLU fuses into the convolution before it; zeros stay zeros."""
    for relu in layers_of(graph, nn.ReLU):
        (shift,) = relu.all_input_nodes
        if isinstance(layer_of(shift), SpatialShift) and len(shift.users) == 1:
            shift.target, relu.target = relu.target, shift.target


def convolve_before_upsample(graph: fx.GraphModule) -> None:
    """Swap bilinear upsampling and a 1x1 convolution, which then costs 1 / factor**2.

    The weights of interpolation sum to one, so a bias passes through.
    """
    for upsample in layers_of(graph, Upsample):
        users = list(upsample.users)
        if len(users) == 1 and isinstance(layer_of(users[0]), nn.Conv2d):
            upsample.target, users[0].target = users[0].target, upsample.target


def depth_major(graph: fx.GraphModule) -> None:
    """Replace PixelShuffle by `depth_to_space`, permuting the convolution before it."""
    for shuffle in layers_of(graph, nn.PixelShuffle):
        conv = layer_of(shuffle.args[0])
        block = layer_of(shuffle).upscale_factor
        order = torch.arange(conv.out_channels).view(-1, block**2).t().reshape(-1)
        conv.weight.data = conv.weight.data[order]
        conv.bias.data = conv.bias.data[order]
        graph.set_submodule(str(shuffle.target), DepthToSpace(block))


def sink_depth_to_space(graph: fx.GraphModule) -> None:
    """Move the last `depth_to_space` behind the per-pixel layers.

    They then run once per sub-pixel at low resolution, with the same weights: the largest tensor of
    the network, D channels at full resolution, never exists. SCNet-T x4, depthwise, 128x128 on
    two cores of Linux x86-64: 0.93 of the time and 84 instead of 166 MB on XNNPACK, 0.59 of the
    time and 158 instead of 468 MB on onnxruntime 1.32.0 (`scnet benchmark`, 2026-11-23).
    """
    for shuffle in layers_of(graph, DepthToSpace)[-1:]:
        (conv,) = shuffle.all_input_nodes
        tail = _per_pixel_tail(shuffle)
        if not tail:
            continue
        with graph.graph.inserting_before(tail[-1].next):
            branches = []
            for part, rows in enumerate(_split(layer_of(conv), layer_of(shuffle).block ** 2)):
                name = f"{conv.target}_{part}"
                graph.add_submodule(name, rows)
                branch = graph.graph.call_module(name, conv.args)
                for node in tail:
                    branch = graph.graph.call_module(str(node.target), (branch,))
                branches.append(branch)
            joined = graph.graph.call_function(torch.cat, (branches, 1))
            moved = graph.graph.call_module(str(shuffle.target), (joined,))
        tail[-1].replace_all_uses_with(moved)


PASSES: tuple[Pass, ...] = (
    relu_before_shift,
    convolve_before_upsample,
    depth_major,
    sink_depth_to_space,
)
"""What `to_device_form` applies, in this order."""


def to_device_form(net: SCNet, passes: tuple[Pass, ...] = PASSES) -> fx.GraphModule:
    """Return the device form of a network, equal to it but for float rounding.

    Args:
        net: In paper form; not changed.
        passes: Which rewrites; each needs those before it in `PASSES`.
    """
    layers = deepcopy(net).eval()
    graph = fx.GraphModule(layers, _LayerTracer().trace(layers))
    for rewrite in passes:
        rewrite(graph)
        graph.graph.eliminate_dead_code()
        graph.graph.lint()
    graph.delete_all_unused_submodules()
    graph.recompile()
    return graph


def shift_as_convolution(graph: fx.GraphModule) -> None:
    """Replace every shift by a depthwise 3x3 convolution with one-hot kernels, one operator."""
    for shift in layers_of(graph, SpatialShift):
        channels = _channels(shift)
        graph.set_submodule(str(shift.target), DepthwiseShift(channels))


def leaky_as_relu(graph: fx.GraphModule) -> None:
    """Replace a LeakyReLU between convolutions by ReLU on twice the channels.

    The convolution before computes x and -slope * x, and those behind take the difference of the
    two after ReLU. This is for 8 bits: a LeakyReLU reads features quantized in a range that spans
    all negative values, of which it leaves little; ReLU fuses into its convolution. Convolutions
    that are called several times stay as they are.
    """
    for leaky in layers_of(graph, nn.LeakyReLU):
        (first,), readers = leaky.all_input_nodes, list(leaky.users)
        while len(readers) == 1 and isinstance(layer_of(readers[0]), SpatialShift):
            readers = list(readers[0].users)
        if len(first.users) == 1 and all(map(_called_once, (first, *readers))):
            _widen(layer_of(first), map(layer_of, readers), layer_of(leaky).negative_slope)
            graph.add_submodule(f"{leaky.name}_relu", nn.ReLU())
            leaky.target = f"{leaky.name}_relu"


def fold_range(graph: fx.GraphModule, white: float) -> None:
    """Change the range of input and output to 0..white, by scaling the first and last weights.

    The skip adds the interpolated image in that range too.

    Args:
        graph: The device form of a network that works on 0..1; changed in place.
        white: The new value of white: 255 for 8-bit pixels.
    """
    first, last = _convolution(graph, "conv_first"), _convolution(graph, "conv_last")
    with torch.no_grad():
        first.weight.div_(white)
        last.weight.mul_(white)
        _bias(last).mul_(white)


class _LayerTracer(fx.Tracer):
    """A tracer that keeps this project's layers whole, as torch's own are."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        ours = isinstance(m, SpatialShift | Upsample)
        return ours or super().is_leaf_module(m, module_qualified_name)


def layer_of(node: Any) -> Any:
    """Return the layer that a node calls, None for other nodes."""
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    module = node.graph.owning_module
    return None if module is None else module.get_submodule(str(node.target))


def _called_once(node: fx.Node) -> bool:
    """Check whether a node calls a convolution that no other node calls."""
    calls = [other for other in node.graph.nodes if other.target == node.target]
    return isinstance(layer_of(node), nn.Conv2d) and len(calls) == 1


def _widen(first: nn.Conv2d, readers: Iterable[nn.Conv2d], slope: float) -> None:
    """Replace x by x and -slope * x, both in each of the groups that a shift moves."""

    def interleave(x: Tensor, negative: Tensor, axis: int) -> Tensor:
        groups = zip(x.chunk(len(OFFSETS), axis), negative.chunk(len(OFFSETS), axis), strict=True)
        return torch.cat([half for group in groups for half in group], axis)

    weight, bias = first.weight.data, _bias(first).data
    first.weight.data = interleave(weight, -slope * weight, 0)
    _bias(first).data = interleave(bias, -slope * bias, 0)
    first.out_channels *= 2
    for reader in readers:
        reader.weight.data = interleave(reader.weight.data, -reader.weight.data, 1)
        reader.in_channels *= 2


def _convolution(graph: fx.GraphModule, name: str) -> nn.Conv2d:
    layer = graph.get_submodule(name)
    assert isinstance(layer, nn.Conv2d)
    return layer


def _bias(conv: nn.Conv2d) -> Tensor:
    """Return the bias, which every convolution of SCNet has."""
    assert conv.bias is not None
    return conv.bias


def layers_of(graph: fx.GraphModule, kind: type[nn.Module]) -> list[fx.Node]:
    """Return the nodes that call a layer of one kind, in order."""
    return [node for node in graph.graph.nodes if isinstance(layer_of(node), kind)]


def _channels(node: fx.Node) -> int:
    """Return a node's number of channels: that of the nearest convolution before it."""
    while not isinstance(layer_of(node), nn.Conv2d):
        (node,) = node.all_input_nodes
    return int(layer_of(node).out_channels)


def _per_pixel_tail(node: fx.Node) -> list[fx.Node]:
    """Return the chain of per-pixel layers after a node."""
    tail: list[fx.Node] = []
    while len(node.users) == 1:
        node = next(iter(node.users))
        if not isinstance(layer_of(node), nn.Conv2d | nn.LeakyReLU | nn.ReLU):
            break
        tail.append(node)
    return tail


def _split(conv: nn.Conv2d, parts: int) -> list[nn.Conv2d]:
    """Split a 1x1 convolution into equal runs of its output channels."""
    width = conv.out_channels // parts
    split = []
    for part in range(parts):
        rows = nn.Conv2d(conv.in_channels, width, 1)
        rows.weight.data = conv.weight.data[part * width : (part + 1) * width].clone()
        _bias(rows).data = _bias(conv).data[part * width : (part + 1) * width].clone()
        split.append(rows)
    return split
