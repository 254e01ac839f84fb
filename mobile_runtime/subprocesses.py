"""Do something in a Python process of its own, which may die and takes nothing with it."""

import signal
import subprocess
import sys
from os import environ, pathsep
from typing import Any

import msgspec

from mobile_runtime.errors import ModelLoadError

Child = subprocess.CompletedProcess[str]


def run_module(module: str, task: object, *, seconds_limit: float | None = None) -> Child:
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
        env={**environ, "PYTHONPATH": pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds_limit,
        check=False,
    )


def send_result(answer: object) -> None:
    """Give an answer to whoever runs this process: JSON on a line of its own, the last one."""
    sys.stdout.write(f"\n{msgspec.json.encode(answer).decode()}\n")


def receive_result(child: Child, failure: str) -> Any:
    """Read what a child wrote with `send_result`.

    Args:
        child: A child that has ended.
        failure: How the sentence begins if there is no answer.

    Raises:
        ModelLoadError: It did not end well, or without an answer.
    """
    if child.returncode != 0:
        raise ModelLoadError(f"{failure} {describe_exit(child)}")
    # Not splitlines: names from files, in an engine's words, hold other ends of a line.
    line = child.stdout.rstrip("\n").rpartition("\n")[2]
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise ModelLoadError(f"{failure} it ended the process without an answer.") from error


def describe_exit(child: Child) -> str:
    """Say why a child did not end well: the signal that killed it, or its last words."""
    if child.returncode < 0:
        return f"it brought down the process ({signal.Signals(-child.returncode).name})."
    return (child.stderr.strip().splitlines() or ["no reason given"])[-1]
