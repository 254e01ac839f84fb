"""Make an aarch64 Python that runs on this x86 machine: `python emulated_python.py FOLDER`.

Needs Debian's apt-get and dpkg, but no root: qemu-user and an arm64 Python are downloaded with a
package list of our own and unpacked, not installed. FOLDER/python then runs like any Python.
"""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

PACKAGES = ("python3.11:arm64", "libstdc++6:arm64", "qemu-user-static:amd64")
"""Of Debian 12, which has the Python that constraints.txt is for."""

PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (26, 27, 28)] + ["manylinux2014_aarch64"]

CPU = "neoverse-n1"
"""Like the large cores of phones since 2018: NEON, dot products, fp16 arithmetic. `max` would pick
SVE and SME kernels, which phones lack and which qemu emulates 14 times slower."""

CPUINFO = """\
processor\t: {number}
Features\t: fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1

"""
"""What that core says of itself. The engines read it, and crash on the text of an x86 core."""

PYTHON = """\
#!/bin/sh
# As its own name it goes on with -0, so that processes started by it are emulated, too.
export PYTHONHOME={folder}/system/usr PYTHONPATH={folder}/wheels${{PYTHONPATH:+:$PYTHONPATH}}
exec {folder}/qemu/usr/bin/qemu-aarch64-static -cpu {cpu} -L {folder}/system -0 {folder}/python \\
    {folder}/system/usr/bin/python3.11 "$@"
"""


def make(folder: Path) -> None:
    """Make `folder`/python and all that it needs; nothing where it is already."""
    if (folder / "python").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for archive in download(folder / "apt"):
        system = "qemu" if archive.name.startswith("qemu-user-static") else "system"
        subprocess.run(["dpkg", "-x", archive, folder / system], check=True)
    install_wheels(folder / "wheels")
    write_cpuinfo(folder / "system/proc/cpuinfo")
    program = folder / "python"  # last: its presence says that all else is
    program.write_text(PYTHON.format(folder=folder, cpu=CPU))
    program.chmod(0o755)


def download(folder: Path) -> list[Path]:
    """Download `PACKAGES` with all that they depend on; give what is for arm64, and qemu."""
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    (folder / "archives/partial").mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()  # nothing is installed, so all is downloaded
    settings = {
        "Dir::State": folder,
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "APT::Architectures::": "arm64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "install", "--yes", "--download-only", *PACKAGES], check=True)
    archives = folder / "archives"
    return [*archives.glob("*_arm64.deb"), *archives.glob("qemu-user-static_*.deb")]


def install_wheels(folder: Path) -> None:
    """Install what the harness needs, as built for aarch64, in the versions of constraints.txt."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade"),
            *("--target", folder),
            *("--only-binary=:all:", "--python-version", "3.11"),
            *(option for name in PLATFORMS for option in ("--platform", name)),
            *("--constraint", "constraints.txt", *sys.argv[2:]),
        ],
        check=True,
    )


def write_cpuinfo(path: Path) -> None:
    """Write what is read as /proc/cpuinfo."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(CPUINFO.format(number=n) for n in range(os.cpu_count() or 1)))


if __name__ == "__main__":
    if missing := [name for name in ("apt-get", "dpkg") if which(name) is None]:
        sys.exit(f"There is no {' and no '.join(missing)} here: this needs Debian 12 on x86-64.")
    make(Path(sys.argv[1]).resolve())
