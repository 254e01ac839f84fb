"""`scnet env`: what a report of a bug needs to say about this machine."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.console import STDOUT, check_output, print_facts, write_json
from mobile_runtime.engines.gpu_adapter import find_adapter
from mobile_runtime.engines.registry import ENGINES
from mobile_runtime.extras import DISTRIBUTION, extras_of_modules
from mobile_runtime.host_info import Memory, describe_cpu, list_cpu_features, measure_memory

NVIDIA_SECONDS_LIMIT = 10


@dataclass(frozen=True)
class Environment:
    """This machine, and what is installed of all that the program can use."""

    scnet_mobile: str | None
    """Version; None where it is run in a checkout, not installed."""
    python: str
    system: str
    locale: str
    cpu: str
    cpu_features: tuple[str, ...]
    cores: int | None
    """Those that this process may use."""
    memory: Memory | None
    gpus: tuple[str, ...]
    packages: Mapping[str, str | None]
    """Package -> version; None where it is not installed."""
    engines: Mapping[str, str | None]
    """Engine -> why it cannot run here; None where it can."""


@click.command("env")
@options.json_output
def command(json_path: Path | None, *, overwrite: bool) -> None:
    """Show versions, engines and hardware, as a report of a bug needs them.

    It names no files, users or addresses of yours.
    """
    check_output(json_path, overwrite=overwrite)
    found = describe_environment()
    if json_path != STDOUT:
        _print(found)
    write_json(json_path, found)


def describe_environment() -> Environment:
    """Return what is known of this machine."""
    engines = {name: row for rows in ENGINES.values() for name, row in rows.items()}
    return Environment(
        scnet_mobile=_version(DISTRIBUTION),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=platform.platform(),
        locale=os.environ.get("LC_ALL") or os.environ.get("LANG") or "not set",
        cpu=describe_cpu(),
        cpu_features=list_cpu_features(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        memory=measure_memory(),
        gpus=tuple(_list_gpus()),
        packages={name.replace("_", "-"): _version(name) for name in sorted(extras_of_modules())},
        engines={name: row.unavailable_reason() for name, row in engines.items()},
    )


def _print(found: Environment) -> None:
    memory = found.memory
    machine = {
        "Python": found.python,
        "system": found.system,
        "locale": found.locale,
        "CPU": found.cpu,
        "CPU features": ", ".join(found.cpu_features) or "unknown",
        "cores": str(found.cores),
        "memory": f"{memory.total / 1e9:.1f} GB, {memory.free / 1e9:.1f} GB free" if memory else "",
        "GPUs": "\n".join(found.gpus) or "none found",
    }
    print_facts(f"{DISTRIBUTION} {found.scnet_mobile or 'in a checkout'}", machine)
    print_facts("packages", {name: text or "absent" for name, text in found.packages.items()})
    print_facts("engines", {name: why or "ready" for name, why in found.engines.items()})


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _list_gpus() -> list[str]:
    """Return the GPUs that NVIDIA's driver knows, and the one that LiteRT would take."""
    found = []
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        try:
            done = subprocess.run(
                query, capture_output=True, text=True, timeout=NVIDIA_SECONDS_LIMIT, check=True
            )
            found += done.stdout.splitlines()
        except (OSError, subprocess.SubprocessError) as error:
            found.append(f"nvidia-smi failed: {error}")
    if find_spec("ai_edge_litert") and not (adapter := find_adapter()).unavailable_reason:
        found.append(f"{adapter.name} (LiteRT)")
    return found
