"""What issue 5 asks of speed and memory, and whether it is so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench import web
from bench.measure import Row
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
    """`floor`, `naive`, or another form of ours."""
    limit: float
    """At most so many times as long as the floor; at least so many times as fast as anything else;
    of memory at most so large a part."""
    memory: bool = False


TARGETS = (
    Target(TFLITE, "pixelshuffle", "depthwise fp32", "floor", 1.05),
    Target(TFLITE, "mlp", "depthwise fp32", "floor", 1.15),
    Target(TFLITE, "pixelshuffle", "slice_concat fp32", "floor", 1.45),
    Target(TFLITE, "mlp", "slice_concat fp32", "floor", 2),
    Target(TFLITE, "pixelshuffle", "depthwise fp32", "naive", 5),
    Target(TFLITE, "mlp", "depthwise fp32", "naive", 6.5),
    *(
        Target(TFLITE, head, f"{shift} w8a8", f"{shift} fp32", 1.6)
        for head in ("pixelshuffle", "direct")
        for shift in SHIFTS
    ),
    *(Target(ONNX, head, "depthwise fp32", "naive", 2.6) for head in ("pixelshuffle", "mlp")),
    *(
        Target(web.NAME, head, f"{shift} fp32", "naive", 1.5)
        for head in ("pixelshuffle", "mlp")
        for shift in SHIFTS
    ),
    *(
        Target(engine, "direct", f"{shift} w8a8", f"{shift} fp32", 1)
        for engine in (ONNX, web.NAME)
        for shift in SHIFTS
    ),
    *(
        Target(engine, head, "depthwise fp32", "naive", 0.4, memory=True)
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
        at_most = target.memory or target.than == "floor"
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
    if target.than == "floor":
        return compare(samples, others).median
    return compare(others, samples).median
