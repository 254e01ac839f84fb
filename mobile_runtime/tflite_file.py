"""Read a `.tflite` in Python, before native code sees it: its ports, operators and metadata."""

import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mobile_runtime.errors import BackendUnavailableError, ImageError, ModelLoadError
from mobile_runtime.manifest import Model
from mobile_runtime.pictures import Image

try:
    from ai_edge_litert import schema_py_generated as schema
except ModuleNotFoundError as error:
    raise BackendUnavailableError(
        "Reading a .tflite needs ai-edge-litert: pip install 'scnet-mobile[tflite]'."
    ) from error

METADATA = b"scnet"

DAMAGE = (
    ArithmeticError,
    AttributeError,
    IndexError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    struct.error,
)
"""What the flatbuffer library, and whoever reads what it returns, raise for a damaged file."""

TYPES = {value: name.lower() for name, value in vars(schema.TensorType).items()}
KINDS = {value: name for name, value in vars(schema.BuiltinOperator).items()}

BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
"""The one input that an operator between pictures can do without: -1 stands in its place.

XNNPACK (ai-edge-litert 2.3.0) follows a -1 anywhere else out of its tensors, and crashes."""

Port = tuple[str, tuple[int, ...]]
"""Type and shape."""


@dataclass(frozen=True)
class TFLiteFile:
    """A whole `.tflite` that takes one picture and gives one."""

    path: Path
    content: bytes
    model: Model | None
    operators: dict[str, int]
    """How many of each kind, in all subgraphs."""
    input_shape: tuple[int, ...]
    """(1, H, W, 3) float32: TFLite's channels come last."""
    output_shape: tuple[int, ...]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The input in the layout of a session."""
        n, height, width, channels = self.input_shape
        return n, channels, height, width

    def to_pixels(self, image: Image) -> Image:
        """Bring an image into the layout of the file.

        Raises:
            ImageError: The file does not take this size.
        """
        if image.shape != self.image_shape:
            _, height, width, _ = self.input_shape
            raise ImageError(f"{self.path} takes {height}x{width} pixels, not {image.shape[2:]}.")
        return image.transpose(0, 2, 3, 1).copy(order="C")


def read_file(path: Path) -> TFLiteFile:
    """Read a `.tflite`.

    The whole flatbuffer is walked: the native parser trusts what it reads.

    Raises:
        ModelLoadError: Not whole, or not one picture in and one out.
        ManifestError: Its metadata, if ours, does not make sense.
    """
    content, proto = _parse(path)
    try:
        metadata, operators = _read_metadata(proto), _count(proto)
        _check_operators(proto)
        graph = proto.subgraphs[0]
        inputs, outputs = ([_port(graph, i) for i in n] for n in (graph.inputs, graph.outputs))
    except DAMAGE as error:
        raise _damaged(path, error) from error
    if len(inputs) != 1 or len(outputs) != 1 or not all(map(_is_picture, inputs + outputs)):
        raise ModelLoadError(
            f"{path} takes {_describe(inputs)} and gives {_describe(outputs)}: expected one "
            "picture in and one out, float32 of rank 4."
        )
    model = Model.from_metadata(metadata)
    return TFLiteFile(path, content, model, operators, inputs[0][1], outputs[0][1])


def count_operators(path: Path) -> dict[str, int]:
    """Count the operators of all subgraphs by kind; see `session.count_operators`."""
    _, proto = _parse(path)
    try:
        return _count(proto)
    except DAMAGE as error:
        raise _damaged(path, error) from error


def _parse(path: Path) -> tuple[bytes, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error.strerror}.") from error
    if content[4:8] != b"TFL3":
        raise ModelLoadError(f"{path} is not a .tflite file: it does not start as one does.")
    try:
        return content, schema.ModelT.InitFromPackedBuf(content, 0)
    except DAMAGE as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ModelLoadError:
    return ModelLoadError(f"{path} is not a whole .tflite file ({error}): convert again.")


def _read_metadata(proto: Any) -> dict[str, str]:
    """Read what `converters.to_tflite` put into the metadata buffer; empty for foreign files."""
    for entry in proto.metadata or ():
        if entry.name == METADATA:
            content = bytes(proto.buffers[entry.buffer].data)
            return msgspec.json.decode(content, type=dict[str, str])
    return {}


def _count(proto: Any) -> dict[str, int]:
    kinds = _kinds(proto)
    return dict(
        Counter(kinds[op.opcodeIndex] for graph in proto.subgraphs for op in graph.operators)
    )


def _check_operators(proto: Any) -> None:
    """Refuse operators whose inputs or outputs are no tensors."""
    kinds = _kinds(proto)
    for graph in proto.subgraphs:
        for op in graph.operators:
            bias = BIAS.get(kinds[op.opcodeIndex])
            for place, index in [*enumerate(op.inputs), *((-1, i) for i in op.outputs)]:
                if not (0 <= index < len(graph.tensors) or (index == -1 and place == bias)):
                    raise ValueError(f"{kinds[op.opcodeIndex]} names tensor {index}")


def _kinds(proto: Any) -> list[str]:
    return [
        KINDS.get(max(code.builtinCode, code.deprecatedBuiltinCode), "UNKNOWN")
        for code in proto.operatorCodes
    ]


def _port(graph: Any, index: int) -> Port:
    if index < 0:
        raise ValueError(f"tensor {index}")
    tensor = graph.tensors[index]
    return TYPES[tensor.type], tuple(map(int, tensor.shape))


def _is_picture(port: Port) -> bool:
    kind, shape = port
    return kind == "float32" and len(shape) == 4


def _describe(ports: list[Port]) -> str:
    return " and ".join(f"{kind} {list(shape)}" for kind, shape in ports) or "nothing"
