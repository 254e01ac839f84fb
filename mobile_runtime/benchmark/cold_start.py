"""Load time, first run and peak memory of a model file, measured in a fresh process."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np

from mobile_runtime import errors
from mobile_runtime.benchmark.timing import Clock, Plan
from mobile_runtime.engines.session import open_tensors_unsandboxed, open_unsandboxed, prepare
from mobile_runtime.errors import ScnetError
from mobile_runtime.formats.feed import Feed
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.subprocesses import call_module, send_result

HANG_SECONDS = 600
"""Added to the limit for runs: after it, the process hangs and is killed."""

RUNS_FOR_MEMORY = 3
"""An engine may reach its peak after the first run, when it has kept what it allocated."""


@dataclass(frozen=True)
class ColdStartConfig:
    """One file on one engine, at one size."""

    path: str
    engine: str
    threads: int
    height: int | None
    """None for a file of anybody that takes no picture."""
    width: int | None
    feeds: tuple[Feed, ...] = ()
    """The inputs of a file of anybody; none for a file of this project, which takes an image."""

    @property
    def image(self) -> Image:
        """The input of all runs: noise, the same at every call."""
        shape = 1, 3, self.height or 0, self.width or 0
        return np.random.default_rng(seed=0).random(shape, np.float32)


@dataclass(frozen=True)
class ColdStart:
    """The first use of a model file, in a Python process of its own."""

    load_ms: float
    """Opening and compiling. The engine's library is already imported, and the file already read
    once, so that it comes from the page cache, not from the disk."""
    first_run_ms: float
    peak_memory_mb: float | None
    """Peak resident memory in 10^6 bytes while the file is opened and run three times (fewer if
    time is short), minus that right before, with the engine's library imported and the input made:
    weights, buffers and output, without Python and libraries.

    VmHWM and VmRSS on Linux; on other Unix systems the growth of the process's peak, which may be
    less. None where the system does not report it."""


def measure_cold_start(
    config: ColdStartConfig, *, seconds_limit: float = Plan.seconds_limit
) -> ColdStart:
    """Measure the first use of a file in a fresh Python process.

    No further run is begun after `seconds_limit`; the first one is always made.

    Raises:
        ScnetError: Any subclass, as opening and running raise it.
        ModelLoadError: The engine failed otherwise, crashed, or did not end.
    """
    limit = seconds_limit + HANG_SECONDS
    failure = f"{config.path} cannot be run by {config.engine}:"
    task = config, seconds_limit
    kind, result = call_module(__name__, task, failure=failure, seconds_limit=limit)
    if kind == ColdStart.__name__:
        return msgspec.convert(result, ColdStart)
    failed: ScnetError = getattr(errors, kind)(*result)
    raise failed


def _measure_here(
    config: ColdStartConfig, seconds_limit: float, clock: Clock = perf_counter
) -> ColdStart:
    prepare(Path(config.path), config.engine)
    image = config.image
    before = reset_peak_rss()
    start = clock()
    run = _open(config, image)
    loaded = clock()
    run()
    finished = clock()
    for _ in range(RUNS_FOR_MEMORY - 1):
        if clock() - start < seconds_limit:
            run()
    peak = resident_bytes("VmHWM")
    return ColdStart(
        load_ms=(loaded - start) * 1e3,
        first_run_ms=(finished - loaded) * 1e3,
        peak_memory_mb=None if before is None or peak is None else (peak - before) / 1e6,
    )


def _open(config: ColdStartConfig, image: Image) -> Callable[[], object]:
    """Return one run of the file."""
    path, engine, threads = Path(config.path), config.engine, config.threads
    if config.feeds:
        opened = open_tensors_unsandboxed(path, config.feeds, engine=engine, threads=threads)
        return opened.run
    return partial(open_unsandboxed(path, engine=engine, threads=threads).run, image)


def reset_peak_rss() -> int | None:
    """Reset the process's peak resident memory; return what is resident now, in bytes."""
    if sys.platform == "linux":
        try:
            Path("/proc/self/clear_refs").write_text("5")  # see man proc_pid_clear_refs
        except OSError:  # some containers forbid it: the peak would be that of the imports
            return None
    return resident_bytes("VmRSS")


def resident_bytes(field: str) -> int | None:
    """Return VmRSS (now) or VmHWM (the peak) in bytes; elsewhere than on Linux the peak, or None.

    Not from getrusage on Linux: its ru_maxrss starts with the peak of the parent process.
    """
    if sys.platform == "linux":
        found = re.search(rf"{field}:\s*(\d+) kB", Path("/proc/self/status").read_text())
        return int(found[1]) * 1024 if found else None
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


def _main() -> None:
    """Run the child process of `measure_cold_start`."""
    config, seconds_limit = msgspec.json.decode(sys.argv[1], type=tuple[ColdStartConfig, float])
    result: ColdStart | tuple[str, ...]
    try:
        result = _measure_here(config, seconds_limit)
        kind = ColdStart.__name__
    except ScnetError as error:
        kind, result = type(error).__name__, error.args
    send_result((kind, result))


if __name__ == "__main__":
    _main()
