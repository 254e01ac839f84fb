"""Does a file bring down the library that runs it? Asked of a process that may die."""

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import msgspec
import numpy as np

from mobile_runtime.child import run_child, say_why
from mobile_runtime.errors import ModelLoadError, RuntimeFileError

SECONDS_LIMIT = 300
"""For one opening and one run. The slowest seen took 40 s: 128x128 on SwiftShader, busy CPU."""

BYTES_LIMIT = 3 * 2**29
"""Of memory that the file may ask for. One flipped size asked for 8.6 GiB for a tiny picture."""


@dataclass(frozen=True)
class Trial:
    """A file to open and run once."""

    path: str
    engine: str
    threads: int
    runner: str
    """Module with `open_session`, whose sessions have an `image_shape`."""


def try_out(trial: Trial, *, seconds_limit: float = SECONDS_LIMIT) -> None:
    """Open and run a file once in a process of its own.

    Raises:
        ModelLoadError: The library refused the file or died of it, the file asked for more memory
            than `BYTES_LIMIT`, or there was no end.
    """
    failure = f"{trial.path} cannot be run by {trial.engine}:"
    try:
        child = run_child(__name__, trial, seconds_limit=seconds_limit)
    except subprocess.TimeoutExpired as error:
        raise ModelLoadError(
            f"{failure} one run did not end within {seconds_limit:g} seconds."
        ) from error
    if child.returncode != 0:
        raise ModelLoadError(f"{failure} {say_why(child)}")
    if refusal := msgspec.json.decode(child.stdout.splitlines()[-1]):
        raise ModelLoadError(refusal)


def _main() -> None:
    trial = msgspec.json.decode(sys.argv[1], type=Trial)
    runner = import_module(trial.runner)
    if sys.platform == "linux":
        _limit_memory()
    refusal = None
    try:
        session = runner.open_session(Path(trial.path), trial.engine, trial.threads)
        session.run(np.zeros(session.image_shape, np.float32))
    except ModelLoadError as error:
        refusal = str(error)
    except RuntimeFileError:  # not about the file: it is said again where it is opened for good
        pass
    sys.stdout.write(f"\n{msgspec.json.encode(refusal).decode()}\n")


def _limit_memory() -> None:
    """Let no more be allocated than `BYTES_LIMIT` from here on; libraries are loaded already."""
    resource = import_module("resource")  # not on Windows
    used = re.search(r"VmData:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert used is not None
    limit = int(used[1]) * 1024 + BYTES_LIMIT
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    _main()
