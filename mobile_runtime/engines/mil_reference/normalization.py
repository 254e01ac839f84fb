"""MIL operators that normalize by means and variances."""

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, along_axis
from mobile_runtime.formats.coreml_package import Array


def batch_norm(
    x: Array,
    mean: Array,
    variance: Array,
    gamma: Array | float = 1.0,
    beta: Array | float = 0.0,
    epsilon: float = 1e-5,
) -> Array:
    """Return x normalized by what was measured of each channel, the second axis."""
    factor = gamma / np.sqrt(variance + np.float32(epsilon))
    scaled: Array = x * along_axis(factor, 1, x.ndim)
    return scaled + along_axis(beta - mean * factor, 1, x.ndim)


def instance_norm(
    x: Array, gamma: Array | float = 1.0, beta: Array | float = 0.0, epsilon: float = 1e-5
) -> Array:
    """Return x normalized over all axes behind the channels."""
    plain = _normalize(x, tuple(range(2, x.ndim)), epsilon)
    return plain * along_axis(gamma, 1, x.ndim) + along_axis(beta, 1, x.ndim)


def layer_norm(
    x: Array,
    axes: Ints | None = None,
    gamma: Array | float = 1.0,
    beta: Array | float = 0.0,
    epsilon: float = 1e-5,
) -> Array:
    """Return x normalized over axes, all by default; gamma and beta have the shape of these."""
    chosen = tuple(range(x.ndim) if axes is None else sorted(axis % x.ndim for axis in axes))
    shape = [x.shape[axis] if axis in chosen else 1 for axis in range(x.ndim)]
    factor, shift = (
        np.asarray(each).reshape(shape if np.ndim(each) else ()) for each in (gamma, beta)
    )
    normalized: Array = _normalize(x, chosen, epsilon) * factor + shift
    return normalized


def _normalize(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    centered = x - x.mean(axis=axes, keepdims=True)
    variance = np.square(centered).mean(axis=axes, keepdims=True)
    normalized: Array = centered / np.sqrt(variance + np.float32(epsilon))
    return normalized
