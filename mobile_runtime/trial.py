"""Does a file bring down the library that runs it? Asked of a process that may die."""

import contextlib
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

    What the library says of the file is for it to say again, where the file is opened for good.

    Raises:
        ModelLoadError: The process died, or did not come to an end.
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


def _main() -> None:
    trial = msgspec.json.decode(sys.argv[1], type=Trial)
    with contextlib.suppress(RuntimeFileError):
        runner = import_module(trial.runner)
        session = runner.open_session(Path(trial.path), trial.engine, trial.threads)
        session.run(np.zeros(session.image_shape, np.float32))


if __name__ == "__main__":
    _main()
