"""Engines for `.tflite` on the CPU: TFLite's interpreter, of ai-edge-litert or tflite-runtime."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mobile_runtime.engines.native_log import without_info
from mobile_runtime.engines.session import CPU, Placement, TensorSession
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.feed import Feed
from mobile_runtime.formats.tflite_file import (
    TFLiteFile,
    read_checked,
    read_file,
    read_image_shape,
)
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.validation_result import EngineInfo

__all__ = ["open_session", "open_tensors", "read_image_shape"]

INTERPRETERS = {
    "xnnpack": ("ai-edge-litert", "AUTO"),
    "builtin": ("ai-edge-litert", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"),
    "tflite-runtime": ("tflite-runtime", "AUTO"),
}
"""Engine -> the package, and the kernels: `AUTO` lets XNNPACK take all that it can."""


@dataclass(frozen=True)
class TFLiteSession:
    """An open `.tflite`; see `mobile_runtime.engines.session.Session`."""

    file: TFLiteFile
    engine: EngineInfo
    interpreter: Any
    model: Model | None
    placement: Placement = CPU

    def run(self, image: Image) -> Image:
        """Return the upscaled image; see `mobile_runtime.engines.session.Session.run`.

        Raises:
            ImageError: The file does not take this size.
            ModelLoadError: The interpreter failed: the file is damaged.
        """
        pixels = self.file.to_pixels(image)
        try:
            (source,) = self.interpreter.get_input_details()
            (sink,) = self.interpreter.get_output_details()
            self.interpreter.set_tensor(source["index"], pixels)
            self.interpreter.invoke()
            return self.file.output.to_image(self.interpreter.get_tensor(sink["index"]))
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"{self.file.path} cannot be run by the TFLite interpreter ({error}): convert "
                "again."
            ) from error


def open_session(path: Path, engine: str, threads: int) -> TFLiteSession:
    """Open a `.tflite`; see `mobile_runtime.engines.session.open_session`."""
    file = read_file(path)
    interpreter = _load(path, file.content, engine, threads)
    return TFLiteSession(file, _describe_engine(engine, threads), interpreter, file.model)


def open_tensors(path: Path, engine: str, threads: int, feeds: Sequence[Feed]) -> TensorSession:
    """Open a `.tflite` of anybody; see `mobile_runtime.engines.session.open_tensors`."""
    interpreter = _load(path, read_checked(path), engine, threads, [feed.shape for feed in feeds])
    places = [source["index"] for source in interpreter.get_input_details()]
    values = [feed.values() for feed in feeds]

    def run() -> object:
        try:
            for place, array in zip(places, values, strict=True):
                interpreter.set_tensor(place, array)
            interpreter.invoke()
            return [interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()]
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"{path} cannot be run by the TFLite interpreter: {error}"
            ) from error

    return TensorSession(_describe_engine(engine, threads), CPU, run)


def _describe_engine(engine: str, threads: int) -> EngineInfo:
    package, _ = INTERPRETERS[engine]
    return EngineInfo(engine, f"{package} {version(package)}", threads)


def _load(
    path: Path, content: bytes, engine: str, threads: int, shapes: Sequence[tuple[int, ...]] = ()
) -> Any:
    """Return an interpreter that is ready to run, its inputs resized where shapes are given."""
    package, kernels = INTERPRETERS[engine]
    tflite = import_module(f"{package.replace('-', '_')}.interpreter")
    try:
        # Not by path: the interpreter would map the file into memory, and replacing it on disk
        # would corrupt the running model.
        with without_info():
            interpreter = tflite.Interpreter(
                model_content=content,
                num_threads=threads,
                experimental_op_resolver_type=tflite.OpResolverType[kernels],
            )
            for source, shape in zip(interpreter.get_input_details(), shapes, strict=False):
                if tuple(source["shape"]) != shape:
                    interpreter.resize_tensor_input(source["index"], shape)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelLoadError(f"{path} was refused by the TFLite interpreter: {error}") from error
    return interpreter
