"""Enlarge a picture of one size in a fresh process: `python -m bench.one_size TASK`.

Imports no converter: their libraries are large, and the process is there to be weighed.
"""

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np

from mobile_runtime.benchmark.cold_start import reset_peak_rss, resident_bytes
from mobile_runtime.engines.session import Session, open_unsandboxed, prepare
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.upscaling.upscale import upscale_image


@dataclass(frozen=True)
class Task:
    """What to do."""

    path: str
    engine: str
    threads: int
    height: int
    width: int
    tile: int | None
    """Side of a tile; None runs the picture in one piece."""
    runs: int


@dataclass(frozen=True)
class Found:
    """What came of it."""

    median_ms: float
    peak_memory_mb: float | None
    """In 10^6 bytes, above what Python, the engine's library and the picture take."""


def carry_out(task: Task) -> Found:
    """Open the file, enlarge the picture once to warm up and then `runs` times."""
    path = Path(task.path)
    image = np.random.default_rng(0).random((1, 3, task.height, task.width), np.float32)
    prepare(path, task.engine)
    before = reset_peak_rss()
    session = open_unsandboxed(path, engine=task.engine, threads=task.threads)
    enlarge = _choose(session, task)
    samples_ms = []
    for _ in range(1 + task.runs):
        start = perf_counter()
        enlarge(image)
        samples_ms.append((perf_counter() - start) * 1e3)
    peak = resident_bytes("VmHWM")
    memory = None if before is None or peak is None else (peak - before) / 1e6
    return Found(statistics.median(samples_ms[1:]), memory)


def _choose(session: Session, task: Task) -> Callable[[Image], Image]:
    if task.tile is None:
        return session.run
    free = session.model is not None and session.model.sizes is None
    return partial(upscale_image, session, tile=task.tile if free else None)


if __name__ == "__main__":
    found = carry_out(msgspec.json.decode(sys.argv[1], type=Task))
    sys.stdout.write("\n" + msgspec.json.encode(found).decode() + "\n")
