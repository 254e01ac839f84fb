"""MIL elementwise operators, softmax and reductions."""

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints
from mobile_runtime.formats.coreml_package import Array


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0)


def leaky_relu(x: Array, alpha: float) -> Array:
    """Return x where it is not negative, alpha * x elsewhere."""
    weak: Array = x * alpha
    return np.maximum(x, weak) if 0 < alpha <= 1 else np.where(x >= 0, x, weak)


def clip(x: Array, alpha: float, beta: float) -> Array:
    """Return x, clipped to [alpha, beta]."""
    return np.minimum(np.maximum(x, alpha), beta)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def softmax(x: Array, axis: int = -1) -> Array:
    """Return e^x, scaled to sum to 1 along an axis."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    scaled: Array = powers / powers.sum(axis=axis, keepdims=True)
    return scaled


def reduce_mean(x: Array, axes: Ints | None = None, keep_dims: bool = False) -> Array:
    """Return the mean over axes, all of them by default."""
    return np.asarray(np.mean(x, axis=None if axes is None else tuple(axes), keepdims=keep_dims))


def cast(x: Array, dtype: str) -> Array:
    """Return x in another type, truncated toward zero for integers; fp16 is kept as float32."""
    numpy_type = {"fp16": "float32", "fp32": "float32"}.get(dtype, dtype)
    return np.asarray(x).astype(numpy_type, copy=False)
