"""`.tflite` that takes an image and returns one: read and checked before native code sees it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.tflite_schema import (
    DAMAGE,
    TYPES,
    damaged,
    operator_kinds,
    read_metadata,
    read_model,
)
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.model import Model

BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
"""The optional input of an operator between images: -1 where it is left out.

A -1 anywhere else makes XNNPACK (ai-edge-litert 2.3.0) read outside its tensors, and crash."""

Pixels = NDArray[np.float32 | np.uint8 | np.int8]
"""An image in the layout and type of a file: (1, H, W, 3), channels last."""


@dataclass(frozen=True)
class ImagePort:
    """An input or output of a file, for images."""

    dtype: str
    shape: tuple[int, ...]
    scales: tuple[float, ...] = ()
    """Of a quantized tensor: value = scale * (quantized - zero point)."""
    zero_point: int = 0

    def is_picture(self) -> bool:
        """Check that images fit in: rank 4, in float32 or in 8 bits with one valid scale."""
        valid = [scale for scale in self.scales if 0 < scale < np.inf]
        quantized = self.dtype in ("uint8", "int8") and len(valid) == len(self.scales) == 1
        return len(self.shape) == 4 and (self.dtype == "float32" or quantized)

    def to_pixels(self, image: Image) -> Pixels:
        """Return an image in the port's layout and type, clipped to its range."""
        pixels = image.transpose(0, 2, 3, 1).copy(order="C")
        if self.dtype == "float32":
            return pixels
        limits = np.iinfo(self.dtype)
        quantized = np.rint(pixels / self.scales[0]) + self.zero_point
        clipped: Pixels = quantized.clip(limits.min, limits.max).astype(self.dtype)
        return clipped

    def to_image(self, pixels: Pixels) -> Image:
        """Return an image from pixels in the port's layout and type."""
        image: Image = pixels.transpose(0, 3, 1, 2).astype(np.float32, copy=False)
        if self.dtype == "float32":
            return image
        return (image - self.zero_point) * np.float32(self.scales[0])


@dataclass(frozen=True)
class TFLiteFile:
    """A whole `.tflite` that takes one image and returns one."""

    path: Path
    content: bytes
    model: Model | None
    operators: int
    """How many, in all subgraphs."""
    input: ImagePort
    output: ImagePort

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Of the input, in the layout of a session: (1, 3, H, W)."""
        n, height, width, channels = self.input.shape
        return n, channels, height, width

    def to_pixels(self, image: Image) -> Pixels:
        """Return an image in the layout and type of the file.

        Raises:
            ImageError: The file does not take this size.
        """
        if image.shape != self.image_shape:
            _, height, width, _ = self.input.shape
            raise ImageError(f"{self.path} takes {height}x{width} pixels, not {image.shape[2:]}.")
        return self.input.to_pixels(image)


def read_file(path: Path) -> TFLiteFile:
    """Return a `.tflite`, its whole flatbuffer checked: native parsers trust what they read.

    Raises:
        ModelLoadError: Damaged, or not one image in and one out.
        ManifestError: Its metadata, if ours, contradicts itself.
    """
    content, proto = read_model(path)
    try:
        metadata = read_metadata(proto)
        _check_operators(proto)
        operators = sum(len(graph.operators) for graph in proto.subgraphs)
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


def read_checked(path: Path) -> bytes:
    """Return the bytes of a `.tflite` of anybody, its operators checked.

    Raises:
        ModelLoadError: Damaged, or something else.
    """
    content, proto = read_model(path)
    try:
        _check_operators(proto)
    except DAMAGE as error:
        raise damaged(path, error) from error
    return content


def read_image_shape(path: Path) -> tuple[int, ...]:
    """Return the shape of the image that a file takes: (1, 3, H, W).

    Raises:
        ModelLoadError: As `read_file`.
        ManifestError: As `read_file`.
    """
    return read_file(path).image_shape


def _check_operators(proto: Any) -> None:
    """Raise ValueError for operators whose inputs or outputs are no tensors."""
    kinds = operator_kinds(proto)
    for graph in proto.subgraphs:
        for op in graph.operators:
            bias = BIAS.get(kinds[op.opcodeIndex])
            for place, index in [*enumerate(op.inputs), *((-1, i) for i in op.outputs)]:
                if not (0 <= index < len(graph.tensors) or (index == -1 and place == bias)):
                    raise ValueError(f"{kinds[op.opcodeIndex]} names tensor {index}")


def _port(graph: Any, index: int) -> ImagePort:
    if index < 0:
        raise ValueError(f"tensor {index}")
    tensor = graph.tensors[index]
    dtype, shape = TYPES[tensor.type], tuple(map(int, tensor.shape))
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None:
        return ImagePort(dtype, shape)
    zero_point = int(next(iter(quantization.zeroPoint), 0))
    return ImagePort(dtype, shape, tuple(map(float, quantization.scale)), zero_point)


def _describe(ports: list[ImagePort]) -> str:
    return " and ".join(f"{port.dtype} {list(port.shape)}" for port in ports) or "nothing"
