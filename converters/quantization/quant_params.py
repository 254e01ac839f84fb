"""How reals become integers of 8 bits: in steps, chosen by what the reals are.

What is only moved or joined keeps its steps, so that moving is exact.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

BYTE = 255
"""The largest of the unsigned values that activations become."""

WEIGHT = 127
"""The largest magnitude of the signed values that weights become."""

CLIPPED_PERCENT = 1e-4
"""Of the values at each end, beyond the range: single outliers would widen everybody's steps. With
less, photographs lose more; with more, text and drawings do, which go further than the photographs
that ranges are measured on. x2 (direct) at 5e-4, 1e-4 and none: a slide of text (ppt3 of Set14)
loses 1.35, 0.90 and 0.71 dB, Set5 0.064, 0.080 and 0.082 (2026-11-26)."""

SILENT = 1e-4
"""Of the largest weight of all: a channel with less is taken to have that much. XNNPACK refuses
scales that are next to nothing, and its bias would be more steps than 32 bits can say."""

NARROWEST = BYTE * 2**-14
"""A value's range at least, also of one that was 0 on every photograph. Core ML keeps a step in
fp16, whose least ordinary number this makes it, and XNNPACK refuses products of over 256 steps."""

SAMPLED = 23
"""Every so-manieth value is looked at; a prime, so that no column of a picture is preferred."""

Floats = NDArray[np.float32]
Value = TypeVar("Value", bound=Hashable)
"""Whatever names a value in a format's graph."""


@dataclass(frozen=True)
class QuantParams:
    """How reals become bytes: real = scale * (byte - zero_point)."""

    scale: float
    """A float32."""
    zero_point: int
    """0 to 255; stands for 0.0 exactly."""


@dataclass(frozen=True)
class QuantizedWeight:
    """A convolution's weight in 8 bits: weight = scale * steps."""

    steps: NDArray[np.int8]
    scales: Floats
    """One for each output channel."""


def quantize_weight(weight: Floats, axis: int = 0, sums: Floats | None = None) -> QuantizedWeight:
    """Say a weight in steps; a shift's one-hot kernels in steps of 1, so that it stays exact.

    Args:
        weight: Of a convolution.
        axis: That of its output channels.
        sums: For each output channel, sums of its weights, (channels, any number), that must fit
            into `WEIGHT` steps as its weights do.
    """
    if weight.any() and np.isin(weight, (0, 1)).all():
        return QuantizedWeight(weight.astype(np.int8), np.ones(weight.shape[axis], np.float32))
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    largest = np.abs(rows if sums is None else np.hstack([rows, sums])).max(1)
    scales = np.maximum(largest, SILENT * (largest.max() or 1)) / np.float32(WEIGHT)
    steps = np.rint(weight / np.expand_dims(scales, [d for d in range(weight.ndim) if d != axis]))
    return QuantizedWeight(steps.astype(np.int8), scales)


def compute_quant_params(
    seen: Mapping[Value, Sequence[Floats]],
    sources: Callable[[Value], Iterable[Value]],
) -> dict[Value, QuantParams]:
    """Choose the steps of values by what they were on photographs.

    Args:
        seen: What each value was, in the order in which they are made.
        sources: Of a value that is only moved or joined, what it is made of: they all share one
            step. Nothing for a value that is computed.
    """
    homes = _scale_groups(seen, sources)
    gathered: dict[Value, list[Floats]] = {}
    for value, samples in seen.items():
        gathered.setdefault(homes[value], []).extend(samples)
    steps = {home: _step(np.concatenate(samples)) for home, samples in gathered.items()}
    return {value: steps[homes[value]] for value in seen}


def _scale_groups(
    values: Iterable[Value], sources: Callable[[Value], Iterable[Value]]
) -> dict[Value, Value]:
    """Say for each value whose range it is in: what is moved or joined shares one."""
    homes: dict[Value, Value] = {}
    for value in values:
        homes[value] = value
        shared = {homes[source] for source in sources(value)}
        if shared:
            (first, *_) = shared
            shared.add(value)
            homes = {key: first if home in shared else home for key, home in homes.items()}
    return homes


def _step(values: Floats) -> QuantParams:
    """Choose the range: nearly all values, and 0, which must be a byte of its own."""
    ends = np.percentile(values, [CLIPPED_PERCENT, 100 - CLIPPED_PERCENT])
    low, high = min(float(ends[0]), 0.0), max(float(ends[1]), 0.0)
    scale = float(np.float32(max(high - low, NARROWEST) / BYTE))
    return QuantParams(scale, round(-low / scale))
