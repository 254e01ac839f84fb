"""A Swift toolchain: the one on the path, or Debian trixie's in `dist/swift`.

    python tests/swift_toolchain.py

makes that folder with apt, 0.6 GB down and 2.6 GB unpacked. Its C library is newer than that of
Debian 12, so its commands run in a root and a mount namespace of their own; nothing else changes.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from debian_packages import unpack

PROJECT = Path(__file__).resolve().parent.parent
ROOT = PROJECT / "dist" / "swift"
PACKAGES = ("swiftlang", "libc6-dev", "libstdc++-14-dev", "bash", "coreutils")
ENTER = """set -e
root=$1 home=$2 scratch=$3; shift 3
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for folder in "$home" "$scratch"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
done
exec chroot "$root" /usr/bin/env -i LANG=C.UTF-8 TERM=dumb HOME="$scratch" \\
    PATH=/usr/libexec/swift/bin:/usr/bin:/bin "$@"
"""


def why_no_swift() -> str | None:
    """Return why there is no toolchain here, or None."""
    if shutil.which("swift") or (ROOT / "usr/libexec/swift/bin/swift").exists():
        return None
    return "there is no swift on the path, and no dist/swift: nox -s swift makes it on Debian"


def require_swift() -> None:
    """Skip where there is no Swift; only `nox -s swift` installs it, and fails without."""
    if reason := why_no_swift():
        pytest.skip(reason)


def run_swift(*command: object, scratch: Path, **settings: str) -> str:
    """Run a command of the toolchain; return what it prints.

    Args:
        command: Its paths lie in the project or in `scratch`.
        scratch: A folder for its files.
        settings: Environment variables.

    Raises:
        AssertionError: The command fails.
    """
    full = swift_command(*command, scratch=scratch, **settings)
    done = subprocess.run(full, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def swift_command(*command: object, scratch: Path, **settings: str) -> list[str]:
    """Return a command of the toolchain as one that can be run here; see `run_swift`."""
    own = ["env", *(f"{name}={value}" for name, value in settings.items()), *map(str, command)]
    if shutil.which("swift"):
        return own
    enter = ("unshare", "--mount", "bash", "-c", ENTER, "swift")
    return [*enter, str(ROOT.resolve()), str(PROJECT), str(scratch), *own]


if __name__ == "__main__":
    if why_no_swift() is not None:
        unpack("trixie", PACKAGES, ROOT)
        for name in ("proc", "dev"):
            (ROOT / name).mkdir(exist_ok=True)
