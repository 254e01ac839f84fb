"""Does a file bring down the library that runs it? Asked of a process that may die."""

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import msgspec
import numpy as np

from mobile_runtime.errors import ModelLoadError, ScnetError
from mobile_runtime.subprocesses import receive_result, run_module, send_result

SECONDS_LIMIT = 300
"""For one opening and one run. The slowest seen took 40 s: 128x128 on SwiftShader, busy CPU."""

LIMITED = sys.platform == "linux"
"""Other systems cannot limit what a process allocates, or do not keep to it."""

BYTES_LIMIT = 3 * 2**29
"""Of memory that any file may ask for. One flipped size asked for 8.6 GiB for a tiny picture."""

BYTES_PER_PIXEL = 2500
"""More for each pixel of the input: SCNet-T x4 direct takes 2200 with XNNPACK (720x1280)."""

BYTES_CEILING = 2**33
"""For no input more than this: its size may be forged."""


@dataclass(frozen=True)
class FirstRun:
    """A file to open and run once."""

    path: str
    engine: str
    threads: int
    runner: str
    """Module with `open_session`, and `read_image_shape` for files of the same kind."""


def run_sandboxed(trial: FirstRun, *, seconds_limit: float = SECONDS_LIMIT) -> None:
    """Open and run a file once in a process of its own.

    Raises:
        ModelLoadError: The library refused the file or died of it, the file asked for more memory
            than `limit_bytes` allows, or there was no end.
    """
    failure = f"{trial.path} cannot be run by {trial.engine}:"
    try:
        child = run_module(__name__, trial, seconds_limit=seconds_limit)
    except subprocess.TimeoutExpired as error:
        raise ModelLoadError(
            f"{failure} one run did not end within {seconds_limit:g} seconds."
        ) from error
    if refusal := receive_result(child, failure):
        raise ModelLoadError(refusal)


def limit_bytes(pixels: int) -> int:
    """Say how much memory a file may ask for that takes a picture of so many pixels."""
    return min(BYTES_LIMIT + BYTES_PER_PIXEL * pixels, BYTES_CEILING)


def _main() -> None:
    refusal = None
    try:
        _run_once(msgspec.json.decode(sys.argv[1], type=FirstRun))
    except ModelLoadError as error:
        refusal = str(error)
    except ScnetError:  # not about the file: it is said again where it is opened for good
        pass
    send_result(refusal)


def _run_once(trial: FirstRun) -> None:
    """Open a file and run it on a black picture.

    Engines have no common word for a lack of memory, and some none at all: whatever one of them
    says is followed by what it had.

    Raises:
        ScnetError: Any of its kinds, as opening and running raise them.
    """
    runner, path = import_module(trial.runner), Path(trial.path)
    _limit_memory(BYTES_LIMIT)
    image = np.zeros(runner.read_image_shape(path), np.float32)
    limit = limit_bytes(image.size // 3)
    _limit_memory(limit)
    try:
        runner.open_session(path, trial.engine, trial.threads).run(image)
    except MemoryError as error:
        failure = f"{path} cannot be run by {trial.engine}: there was no memory left."
        raise ModelLoadError(_tell_limit(failure, limit)) from error
    except ModelLoadError as error:
        if error.__cause__ is None:  # not the engine's words
            raise
        raise ModelLoadError(_tell_limit(str(error), limit)) from error


def _tell_limit(failure: str, limit: int) -> str:
    if not LIMITED:
        return failure
    return (
        f"{failure.rstrip(':. ')}. A file without its manifest is first tried out, with "
        f"{limit / 1e9:.1f} GB of memory: if that is too little, put the manifest that scnet "
        "convert wrote beside it."
    )


def _limit_memory(more: int) -> None:
    """Let no more be allocated than this from here on; libraries are loaded already."""
    if not LIMITED:
        return
    resource = import_module("resource")
    used = re.search(r"VmData:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert used is not None
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(used[1]) * 1024 + more, hard))


if __name__ == "__main__":
    _main()
