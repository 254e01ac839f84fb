"""Modules of this program run in a Python process of their own, which may crash safely."""

import signal
import subprocess
import sys
from os import environ, pathsep
from typing import Any

import msgspec

from mobile_runtime.errors import ModelLoadError

Child = subprocess.CompletedProcess[str]
"""An ended process with its output."""


def run_module(module: str, task: object, *, seconds_limit: float | None = None) -> Child:
    """Run a module with `python -m` in a new process, which is killed after the limit.

    It reads the task, which msgspec can encode, as JSON from `sys.argv[1]`.

    Raises:
        subprocess.TimeoutExpired: The process took longer.
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


def send_result(result: object) -> None:
    """Write the result of this process for its parent: JSON on the last line of stdout."""
    sys.stdout.write(f"\n{msgspec.json.encode(result).decode()}\n")


def call_module(module: str, task: object, *, failure: str, seconds_limit: float) -> Any:
    """Return what a module, run with `run_module`, wrote with `send_result`.

    Messages begin with `failure`.

    Raises:
        ModelLoadError: It crashed, failed, wrote no result, or did not end in time.
    """
    try:
        child = run_module(module, task, seconds_limit=seconds_limit)
    except subprocess.TimeoutExpired as error:
        raise ModelLoadError(
            f"{failure} it did not end within {seconds_limit:g} seconds."
        ) from error
    if child.returncode != 0:
        raise ModelLoadError(f"{failure} {describe_exit(child)}")
    # Not splitlines: names from files, quoted by an engine, may hold other line separators.
    line = child.stdout.rstrip("\n").rpartition("\n")[2]
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise ModelLoadError(f"{failure} it ended the process without an answer.") from error


def describe_exit(child: Child) -> str:
    """Return why a process failed: the signal that killed it, or its last line on stderr."""
    if child.returncode < 0:
        return f"it brought down the process ({signal.Signals(-child.returncode).name})."
    return (child.stderr.strip().splitlines() or ["no reason given"])[-1]
