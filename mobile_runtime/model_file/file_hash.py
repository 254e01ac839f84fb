"""SHA-256 and size of model files, which are folders in Core ML."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from mobile_runtime.errors import ManifestError


def hash_file(path: Path, data_files: Sequence[Path] = ()) -> str:
    """Return the sha256 of a file; of several, over sorted relative paths and contents.

    Args:
        path: A file, or a folder with all that is in it.
        data_files: Files beside a file that belong to it.

    Raises:
        ManifestError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        if not path.is_dir() and not data_files:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        folder = path if path.is_dir() else path.parent
        parts = path.rglob("*") if path.is_dir() else (path, *data_files)
        for part in sorted(p for p in parts if p.is_file()):
            digest.update(part.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(part.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def measure_file(path: Path) -> int:
    """Return the size of a file in bytes; of a folder, of all files in it."""
    parts = path.rglob("*") if path.is_dir() else [path]
    return sum(part.stat().st_size for part in parts if part.is_file())
