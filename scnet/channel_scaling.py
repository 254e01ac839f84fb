"""Cross-layer equalization of an fx graph: channels scaled without changing its function.

Nagel et al., arXiv 1906.04721, section 4.1: ReLU, LeakyReLU, shift, interpolation and addition let
a positive factor per channel through, so the rows of the convolutions that write a channel can be
divided by a factor, and the columns of those that read it multiplied. In SCNet this reaches from
each block's first convolution to its second, and along the whole residual stream, whose factors all
blocks share.

`smooth_channels` evens out the ranges of channels, for per-tensor quantization, with the factors of
SmoothQuant (Xiao et al., arXiv 2211.10438, section 4). `scale_to_fp16_range` makes whole values
smaller, for fp16. `rebalance_weights` gives weights their usual sizes, for training.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import ceil, isfinite, log2

import torch
from torch import Tensor, fx, nn

from scnet.device_form import DepthToSpace, DepthwiseShift, layer_of
from scnet.network import SpatialShift, Upsample
from scnet.observer import observe

MIGRATION_STRENGTH = 0.5
"""SmoothQuant's alpha: 1 makes the activations' ranges equal, 0 the weights'. Loss of SCNet-T
(direct) in 8 bits on 14 held-out training images: x2 0.185 dB at 0.4, 0.182 at 0.5, 0.190 at 0.6,
0.25 at 0.75; x3 0.111 at 0.5, 0.119 at 0.6, 0.170 at 0.75 (2026-11-25, 1e-3 % of values clipped;
weights in training)."""

MIN_SHARE = 1e-3
"""Of the largest channel's range: channels below are nearly silent and count as this large."""

SCALABLE = (nn.ReLU, nn.LeakyReLU, SpatialShift, DepthwiseShift, Upsample)
"""Layers that a positive factor per channel passes through."""

FP16_PEAK = 1024.0
"""A 64th of fp16's largest value 65,504: room for partial sums and for other images."""

_FIXED = "fixed"
"""The group of all values whose channels cannot be scaled: images, and what is rearranged."""


def smooth_channels(graph: fx.GraphModule, images: Iterable[Tensor]) -> None:
    """Even out the ranges of channels; the function stays the same but for rounding.

    Args:
        graph: A device form; its convolutions' weights and biases are changed in place.
        images: Calibration images, (1, 3, H, W) each, in the graph's own range.
    """
    peaks = _measure_peaks(graph, images)
    for values in _channel_groups(graph, SCALABLE):
        activation = _largest_shares([peaks[value] for value in values])
        weight = _largest_shares([_column_peaks(reader) for reader in _readers(values)])
        factors = activation**MIGRATION_STRENGTH / weight ** (1 - MIGRATION_STRENGTH)
        _rescale(values, factors / factors.log().mean().exp())


def scale_to_fp16_range(graph: fx.GraphModule, images: Iterable[Tensor]) -> None:
    """Divide values above `FP16_PEAK` by powers of two; in fp32 the function stays bit-exact.

    Training does not limit features: ReLU lets any factor through, and a long run with Muon, whose
    updates of a matrix are all of one size, took SCNet-T x3 to 89,851 on noise (2026-11-26). Phones
    compute fp32 files in fp16 too.

    Args:
        graph: A device form; its convolutions' weights and biases are changed in place.
        images: Stress images to measure peaks on, (1, 3, H, W) each.
    """
    peaks = _measure_peaks(graph, images)
    for values in _channel_groups(graph, (*SCALABLE, DepthToSpace)):
        peak = max(float(peaks[value].max()) for value in values)
        if isfinite(peak) and peak > FP16_PEAK:
            _rescale(values, torch.tensor(2.0 ** ceil(log2(peak / FP16_PEAK))))


