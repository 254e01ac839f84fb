"""LiteRT's GPU engine: which `.tflite` files it takes, and its version."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"
"""A GPU played by the CPU, from Debian's package chromium."""


class Found(msgspec.Struct, frozen=True):
    """What came of one file."""

    whole: bool
    """All of it runs on the GPU."""
    failure: str | None
    gpu: int | None = None
    """Operators on the GPU, where the engine says it."""


def engine_version() -> str:
    """Return the version of ai-edge-litert."""
    return version("ai-edge-litert")


def place(contents: Sequence[bytes]) -> Iterator[Found]:
    """Yield what becomes of each file; one that ends the engine's process costs itself alone."""
    worker = _start()
    for content in contents:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(base64.b64encode(content).decode() + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
        if line:
            yield msgspec.json.decode(line, type=Found)
        else:
            yield Found(whole=False, failure=f"the engine died: {worker.wait()}")
            worker = _start()
    worker.communicate()


def _start() -> "subprocess.Popen[str]":
    drivers = {"VK_DRIVER_FILES": SWIFTSHADER} if Path(SWIFTSHADER).exists() else {}
    return subprocess.Popen(
        [sys.executable, "-m", "placement_tables.litert_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=drivers | os.environ,
    )
