"""Open any model file and run it: the one place that knows which runner takes which file."""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from mobile_runtime.engines.registry import ENGINES
from mobile_runtime.engines.sandboxed_run import FirstRun, run_sandboxed
from mobile_runtime.errors import EngineUnavailableError, ModelLoadError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.manifest import Model, manifest_path, read_manifest

RUNNERS = {
    ".mlpackage": "mobile_runtime.engines.coreml",
    ".tflite": "mobile_runtime.engines.tflite_interpreter",
    ".onnx": "mobile_runtime.engines.onnxruntime_cpu",
}
"""Suffix -> module with `count_operators`; the modules that open such files are in `ENGINES`."""


@dataclass(frozen=True)
class Placement:
    """Where the operators of an open file run, as far as its engine tells."""

    described: str
    """Such as `all 99 operators on GPU`, `CPU`, `reference executor, no device`."""
    complete: bool
    """False if the engine left anything to another unit than the one that was asked for."""


CPU = Placement("CPU", complete=True)

MAX_THREADS = 1024
"""More than any machine has cores; absurd numbers bring down the engines."""


class Session(Protocol):
    """An open model file on one engine."""

    engine: str
    """The engine's name and version, and its threads where it has any."""
    model: Model | None
    """What the file says of itself; None for a file that this project did not make."""
    placement: Placement

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

    A manifest beside the file must be about this very file, and then vouches for it: it is the
    file that was converted, byte for byte. Any other file is first opened and run once in a
    process of its own if the engine reads it in native code, since that code trusts what it reads
    and a damaged file may bring it down. (Who forges both file and manifest is not stopped.)

    Args:
        path: A `.mlpackage`, `.tflite` or `.onnx`.
        engine: One of `engines(path)`; the first one if not given.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ModelLoadError: No such file, an unknown kind of file, or a damaged one.
        ManifestError: The manifest beside it belongs to another file.
        EngineUnavailableError: There is no such engine, or it cannot run here.
    """
    name = engine or engines(path)[0]
    prepare(path, name)
    count = threads or os.cpu_count() or 1
    if manifest_path(path).exists():
        read_manifest(path)
    elif (found := ENGINES[path.suffix][name]).native:
        run_sandboxed(FirstRun(str(path), name, count, found.runner))
    return open_unsandboxed(path, engine=name, threads=count)


def prepare(path: Path, engine: str) -> None:
    """Import all that an engine needs, so that opening a file takes no time for it.

    Raises:
        ModelLoadError: No such file, or an unknown kind of file.
        EngineUnavailableError: There is no such engine, or it cannot run here.
    """
    if reason := unavailable_reason(path, engine):
        raise EngineUnavailableError(reason)
    found = ENGINES[path.suffix][engine]
    for module in (found.library, found.runner):
        import_module(module)


def open_unsandboxed(path: Path, *, engine: str, threads: int) -> Session:
    """Open a model file that may bring down this process: for processes made for that.

    Raises:
        ModelLoadError: A damaged file.
    """
    runner = import_module(ENGINES[path.suffix][engine].runner)
    session: Session = runner.open_session(path, engine, threads)
    return session


def engines(path: Path) -> tuple[str, ...]:
    """Name all engines for this kind of file, the usual one first; not all may be here.

    Raises:
        ModelLoadError: No such file, or an unknown kind of file.
    """
    require_model_file(path)
    return tuple(ENGINES[path.suffix])


def unavailable_reason(path: Path, engine: str) -> str | None:
    """Say in a sentence why an engine cannot run here, and what to do; None if it can.

    Raises:
        ModelLoadError: No such file, or an unknown kind of file.
        EngineUnavailableError: There is no such engine for this kind of file.
    """
    if engine not in (names := engines(path)):
        raise EngineUnavailableError(
            f"{engine} is not an engine for {path.suffix} files: use one of {', '.join(names)}."
        )
    return ENGINES[path.suffix][engine].unavailable_reason()


def count_operators(path: Path) -> dict[str, int]:
    """Count the operators of a model file by kind, most frequent first.

    Raises:
        ModelLoadError: No such file, an unknown kind of file, or a damaged one.
    """
    require_model_file(path)
    counted: dict[str, int] = import_module(RUNNERS[path.suffix]).count_operators(path)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def require_model_file(path: Path) -> None:
    """Refuse what cannot be a model file, by its name.

    Raises:
        ModelLoadError: No such file, an unknown kind of file, or a name that is not UTF-8.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ModelLoadError(f"{str(path)!r} is not UTF-8, as names must be: rename it.") from error
    if path.suffix not in RUNNERS:
        raise ModelLoadError(f"{path} is not a model file: expected one of {', '.join(RUNNERS)}.")
    if not path.exists():
        raise ModelLoadError(f"{path} does not exist.")
