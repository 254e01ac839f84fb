"""Latency and memory by size of the picture, whole and in tiles."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from bench import one_size
from bench.files import Workshop
from bench.measure import THREADS
from bench.subjects import REFERENCE, Form, Scope, Subject, name_network
from mobile_runtime.model_file.format import FormatName
from mobile_runtime.model_file.model import Size
from mobile_runtime.subprocesses import describe_exit, run_module
from scnet.config import SCNetConfig

TILE: Size = (128, 128)
"""What the file for tiles takes."""

LARGEST_REFERENCE = 180 * 320
"""Pixels. Constants of the reference implementation grow with the picture: a file of 150 MB here,
2.4 GB at 1280x720."""

ENGINES: dict[FormatName, tuple[str, str]] = {
    "tflite": ("xnnpack", "TFLite XNNPACK"),
    "onnx": ("onnxruntime", "onnxruntime CPU"),
}

SECONDS_LIMIT = 900


@dataclass(frozen=True)
class Point:
    """One way to enlarge a picture of one size."""

    network: str
    form: Form
    engine: str
    way: str
    """`whole`, or `tiles` and their size."""
    height: int
    width: int
    median_ms: float | None
    peak_memory_mb: float | None
    """Above what Python, the engine's library and the input take."""
    failure: str | None = None


def measure_scaling(
    scope: Scope,
    staging_dir: Workshop,
    formats: Sequence[FormatName],
    on_step: Callable[[str], None],
) -> Iterator[Point]:
    """Enlarge pictures from small to large, each in a fresh process.

    Args:
        scope: Its `scaling` says how large.
        staging_dir: Makes the files.
        formats: Which files.
        on_step: Told before each size.
    """
    runs = max(1, scope.runs // 10)
    for size in scope.scaling:
        for format_ in formats:
            for subject, tiled in _ways(scope, size):
                on_step(f"scaling: {format_} {subject.form} {size[0]}x{size[1]}")
                yield _measure(staging_dir, subject, format_, size, tiled=tiled, runs=runs)


def _ways(scope: Scope, size: Size) -> Iterator[tuple[Subject, bool]]:
    """List ours whole and in tiles, and the published form as far as it goes."""
    scale = max(scope.scales)
    ours = SCNetConfig(scale, "direct", scope.width, scope.depth)
    published = SCNetConfig(scale, "pixelshuffle", scope.width, scope.depth)
    subject = Subject(name_network(ours), "depthwise fp32", scale, ours, shift="depthwise")
    yield subject, False
    if size != TILE and size[0] * size[1] > TILE[0] * TILE[1]:
        yield subject, True
    yield (
        Subject(name_network(published), "depthwise fp32", scale, published, shift="depthwise"),
        False,
    )
    if size[0] * size[1] <= LARGEST_REFERENCE:
        yield Subject(name_network(published), REFERENCE, scale, published), False


def _measure(
    staging_dir: Workshop,
    subject: Subject,
    format_: FormatName,
    size: Size,
    *,
    tiled: bool,
    runs: int,
) -> Point:
    made = staging_dir.make(subject, format_, TILE if tiled else size)
    engine, shown = ENGINES[format_]
    found: one_size.Found | None = None
    failure = made.failure
    if failure is None:
        task = one_size.Task(
            str(made.path), engine, THREADS, *size, TILE[0] if tiled else None, runs
        )
        child = run_module(one_size.__name__, task, seconds_limit=SECONDS_LIMIT)
        if child.returncode:
            failure = describe_exit(child)
        else:
            found = msgspec.json.decode(child.stdout.splitlines()[-1], type=one_size.Found)
    return Point(
        network=subject.network,
        form=subject.form,
        engine=shown,
        way=f"tiles of {TILE[0]}x{TILE[1]}" if tiled else "whole",
        height=size[0],
        width=size[1],
        median_ms=None if found is None else found.median_ms,
        peak_memory_mb=None if found is None else found.peak_memory_mb,
        failure=failure,
    )
