"""The formats of model files: one record each, from which options and dispatch derive.

A new format is a row here, its converter, its graph reader, and a runner in
`mobile_runtime.engines.registry`. Modules that import heavy libraries are named, not imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mobile_runtime.model_file.precision import PRECISIONS, Precision, PrecisionName

FormatName = Literal["coreml", "tflite", "onnx"]
Interface = Literal["image", "tensor"]
"""What goes in and out of a file: 8-bit RGB images, or tensors of floats."""

DEFAULT_OPSET = 18
"""Of ONNX: what PyTorch's exporter writes without conversion, in version 10 of the file format,
which onnxruntime reads since 1.18; where a set is asked for, the oldest version that will do."""

OPSETS = range(13, 22)
"""Operator sets of ONNX: 13 is the first with weights quantized by channel (w8a8), and WebGPU has
no kernel for parts of 22 and later."""


@dataclass(frozen=True)
class Format:
    """One kind of model file, and where the code that is about it is."""

    name: FormatName
    title: str
    suffix: str
    precisions: tuple[PrecisionName, ...]
    default_precision: PrecisionName
    converter: str
    """Module as `converters.conversion.Converter` describes it."""
    graph_reader: str
    """Module as `mobile_runtime.formats.reader.Reader` describes it."""
    package: str
    """What reads the file; `mobile_runtime.extras` knows what installs it."""
    interfaces: tuple[Interface, ...] = ("tensor",)
    """The usual one first."""
    integer_interfaces: tuple[Interface, ...] = ()
    """Further ones where features are integers."""
    any_size: bool = False
    """One file takes pictures of any size, unless it is made for one."""
    several_sizes: bool = False
    """One file can take several sizes, each named when it is made."""
    has_opset: bool = False
    """It names the version of ONNX's operators."""

    def interfaces_in(self, precision: Precision) -> tuple[Interface, ...]:
        """Return what can go in and out of a file in a precision, the usual first."""
        return self.interfaces + (self.integer_interfaces if precision.calibrated else ())


_ROWS = (
    Format(
        name="coreml",
        title="Core ML",
        suffix=".mlpackage",
        precisions=tuple(PRECISIONS),
        default_precision="fp16",  # all that the Neural Engine computes in (coreai-models rules)
        converter="converters.to_coreml",
        graph_reader="mobile_runtime.formats.coreml_graph",
        package="coremltools",
        interfaces=("image", "tensor"),
        several_sizes=True,
    ),
    Format(
        name="tflite",
        title="TFLite",
        suffix=".tflite",
        precisions=("fp32", "fp16", "w8", "w8a8"),
        default_precision="fp32",  # which the GPU delegate rounds by itself
        converter="converters.to_tflite",
        graph_reader="mobile_runtime.formats.tflite_graph",
        package="ai-edge-litert",
        integer_interfaces=("image",),
    ),
    Format(
        name="onnx",
        title="ONNX",
        suffix=".onnx",
        precisions=("fp32", "fp16", "w8a8"),
        default_precision="fp32",  # what browsers without `shader-f16` need
        converter="converters.to_onnx",
        graph_reader="mobile_runtime.formats.onnx_graph",
        package="onnx",
        any_size=True,
        has_opset=True,
    ),
)

FORMATS: Mapping[FormatName, Format] = {row.name: row for row in _ROWS}

FORMAT_OF_SUFFIX: Mapping[str, Format] = {row.suffix: row for row in _ROWS}
