"""Open any model file and run it: the one place that knows which runner takes which file."""

import os
from importlib import import_module
from pathlib import Path
from typing import Protocol

from mobile_runtime.errors import ModelLoadError
from mobile_runtime.manifest import Model, manifest_path, read_manifest
from mobile_runtime.pictures import Image

RUNNERS = {
    ".mlpackage": "mobile_runtime.run_coreml",
    ".tflite": "mobile_runtime.run_tflite",
    ".onnx": "mobile_runtime.run_onnx",
}
"""Suffix -> module with `ENGINES`, `open_session` and `count_operators`."""


class Session(Protocol):
    """An open model file on one engine."""

    engine: str
    """The engine's name and version, and its threads where it has any."""
    model: Model | None
    """What the file says of itself; None for a file that this project did not make."""

    def run(self, image: Image) -> Image:
        """Upscale.

        Args:
            image: (1, 3, H, W) float32, RGB in [0, 1], of a size that the file takes.

        Returns:
            (1, 3, H * scale, W * scale) float32, RGB; not clipped unless the file clips.

        Raises:
            ImageError: The file does not take this size.
        """


class Opener(Protocol):
    """How the program opens files; it puts one into click's context object, always."""

    def __call__(self, path: Path | None, *, engine: str | None, threads: int | None) -> Session:
        """Open a model file or a checkpoint; None stands for the bundled weights."""


def open_session(path: Path, *, engine: str | None = None, threads: int | None = None) -> Session:
    """Open a model file.

    A manifest beside the file must be about this very file; a file without one is fine.

    Args:
        path: A `.mlpackage`, `.tflite` or `.onnx`.
        engine: One of `engines(path)`; the first one if not given.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ModelLoadError: No such file, an unknown kind of file, or a damaged one.
        ManifestError: The manifest beside it belongs to another file.
        BackendUnavailableError: The engine cannot run here.
    """
    runner = _runner(path)
    if manifest_path(path).exists():
        read_manifest(path)
    session: Session = runner.open_session(
        path, engine or runner.ENGINES[0], threads or os.cpu_count() or 1
    )
    return session


def engines(path: Path) -> tuple[str, ...]:
    """Name the engines that can run this kind of file, the usual one first."""
    names: tuple[str, ...] = _runner(path).ENGINES
    return names


def count_operators(path: Path) -> dict[str, int]:
    """Count the operators of a model file by kind, most frequent first.

    Raises:
        ModelLoadError: No such file, an unknown kind of file, or a damaged one.
    """
    counted: dict[str, int] = _runner(path).count_operators(path)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _runner(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  a module
    if path.suffix not in RUNNERS:
        raise ModelLoadError(f"{path} is not a model file: expected one of {', '.join(RUNNERS)}.")
    if not path.exists():
        raise ModelLoadError(f"{path} does not exist.")
    return import_module(RUNNERS[path.suffix])
