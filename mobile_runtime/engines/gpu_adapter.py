"""GPU that LiteRT finds: compiles the smallest model in a child process, and reads its log.

Nothing else can tell: Debian 12's llvmpipe is a Vulkan device, and LiteRT refuses it.
"""

import ctypes
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from mobile_runtime.subprocesses import describe_exit, run_module

SECONDS_LIMIT = 60
SELECTED = re.compile(r"Selected adapter: (.*?), arch=")
"""LiteRT (2.3.0) reports it on stderr only."""
HINT = (
    "install a driver, or SwiftShader, which emulates a GPU (Debian: apt-get install chromium "
    "libvulkan1; then set VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json)."
)


@dataclass(frozen=True)
class Adapter:
    """The GPU that LiteRT selected, or why there is none."""

    name: str
    unavailable_reason: str | None


@cache
def find_adapter() -> Adapter:
    """Return the GPU; ai-edge-litert must be installed."""
    if sys.platform == "linux" and not _can_load("libvulkan.so.1"):
        return Adapter("", f"LiteRT finds a GPU by Vulkan, and libvulkan.so.1 is missing: {HINT}")
    try:
        child = run_module(__name__, None, seconds_limit=SECONDS_LIMIT)
    except subprocess.TimeoutExpired:
        return Adapter("", f"LiteRT did not find a GPU within {SECONDS_LIMIT} s.")
    if "No adapters found" in child.stderr:
        return Adapter("", f"LiteRT found no GPU that it supports: {HINT}")
    if child.returncode != 0:
        return Adapter("", f"LiteRT's GPU engine does not start here: {describe_exit(child)}")
    found = SELECTED.search(child.stderr)
    return Adapter(found[1] if found else "unnamed GPU", None)


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _main() -> None:
    compiled_model = import_module("ai_edge_litert.compiled_model")
    tflite_schema = import_module("mobile_runtime.formats.tflite_schema")
    smallest = tflite_schema.pack_single("RELU", [1, 1, 1, 4], "FLOAT32")
    gpu = compiled_model.HardwareAccelerator.GPU
    compiled_model.CompiledModel.from_buffer(smallest, hardware_accel=gpu)


if __name__ == "__main__":
    _main()
