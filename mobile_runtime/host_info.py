"""Description of this machine, as far as measurements depend on it."""

import os
import platform
from dataclasses import dataclass
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


BASIC_INSTRUCTIONS = {"f16c": "F16C", "fma": "FMA", "asimdhp": "fp16 arithmetic", "asimd": "NEON"}
"""Further ones, for floats."""

MEMINFO = Path("/proc/meminfo")
"""Linux's account of its memory."""


def describe_device() -> str:
    """Return system, architecture, best int8 instructions and number of cores of this machine."""
    flags = set(CPUINFO.read_text().split()) if CPUINFO.exists() else ()
    best = next((f" with {name}" for flag, name in INSTRUCTIONS.items() if flag in flags), "")
    name = f"{platform.system()} {platform.machine()}{best}, {os.cpu_count()} cores"
    return f"{name}, emulated by qemu" if _is_emulated() else name


@dataclass(frozen=True)
class Memory:
    """Main memory in bytes."""

    total: int
    free: int
    """What programs could have at once, caches included."""


def describe_cpu() -> str:
    """Return the processor's name, as the system has it."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def list_cpu_features() -> tuple[str, ...]:
    """Return those instructions of the processor that engines use; none where no list is."""
    flags = set(CPUINFO.read_text().split()) if CPUINFO.exists() else set()
    return tuple(
        name for flag, name in (INSTRUCTIONS | BASIC_INSTRUCTIONS).items() if flag in flags
    )


def measure_memory() -> Memory | None:
    """Return total and free memory of this machine; None where the system does not say."""
    if not MEMINFO.exists():
        return None
    rows = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
    total, free = (1024 * int(rows[key].split()[0]) for key in ("MemTotal", "MemAvailable"))
    return Memory(total, free)


def utc_now() -> str:
    """Return date and time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_emulated() -> bool:
    """Return whether qemu emulates this process: under user-mode emulation its name is qemu's."""
    comm = Path("/proc/self/comm")
    return comm.exists() and comm.read_text().startswith("qemu-")