def rebalance_weights(graph: fx.GraphModule, usual: Mapping[str, float]) -> None:
    """Bring weights near their usual sizes by powers of two; in fp32 the function stays bit-exact.

    For training with Muon, which moves every matrix of a shape equally far: one step would destroy
    a matrix that `scale_to_fp16_range`, or long training, has made a thousand times smaller.

    Args:
        graph: A network as a graph; its convolutions' weights and biases are changed in place.
        usual: The root mean square of each convolution's weight in a new network.
    """
    groups = _channel_groups(graph, (*SCALABLE, nn.PixelShuffle))
    convs = {name: conv for name, conv in graph.named_modules() if isinstance(conv, nn.Conv2d)}
    names = [name for name, conv in convs.items() if conv.weight.any() and usual[name]]
    excess = torch.tensor([log2(root_mean_square(convs[n].weight) / usual[n]) for n in names])
    written, read = torch.zeros(2, len(names), len(groups))
    for column, values in enumerate(groups):
        writers, readers = _convolutions(values), _readers(values)
        written[:, column] = torch.tensor([float(convs[name] in writers) for name in names])
        read[:, column] = torch.tensor([float(convs[name] in readers) for name in names])
    powers = (torch.linalg.pinv(written - read) @ excess).round()
    for values, power in zip(groups, powers, strict=True):
        _rescale(values, 2.0**power)


def root_mean_square(weight: Tensor) -> float:
    """Return the root mean square of a weight."""
    return float(weight.detach().square().mean().sqrt())


def _measure_peaks(graph: fx.GraphModule, images: Iterable[Tensor]) -> dict[fx.Node, Tensor]:
    """Return the largest magnitude of each channel of each value."""
    peaks: dict[fx.Node, Tensor] = {}

    def keep_largest(node: fx.Node, value: Tensor) -> None:
        peak = value.abs().amax((0, 2, 3)).clone()
        peaks[node] = torch.maximum(peak, peaks.get(node, peak))

    observe(graph, images, keep_largest)
    return peaks


def _channel_groups(
    graph: fx.GraphModule, scalable: tuple[type[nn.Module], ...]
) -> list[list[fx.Node]]:
    """Return the groups of values that can only be scaled together."""
    parents: dict[Hashable, Hashable] = {}

    def find(key: Hashable) -> Hashable:
        while (parent := parents.setdefault(key, key)) != key:
            key = parent
        return key

    for node in graph.graph.nodes:
        for a, b in _tied_values(node, scalable):
            parents[find(a)] = find(b)
    groups: dict[Hashable, list[fx.Node]] = {}
    for node in graph.graph.nodes:
        if find(node) != find(_FIXED):
            groups.setdefault(find(node), []).append(node)
    return list(groups.values())


def _tied_values(
    node: fx.Node, scalable: tuple[type[nn.Module], ...]
) -> list[tuple[Hashable, Hashable]]:
    """Return what must be scaled equally; a convolution called twice ties both its calls."""
    layer, sources = layer_of(node), node.all_input_nodes
    if isinstance(layer, nn.Conv2d):
        return [(("written", node.target), node), (("read", node.target), sources[0])]
    adds = node.op == "call_function" and node.target is not torch.cat
    if isinstance(layer, scalable) or adds:
        return [(source, node) for source in sources]
    return [(value, _FIXED) for value in (node, *sources)]


def _convolutions(nodes: Iterable[fx.Node]) -> list[nn.Conv2d]:
    """Return the convolutions among nodes, each once."""
    layers = {node.target: layer_of(node) for node in nodes}
    return [layer for layer in layers.values() if isinstance(layer, nn.Conv2d)]


def _readers(values: Sequence[fx.Node]) -> list[nn.Conv2d]:
    return _convolutions([user for value in values for user in value.users])


def _column_peaks(reader: nn.Conv2d) -> Tensor:
    """Return the largest weight on each input channel, relative to the largest of its row."""
    weight = reader.weight.detach().abs().flatten(1)
    return (weight / weight.amax(1, keepdim=True).clamp_min(torch.finfo().tiny)).amax(0)


def _largest_shares(peaks: Sequence[Tensor]) -> Tensor:
    """Return each channel's peak relative to its value's peak, the largest over all values."""
    shares = [peak / peak.max().clamp_min(torch.finfo().tiny) for peak in peaks]
    return torch.stack(shares).amax(0).clamp_min(MIN_SHARE)


def _rescale(values: Sequence[fx.Node], factors: Tensor) -> None:
    """Divide values by factors, one for all or one per channel, and multiply their readers."""
    with torch.no_grad():
        for writer in _convolutions(values):
            writer.weight.div_(factors.view(-1, 1, 1, 1))
            assert writer.bias is not None
            writer.bias.div_(factors)
        for reader in _readers(values):
            reader.weight.mul_(factors.view(1, -1, 1, 1))
