"""What does each MIL operator compute? One small numpy function per operator, in one table.

Parameters carry MIL's names and defaults; meanings are those of coremltools' operator reference,
https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html. Where it
leaves something open, the function says what decided it. Floats are float32 throughout: rounding
to fp16 is the executor's business.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Ints = Sequence[int]


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
    """Sum (C_out, C_in) x pixels over the kernel's positions: a single BLAS call if it is 1x1."""
    kernel = weight.shape[2:]
    taps = _taps(x, kernel, strides, pad_type, pad, dilations)
    y: Array = reduce(operator.iadd, (_mix(tap, weight[at], groups) for at, tap in taps))
    if bias is not None:
        y += _along_channels(bias, y.ndim)
    return y


def _mix(pixels: Array, matrix: Array, groups: int) -> Array:
    n, c_in, *size = pixels.shape
    c_out, per_group = matrix.shape
    if per_group == 1 and c_out == c_in == groups:  # depthwise
        return pixels * _along_channels(matrix, pixels.ndim)
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
    """Take the largest value of each window; padding never wins."""
    _refuse(ceil_mode, "ceil_mode")
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
    """Average each window, over all its positions or over those inside the picture."""
    _refuse(ceil_mode, "ceil_mode")
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
    """Give, for each position in the kernel, the pixels that it meets: views, not copies."""
    strides = strides if strides is not None else [1] * len(kernel)
    dilations = dilations if dilations is not None else [1] * len(kernel)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    around = _padding(x.shape[2:], spans, strides, pad_type, pad)
    x = np.pad(x, [(0, 0), (0, 0), *around], constant_values=fill) if np.any(around) else x
    steps = [(n - s) // t for n, s, t in zip(x.shape[2:], spans, strides, strict=True)]
    for at in product(*map(range, kernel)):
        starts = [i * d for i, d in zip(at, dilations, strict=True)]
        window: list[Any] = [
            slice(start, start + step * stride + 1, stride)
            for start, step, stride in zip(starts, steps, strides, strict=True)
        ]
        yield (..., *at), x[(..., *window)]


def _padding(
    size: Ints, spans: Ints, strides: Ints, pad_type: str, pad: Ints | None
) -> list[tuple[int, int]]:
    if pad_type == "valid" or (pad_type == "custom" and pad is None):
        return [(0, 0)] * len(size)
    if pad_type == "custom" and pad is not None:
        return _pairs(pad)
    if pad_type not in {"same", "same_lower"}:
        raise ValueError(f"pad_type {pad_type!r} is not known")
    missing = [
        max((ceil(n / stride) - 1) * stride + span - n, 0)
        for n, span, stride in zip(size, spans, strides, strict=True)
    ]
    smaller_first = [(total // 2, total - total // 2) for total in missing]
    return smaller_first if pad_type == "same" else [pair[::-1] for pair in smaller_first]


def linear(x: Array, weight: Array, bias: Array | float = 0.0) -> Array:
    """Multiply by a (C_out, C_in) matrix along the last axis."""
    return x @ weight.T + bias


def matmul(x: Array, y: Array, transpose_x: bool = False, transpose_y: bool = False) -> Array:
    """Multiply matrices; transposing means nothing to a vector."""
    x = x.swapaxes(-1, -2) if transpose_x and x.ndim > 1 else x
    y = y.swapaxes(-1, -2) if transpose_y and y.ndim > 1 else y
    return np.asarray(x @ y)


def relu(x: Array) -> Array:
    """Cut off below 0."""
    return np.maximum(x, 0)


def leaky_relu(x: Array, alpha: float) -> Array:
    """Weaken what is below 0."""
    weak: Array = x * alpha
    return np.maximum(x, weak) if 0 < alpha <= 1 else np.where(x >= 0, x, weak)


def clip(x: Array, alpha: float, beta: float) -> Array:
    """Keep within [alpha, beta]."""
    return np.minimum(np.maximum(x, alpha), beta)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def softmax(x: Array, axis: int = -1) -> Array:
    """e^x, scaled to sum to 1 along one axis."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    scaled: Array = powers / powers.sum(axis=axis, keepdims=True)
    return scaled


def reduce_mean(x: Array, axes: Ints | None = None, keep_dims: bool = False) -> Array:
    """Average over axes; over all of them if none are named."""
    return np.asarray(np.mean(x, axis=None if axes is None else tuple(axes), keepdims=keep_dims))


def cast(x: Array, dtype: str) -> Array:
    """Change the type; towards an integer, cut off the fraction."""
    numpy_type = {"fp16": "float32", "fp32": "float32"}.get(dtype, dtype)
    return np.asarray(x).astype(numpy_type, copy=False)


def pad(x: Array, pad: Ints, mode: str = "constant", constant_val: float = 0.0) -> Array:
    """Widen the last axes."""
    around = _pairs(pad)
    around = [(0, 0)] * (x.ndim - len(around)) + around
    if mode == "constant":
        return np.pad(x, around, constant_values=constant_val)
    if mode == "reflect":
        return np.pad(x, around, mode="reflect")
    if mode == "replicate":
        return np.pad(x, around, mode="edge")
    raise ValueError(f"mode {mode!r} is not known")


def slice_by_size(x: Array, begin: Ints, size: Ints) -> Array:
    """Cut out a block; size -1 means up to the end."""
    block = zip(begin, size, strict=True)
    return x[tuple(slice(b, None if s == -1 else b + s) for b, s in block)]


def slice_by_index(
    x: Array,
    begin: Ints,
    end: Ints,
    stride: Ints | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Array:
    """Python's x[begin:end:stride] per axis; a masked end is open, a squeezed axis is an index."""
    unmasked = [False] * x.ndim
    axes = zip(
        begin,
        end,
        stride if stride is not None else [1] * x.ndim,
        begin_mask if begin_mask is not None else unmasked,
        end_mask if end_mask is not None else unmasked,
        squeeze_mask if squeeze_mask is not None else unmasked,
        strict=True,
    )
    index = (
        b if squeezed else slice(None if open_start else b, None if open_end else e, step)
        for b, e, step, open_start, open_end, squeezed in axes
    )
    return np.asarray(x[tuple(index)])


def concat(values: Sequence[Array], axis: int, interleave: bool = False) -> Array:
    """Join along an axis, one after the other or in turn."""
    if not interleave:
        return np.concatenate([np.atleast_1d(value) for value in values], axis)
    after = axis % values[0].ndim + 1
    shape = list(values[0].shape)
    shape[after - 1] *= len(values)
    return np.stack(values, after).reshape(shape)


def split(
    x: Array, axis: int, num_splits: int | None = None, split_sizes: Ints | None = None
) -> list[Array]:
    """Cut along an axis into equal parts, or into parts of these sizes."""
    if split_sizes is not None:
        return np.split(x, np.cumsum(split_sizes)[:-1], axis)
    if num_splits is None:
        raise ValueError("neither num_splits nor split_sizes is given")
    return np.split(x, num_splits, axis)


def transpose(x: Array, perm: Ints) -> Array:
    """Order the axes anew."""
    return x.transpose(perm)


def reshape(x: Array, shape: Ints) -> Array:
    """Give the same values another shape; 0 keeps an axis, -1 takes what is left."""
    kept = [x.shape[axis] if size == 0 else size for axis, size in enumerate(shape)]
    return x.reshape(kept)


def expand_dims(x: Array, axes: Ints) -> Array:
    """Insert axes of length 1."""
    return np.expand_dims(x, tuple(axes))


def squeeze(x: Array, axes: Ints | None = None) -> Array:
    """Remove axes of length 1; as in PyTorch, named axes of another length stay."""
    named = range(x.ndim) if axes is None else [axis % x.ndim for axis in axes]
    return x.squeeze(tuple(axis for axis in named if x.shape[axis] == 1))


def shape(x: Array) -> Array:
    """Give the length of each axis."""
    return np.array(x.shape, np.int32)


def gather(
    x: Array,
    indices: Array | int,
    axis: int = 0,
    batch_dims: int = 0,
    validate_indices: bool = True,
) -> Array:
    """Pick along an axis."""
    del validate_indices  # numpy always does
    _refuse(batch_dims != 0, "batch_dims")
    return np.asarray(np.take(x, indices, axis))


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    """Turn channels into pixels as PyTorch does: channel = (colour, row, column)."""
    n, c, h, w = x.shape
    f = upscale_factor
    blocks = x.reshape(n, c // f**2, f, f, h, w).transpose(0, 1, 4, 2, 5, 3)
    return blocks.reshape(n, c // f**2, h * f, w * f)


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    """Undo `pixel_shuffle`."""
    n, c, h, w = x.shape
    f = downscale_factor
    blocks = x.reshape(n, c, h // f, f, w // f, f).transpose(0, 1, 3, 5, 2, 4)
    return blocks.reshape(n, c * f**2, h // f, w // f)


def depth_to_space(x: Array, block_size: int) -> Array:
    """Turn channels into pixels as TensorFlow does: channel = (row, column, colour).

    The reference leaves the order open; coremltools' TensorFlow frontend, which lowers
    tf.nn.depth_to_space to nothing but this operator and transposes, decides it.
    """
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x: Array, block_size: int) -> Array:
    """Undo `depth_to_space`."""
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * b**2, h // b, w // b)


def upsample_nearest_neighbor(
    x: Array, scale_factor_height: float = 1, scale_factor_width: float = 1
) -> Array:
    """Repeat pixels."""
    _refuse(scale_factor_height % 1 != 0 or scale_factor_width % 1 != 0, "a fractional scale")
    return x.repeat(int(scale_factor_height), -2).repeat(int(scale_factor_width), -1)


def upsample_bilinear(
    x: Array,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Array:
    """Interpolate; the grid follows from both sizes, not from the factors."""
    half_pixel = not align_corners if half_pixel_centers is None else half_pixel_centers
    _refuse(align_corners and half_pixel, "align_corners together with half_pixel_centers")
    unaligned = "UNALIGN_CORNERS" if half_pixel else "DEFAULT"
    height, width = x.shape[-2:]
    size = floor(height * scale_factor_height), floor(width * scale_factor_width)
    return resize_bilinear(x, *size, "STRICT_ALIGN_CORNERS" if align_corners else unaligned)


def resize_bilinear(
    x: Array,
    target_size_height: int = 1,
    target_size_width: int = 1,
    sampling_mode: str = "DEFAULT",
) -> Array:
    """Interpolate to a size."""
    rows = _interpolate(x, -2, target_size_height, sampling_mode)
    return _interpolate(rows, -1, target_size_width, sampling_mode)


def resize(
    x: Array,
    shape: Ints,
    resized_dims: int,
    interpolation_mode: str = "LINEAR",
    sampling_mode: str = "DEFAULT",
) -> Array:
    """Interpolate the last axes to the end of `shape`, where 0 keeps an axis."""
    _refuse(interpolation_mode != "LINEAR", f"interpolation_mode {interpolation_mode!r}")
    for axis in range(-int(resized_dims), 0):
        x = _interpolate(x, axis, int(shape[axis]) or x.shape[axis], sampling_mode)
    return x


def _interpolate(x: Array, axis: int, size: int, sampling_mode: str) -> Array:
    last = x.shape[axis] - 1
    points = np.clip(_grid(last + 1, size, sampling_mode), 0, last)
    before = points.astype(np.intp)
    share = (points - before).astype(np.float32).reshape(-1, *[1] * (-axis - 1))
    low, high = x.take(before, axis), x.take(np.minimum(before + 1, last), axis)
    between: Array = low + (high - low) * share
    return between


def _grid(n: int, size: int, sampling_mode: str) -> Array:
    """Where to sample n pixels `size` times: the formulas of MIL's `resize_bilinear`."""
    i = np.arange(size)
    if sampling_mode == "ALIGN_CORNERS" and size == 1:
        return np.array([(n - 1) / 2])
    if sampling_mode in {"STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"}:
        return i * ((n - 1) / max(size - 1, 1))
    if sampling_mode == "DEFAULT":
        return i * (n / size)
    if sampling_mode == "OFFSET_CORNERS":
        return (i + 0.5) * (max(1, n - 1) / size)
    if sampling_mode == "UNALIGN_CORNERS":
        return (i + 0.5) * (n / size) - 0.5
    raise ValueError(f"sampling_mode {sampling_mode!r} is not known")


def constexpr_affine_dequantize(
    quantized_data: Array, zero_point: Array | float, scale: Array | float, axis: int
) -> Array:
    """Give scale * (quantized - zero point), where vectors run along an axis."""
    column = [1] * quantized_data.ndim
    column[axis] = -1
    scales, zeros = (np.asarray(v, np.float32) for v in (scale, zero_point))
    scales, zeros = (v.reshape(column) if v.ndim else v for v in (scales, zeros))
    return (quantized_data.astype(np.float32) - zeros) * scales


def constexpr_lut_to_dense(indices: Array, lut: Array, shape: Ints) -> Array:
    """Look values up; the indices are packed bits, lowest first."""
    width = len(lut).bit_length() - 1
    count = int(np.prod(shape))
    bits = np.unpackbits(indices, count=count * width, bitorder="little").reshape(count, width)
    return lut[bits @ (1 << np.arange(width))].reshape(shape)


def _along_channels(values: Array, rank: int) -> Array:
    return values.reshape(-1, *[1] * (rank - 2))


def _pairs(pad: Ints) -> list[tuple[int, int]]:
    return list(zip(pad[::2], pad[1::2], strict=True))


def _refuse(condition: bool, what: str) -> None:
    if condition:
        raise ValueError(f"the reference executor does not know {what}")


PICKING = {
    "identity": lambda x: x,
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    **{
        function.__name__: function
        for function in (
            concat, constexpr_lut_to_dense, depth_to_space, expand_dims, gather, max_pool, pad,
            pixel_shuffle, pixel_unshuffle, relu, reshape, slice_by_index, slice_by_size,
            space_to_depth, split, squeeze, transpose, upsample_nearest_neighbor,
        )
    },
}  # fmt: skip
"""Operators that only pick among their inputs' values: what was rounded stays so."""

COMPUTING = {
    "add": lambda x, y: np.add(x, y),
    "mul": lambda x, y: np.multiply(x, y),
    "real_div": lambda x, y: np.true_divide(x, y),
    "sub": lambda x, y: np.subtract(x, y),
    "tanh": lambda x: np.tanh(x),
    **{
        function.__name__: function
        for function in (
            avg_pool, cast, clip, constexpr_affine_dequantize, conv, leaky_relu, linear, matmul,
            reduce_mean, resize, resize_bilinear, shape, sigmoid, softmax, upsample_bilinear,
        )
    },
}  # fmt: skip

OPERATORS: Mapping[str, Callable[..., Array | list[Array]]] = {**PICKING, **COMPUTING}
"""Operator -> its function, called with MIL's parameters by name."""
