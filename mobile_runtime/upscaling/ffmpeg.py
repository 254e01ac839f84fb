"""ffmpeg and ffprobe, 5.1 or later, where they are installed: how they are started and explain."""

import shutil
from pathlib import Path

from mobile_runtime.errors import ImageError

SAFE = ("-protocol_whitelist", "file,pipe")
"""Of inputs: a playlist that is named like a video makes ffmpeg read nothing from networks."""


def find_program(name: str) -> str:
    """Return the path of `ffmpeg` or `ffprobe`.

    Raises:
        ImageError: It is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise ImageError(
            f"Videos need {name}, which is not installed: see ffmpeg.org, or `apt install ffmpeg`, "
            "`brew install ffmpeg`, `winget install ffmpeg`."
        )
    return found


def file_url(path: Path) -> str:
    """Return a path such that ffmpeg takes it for nothing else."""
    return f"file:{path}"


def last_line(log: bytes) -> str:
    """Return the end of what a program said, without a period."""
    lines = log.decode(errors="replace").strip().splitlines() or ["no reason given"]
    return lines[-1].strip().rstrip(".")
