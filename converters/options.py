"""Options of a conversion, and the name of the file that it writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from converters.errors import UnsupportedOptionError
from mobile_runtime.model_file.format import FORMATS, OPSETS, Format, FormatName, Interface
from mobile_runtime.model_file.precision import CALIBRATED, PRECISIONS, PrecisionName

Shift = Literal["slice_concat", "depthwise"]
Size = tuple[int, int]
"""Height and width in pixels."""

SHIFTS: tuple[Shift, ...] = get_args(Shift)

LONGEST_SIDE = 4096
"""Of a fixed input size in pixels: at x4 the Neural Engine's largest dimension, 16384
(ncdrone/rustane#13)."""


@dataclass(frozen=True)
class ConversionOptions:
    """One file to write."""

    format: FormatName
    shift: Shift = "slice_concat"
    """How the spatial shift is written."""
    precision: PrecisionName = "fp32"
    """Of the weights. Core ML computes in fp16 unless told fp32, TFLite and ONNX in fp32; a file in
    `w8a8` also rounds what it computes to 8 bits, so that an engine may compute in them."""
    sizes: tuple[Size, ...] | None = None
    """Input sizes: one, for Core ML one or more; None is any size, which only ONNX can."""
    interface: Interface = "tensor"
    """What goes in and out: 8-bit RGB images (Core ML, and TFLite in `w8a8`) or float tensors."""
    calibration: Path | None = None
    """Folder of photographs to calibrate `w8a8` on; None takes those that came with the project."""
    opset: int | None = None
    """Operator set of an ONNX file, one of `OPSETS`; None takes `DEFAULT_OPSET`."""
    split_leaky_relu: bool = False
    """Core ML: each leaky_relu is written as relu(x) - slope * relu(-x), the same function in other
    operators, for Neural Engines that compute leaky_relu wrong."""

    def __post_init__(self) -> None:
        """Check that the format can do this.

        Raises:
            UnsupportedOptionError: It cannot; the message says what it can.
        """
        format_, precision = FORMATS[self.format], PRECISIONS[self.precision]
        if self.sizes is None and not format_.any_size:
            raise UnsupportedOptionError(f"{format_.title} files need --height and --width.")
        sides = [side for size in self.sizes or () for side in size]
        for side in sides:
            if not 1 <= side <= LONGEST_SIDE:
                advice = ": tile larger pictures" if side > LONGEST_SIDE else ""
                raise UnsupportedOptionError(
                    f"Sizes are 1 to {LONGEST_SIDE} pixels, not {side}{advice}."
                )
        if len(self.sizes or ()) > 1 and not format_.several_sizes:
            able = ", ".join(row.title for row in FORMATS.values() if row.several_sizes)
            raise UnsupportedOptionError(f"Only {able} takes several sizes, not {self.format}.")
        if self.precision not in format_.precisions:
            able = ", ".join(format_.precisions)
            raise UnsupportedOptionError(
                f"{self.format} files come in {able}, not in {self.precision}."
            )
        if self.interface not in format_.interfaces_in(precision):
            raise UnsupportedOptionError(
                "Only Core ML has image inputs, and TFLite in w8a8, not "
                f"{self.format} in {self.precision}."
            )
        if self.calibration and not precision.calibrated:
            raise UnsupportedOptionError(
                f"Only {CALIBRATED} is calibrated, {self.precision} is not."
            )
        if self.opset is not None and not format_.has_opset:
            raise UnsupportedOptionError(f"{format_.title} files have no operator set of ONNX.")
        if self.opset is not None and self.opset not in OPSETS:
            raise UnsupportedOptionError(
                f"ONNX files come in operator sets {OPSETS[0]} to {OPSETS[-1]}, not {self.opset}."
            )
        if self.split_leaky_relu and self.format != "coreml":
            raise UnsupportedOptionError(
                f"Only Core ML files have a leaky_relu to split, not {self.format}."
            )


def complete_options(
    format_: Format,
    precision: PrecisionName | None = None,
    *,
    default_size: Size,
    shift: Shift = SHIFTS[0],
    sizes: tuple[Size, ...] = (),
    interface: Interface | None = None,
    calibration: Path | None = None,
    opset: int | None = None,
    split_leaky_relu: bool = False,
) -> ConversionOptions:
    """Return options in which the format's defaults stand for what is not given.

    Raises:
        UnsupportedOptionError: The format cannot do what is given.
    """
    precision = precision or format_.default_precision
    return ConversionOptions(
        format_.name,
        shift,
        precision,
        sizes=sizes or (None if format_.any_size else (default_size,)),
        interface=interface or format_.interfaces_in(PRECISIONS[precision])[0],
        calibration=calibration,
        opset=opset,
        split_leaky_relu=split_leaky_relu,
    )


@dataclass(frozen=True)
class FileName:
    """A file's name: everything that tells two files of one network apart."""

    variant: str
    scale: int
    head: str
    options: ConversionOptions
    degradation: str = ""
    """What the weights were trained on, such as `photo`; empty for MATLAB's bicubic."""

    def __str__(self) -> str:
        """Return the name, for instance `scnet-t-x4-direct-fp16-depthwise-128x128.mlpackage`."""
        options, format_ = self.options, FORMATS[self.options.format]
        parts = ["scnet", self.variant, f"x{self.scale}", self.head]
        parts += [self.degradation] if self.degradation else []
        parts += [options.precision, options.shift]
        if options.interface != format_.interfaces_in(PRECISIONS[options.precision])[0]:
            parts.append(options.interface)
        parts += [f"opset{options.opset}"] if options.opset else []
        parts += ["split_leaky_relu"] if options.split_leaky_relu else []
        parts += [f"{height}x{width}" for height, width in options.sizes or ()]
        return "-".join(parts) + format_.suffix
