"""Engine for `.onnx`: onnxruntime on the CPU."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from mobile_runtime.engines.session import CPU, Placement, TensorSession
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.feed import Feed
from mobile_runtime.formats.onnx_graph import read_graph
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.validation_result import EngineInfo

ANY_SIDE = 64
"""Pixels; what `read_image_shape` returns where a file takes any size."""

REFUSALS = (
    *(failures.Fail, failures.InvalidArgument, failures.InvalidGraph, failures.InvalidProtobuf),
    *(failures.NotImplemented, failures.RuntimeException, UnicodeDecodeError),
)
"""What onnxruntime raises for a file that it cannot open or run: no base class of its own.

UnicodeDecodeError where a name in the file, and so in the message, is not UTF-8."""

OUT_OF_MEMORY = ("Failed to allocate memory", "bad_alloc", "bad allocation")
"""In messages of onnxruntime 1.32, and of the C++ libraries of Linux, macOS and Windows."""


@dataclass(frozen=True)
class ONNXSession:
    """An open `.onnx`; see `mobile_runtime.engines.session.Session`."""

    path: Path
    engine: EngineInfo
    model: Model | None
    session: Any
    placement: Placement = CPU

    def run(self, image: Image) -> Image:
        """Return the upscaled image; see `mobile_runtime.engines.session.Session.run`.

        Raises:
            ImageError: The file does not take this size.
            ModelLoadError: onnxruntime failed: the file is damaged.
            MemoryError: onnxruntime could not allocate an array.
        """
        (source,) = self.session.get_inputs()
        try:
            (output,) = _run(self.path, self.session, {source.name: image})
        except failures.InvalidArgument as error:
            raise ImageError(f"{self.path} does not take {image.shape}: {error}") from error
        return output  # type: ignore[no-any-return]


def open_session(path: Path, engine: str, threads: int) -> ONNXSession:
    """Open an `.onnx`; see `mobile_runtime.engines.session.open_session`."""
    session = _load(path, threads)
    try:
        metadata = session.get_modelmeta().custom_metadata_map
        _check_ports(path, session)
    except UnicodeDecodeError as error:
        raise ModelLoadError(f"{path} was refused by onnxruntime: {error}") from error
    info = _describe_engine(engine, threads)
    return ONNXSession(path, info, Model.from_metadata(metadata), session)


def open_tensors(path: Path, engine: str, threads: int, feeds: Sequence[Feed]) -> TensorSession:
    """Open an `.onnx` of anybody; see `mobile_runtime.engines.session.open_tensors`."""
    session = _load(path, threads)
    values = {feed.name: feed.values() for feed in feeds}

    def run() -> object:
        try:
            return _run(path, session, values)
        except failures.InvalidArgument as error:
            raise ModelLoadError(f"{path} cannot be run by onnxruntime: {error}") from error

    return TensorSession(_describe_engine(engine, threads), CPU, run)


def _describe_engine(engine: str, threads: int) -> EngineInfo:
    return EngineInfo(engine, f"onnxruntime {onnxruntime.__version__}", threads)


def _run(path: Path, session: Any, values: Mapping[str, Any]) -> list[Any]:
    """Run a file; raises InvalidArgument where the values do not fit."""
    try:
        return session.run(None, values)  # type: ignore[no-any-return]
    except failures.InvalidArgument:
        raise
    except REFUSALS as error:
        if any(words in str(error) for words in OUT_OF_MEMORY):
            raise MemoryError(f"onnxruntime: {error}") from error
        raise ModelLoadError(f"{path} cannot be run by onnxruntime: {error}") from error


def _load(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors: what is odd about other people's files may run
    # Idle threads would go on spinning after a run, and take time from whatever runs next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # From the second run on, all buffers would lie in one new block, beside those of the first run:
    # twice the memory (x4 direct at 180x320: 193 MB instead of 108), and no faster.
    options.enable_mem_pattern = False
    # External data lies beside the file, not in the folder that the program was started from.
    folder = str(path.parent.resolve())
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
    try:
        return onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except REFUSALS as error:
        raise ModelLoadError(f"{path} was refused by onnxruntime: {error}") from error
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error.strerror}.") from error


def read_image_shape(path: Path) -> tuple[int, ...]:
    """Return the shape of the image that a file takes: sides of `ANY_SIDE` where it takes any.

    Raises:
        ModelLoadError: A damaged file.
    """
    shapes = [shape for port in read_graph(path).inputs[:1] for shape in port.shapes]
    any_image = (1, 3, ANY_SIDE, ANY_SIDE)
    return tuple(n or side for shape in shapes for n, side in zip(shape, any_image, strict=False))


def _check_ports(path: Path, session: Any) -> None:
    """Raise ModelLoadError unless there is one input and one output."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelLoadError(
            f"{path} takes {_describe(inputs)} and gives {_describe(outputs)}: expected one "
            "picture in and one out."
        )


def _describe(ports: list[Any]) -> str:
    return " and ".join(f"{port.type} {port.name}" for port in ports) or "nothing"
