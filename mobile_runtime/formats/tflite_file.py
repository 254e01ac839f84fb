"""Read a `.tflite` in Python, before native code sees it: its ports, operators and metadata."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.tflite_schema import DAMAGE, TYPES, damaged, operator_kinds, read_model
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.manifest import Model

METADATA = b"scnet"

BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
"""The one input that an operator between pictures can do without: -1 stands in its place.

XNNPACK (ai-edge-litert 2.3.0) follows a -1 anywhere else out of its tensors, and crashes."""

Pixels = NDArray[np.float32 | np.uint8 | np.int8]
"""A picture as a file takes or gives it: (1, H, W, 3), TFLite's channels come last."""


@dataclass(frozen=True)
class Port:
    """An input or output of a file."""

    dtype: str
    shape: tuple[int, ...]
    scales: tuple[float, ...] = ()
    """What quantized values are multiplied by, once the zero point is taken off: one, or none."""
    zero_point: int = 0

    def is_picture(self) -> bool:
        """Tell whether images can go through: floats, or 8 bits that say what they stand for."""
        steps = [scale for scale in self.scales if 0 < scale < np.inf]
        known = self.dtype in ("uint8", "int8") and len(steps) == len(self.scales) == 1
        return len(self.shape) == 4 and (self.dtype == "float32" or known)

    def to_pixels(self, image: Image) -> Pixels:
        """Bring an image into the port's layout and type; beyond its range is its nearest end."""
        pixels = image.transpose(0, 2, 3, 1).copy(order="C")
        if self.dtype == "float32":
            return pixels
        ends = np.iinfo(self.dtype)
        steps = np.rint(pixels / self.scales[0]) + self.zero_point
        bytes_: Pixels = steps.clip(ends.min, ends.max).astype(self.dtype)
        return bytes_

    def to_image(self, pixels: Pixels) -> Image:
        """Bring what the port gives into the layout and type of an image."""
        image: Image = pixels.transpose(0, 3, 1, 2).astype(np.float32, copy=False)
        if self.dtype == "float32":
            return image
        return (image - self.zero_point) * np.float32(self.scales[0])


@dataclass(frozen=True)
class TFLiteFile:
    """A whole `.tflite` that takes one picture and gives one."""

    path: Path
    content: bytes
    model: Model | None
    operators: dict[str, int]
    """How many of each kind, in all subgraphs."""
    input: Port
    output: Port

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The input in the layout of a session."""
        n, height, width, channels = self.input.shape
        return n, channels, height, width

    def to_pixels(self, image: Image) -> Pixels:
        """Bring an image into the layout and type of the file.

        Raises:
            ImageError: The file does not take this size.
        """
        if image.shape != self.image_shape:
            _, height, width, _ = self.input.shape
            raise ImageError(f"{self.path} takes {height}x{width} pixels, not {image.shape[2:]}.")
        return self.input.to_pixels(image)


def read_file(path: Path) -> TFLiteFile:
    """Read a `.tflite`.

    The whole flatbuffer is walked: the native parser trusts what it reads.

    Raises:
        ModelLoadError: Not whole, or not one picture in and one out.
        ManifestError: Its metadata, if ours, does not make sense.
    """
    content, proto = read_model(path)
    try:
        metadata, operators = _read_metadata(proto), _count(proto)
        _check_operators(proto)
        graph = proto.subgraphs[0]
        inputs, outputs = ([_port(graph, i) for i in n] for n in (graph.inputs, graph.outputs))
    except DAMAGE as error:
        raise damaged(path, error) from error
    if len(inputs) != 1 or len(outputs) != 1 or not all(p.is_picture() for p in inputs + outputs):
        raise ModelLoadError(
            f"{path} takes {_describe(inputs)} and gives {_describe(outputs)}: expected one "
            "picture in and one out, of rank 4, in float32 or in quantized 8 bits."
        )
    model = Model.from_metadata(metadata)
    return TFLiteFile(path, content, model, operators, inputs[0], outputs[0])


def read_image_shape(path: Path) -> tuple[int, ...]:
    """Give what a file takes: (1, 3, H, W).

    Raises:
        ModelLoadError: As `read_file`.
        ManifestError: As `read_file`.
    """
    return read_file(path).image_shape


def count_operators(path: Path) -> dict[str, int]:
    """Count the operators of all subgraphs by kind; see `session.count_operators`."""
    _, proto = read_model(path)
    try:
        return _count(proto)
    except DAMAGE as error:
        raise damaged(path, error) from error


def _read_metadata(proto: Any) -> dict[str, str]:
    """Read what `converters.to_tflite` put into the metadata buffer; empty for foreign files."""
    for entry in proto.metadata or ():
        if entry.name == METADATA:
            content = bytes(proto.buffers[entry.buffer].data)
            return msgspec.json.decode(content, type=dict[str, str])
    return {}


def _count(proto: Any) -> dict[str, int]:
    kinds = operator_kinds(proto)
    return dict(
        Counter(kinds[op.opcodeIndex] for graph in proto.subgraphs for op in graph.operators)
    )


def _check_operators(proto: Any) -> None:
    """Refuse operators whose inputs or outputs are no tensors."""
    kinds = operator_kinds(proto)
    for graph in proto.subgraphs:
        for op in graph.operators:
            bias = BIAS.get(kinds[op.opcodeIndex])
            for place, index in [*enumerate(op.inputs), *((-1, i) for i in op.outputs)]:
                if not (0 <= index < len(graph.tensors) or (index == -1 and place == bias)):
                    raise ValueError(f"{kinds[op.opcodeIndex]} names tensor {index}")


def _port(graph: Any, index: int) -> Port:
    if index < 0:
        raise ValueError(f"tensor {index}")
    tensor = graph.tensors[index]
    dtype, shape = TYPES[tensor.type], tuple(map(int, tensor.shape))
    step = tensor.quantization
    if step is None or step.scale is None:
        return Port(dtype, shape)
    return Port(dtype, shape, tuple(map(float, step.scale)), int(next(iter(step.zeroPoint), 0)))


def _describe(ports: list[Port]) -> str:
    return " and ".join(f"{port.dtype} {list(port.shape)}" for port in ports) or "nothing"
