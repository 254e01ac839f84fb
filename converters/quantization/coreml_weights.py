"""Weight quantization and palettization of Core ML files, by coremltools.optimize.coreml.

Of the 1x1 convolutions alone: the shift's one-hot kernels stay exact, and so does the first
convolution, which reads 3 channels.
"""

from typing import Any

import numpy as np
from coremltools.optimize import coreml as cto
from numpy.typing import NDArray

from converters.quantization.quant_params import INT8_MAX
from mobile_runtime.model_file.precision import Precision

RGB_CHANNELS = 3

LLOYD_ITERATIONS = 50
"""Enough for a palette to converge."""

Weights = NDArray[np.floating[Any]]


def compress_weights(model: Any, precision: Precision) -> Any:
    """Return a Core ML model with compressed weights.

    Without a palette: symmetric, 8 bits, a scale per output channel
    (`constexpr_affine_dequantize`); a weight with a channel whose scale would be 0 stays in fp16.
    With one: a palette per convolution (`constexpr_lut_to_dense`). Both operators are of iOS 16.

    Args:
        model: An `MLModel` with an mlprogram that computes in fp16.
        precision: Of less than 16 bits.

    Returns:
        A new model, whose descriptions and metadata may be lost.
    """
    if not precision.palette:
        names = [name for name, weight in _weights(model).items() if not _has_zero_scale(weight)]
        linear = cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=0)
        return cto.linear_quantize_weights(model, _config_for(names, linear))
    palette = cto.OpPalettizerConfig(
        mode="custom",
        lut_function=lambda weight: make_palette(weight, precision.weight_bits),
        weight_threshold=0,
    )
    return cto.palettize_weights(model, _config_for(list(_weights(model)), palette))


def make_palette(weight: Weights, bits: int) -> tuple[Weights, NDArray[np.uint8]]:
    """Return a palette for a weight, by k-means in one dimension.

    Where a weight has no more values than a palette, as after `gptq.palettize`, they are the
    palette. coremltools' own k-means needs scikit-learn, and sorted values need a few lines.

    Args:
        weight: Any shape.
        bits: The palette has 2**bits values.

    Returns:
        The palette, ascending, in the dtype of the weight; the index of each value, flat.
    """
    values = np.sort(weight, axis=None).astype(np.float64)
    palette = np.unique(values)
    if len(palette) > 2**bits:
        palette = _cluster(values, 2**bits)
    palette = np.pad(palette, (0, 2**bits - len(palette)), "edge").astype(weight.dtype)
    indices = np.searchsorted(_boundaries(palette), weight.reshape(-1))
    return palette, indices.astype(np.uint8)


def _cluster(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the cluster centers of sorted values, ascending: Lloyd's algorithm."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    palette = np.quantile(values, (np.arange(count) + 0.5) / count)
    for _ in range(LLOYD_ITERATIONS):
        ends = np.concatenate([[0], np.searchsorted(values, _boundaries(palette)), [len(values)]])
        counts, totals = np.diff(ends), np.diff(sums[ends])
        palette = np.sort(np.where(counts > 0, totals / np.maximum(counts, 1), palette))
    return palette


def _boundaries(palette: Weights) -> Weights:
    """Return the midpoints between neighbors in a palette."""
    wide = palette.astype(np.float64)
    return (wide[1:] + wide[:-1]) / 2


def _weights(model: Any) -> dict[str, Weights]:
    """Return the weights to compress, by name."""
    convolutions = model._mil_program.functions["main"].find_ops(op_type="conv")
    weights = [op.weight for op in convolutions if op.groups.val == 1]
    return {weight.name: weight.val for weight in weights if weight.shape[1] > RGB_CHANNELS}


def _has_zero_scale(weight: Weights) -> bool:
    """Check whether the scale of an output channel is 0 in fp16, which no engine takes."""
    largest = np.abs(weight.astype(np.float64)).max((1, 2, 3))
    return bool((np.float16(largest / INT8_MAX) == 0).any())


def _config_for(names: list[str], config: Any) -> Any:
    return cto.OptimizationConfig(op_name_configs=dict.fromkeys(names, config))
