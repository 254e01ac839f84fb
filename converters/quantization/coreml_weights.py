"""Smaller weights for Core ML files, by coremltools.optimize.coreml.

Compressed are the weights of the 1x1 convolutions. The shift's one-hot kernels stay as they are,
exact, and so does the first convolution, 3 channels wide.
"""

from typing import Any

import numpy as np
from coremltools.optimize import coreml as cto
from numpy.typing import NDArray

from converters.quantization.quant_params import WEIGHT
from mobile_runtime.model_file.precision import Precision

COLOURS = 3

ROUNDS = 50
"""Of Lloyd's algorithm; a palette settles before."""

Weights = NDArray[np.floating[Any]]


def compress_weights(model: Any, precision: Precision) -> Any:
    """Compress the weights of a Core ML model.

    Without a palette: linear, symmetric, a scale per output channel, of 8 bits
    (`constexpr_affine_dequantize`). A weight with a channel of next to nothing, whose scale would
    be 0, stays in fp16. With one: a palette per convolution (`constexpr_lut_to_dense`). Both are of
    iOS 16.

    Args:
        model: An `MLModel` with an mlprogram that computes in fp16.
        precision: Of less than 16 bits.

    Returns:
        A new model; descriptions and metadata of the old one are not to be relied on.
    """
    if not precision.palette:
        names = [name for name, weight in _weights(model).items() if not _has_silent_row(weight)]
        linear = cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=0)
        return cto.linear_quantize_weights(model, _only(names, linear))
    palette = cto.OpPalettizerConfig(
        mode="custom",
        lut_function=lambda weight: make_palette(weight, precision.weight_bits),
        weight_threshold=0,
    )
    return cto.palettize_weights(model, _only(list(_weights(model)), palette))


def make_palette(weight: Weights, bits: int) -> tuple[Weights, NDArray[np.uint8]]:
    """Choose the values that lie nearest to a weight's, by k-means in one dimension.

    Weights that are rounded already (`converters.quantization.gptq`) stay what they are: where
    there are few values, they are the palette. coremltools' own k-means needs scikit-learn for what
    are a few lines where values can be sorted.

    Args:
        weight: Any shape.
        bits: The palette has 2**bits values.

    Returns:
        The palette, ascending, in the type of the weight; the index of each value, flat.
    """
    values = np.sort(weight, axis=None).astype(np.float64)
    palette = np.unique(values)
    if len(palette) > 2**bits:
        palette = _cluster(values, 2**bits)
    palette = np.pad(palette, (0, 2**bits - len(palette)), "edge").astype(weight.dtype)
    indices = np.searchsorted(_middles(palette), weight.reshape(-1))
    return palette, indices.astype(np.uint8)


def _cluster(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Find the centres of sorted values, ascending."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    palette = np.quantile(values, (np.arange(count) + 0.5) / count)
    for _ in range(ROUNDS):
        ends = np.concatenate([[0], np.searchsorted(values, _middles(palette)), [len(values)]])
        counts, totals = np.diff(ends), np.diff(sums[ends])
        palette = np.sort(np.where(counts > 0, totals / np.maximum(counts, 1), palette))
    return palette


def _middles(palette: Weights) -> Weights:
    """Give where one value of a palette becomes nearer than the next smaller one."""
    wide = palette.astype(np.float64)
    return (wide[1:] + wide[:-1]) / 2


def _weights(model: Any) -> dict[str, Weights]:
    """Give the weights to compress, by name."""
    convolutions = model._mil_program.functions["main"].find_ops(op_type="conv")
    weights = [op.weight for op in convolutions if op.groups.val == 1]
    return {weight.name: weight.val for weight in weights if weight.shape[1] > COLOURS}


def _has_silent_row(weight: Weights) -> bool:
    """Tell whether the scale of some output channel is 0 in fp16, which no engine takes."""
    largest = np.abs(weight.astype(np.float64)).max((1, 2, 3))
    return bool((np.float16(largest / WEIGHT) == 0).any())


def _only(names: list[str], config: Any) -> Any:
    return cto.OptimizationConfig(op_name_configs=dict.fromkeys(names, config))
