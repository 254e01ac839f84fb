"""Do something in a Python process of its own, which may die and takes nothing with it."""

import signal
import subprocess
import sys
from os import environ, pathsep

import msgspec

Child = subprocess.CompletedProcess[str]


def run_child(module: str, task: object, *, seconds_limit: float | None = None) -> Child:
    """Run a module of this program, and wait for its end.

    Args:
        module: What is run, by `python -m`; it finds the task, as JSON, in `sys.argv[1]`.
        task: Anything that msgspec can write.
        seconds_limit: The child is killed after it.

    Raises:
        subprocess.TimeoutExpired: The child took longer.
    """
    return subprocess.run(
        [sys.executable, "-P", "-m", module, msgspec.json.encode(task).decode()],
        env={**environ, "PYTHONPATH": pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds_limit,
        check=False,
    )


def say_why(child: Child) -> str:
    """Say why a child did not end well: the signal that killed it, or its last words."""
    if child.returncode < 0:
        return f"it brought down the process ({signal.Signals(-child.returncode).name})."
    return (child.stderr.strip().splitlines() or ["no reason given"])[-1]
