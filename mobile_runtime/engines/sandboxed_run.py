"""First run of a file that may crash its engine, in a child process: limited memory and time."""

import re
import sys
from dataclasses import dataclass
from importlib import import_module
from math import prod
from pathlib import Path

import msgspec
import numpy as np

from mobile_runtime.errors import ModelLoadError, ScnetError
from mobile_runtime.formats.feed import Feed, count_values
from mobile_runtime.formats.reader import read_graph
from mobile_runtime.subprocesses import call_module, send_result

SECONDS_LIMIT = 300
"""To open and run a file once. The slowest seen took 40 s: 128x128 on SwiftShader, busy CPU."""

LIMITED = sys.platform == "linux"
"""Other systems cannot limit what a process allocates, or do not enforce it."""

BYTES_LIMIT = 3 * 2**29
"""Memory that any file may allocate. One flipped size asked for 8.6 GiB for a tiny image."""

BYTES_PER_PIXEL = 2500
"""Added for each pixel of the input: SCNet-T x4 direct takes 2200 with XNNPACK (720x1280)."""

MEMORY = re.compile("alloc(?!ate_tensors)|memory", re.IGNORECASE)

BYTES_PER_VALUE = 4

BYTES_CEILING = 2**33
"""Limit for any size of input, since it may be forged."""


@dataclass(frozen=True)
class FirstRun:
    """A file to open and run once."""

    path: str
    engine: str
    threads: int
    runner: str
    """Module that meets `mobile_runtime.engines.session.Runner`."""
    feeds: tuple[Feed, ...] = ()
    """The inputs of a file of anybody; where there are none, a picture is run."""


def run_sandboxed(first: FirstRun, *, seconds_limit: float = SECONDS_LIMIT) -> None:
    """Open and run a file once in a child process.

    Raises:
        ModelLoadError: The library refused the file or crashed, the file needs more memory than
            `limit_bytes`, or the run did not end in time.
    """
    failure = f"{first.path} cannot be run by {first.engine}:"
    if refusal := call_module(__name__, first, failure=failure, seconds_limit=seconds_limit):
        raise ModelLoadError(refusal)


def limit_bytes(pixels: int) -> int:
    """Return how much memory a file may allocate whose input has so many pixels."""
    return min(BYTES_LIMIT + BYTES_PER_PIXEL * pixels, BYTES_CEILING)


def _main() -> None:
    refusal = None
    try:
        _run_once(msgspec.json.decode(sys.argv[1], type=FirstRun))
    except ModelLoadError as error:
        refusal = str(error)
    except ScnetError:  # not about the file: raised again where it is opened for good
        pass
    send_result(refusal)


def _run_once(first: FirstRun) -> None:
    """Open a file and run it on its feeds, or on a black image.

    Engines report a lack of memory in different ways, and some not at all: where it may be the
    reason, the message is followed by the memory limit.

    Raises:
        ScnetError: Any of its kinds, as opening and running raise them.
    """
    runner, path = import_module(first.runner), Path(first.path)
    _limit_memory(BYTES_LIMIT)
    shape = () if first.feeds else runner.read_image_shape(path)
    limit = limit_bytes((count_values(first.feeds) or prod(shape)) // 3)
    _limit_memory(limit)
    try:
        if first.feeds:
            runner.open_tensors(path, first.engine, first.threads, first.feeds).run()
        else:
            image = np.zeros(shape, np.float32)
            runner.open_session(path, first.engine, first.threads).run(image)
    except MemoryError as error:
        failure = f"{path} cannot be run by {first.engine}: there was no memory left."
        raise ModelLoadError(_tell_limit(failure, limit)) from error
    except ModelLoadError as error:
        if not _may_lack_memory(path, error, limit):
            raise
        raise ModelLoadError(_tell_limit(str(error), limit)) from error


def _may_lack_memory(path: Path, error: ModelLoadError, limit: int) -> bool:
    """Check whether an engine's message is of memory, or the file states tensors near the limit."""
    if error.__cause__ is None:  # not the engine's message
        return False
    if MEMORY.search(str(error)):
        return True
    tensors = read_graph(path).tensors.values()
    largest = max((prod(side or 1 for side in t.shape or ()) for t in tensors), default=0)
    return largest * BYTES_PER_VALUE > limit // 2


def _tell_limit(failure: str, limit: int) -> str:
    if not LIMITED:
        return failure
    return (
        f"{failure.rstrip(':. ')}. A file without its manifest is first tried out, with "
        f"{limit / 1e9:.1f} GB of memory: if that is too little, put the manifest that scnet "
        "convert wrote beside it."
    )


def _limit_memory(more: int) -> None:
    """Limit what is allocated from here on; libraries are loaded already."""
    if not LIMITED:
        return
    resource = import_module("resource")
    used = re.search(r"VmData:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert used is not None
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(used[1]) * 1024 + more, hard))


if __name__ == "__main__":
    _main()
