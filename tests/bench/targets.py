"""Targets of speed and memory (issue 5), and whether they are reached."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench import web
from bench.measure import Row
from bench.subjects import LOWER_BOUND, REFERENCE
from converters.options import SHIFTS
from mobile_runtime.benchmark.timing import compare

TFLITE, ONNX = "TFLite XNNPACK", "onnxruntime CPU"


@dataclass(frozen=True)
class Target:
    """A ratio that is wanted at x4, 128x128 (memory: 180x320, 720p of output)."""

    engine: str
    head: str
    form: str
    than: str
    """The lower bound, the reference implementation, or another form of ours."""
    limit: float
    """At most so many times as long as the lower bound; at least so many times as fast as anything
    else; of memory at most so large a part."""
    memory: bool = False


TARGETS = (
    Target(TFLITE, "pixelshuffle", "depthwise fp32", LOWER_BOUND, 1.05),
    Target(TFLITE, "mlp", "depthwise fp32", LOWER_BOUND, 1.15),
    Target(TFLITE, "pixelshuffle", "slice_concat fp32", LOWER_BOUND, 1.45),
    Target(TFLITE, "mlp", "slice_concat fp32", LOWER_BOUND, 2),
    Target(TFLITE, "pixelshuffle", "depthwise fp32", REFERENCE, 5),
    Target(TFLITE, "mlp", "depthwise fp32", REFERENCE, 6.5),
    *(
        Target(TFLITE, head, f"{shift} w8a8", f"{shift} fp32", 1.6)
        for head in ("pixelshuffle", "direct")
        for shift in SHIFTS
    ),
    *(Target(ONNX, head, "depthwise fp32", REFERENCE, 2.6) for head in ("pixelshuffle", "mlp")),
    *(
        Target(web.NAME, head, f"{shift} fp32", REFERENCE, 1.5)
        for head in ("pixelshuffle", "mlp")
        for shift in SHIFTS
    ),
    *(
        Target(engine, "direct", f"{shift} w8a8", f"{shift} fp32", 1)
        for engine in (ONNX, web.NAME)
        for shift in SHIFTS
    ),
    *(
        Target(engine, head, "depthwise fp32", REFERENCE, 0.4, memory=True)
        for engine in (TFLITE, ONNX)
        for head in ("pixelshuffle", "mlp")
    ),
)


@dataclass(frozen=True)
class Outcome:
    """A target and what was found."""

    target: Target
    found: float | None
    """None where it was not measured."""
    reached: bool | None


def judge(rows: Sequence[Row]) -> Iterator[Outcome]:
    """Hold the rows of one run against the targets."""
    for target in TARGETS:
        size = (180, 320) if target.memory else (128, 128)
        group = {
            row.form: row
            for row in rows
            if (row.group, row.engine, row.height, row.width)
            == (f"{target.head} x4", target.engine, *size)
        }
        found = _find(target, group.get(target.form), group.get(target.than))
        at_most = target.memory or target.than == LOWER_BOUND
        reached = None if found is None else (found <= target.limit) == at_most
        yield Outcome(target, found, reached)


def _find(target: Target, ours: Row | None, other: Row | None) -> float | None:
    if ours is None or other is None:
        return None
    if target.memory:
        own, its = ours.timing.peak_memory_mb, other.timing.peak_memory_mb
        return None if own is None or its is None else own / its
    samples, others = ours.timing.samples_ms, other.timing.samples_ms
    if not samples or not others:
        return None
    if target.than == LOWER_BOUND:
        return compare(samples, others).median
    return compare(others, samples).median
