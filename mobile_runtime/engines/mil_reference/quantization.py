"""MIL operators of compressed constants and of 8-bit arithmetic."""

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, along_axis, refuse
from mobile_runtime.formats.coreml_package import Array

PALETTES = (2, 4, 16, 64, 256)
"""How many values a palette of iOS 16 may have."""


def constexpr_affine_dequantize(
    quantized_data: Array, zero_point: Array | float, scale: Array | float, axis: int
) -> Array:
    """Return scale * (quantized - zero point), where vectors run along an axis."""
    return dequantize(quantized_data, scale, zero_point, axis)


def constexpr_lut_to_dense(indices: Array, lut: Array, shape: Ints) -> Array:
    """Return the values of a palette; the indices are packed bits, lowest first."""
    if len(lut) not in PALETTES:
        raise ValueError(f"a palette has {len(lut)} values, not one of {PALETTES}")
    width = len(lut).bit_length() - 1
    count = int(np.prod(shape))
    if len(indices) != -(-count * width // 8):
        raise ValueError(f"{len(indices)} bytes of indices are not {count} of {width} bits")
    bits = np.unpackbits(indices, count=count * width, bitorder="little").reshape(count, width)
    return lut[bits @ (1 << np.arange(width))].reshape(shape)


def quantize(
    input: Array,
    scale: Array | float,
    output_dtype: str,
    zero_point: Array | int = 0,
    axis: int = 0,
) -> Array:
    """Return round(input / scale) + zero point, ties to even, clipped to the type."""
    refuse(output_dtype not in ("int8", "uint8"), f"output_dtype {output_dtype!r}")
    limits = np.iinfo(output_dtype)
    if np.isnan(input).any():  # which the cast would make 0, and hide
        raise ValueError("a value is not a number, and 8 bits have nothing for that")
    rounded = np.rint(input / _usable(scale, axis, input.ndim))
    rounded += along_axis(zero_point, axis, input.ndim)
    quantized: Array = np.clip(rounded, limits.min, limits.max).astype(limits.dtype)
    return quantized


def dequantize(
    input: Array, scale: Array | float, zero_point: Array | float = 0, axis: int = 0
) -> Array:
    """Return scale * (input - zero point), where vectors run along an axis."""
    zeros = along_axis(zero_point, axis, input.ndim).astype(np.float32)
    values: Array = (input.astype(np.float32) - zeros) * _usable(scale, axis, input.ndim)
    return values


def _usable(scale: Array | float, axis: int, rank: int) -> Array:
    """Return scales along an axis; raise ValueError for those that MIL forbids."""
    scales = along_axis(scale, axis, rank).astype(np.float32)
    if not (np.isfinite(scales).all() and scales.all()):
        raise ValueError("a scale is zero, infinite or not a number")
    return scales
