"""GPTQ of 1x1 convolutions: weights rounded so that their errors cancel in the outputs.

Frantar et al., arXiv 2210.17323, section 3: the input channels are rounded one after the other, and
each error is compensated by the channels still to come, through the inverse Hessian of the output
error, which is the second moment of the inputs. Against rounding to nearest, SCNet-T x4 (direct)
loses 0.013 instead of 0.049 dB on photographs in 6 bits and 0.092 instead of 0.257 in 4, and is
30.9 instead of 24.1 and 26.1 instead of 19.7 dB from fp32 on the worst image (2026-11-25); x2 in 8
bits per tensor 34.7 instead of 25.9, x4 per channel 46.2 instead of 36.6 (2026-11-26).
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx, nn

from converters.quantization.coreml_weights import RGB_CHANNELS, make_palette
from converters.quantization.quant_params import INT8_MAX
from scnet.device_form import layer_of
from scnet.observer import observe

Matrix = NDArray[np.float64]
RoundToNearest = Callable[[Matrix], Matrix]
"""From the weights on one input channel to the nearest values that can be stored."""

DAMPING = 1e-3
"""Of the Hessian's mean diagonal, added to all of it: channels of nearly 0 compensate nothing."""


def palettize(graph: fx.GraphModule, images: Iterable[torch.Tensor], bits: int) -> None:
    """Palettize the weights of 1x1 convolutions, a palette for each.

    Args:
        graph: A device form; weights are changed in place. The first convolution, which reads 3
            channels, stays exact.
        images: Calibration images, (1, 3, H, W) each, in the graph's own range.
        bits: A palette has 2**bits values.
    """
    for conv, weight, hessian in _observe(graph, images, wider_than=RGB_CHANNELS):
        palette = make_palette(weight, bits)[0].astype(np.float64)

        def nearest(weights: Matrix, palette: Matrix = palette) -> Matrix:
            return np.asarray(palette[np.abs(weights[:, None] - palette).argmin(1)])

        _replace(conv, _gptq(weight, nearest, hessian))


def quantize_weights(
    graph: fx.GraphModule, images: Iterable[torch.Tensor], *, per_channel: bool
) -> None:
    """Quantize the weights of 1x1 convolutions to 8 bits, symmetrically.

    The largest magnitude stays what it is: tools that store the weight derive the scale from it.

    Args:
        graph: A device form; weights are changed in place.
        images: As for `palettize`.
        per_channel: Scales are per output channel, not per tensor, and the first convolution stays
            exact, as Core ML leaves it. TFLite's is in 8 bits like all others: rounded to nearest,
            it alone cost x4 pixelshuffle 5 dB on noise (28.8 instead of 33.7 dB, 2026-11-26).
    """
    widest_exact = RGB_CHANNELS if per_channel else 0
    for conv, weight, hessian in _observe(graph, images, wider_than=widest_exact):
        largest = np.abs(weight).max(1 if per_channel else None, keepdims=True)
        scales = np.maximum(largest, np.finfo(np.float32).tiny)[:, 0] / INT8_MAX

        def nearest(weights: Matrix, scales: Matrix = scales) -> Matrix:
            return np.rint(weights / scales).clip(-INT8_MAX, INT8_MAX) * scales

        _replace(conv, _gptq(weight, nearest, hessian, kept=np.abs(weight) == largest))


def _observe(
    graph: fx.GraphModule, images: Iterable[torch.Tensor], *, wider_than: int
) -> Iterator[tuple[nn.Conv2d, Matrix, Matrix]]:
    """Yield each convolution to round, its weight (O, I), and its Hessian (I, I)."""
    hessians: dict[str, Matrix] = {}

    def add_moments(node: fx.Node, value: torch.Tensor) -> None:
        for user in node.users:
            if isinstance(layer_of(user), nn.Conv2d):
                pixels = value.movedim(1, -1).flatten(0, 2).double()
                moment = (pixels.T @ pixels / len(pixels)).numpy()
                hessians[str(user.target)] = hessians.get(str(user.target), 0) + moment

    observe(graph, images, add_moments)
    for name, hessian in hessians.items():
        conv = graph.get_submodule(name)
        assert isinstance(conv, nn.Conv2d)
        if conv.in_channels > wider_than:
            yield conv, conv.weight.detach().numpy()[:, :, 0, 0].astype(np.float64), hessian


def _replace(conv: nn.Conv2d, weight: Matrix) -> None:
    conv.weight.data = torch.from_numpy(weight.astype(np.float32))[:, :, None, None]


def _gptq(
    weight: Matrix, nearest: RoundToNearest, hessian: Matrix, kept: NDArray[np.bool_] | None = None
) -> Matrix:
    """Round column by column, that of the strongest input first, and compensate each one's error.

    Weights that are `kept` stay as they are.
    """
    order = np.argsort(-np.diag(hessian))
    mean = np.diag(hessian).mean() or 1.0  # of a dead block, which reads nothing but zeros
    damped = hessian + DAMPING * mean * np.eye(len(hessian))
    inverse = np.linalg.inv(damped[np.ix_(order, order)])
    factor = np.linalg.cholesky(inverse).T
    remaining, rounded = weight[:, order], np.empty_like(weight)
    for index, column in enumerate(order):
        rounded[:, column] = nearest(remaining[:, index])
        if kept is not None:
            np.copyto(rounded[:, column], weight[:, column], where=kept[:, column])
        error = (remaining[:, index] - rounded[:, column]) / factor[index, index]
        remaining[:, index:] -= np.outer(error, factor[index, index:])
    return rounded
