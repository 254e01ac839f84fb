"""`scnet convert`: a checkpoint as model files, each compared with PyTorch."""

from collections.abc import Sequence
from pathlib import Path

import click

from converters.errors import UnsupportedOptionError
from converters.options import SHIFTS, Shift, Size, complete_options
from mobile_runtime.cli import options as command_options
from mobile_runtime.cli.progress import show_steps
from mobile_runtime.console import say
from mobile_runtime.model_file.file_hash import measure_file
from mobile_runtime.model_file.format import DEFAULT_OPSET, FORMATS, OPSETS, Format, Interface
from mobile_runtime.model_file.manifest import read_manifest
from mobile_runtime.model_file.precision import CALIBRATED, PRECISIONS, PrecisionName
from mobile_runtime.validation.report import print_results
from scnet.config import HEADS, STAGES, Head
from scnet.weights import find_weights


class SizeType(click.ParamType[Size]):
    """HEIGHTxWIDTH on the command line."""

    name = "HEIGHTxWIDTH"

    def convert(
        self, value: str | Size, param: click.Parameter | None, ctx: click.Context | None
    ) -> Size:
        """Return the height and width of, for instance, 128x256."""
        if not isinstance(value, str):
            return value
        height, cross, width = value.partition("x")
        if not (cross and height.isdecimal() and width.isdecimal()):
            self.fail(f"{value!r} is not HEIGHTxWIDTH, such as 128x256.", param, ctx)
        return int(height), int(width)


@click.command("convert")
@click.argument("checkpoint", type=command_options.PATH, required=False)
@click.option(
    "--format",
    "formats",
    type=command_options.choice([*FORMATS, "all"]),
    multiple=True,
    default=["all"],
    show_default=True,
    help="May be given more than once.",
)
@click.option(
    "--shift",
    "shifts",
    type=command_options.choice(SHIFTS),
    multiple=True,
    default=["slice_concat"],
    show_default=True,
    help="How the spatial shift is written. May be given more than once.",
)
@click.option(
    "--precision",
    "precisions",
    type=command_options.choice([*PRECISIONS, "all"]),
    multiple=True,
    help="Of the weights: "
    + "; ".join(f"{', '.join(row.precisions)} for {row.name}" for row in FORMATS.values())
    + "; or all of them. May be given more than once. [default: "
    + ", ".join(f"{row.default_precision} for {row.name}" for row in FORMATS.values())
    + "]",
)
@click.option("--height", type=int, help="Input height of every file.")
@click.option(
    "--width",
    type=int,
    help="Input width. [default: any size for onnx; 128x128 otherwise, more for deep networks]",
)
@click.option(
    "--other-size",
    "other_sizes",
    type=SizeType(),
    metavar=SizeType.name,
    multiple=True,
    help="A further input size of the same file (coreml). May be given more than once.",
)
@click.option(
    "--interface",
    type=command_options.choice(["image", "tensor"]),
    help="What goes in and out of a coreml file, or of a tflite file in w8a8: 8-bit RGB images, or "
    "floats. [default: image for coreml, tensor for tflite]",
)
@click.option(
    "--opset",
    type=click.IntRange(OPSETS[0], OPSETS[-1]),
    help=f"Version of ONNX's operators (onnx). [default: {DEFAULT_OPSET}]",
)
@click.option(
    "--calibration",
    type=command_options.PATH,
    help=f"Folder of photographs to calibrate {CALIBRATED} on, of which 32 at most are used; some "
    "came with the program.",
)
@click.option(
    "--split-leaky-relu",
    is_flag=True,
    help="Write leaky_relu as two ReLUs (coreml): exact, for a Neural Engine whose results with "
    "leaky_relu are wrong.",
)
@click.option("--scale", type=click.Choice([str(s) for s in STAGES]), help="Must fit the file.")
@click.option("--head", type=command_options.choice(HEADS), help="Must fit the file.")
@click.option("--output-dir", "-o", type=command_options.PATH, default=".", show_default="here")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@command_options.details
@click.option("--no-verify", is_flag=True, help="Keep files that no engine has run.")
def command(
    checkpoint: Path | None,
    formats: Sequence[str],
    shifts: Sequence[Shift],
    precisions: Sequence[str],
    height: int | None,
    width: int | None,
    other_sizes: Sequence[Size],
    interface: Interface | None,
    opset: int | None,
    calibration: Path | None,
    scale: str | None,
    head: Head | None,
    output_dir: Path,
    *,
    split_leaky_relu: bool,
    overwrite: bool,
    details: bool,
    no_verify: bool,
) -> None:
    """Convert CHECKPOINT: a .pth, .ckpt or .safetensors, or the name of bundled weights.

    `scnet info` lists those names, and says which is used where none is given. Every file is run
    and compared with PyTorch before it gets its name.
    """
    from converters.conversion import convert, default_size
    from scnet.checkpoint import open_checkpoint

    opened = open_checkpoint(
        find_weights(checkpoint), scale=int(scale) if scale else None, head=head
    )
    for remark in opened.remarks:
        say(remark, err=True)
    chosen = [row for name, row in FORMATS.items() if {name, "all"} & {*formats}]
    sizes = _sizes(height, width, other_sizes)
    if opset and not any(format_.has_opset for format_ in chosen):
        raise UnsupportedOptionError("--opset is about onnx files.")
    files = [
        complete_options(
            format_,
            precision,
            default_size=default_size(opened.net.config),
            shift=shift,
            sizes=sizes,
            interface=_interface(format_, precision, interface),
            calibration=calibration if PRECISIONS[precision].calibrated else None,
            opset=opset if format_.has_opset else None,
            split_leaky_relu=split_leaky_relu and format_.name == "coreml",
        )
        for format_ in chosen
        for precision in _precisions(format_, precisions)
        for shift in dict.fromkeys(shifts)
    ]
    if calibration and not any(options.calibration for options in files):
        raise UnsupportedOptionError(f"--calibration is for --precision {CALIBRATED}.")
    if interface and interface not in [options.interface for options in files]:
        raise UnsupportedOptionError("--interface is about coreml files, and tflite files in w8a8.")
    if split_leaky_relu and not any(options.split_leaky_relu for options in files):
        raise UnsupportedOptionError("--split-leaky-relu is about coreml files.")
    with show_steps() as show:
        paths = convert(
            opened, files, output_dir, overwrite=overwrite, verify=not no_verify, on_step=show
        )
    entries = [(read_manifest(path), measure_file(path)) for path in paths]
    print_results(entries, details=details)


def _precisions(format_: Format, asked: Sequence[str]) -> Sequence[PrecisionName]:
    """Return what was asked for, all of a format, or its default where nothing was asked."""
    if "all" in asked:
        return format_.precisions
    named = [name for name in PRECISIONS if name in asked]
    return named or [format_.default_precision]


def _interface(
    format_: Format, precision: PrecisionName, asked: Interface | None
) -> Interface | None:
    """Return what was asked for where the file can have it."""
    return asked if asked in format_.interfaces_in(PRECISIONS[precision]) else None


def _sizes(height: int | None, width: int | None, others: Sequence[Size]) -> tuple[Size, ...]:
    """Return the sizes that were asked for; none if none were."""
    if (height is None) != (width is None):
        raise UnsupportedOptionError("--height and --width go together.")
    if height is None or width is None:
        if others:
            raise UnsupportedOptionError("--other-size comes with --height and --width.")
        return ()
    return tuple(dict.fromkeys([(height, width), *others]))
