"""MIL data-movement operators: pad, slice, concatenate, reshape, transpose, pixel shuffle."""

from collections.abc import Sequence

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, pairs, refuse
from mobile_runtime.formats.coreml_package import Array


def pad(x: Array, pad: Ints, mode: str = "constant", constant_val: float = 0.0) -> Array:
    """Return x, padded along its last axes."""
    around = pairs(pad)
    around = [(0, 0)] * (x.ndim - len(around)) + around
    if mode == "constant":
        return np.pad(x, around, constant_values=constant_val)
    if mode == "reflect":
        return np.pad(x, around, mode="reflect")
    if mode == "replicate":
        return np.pad(x, around, mode="edge")
    raise ValueError(f"mode {mode!r} is not known")


def slice_by_size(x: Array, begin: Ints, size: Ints) -> Array:
    """Return a block of x; size -1 means up to the end."""
    block = [
        slice(b, n if s == -1 else b + s) for b, s, n in zip(begin, size, x.shape, strict=True)
    ]
    if not all(0 <= part.start <= part.stop <= n for part, n in zip(block, x.shape, strict=True)):
        raise ValueError(f"a block of {size} at {begin} does not lie within {x.shape}")
    return x[tuple(block)]


def slice_by_index(
    x: Array,
    begin: Ints,
    end: Ints,
    stride: Ints | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Array:
    """Return x[begin:end:stride] per axis; a masked end is open, a squeezed axis is an index."""
    steps = [1] * x.ndim if stride is None else stride
    given = begin_mask, end_mask, squeeze_mask
    masks = [[False] * x.ndim if mask is None else mask for mask in given]
    axes = zip(begin, end, steps, *masks, strict=True)
    index = (
        b if squeezed else slice(None if open_start else b, None if open_end else e, step)
        for b, e, step, open_start, open_end, squeezed in axes
    )
    return np.asarray(x[tuple(index)])


def crop(x: Array, crop_height: Ints, crop_width: Ints) -> Array:
    """Return x without that many rows at top and bottom, and columns left and right."""
    (top, bottom), (left, right) = crop_height, crop_width
    height, width = x.shape[-2:]
    return x[..., top : height - bottom, left : width - right]


def concat(values: Sequence[Array], axis: int, interleave: bool = False) -> Array:
    """Return the values joined along an axis, one after the other or interleaved."""
    if not interleave:
        return np.concatenate([np.atleast_1d(value) for value in values], axis)
    after = axis % values[0].ndim + 1
    shape = list(values[0].shape)
    shape[after - 1] *= len(values)
    return np.stack(values, after).reshape(shape)


def stack(values: Sequence[Array], axis: int) -> Array:
    """Return the values joined along a new axis."""
    return np.stack([np.asarray(value) for value in values], axis)


def tile(x: Array, reps: Ints) -> Array:
    """Return x, repeated along each axis."""
    return np.tile(x, reps)


def split(
    x: Array, axis: int, num_splits: int | None = None, split_sizes: Ints | None = None
) -> list[Array]:
    """Return equal parts of x along an axis, or parts of these sizes."""
    if split_sizes is not None:
        return np.split(x, np.cumsum(split_sizes)[:-1], axis)
    if num_splits is None:
        raise ValueError("neither num_splits nor split_sizes is given")
    return np.split(x, num_splits, axis)


def transpose(x: Array, perm: Ints) -> Array:
    """Return x, its axes permuted."""
    return x.transpose(perm)


def reshape(x: Array, shape: Ints) -> Array:
    """Return x in another shape; 0 keeps an axis, -1 takes what is left."""
    kept = [x.shape[axis] if size == 0 else size for axis, size in enumerate(shape)]
    return x.reshape(kept)


def expand_dims(x: Array, axes: Ints) -> Array:
    """Return x with axes of length 1 inserted."""
    return np.expand_dims(x, tuple(axes))


def squeeze(x: Array, axes: Ints | None = None) -> Array:
    """Return x without axes of length 1; as in PyTorch, named axes of another length stay."""
    named = range(x.ndim) if axes is None else [axis % x.ndim for axis in axes]
    return x.squeeze(tuple(axis for axis in named if x.shape[axis] == 1))


def shape(x: Array) -> Array:
    """Return the length of each axis."""
    return np.array(x.shape, np.int32)


def gather(
    x: Array,
    indices: Array | int,
    axis: int = 0,
    batch_dims: int = 0,
    validate_indices: bool = True,
) -> Array:
    """Return the values of x at indices along an axis."""
    del validate_indices  # numpy always does
    refuse(batch_dims != 0, "batch_dims")
    return np.asarray(np.take(x, indices, axis))


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    """Return channels rearranged into pixels as in PyTorch: channel = (color, row, column)."""
    n, c, h, w = x.shape
    f = upscale_factor
    blocks = x.reshape(n, c // f**2, f, f, h, w).transpose(0, 1, 4, 2, 5, 3)
    return blocks.reshape(n, c // f**2, h * f, w * f)


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    """Return the inverse of `pixel_shuffle`."""
    return _blocks_to_channels(x, downscale_factor, (0, 1, 3, 5, 2, 4))


def depth_to_space(x: Array, block_size: int) -> Array:
    """Return channels rearranged into pixels as in TensorFlow: channel = (row, column, color).

    The reference leaves the order open; coremltools' TensorFlow frontend, which lowers
    tf.nn.depth_to_space to nothing but this operator and transposes, decides it.
    """
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x: Array, block_size: int) -> Array:
    """Return the inverse of `depth_to_space`."""
    return _blocks_to_channels(x, block_size, (0, 3, 5, 1, 2, 4))


def _blocks_to_channels(x: Array, block: int, order: Ints) -> Array:
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // block, block, w // block, block).transpose(order)
    return blocks.reshape(n, c * block**2, h // block, w // block)


def upsample_nearest_neighbor(
    x: Array, scale_factor_height: float = 1, scale_factor_width: float = 1
) -> Array:
    """Return x, every pixel repeated."""
    refuse(scale_factor_height % 1 != 0 or scale_factor_width % 1 != 0, "a fractional scale")
    return x.repeat(int(scale_factor_height), -2).repeat(int(scale_factor_width), -1)
