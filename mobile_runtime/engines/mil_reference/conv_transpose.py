"""MIL transposed convolution."""

from itertools import product
from typing import Any

import numpy as np

from mobile_runtime.engines.mil_reference.arguments import Ints, along_axis, pairs
from mobile_runtime.engines.mil_reference.conv import mix
from mobile_runtime.formats.coreml_package import Array


def conv_transpose(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    pad: Ints | None = None,
    output_shape: Ints | None = None,
    pad_type: str = "valid",
    strides: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Array:
    """Return each pixel spread over a window by weights of (C_in, C_out / groups), summed.

    Of the sum, padding is cut off: `pad` at `custom`, and at `same` what is more than a stride for
    each pixel. Where an output shape is given, the end is cut, or filled with zeros, to fit.
    """
    kernel, sides = weight.shape[2:], x.shape[2:]
    steps = [1] * len(kernel) if strides is None else list(strides)
    spread = [1] * len(kernel) if dilations is None else list(dilations)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, spread, strict=True)]
    full = [(n - 1) * s + span for n, s, span in zip(sides, steps, spans, strict=True)]
    y = np.zeros((len(x), weight.shape[1] * groups, *full), np.float32)
    for at in product(*map(range, kernel)):
        window: list[Any] = [
            slice(i * d, i * d + (n - 1) * s + 1, s)
            for i, d, n, s in zip(at, spread, sides, steps, strict=True)
        ]
        tap: tuple[Any, ...] = (..., *at)
        y[(..., *window)] += mix(x, _matrix(weight[tap], groups), groups)
    begins, sizes = _crop(full, [n * s for n, s in zip(sides, steps, strict=True)], pad_type, pad)
    sizes = sizes if output_shape is None else [int(n) for n in output_shape[2:]]
    ends = [begin + size for begin, size in zip(begins, sizes, strict=True)]
    missing = [(0, max(end - n, 0)) for end, n in zip(ends, full, strict=True)]
    kept: list[Any] = list(map(slice, begins, ends))
    y = np.pad(y, [(0, 0), (0, 0), *missing])[(..., *kept)]
    return y if bias is None else y + along_axis(bias, 1, y.ndim)


def _matrix(weight: Array, groups: int) -> Array:
    """Return weights (C_in, C_out / groups) as (C_out, C_in / groups)."""
    c_in, c_out = weight.shape
    grouped = weight.reshape(groups, c_in // groups, c_out)
    return grouped.swapaxes(1, 2).reshape(groups * c_out, -1)


def _crop(full: Ints, same: Ints, pad_type: str, pad: Ints | None) -> tuple[list[int], list[int]]:
    """Return where the output begins in the full sum, and its sizes."""
    if pad_type == "valid" or (pad_type == "custom" and pad is None):
        return [0] * len(full), list(full)
    if pad_type == "custom" and pad is not None:
        around = pairs(pad)
        sizes = [n - sum(pair) for n, pair in zip(full, around, strict=True)]
        return [before for before, _ in around], sizes
    if pad_type not in {"same", "same_lower"}:
        raise ValueError(f"pad_type {pad_type!r} is not known")
    spare = [max(n - wanted, 0) for n, wanted in zip(full, same, strict=True)]
    begins = [n // 2 if pad_type == "same" else n - n // 2 for n in spare]
    return begins, list(same)
