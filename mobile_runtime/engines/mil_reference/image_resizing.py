"""MIL operators that interpolate."""

from math import floor

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, refuse
from mobile_runtime.formats.coreml_package import Array


def upsample_bilinear(
    x: Array,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Array:
    """Return x, enlarged; the sampling grid follows from both sizes, not from the factors."""
    half_pixel = not align_corners if half_pixel_centers is None else half_pixel_centers
    refuse(align_corners and half_pixel, "align_corners together with half_pixel_centers")
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
    """Return x, resized to a height and width."""
    rows = _interpolate(x, -2, target_size_height, sampling_mode)
    return _interpolate(rows, -1, target_size_width, sampling_mode)


def resize(
    x: Array,
    shape: Ints,
    resized_dims: int,
    interpolation_mode: str = "LINEAR",
    sampling_mode: str = "DEFAULT",
) -> Array:
    """Return x, its last axes resized to the end of `shape`, where 0 keeps an axis."""
    refuse(interpolation_mode != "LINEAR", f"interpolation_mode {interpolation_mode!r}")
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
    """Return where to sample n pixels `size` times: the formulas of MIL's `resize_bilinear`."""
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
