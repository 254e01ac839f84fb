"""What can be asked of a conversion, and how the answer's file is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from converters.errors import UnsupportedOptionError

Format = Literal["coreml", "tflite", "onnx"]
Precision = Literal["fp32", "fp16", "w8", "w6", "w4", "w8a8"]
Shift = Literal["slice_concat", "depthwise"]
Interface = Literal["image", "tensor"]
Size = tuple[int, int]
"""Height and width in pixels."""

FORMATS: tuple[Format, ...] = get_args(Format)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SHIFTS: tuple[Shift, ...] = get_args(Shift)

SUFFIXES: dict[Format, str] = {"coreml": ".mlpackage", "tflite": ".tflite", "onnx": ".onnx"}

LONGEST_SIDE = 4096
"""Of a fixed input size in pixels: at x4 the Neural Engine's largest dimension, 16384
(ncdrone/rustane#13)."""

PRECISIONS_OF: Mapping[Format, tuple[Precision, ...]] = {
    "coreml": PRECISIONS,
    "tflite": ("fp32", "fp16", "w8", "w8a8"),
    "onnx": ("fp32", "fp16", "w8a8"),
}
"""What each format can be written in. `w8`: weights of 8 bits; `w6` and `w4`: weights from a
palette of 64 or 16 values; `w8a8`: weights and activations of 8 bits, calibrated on photographs."""

USUAL_PRECISION: dict[Format, Precision] = {"coreml": "fp16", "tflite": "fp32", "onnx": "fp32"}
"""fp16 where the accelerator computes in it anyway (Neural Engine: fp16 only, coreai-models rules).
TFLite's GPU delegate rounds fp32 files by itself, and browsers without `shader-f16` need fp32."""


def interfaces(name: Format, precision: Precision) -> tuple[Interface, ...]:
    """Say what can go in and out of a file of a format and precision, the usual first."""
    if name == "coreml":
        return "image", "tensor"
    integer = (name, precision) == ("tflite", "w8a8")
    return ("tensor", "image") if integer else ("tensor",)


@dataclass(frozen=True)
class ConversionOptions:
    """One file that is wanted."""

    format: Format
    shift: Shift = "slice_concat"
    """How the spatial shift is written."""
    precision: Precision = "fp32"
    """Of the weights. Core ML computes in fp16 unless told fp32, TFLite and ONNX in fp32; a file in
    `w8a8` also rounds what it computes to 8 bits, so that an engine may compute in them."""
    sizes: tuple[Size, ...] | None = ((128, 128),)
    """Input sizes: one, for Core ML one or more, for ONNX None, which is any size."""
    interface: Interface = "tensor"
    """What goes in and out: 8-bit RGB images (Core ML, and TFLite in `w8a8`) or float tensors."""
    calibration: Path | None = None
    """Folder of photographs to calibrate `w8a8` on; None takes those that came with the project."""

    def __post_init__(self) -> None:
        """Refuse what the format cannot do.

        Raises:
            UnsupportedOptionError: The message says what it can.
        """
        if (self.sizes is None) != (self.format == "onnx"):
            raise UnsupportedOptionError(
                "ONNX files take any size; Core ML and TFLite files need --height and --width."
            )
        sides = [side for size in self.sizes or () for side in size]
        for side in sides:
            if not 1 <= side <= LONGEST_SIDE:
                advice = ": tile larger pictures" if side > LONGEST_SIDE else ""
                raise UnsupportedOptionError(
                    f"Sizes are 1 to {LONGEST_SIDE} pixels, not {side}{advice}."
                )
        if self.format != "coreml" and len(self.sizes or ((1, 1),)) > 1:
            raise UnsupportedOptionError(f"Only Core ML takes several sizes, not {self.format}.")
        if self.precision not in PRECISIONS_OF[self.format]:
            raise UnsupportedOptionError(
                f"{self.format} files come in {', '.join(PRECISIONS_OF[self.format])}, not in "
                f"{self.precision}."
            )
        if self.interface not in interfaces(self.format, self.precision):
            raise UnsupportedOptionError(
                "Only Core ML has image inputs, and TFLite in w8a8, not "
                f"{self.format} in {self.precision}."
            )
        if self.calibration and self.precision != "w8a8":
            raise UnsupportedOptionError(f"Only w8a8 is calibrated, {self.precision} is not.")


@dataclass(frozen=True)
class FileName:
    """The grammar of our file names: everything that tells two files of one network apart."""

    variant: str
    scale: int
    head: str
    options: ConversionOptions

    def __str__(self) -> str:
        """Write the name, for instance `scnet-t-x4-direct-fp16-depthwise-128x128.mlpackage`."""
        parts = ["scnet", self.variant, f"x{self.scale}", self.head]
        parts += [self.options.precision, self.options.shift]
        if self.options.interface != interfaces(self.options.format, self.options.precision)[0]:
            parts.append(self.options.interface)
        parts += [f"{height}x{width}" for height, width in self.options.sizes or ()]
        return "-".join(parts) + SUFFIXES[self.options.format]
