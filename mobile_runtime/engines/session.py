"""Sessions: open a model file on one of the engines for its format, and run it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from mobile_runtime.bundled_models import find_bundled
from mobile_runtime.engines.registry import ENGINES
from mobile_runtime.engines.sandboxed_run import FirstRun, run_sandboxed
from mobile_runtime.errors import EngineUnavailableError, MissingDependencyError
from mobile_runtime.extras import find_extra
from mobile_runtime.formats.feed import Feed
from mobile_runtime.formats.reader import require_model_file
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.file import ModelFile, read_model_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.manifest import manifest_path
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.validation_result import EngineInfo


@dataclass(frozen=True)
class Placement:
    """Where the operators of an open file run, as far as its engine reports."""

    described: str
    """Such as `all 99 operators on GPU`, `CPU`, `reference executor, no device`."""
    complete: bool
    """False if the engine left operators to another unit than the one that it stands for."""


CPU = Placement("CPU", complete=True)

MAX_THREADS = 1024
"""More than any machine has cores; absurd numbers crash the engines."""


class Session(Protocol):
    """An open model file on one engine."""

    engine: EngineInfo
    model: Model | None
    """The metadata in the file; None for a file that this project did not make."""
    placement: Placement

    def run(self, image: Image) -> Image:
        """Return the upscaled image.

        Args:
            image: (1, 3, H, W) float32, RGB in [0, 1], of a size that the file takes.

        Returns:
            (1, 3, H * scale, W * scale) float32, RGB; not clipped unless the file clips.

        Raises:
            ImageError: The file does not take this size.
        """


class Opener(Protocol):
    """The function that opens files for commands; it is always in click's context object."""

    def __call__(self, path: Path | None, *, engine: str | None, threads: int | None) -> Session:
        """Open a model file, a checkpoint or bundled weights; None stands for the default ones."""


@dataclass(frozen=True)
class TensorSession:
    """An open file of anybody with inputs as it takes them, for benchmarks."""

    engine: EngineInfo
    placement: Placement
    run: Callable[[], object]
    """Runs the file once. Raises ModelLoadError where the engine fails."""


class Runner(Protocol):
    """A module that runs files of one format."""

    def open_tensors(
        self, path: Path, engine: str, threads: int, feeds: Sequence[Feed]
    ) -> TensorSession:
        """Open a file of anybody, to be run with made-up inputs, one for each that it takes."""

    def open_session(self, path: Path, engine: str, threads: int) -> Session:
        """Open a file on one of the module's engines."""

    def read_image_shape(self, path: Path) -> tuple[int, ...]:
        """Return the shape of an image that a file takes, (1, 3, H, W), without native code."""


def open_session(
    file: Path | ModelFile, *, engine: str | None = None, threads: int | None = None
) -> Session:
    """Open a model file.

    A manifest beside the file must hold its SHA-256: it is then the converted file, unchanged. An
    engine that reads files in native code first opens and runs any other file in a sandboxed
    process, since a damaged one may crash it, and a crash-prone engine every file. (A forged pair
    of file and manifest is trusted.)

    Args:
        file: A `.mlpackage`, `.tflite` or `.onnx`; with its manifest if that is read already.
        engine: One of `engines(path)`; the first one if not given.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ModelLoadError: No such file, an unknown format, or a damaged file.
        ManifestError: The manifest beside it belongs to another file.
        EngineUnavailableError: There is no such engine, or it cannot run here.
        MissingDependencyError: The engine's installation is incomplete.
    """
    path = file.path if isinstance(file, ModelFile) else file
    name = engine or engines(path)[0]
    prepare(path, name)
    count = threads or os.cpu_count() or 1
    if vouched := manifest_path(path).exists():
        read_model_file(file)
    found = ENGINES[path.suffix][name]
    if found.crash_prone or (found.native and not vouched):
        run_sandboxed(FirstRun(str(path), name, count, found.runner))
    return open_unsandboxed(path, engine=name, threads=count)


def open_tensors(path: Path, feeds: Sequence[Feed], *, engine: str, threads: int) -> TensorSession:
    """Open a file of anybody, after a first run in a sandboxed process; errors as `open_session`.

    Args:
        path: A `.mlpackage`, `.tflite` or `.onnx`.
        feeds: The inputs, in the order of the file's.
        engine: One of `engines(path)`.
        threads: For engines that have threads.
    """
    prepare(path, engine)
    if (found := ENGINES[path.suffix][engine]).native:
        run_sandboxed(FirstRun(str(path), engine, threads, found.runner, tuple(feeds)))
    return open_tensors_unsandboxed(path, feeds, engine=engine, threads=threads)


def open_tensors_unsandboxed(
    path: Path, feeds: Sequence[Feed], *, engine: str, threads: int
) -> TensorSession:
    """Open a file as `open_tensors`, which may crash this process: for child processes."""
    return _load_runner(path, engine).open_tensors(path, engine, threads, feeds)


def find_model(named: Path | None, engine: str | None) -> Path | None:
    """Return the model file that a path or the name of bundled weights stands for.

    Args:
        named: None stands for the default weights.
        engine: Of bundled weights the file that this engine runs is taken, else the `.onnx`.

    Returns:
        None if it is neither a model file, by its suffix, nor weights with a finished one.
    """
    if named is not None and named.suffix in FORMAT_OF_SUFFIX:
        return named
    suffix = next((suffix for suffix, rows in ENGINES.items() if engine in rows), ".onnx")
    return find_bundled(named, suffix)


def prepare(path: Path, engine: str) -> None:
    """Import all that an engine needs, so that it does not count as time to open a file.

    Raises:
        ModelLoadError: No such file, or an unknown format.
        EngineUnavailableError: There is no such engine, or it cannot run here.
        MissingDependencyError: The engine's installation is incomplete.
    """
    if reason := unavailable_reason(path, engine):
        raise EngineUnavailableError(reason)
    _load_runner(path, engine)


def open_unsandboxed(path: Path, *, engine: str, threads: int) -> Session:
    """Open a model file that may crash this process: for vouched files, and for child processes.

    Raises:
        ModelLoadError: A damaged file.
    """
    return _load_runner(path, engine).open_session(path, engine, threads)


def engines(path: Path) -> tuple[str, ...]:
    """Return the names of all engines for a file's format, available or not, the default first.

    Raises:
        ModelLoadError: No such file, or an unknown format.
    """
    require_model_file(path)
    return tuple(ENGINES[path.suffix])


def unavailable_reason(path: Path, engine: str) -> str | None:
    """Return why an engine cannot run here and what to do, as a sentence; None if it can.

    Raises:
        ModelLoadError: No such file, or an unknown format.
        EngineUnavailableError: There is no such engine for this format.
    """
    if engine not in (names := engines(path)):
        close = get_close_matches(engine, names, n=1)
        meant = f"did you mean {close[0]}? There are" if close else "use one of"
        raise EngineUnavailableError(
            f"{engine} is not an engine for {path.suffix} files: {meant} {', '.join(names)}."
        )
    return ENGINES[path.suffix][engine].unavailable_reason()


def _load_runner(path: Path, engine: str) -> Runner:
    found = ENGINES[path.suffix][engine]
    try:
        import_module(found.library)
        return cast(Runner, import_module(found.runner))
    except ModuleNotFoundError as error:
        extra = find_extra(found.library)
        raise MissingDependencyError(error.name or found.library, extra) from error
