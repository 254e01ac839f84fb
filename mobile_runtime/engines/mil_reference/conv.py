"""MIL convolution, pooling and matrix operators."""

import operator
from collections.abc import Iterator
from functools import reduce
from itertools import product
from math import ceil
from typing import Any

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, along_axis, pairs, refuse
from mobile_runtime.formats.coreml_package import Array


def conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    strides: Ints | None = None,
    pad_type: str = "valid",
    pad: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Array:
    """Return the sum of (C_out, C_in) @ pixels over all positions in the kernel."""
    kernel = weight.shape[2:]
    taps = _taps(x, kernel, strides, pad_type, pad, dilations)
    y: Array = reduce(operator.iadd, (mix(tap, weight[at], groups) for at, tap in taps))
    if bias is not None:
        y += along_axis(bias, 1, y.ndim)
    return y


def mix(pixels: Array, matrix: Array, groups: int) -> Array:
    """Return pixels (N, C_in, ...) times a matrix (C_out, C_in / groups), group by group."""
    n, c_in, *size = pixels.shape
    c_out, per_group = matrix.shape
    if per_group == 1 and c_out == c_in == groups:  # depthwise
        return pixels * along_axis(matrix, 1, pixels.ndim)
    grouped = pixels.reshape(n, groups, per_group, -1)
    return (matrix.reshape(groups, -1, per_group) @ grouped).reshape(n, c_out, *size)


def max_pool(
    x: Array,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    ceil_mode: bool = False,
) -> Array:
    """Return the largest value of each window, padding left out."""
    refuse(ceil_mode, "ceil_mode")
    taps = _taps(x, kernel_sizes, strides, pad_type, pad, fill=-np.inf)
    return reduce(np.maximum, (tap for _, tap in taps))


def avg_pool(
    x: Array,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Array:
    """Return the mean of each window, over all its positions or over those inside the image."""
    refuse(ceil_mode, "ceil_mode")
    window = (kernel_sizes, strides, pad_type, pad)
    total: Array = reduce(np.add, (tap for _, tap in _taps(x, *window)))
    if not exclude_padding_from_average:
        return total / np.float32(np.prod(kernel_sizes))
    count: Array = reduce(np.add, (tap for _, tap in _taps(np.ones_like(x), *window)))
    return total / count


def _taps(
    x: Array,
    kernel: Ints,
    strides: Ints | None,
    pad_type: str,
    pad: Ints | None,
    dilations: Ints | None = None,
    fill: float = 0.0,
) -> Iterator[tuple[tuple[Any, ...], Array]]:
    """Yield each position in the kernel with the pixels that it multiplies: views, not copies."""
    strides = strides if strides is not None else [1] * len(kernel)
    dilations = dilations if dilations is not None else [1] * len(kernel)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    around = _padding(x.shape[2:], spans, strides, pad_type, pad)
    x = np.pad(x, [(0, 0), (0, 0), *around], constant_values=fill) if np.any(around) else x
    last = [(n - s) // t for n, s, t in zip(x.shape[2:], spans, strides, strict=True)]
    for at in product(*map(range, kernel)):
        starts = [i * d for i, d in zip(at, dilations, strict=True)]
        window: list[Any] = [
            slice(start, start + end * stride + 1, stride)
            for start, end, stride in zip(starts, last, strides, strict=True)
        ]
        yield (..., *at), x[(..., *window)]


def _padding(
    size: Ints, spans: Ints, strides: Ints, pad_type: str, pad: Ints | None
) -> list[tuple[int, int]]:
    if pad_type == "valid" or (pad_type == "custom" and pad is None):
        return [(0, 0)] * len(size)
    if pad_type == "custom" and pad is not None:
        return pairs(pad)
    if pad_type not in {"same", "same_lower"}:
        raise ValueError(f"pad_type {pad_type!r} is not known")
    missing = [
        max((ceil(n / stride) - 1) * stride + span - n, 0)
        for n, span, stride in zip(size, spans, strides, strict=True)
    ]
    smaller_first = [(total // 2, total - total // 2) for total in missing]
    return smaller_first if pad_type == "same" else [pair[::-1] for pair in smaller_first]


def linear(x: Array, weight: Array, bias: Array | float = 0.0) -> Array:
    """Return the product with a (C_out, C_in) matrix along the last axis."""
    return x @ weight.T + bias


def matmul(x: Array, y: Array, transpose_x: bool = False, transpose_y: bool = False) -> Array:
    """Return the product of matrices; a vector is not transposed."""
    x = x.swapaxes(-1, -2) if transpose_x and x.ndim > 1 else x
    y = y.swapaxes(-1, -2) if transpose_y and y.ndim > 1 else y
    return np.asarray(x @ y)
