"""Run `.onnx` files with onnxruntime."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobile_runtime.engines.session import CPU, Placement
from mobile_runtime.errors import ImageError, MissingDependencyError, ModelLoadError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.manifest import Model

try:
    import onnx
    import onnxruntime
    from google.protobuf.message import DecodeError
    from onnxruntime.capi import onnxruntime_pybind11_state as failures
except ModuleNotFoundError as error:
    raise MissingDependencyError("onnxruntime", "onnx") from error

ANY_SIDE = 64
"""Pixels."""

REFUSALS = (
    failures.Fail,
    failures.InvalidArgument,
    failures.InvalidGraph,
    failures.InvalidProtobuf,
    failures.NotImplemented,
    failures.RuntimeException,
    UnicodeDecodeError,
)
"""What onnxruntime raises for a file that it cannot open or run; they share no base class of their
own. The last one where a name in the file, and so in its message, is not UTF-8."""


@dataclass(frozen=True)
class ONNXSession:
    """An open `.onnx`; see `mobile_runtime.engines.session.Session`."""

    path: Path
    engine: str
    model: Model | None
    session: Any
    placement: Placement = CPU

    def run(self, image: Image) -> Image:
        """Upscale.

        Raises:
            ImageError: The file does not take this size.
            ModelLoadError: onnxruntime failed: the file is damaged.
        """
        (source,) = self.session.get_inputs()
        try:
            (output,) = self.session.run(None, {source.name: image})
        except failures.InvalidArgument as error:
            raise ImageError(f"{self.path} does not take {image.shape}: {error}") from error
        except REFUSALS as error:
            raise ModelLoadError(f"{self.path} cannot be run by onnxruntime: {error}") from error
        return output  # type: ignore[no-any-return]


def open_session(path: Path, engine: str, threads: int) -> ONNXSession:
    """Open an `.onnx`; see `mobile_runtime.engines.session.open_session`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads would go on spinning after a run, and take time from whatever runs next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # From the second run on, all buffers would lie in one new block, beside those of the first run:
    # twice the memory (x4 direct at 180x320: 193 MB instead of 108), and no faster.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        metadata = session.get_modelmeta().custom_metadata_map
        _check_ports(path, session)
    except REFUSALS as error:
        raise ModelLoadError(f"{path} was refused by onnxruntime: {error}") from error
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error.strerror}.") from error
    name = f"{engine} {onnxruntime.__version__}, CPU, {threads} threads"
    return ONNXSession(path, name, Model.from_metadata(metadata), session)


def read_image_shape(path: Path) -> tuple[int, ...]:
    """Give what a file takes: (1, 3, H, W), with sides of `ANY_SIDE` where it takes any.

    Raises:
        ModelLoadError: It is not whole.
    """
    graph = _read_graph(path)
    constants = {tensor.name for tensor in graph.initializer}
    sources = [port.type.tensor_type for port in graph.input if port.name not in constants]
    asked = [axis.dim_value for source in sources[:1] for axis in source.shape.dim]
    sides = (1, 3, ANY_SIDE, ANY_SIDE)
    return tuple(length or side for length, side in zip(asked, sides, strict=False))


def count_operators(path: Path) -> dict[str, int]:
    """Count the nodes of the graph by kind; see `session.count_operators`."""
    kinds: list[str | bytes] = [node.op_type for node in _read_graph(path).node]
    if wrong := [kind for kind in kinds if isinstance(kind, bytes)]:  # where it is not UTF-8
        raise ModelLoadError(f"{path} is damaged: no operator is called {wrong[0]!r}.")
    return dict(Counter(str(kind) for kind in kinds if kind != "Constant"))


def _read_graph(path: Path) -> onnx.GraphProto:
    try:
        return onnx.load(path, load_external_data=False).graph
    except (DecodeError, OSError) as error:
        raise ModelLoadError(f"{path} is not a whole .onnx file: {error}") from error


def _check_ports(path: Path, session: Any) -> None:
    """Refuse what does not take one thing and give one."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelLoadError(
            f"{path} takes {_describe(inputs)} and gives {_describe(outputs)}: expected one "
            "picture in and one out."
        )


def _describe(ports: list[Any]) -> str:
    return " and ".join(f"{port.type} {port.name}" for port in ports) or "nothing"
