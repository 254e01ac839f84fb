"""Packages of another Debian, unpacked into a folder: nothing on this machine changes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def unpack(suite: str, packages: Sequence[str], root: Path) -> None:
    """Make a folder of packages of a suite, such as `trixie`, and of all that they depend on.

    Raises:
        SystemExit: This is no Debian, or not root; the message says so.
    """
    if shutil.which("apt-get") is None or not KEYRING.exists() or os.geteuid() != 0:
        sys.exit(f"Only root on Debian can make {root} of {', '.join(packages)}.")
    state = root / "apt"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("lists/partial", "archives/partial", "empty"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {find_mirror()} {suite} main\n")
    (state / "apt.conf").write_text(
        f'Dir::State "{state}"; Dir::State::status "{state}/status"; Dir::State::lists "lists";\n'
        f'Dir::Cache "{state}"; Dir::Etc::sourcelist "{state}/sources.list";\n'
        f'Dir::Etc::sourceparts "{state}/empty"; Dir::Etc::preferencesparts "{state}/empty";\n'
    )
    environment = os.environ | {"APT_CONFIG": str(state / "apt.conf")}
    subprocess.run(["apt-get", "update"], env=environment, check=True)
    download = ("apt-get", "install", "--yes", "--download-only", "--no-install-recommends")
    subprocess.run([*download, *packages], env=environment, check=True)
    for package in (state / "archives").glob("*.deb"):
        subprocess.run(["dpkg", "--extract", package, root], check=True)
    shutil.rmtree(state)


def find_mirror() -> str:
    """Return the address of the Debian mirror that this machine uses."""
    question = ("apt-get", "indextargets", "--format", "$(REPO_URI)")
    answer = subprocess.run(
        [*question, "Identifier: Packages", "Origin: Debian", "Label: Debian"],
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.split()[0]
