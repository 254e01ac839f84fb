"""Description of this machine, as far as measurements depend on it."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
"""Linux's list of a processor's features; other systems have no such file."""

INSTRUCTIONS = {
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
    "i8mm": "int8 matrix products",
    "asimddp": "int8 dot products",
}
"""Linux's name -> name shown, the fastest for int8 products first. w8a8 took 0.53 of
fp32's time with AVX-512 VNNI (2026-11-25), 1.06 with AVX2 (2026-11-27; SCNet-T x4 direct, XNNPACK).
"""


def describe_device() -> str:
    """Return system, architecture, best int8 instructions and number of cores of this machine."""
    flags = set(CPUINFO.read_text().split()) if CPUINFO.exists() else ()
    best = next((f" with {name}" for flag, name in INSTRUCTIONS.items() if flag in flags), "")
    name = f"{platform.system()} {platform.machine()}{best}, {os.cpu_count()} cores"
    return f"{name}, emulated by qemu" if _is_emulated() else name


def utc_now() -> str:
    """Return date and time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_emulated() -> bool:
    """Return whether qemu emulates this process: under user-mode emulation its name is qemu's."""
    comm = Path("/proc/self/comm")
    return comm.exists() and comm.read_text().startswith("qemu-")
