"""What this machine is, as far as figures depend on it."""

import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
"""Where Linux lists what a processor can do; other systems have no such file."""

INSTRUCTIONS = {
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
    "i8mm": "int8 matrix products",
    "asimddp": "int8 dot products",
}
"""Linux's name -> ours, the fastest at products of 8 bits first. Of fp32's time w8a8 took 0.53 with
AVX-512 VNNI (2026-11-25) and 1.06 with AVX2 (2026-11-27; SCNet-T x4 direct, TFLite XNNPACK)."""


def describe_device() -> str:
    """Name this machine: its system, its processor's kind, its best instructions, its cores."""
    listed = CPUINFO.read_text() if CPUINFO.exists() else ""
    name = f"{platform.system()} {platform.machine()}{_name_instructions(listed)}"
    name = f"{name}, {os.cpu_count()} cores"
    return f"{name}, emulated by qemu" if _is_emulated() else name


def _name_instructions(listed: str) -> str:
    known = set(listed.split())
    return next((f" with {name}" for flag, name in INSTRUCTIONS.items() if flag in known), "")


def _is_emulated() -> bool:
    """Linux shows a program's own name to it, and under user-mode emulation that is qemu's."""
    comm = Path("/proc/self/comm")
    return comm.exists() and comm.read_text().startswith("qemu-")
