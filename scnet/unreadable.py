"""What a checkpoint is that cannot be read: told by its first bytes, with what to do."""

import zipfile
from pathlib import Path

from scnet.errors import CheckpointError

_OTHERS = (
    (b"version https://git-lfs", "is a pointer of Git LFS, not the file itself: git lfs pull"),
    (b"\x1f\x8b", "is packed by gzip: unpack it"),
    (b"<", "is a web page, not the file itself: download that"),
)
"""First bytes, and what begins with them."""

MOST_INFLATION = 10
"""Times its size that a file may unpack to; PyTorch itself packs nothing."""


def explain(path: Path) -> str:
    """Return what a file is that is no whole checkpoint, and what to do: a sentence's end."""
    with path.open("rb") as file:
        start = file.read(64)
    for magic, what in _OTHERS:
        if start.startswith(magic):
            return what
    entries, safe = _list_entries(path), path.suffix == ".safetensors"
    by_torch = any(entry.filename.endswith("data.pkl") for entry in entries)
    if safe and by_torch:
        return "is a PyTorch file: name it .pth"
    if entries and not by_torch:
        return "is a .zip of other files: unpack it"
    if not safe and start[8:9] == b"{":
        return "is a safetensors file: name it .safetensors"
    kind = "safetensors" if safe else "PyTorch"
    return f"is damaged or was cut off: it is no whole {kind} file. Get it again"


def check_inflation(path: Path) -> None:
    """Raise CheckpointError for a file that unpacks to far more than its size."""
    size = sum(entry.file_size for entry in _list_entries(path))
    if size > MOST_INFLATION * path.stat().st_size:
        raise CheckpointError(
            f"{path} would unpack to {size:,} bytes, more than {MOST_INFLATION} times its size, as "
            "no checkpoint does: it is not read."
        )


def _list_entries(path: Path) -> list[zipfile.ZipInfo]:
    """Return what is in a .zip, such as PyTorch writes since 1.6; nothing if it is none."""
    try:
        with zipfile.ZipFile(path) as packed:
            return packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []
