"""How long does the first use of a file take, and how much memory? Measured in a fresh process."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np

from mobile_runtime import errors
from mobile_runtime.benchmark.timing import Clock, Plan
from mobile_runtime.engines.session import open_unsandboxed, prepare
from mobile_runtime.errors import ModelLoadError, ScnetError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.subprocesses import receive_result, run_module, send_result

STUCK_SECONDS = 600
"""What opening and one run may take beyond the limit for runs before the process is ended."""

RUNS_FOR_MEMORY = 3
"""The peak of an engine may come after its first run, when it has kept what it allocated."""


@dataclass(frozen=True)
class ColdStartConfig:
    """One file on one engine, at one size."""

    path: str
    engine: str
    threads: int
    height: int
    width: int

    @property
    def image(self) -> Image:
        """The input of all runs: noise, the same at every call."""
        return np.random.default_rng(seed=0).random((1, 3, self.height, self.width), np.float32)


@dataclass(frozen=True)
class ColdStart:
    """The first use of a file, in a Python process of its own."""

    load_ms: float
    """Opening and compiling; the engine's library is imported before, and the file was read
    before, so that it comes from the system's cache, not from the disk."""
    first_run_ms: float
    peak_memory_mb: float | None
    """The highest resident memory while the file is opened and run three times (fewer if time is
    short), minus the resident memory right before: with the engine's library imported and the
    input made. So it holds weights, buffers and output, and not Python and libraries.

    In 10^6 bytes. From VmHWM and VmRSS of Linux; on other Unix systems only the growth of the
    process's peak is known, which may be less. None where the system does not tell."""


def measure_cold_start(
    setup: ColdStartConfig, *, seconds_limit: float = Plan.seconds_limit
) -> ColdStart:
    """Use a file for the first time, in a fresh Python process.

    Args:
        setup: What to open and run.
        seconds_limit: No further run is begun after this; the first one is always made.

    Raises:
        ScnetError: Any of its kinds, as opening and running raise them.
        ModelLoadError: The engine failed in its own way, brought down its process, or did not end.
    """
    limit = seconds_limit + STUCK_SECONDS
    failure = f"{setup.path} cannot be run by {setup.engine}:"
    try:
        child = run_module(__name__, (setup, seconds_limit), seconds_limit=limit)
    except subprocess.TimeoutExpired as error:
        raise ModelLoadError(
            f"{failure} its first use did not end within {limit:g} seconds."
        ) from error
    kind, answer = receive_result(child, failure)
    if kind == ColdStart.__name__:
        return msgspec.convert(answer, ColdStart)
    told: ScnetError = getattr(errors, kind)(*answer)
    raise told


def _measure_here(
    setup: ColdStartConfig, seconds_limit: float, clock: Clock = perf_counter
) -> ColdStart:
    path, image = Path(setup.path), setup.image
    prepare(path, setup.engine)
    before = reset_peak_rss()
    start = clock()
    session = open_unsandboxed(path, engine=setup.engine, threads=setup.threads)
    loaded = clock()
    session.run(image)
    finished = clock()
    for _ in range(RUNS_FOR_MEMORY - 1):
        if clock() - start < seconds_limit:
            session.run(image)
    peak = resident_bytes("VmHWM")
    return ColdStart(
        load_ms=(loaded - start) * 1e3,
        first_run_ms=(finished - loaded) * 1e3,
        peak_memory_mb=None if before is None or peak is None else (peak - before) / 1e6,
    )


def reset_peak_rss() -> int | None:
    """Let the peak start again at what is resident now; give that, in bytes."""
    if sys.platform == "linux":
        try:
            Path("/proc/self/clear_refs").write_text("5")  # see man proc_pid_clear_refs
        except OSError:  # some containers forbid it: the peak would be that of the imports
            return None
    return resident_bytes("VmRSS")


def resident_bytes(field: str) -> int | None:
    """Read VmRSS (now) or VmHWM (the peak).

    Not getrusage on Linux: its ru_maxrss starts with the peak of the process that started this one.
    """
    if sys.platform == "linux":
        found = re.search(rf"{field}:\s*(\d+) kB", Path("/proc/self/status").read_text())
        return int(found[1]) * 1024 if found else None
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


def _main() -> None:
    """Do what `measure_cold_start` asks of its child."""
    setup, seconds_limit = msgspec.json.decode(sys.argv[1], type=tuple[ColdStartConfig, float])
    answer: ColdStart | tuple[str, ...]
    try:
        answer = _measure_here(setup, seconds_limit)
        kind = ColdStart.__name__
    except ScnetError as error:
        kind, answer = type(error).__name__, error.args
    send_result((kind, answer))


if __name__ == "__main__":
    _main()
