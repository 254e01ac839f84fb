"""Quantization parameters: scale and zero point of features and weights in 8 bits.

Integer inference: Jacob et al., arXiv 1712.05877, section 2.1.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

UINT8_MAX = 255
"""The largest quantized feature."""

INT8_MAX = 127
"""The largest magnitude of a quantized weight: symmetric, so -128 is not used."""

CLIPPED_PERCENT = 1e-4
"""Of the values at each end, outside the range: single outliers would make the scale larger for
all. With less clipping, photographs lose more; with more, text and drawings do, which go further
than the photographs that ranges are measured on. x2 (direct) at 5e-4, 1e-4 and none: a slide of
text (ppt3 of Set14) loses 1.35, 0.90 and 0.71 dB, Set5 0.064, 0.080 and 0.082 (2026-11-26)."""

LEAST_WEIGHT = 1e-4
"""Of the largest weight of all: the range of an output channel at least. XNNPACK refuses scales of
next to nothing, and the channel's bias would not fit into int32."""

NARROWEST_RANGE = UINT8_MAX * 2**-14
"""Of a feature, also of one that was 0 on every photograph. Core ML keeps the scale in fp16, whose
smallest normal number this makes it, and XNNPACK refuses products of over 256 scales."""

SAMPLING_STRIDE = 23
"""Ranges are measured on every 23rd value; a prime, so that no column of an image is preferred."""

Floats = NDArray[np.float32]
Value = TypeVar("Value", bound=Hashable)
"""Whatever names a value in a format's graph."""


@dataclass(frozen=True)
class QuantParams:
    """Affine quantization per tensor: real = scale * (quantized - zero_point)."""

    scale: float
    """A float32."""
    zero_point: int
    """0 to 255; stands for 0.0 exactly."""


@dataclass(frozen=True)
class QuantizedWeight:
    """A weight, quantized symmetrically per output channel: real = scale * value."""

    values: NDArray[np.int8]
    scales: Floats
    """(output channels,)."""


def quantize_weight(weight: Floats, axis: int = 0, sums: Floats | None = None) -> QuantizedWeight:
    """Return a weight in int8; a shift's one-hot kernels have the scale 1, so that they stay exact.

    Args:
        weight: Of a convolution.
        axis: That of its output channels.
        sums: (output channels, any number): sums of weights that must fit into int8 too.
    """
    if weight.any() and np.isin(weight, (0, 1)).all():
        return QuantizedWeight(weight.astype(np.int8), np.ones(weight.shape[axis], np.float32))
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    largest = np.abs(rows if sums is None else np.hstack([rows, sums])).max(1)
    scales = np.maximum(largest, LEAST_WEIGHT * (largest.max() or 1)) / np.float32(INT8_MAX)
    values = np.rint(weight / np.expand_dims(scales, [d for d in range(weight.ndim) if d != axis]))
    return QuantizedWeight(values.astype(np.int8), scales)


def compute_quant_params(
    samples: Mapping[Value, Sequence[Floats]], moved: Mapping[Value, Sequence[Value]]
) -> dict[Value, QuantParams]:
    """Return the quantization parameters of values, from samples of what they were.

    Args:
        samples: Of each value, in the order in which they are computed.
        moved: Result of a data movement or concatenation -> its operands. They all share their
            parameters, so that it is exact.
    """
    groups = _scale_groups(samples, moved)
    merged: dict[Value, list[Floats]] = {}
    for value, arrays in samples.items():
        merged.setdefault(groups[value], []).extend(arrays)
    params = {group: _range_to_params(np.concatenate(arrays)) for group, arrays in merged.items()}
    return {value: params[groups[value]] for value in samples}


def _scale_groups(
    values: Iterable[Value], moved: Mapping[Value, Sequence[Value]]
) -> dict[Value, Value]:
    """Return for each value the one that names the group with which it shares its parameters."""
    groups: dict[Value, Value] = {}
    for value in values:
        groups[value] = value
        joined = {groups[source] for source in moved.get(value, ()) if source in groups}
        if joined:
            (name, *_) = joined
            joined.add(value)
            groups = {key: name if group in joined else group for key, group in groups.items()}
    return groups


def _range_to_params(samples: Floats) -> QuantParams:
    """Choose a range that holds nearly all samples, and 0, which must be representable exactly."""
    ends = np.percentile(samples, [CLIPPED_PERCENT, 100 - CLIPPED_PERCENT])
    low, high = min(float(ends[0]), 0.0), max(float(ends[1]), 0.0)
    scale = float(np.float32(max(high - low, NARROWEST_RANGE) / UINT8_MAX))
    return QuantParams(scale, round(-low / scale))
