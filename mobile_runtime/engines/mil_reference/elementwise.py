"""MIL elementwise operators, softmax and reductions."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, along_axis
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


def silu(x: Array) -> Array:
    """Return x / (1 + e^-x)."""
    return x * sigmoid(x)


def sigmoid_hard(x: Array, alpha: float = 0.2, beta: float = 0.5) -> Array:
    """Return alpha * x + beta, clipped to [0, 1]."""
    return clip(alpha * x + beta, 0, 1)


def relu6(x: Array) -> Array:
    """Return x, clipped to [0, 6]."""
    return clip(x, 0, 6)


def clamped_relu(x: Array, alpha: float, beta: float) -> Array:
    """Return x where it is not negative, alpha * x elsewhere, at most beta."""
    return np.minimum(np.where(x >= 0, x, x * alpha), beta)


def thresholded_relu(x: Array, alpha: float = 1.0) -> Array:
    """Return x where it is alpha or more, 0 elsewhere."""
    return np.where(x >= alpha, x, 0)


def prelu(x: Array, alpha: Array) -> Array:
    """Return x where it is not negative, alpha * x elsewhere, with an alpha for each channel."""
    return np.where(x >= 0, x, x * along_axis(alpha, 1, x.ndim))


def elu(x: Array, alpha: float = 1.0) -> Array:
    """Return x where it is not negative, alpha * (e^x - 1) elsewhere."""
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))


def softplus(x: Array) -> Array:
    """Return log(1 + e^x)."""
    return np.logaddexp(x, np.float32(0))


def erf(x: Array) -> Array:
    """Return the error function."""
    return np.asarray(np.vectorize(math.erf, otypes=[np.float32])(x))


def gelu(x: Array, mode: str = "EXACT") -> Array:
    """Return x times the normal distribution up to x, or an approximation of that."""
    match mode:
        case "EXACT":
            share = (1 + erf(x / math.sqrt(2))) / 2
        case "TANH_APPROXIMATION":
            share = (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
        case "SIGMOID_APPROXIMATION":
            share = sigmoid(1.702 * x)
        case _:
            raise ValueError(f"mode {mode!r} is not known")
    product: Array = x * share
    return product


def inverse(x: Array, epsilon: float = 1e-4) -> Array:
    """Return 1 / (x + epsilon)."""
    return np.asarray(1 / (x + epsilon))


def rsqrt(x: Array, epsilon: float = 1e-12) -> Array:
    """Return 1 / sqrt(x + epsilon)."""
    return np.asarray(1 / np.sqrt(x + epsilon))


def log(x: Array, epsilon: float = 1e-45) -> Array:
    """Return the natural logarithm of x + epsilon."""
    return np.asarray(np.log(x + np.float32(epsilon)))


def softmax(x: Array, axis: int = -1) -> Array:
    """Return e^x, scaled to sum to 1 along an axis."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    scaled: Array = powers / powers.sum(axis=axis, keepdims=True)
    return scaled


def _reduction(name: str, reduce: Callable[..., Any]) -> Callable[..., Array]:
    def reduced(x: Array, axes: Ints | None = None, keep_dims: bool = False) -> Array:
        return np.asarray(reduce(x, axis=None if axes is None else tuple(axes), keepdims=keep_dims))

    reduced.__name__ = name
    return reduced


reduce_max, reduce_min = _reduction("reduce_max", np.max), _reduction("reduce_min", np.min)
reduce_mean, reduce_sum = _reduction("reduce_mean", np.mean), _reduction("reduce_sum", np.sum)
reduce_l2_norm = _reduction(
    "reduce_l2_norm", lambda x, **axes: np.sqrt(np.sum(np.square(x), **axes))
)
"""Reductions over axes, all of them by default."""


def cast(x: Array, dtype: str) -> Array:
    """Return x in another type, truncated toward zero for integers; fp16 is kept as float32."""
    numpy_type = {"fp16": "float32", "fp32": "float32"}.get(dtype, dtype)
    return np.asarray(x).astype(numpy_type, copy=False)
