"""`scnet convert`: from a checkpoint to files that are proved right."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from converters.conversion import convert, usual_size
from converters.errors import UnsupportedOptionError
from converters.options import (
    FORMATS,
    PRECISIONS,
    SHIFTS,
    USUAL_PRECISION,
    ConversionOptions,
    Format,
    Interface,
    Precision,
    Shift,
    Size,
    interfaces,
)
from mobile_runtime.model_file.manifest import measure_file, read_manifest
from mobile_runtime.validation.report import print_table
from scnet.checkpoint import open_checkpoint
from scnet.network import HEADS, STAGES, Head
from scnet.weights import find_weights


class SizeType(click.ParamType[Size]):
    """HEIGHTxWIDTH on the command line."""

    name = "HEIGHTxWIDTH"

    def convert(
        self, value: str | Size, param: click.Parameter | None, ctx: click.Context | None
    ) -> Size:
        """Parse, for instance, 128x256."""
        if not isinstance(value, str):
            return value
        height, cross, width = value.partition("x")
        if not (cross and height.isdecimal() and width.isdecimal()):
            self.fail(f"{value!r} is not HEIGHTxWIDTH, such as 128x256.", param, ctx)
        return int(height), int(width)


@click.command("convert")
@click.argument("checkpoint", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format",
    "formats",
    type=click.Choice([*FORMATS, "all"]),
    multiple=True,
    default=["all"],
    show_default=True,
)
@click.option(
    "--shift",
    "shifts",
    type=click.Choice(SHIFTS),
    multiple=True,
    default=["slice_concat"],
    show_default=True,
    help="How the spatial shift is written; give it twice for both.",
)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(PRECISIONS),
    multiple=True,
    help="Of the weights. [default: fp16 for coreml, fp32 for tflite and onnx]",
)
@click.option("--height", type=int, help="Input height (coreml, tflite; onnx takes any).")
@click.option("--width", type=int, help="Input width. [default: 128x128, more for deep networks]")
@click.option(
    "--other-size",
    "other_sizes",
    type=SizeType(),
    multiple=True,
    help="A further input size of the same file (coreml).",
)
@click.option(
    "--interface",
    type=click.Choice(["image", "tensor"]),
    help="What goes in and out of a coreml file, or of a tflite file in w8a8: 8-bit RGB images, or "
    "floats. [default: image for coreml, tensor for tflite]",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    help="Folder of photographs to calibrate w8a8 on, of which 32 at most are used; some came with "
    "the program.",
)
@click.option("--scale", type=click.Choice([str(s) for s in STAGES]), help="Must fit the file.")
@click.option("--head", type=click.Choice(HEADS), help="Must fit the file.")
@click.option(
    "--output-dir", "-o", type=click.Path(path_type=Path), default=".", show_default="here"
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@click.option("--no-verify", is_flag=True, help="Keep files that nothing has run.")
def command(
    checkpoint: Path | None,
    formats: Sequence[str],
    shifts: Sequence[Shift],
    precisions: Sequence[Precision],
    height: int | None,
    width: int | None,
    other_sizes: Sequence[Size],
    interface: Interface | None,
    calibration: Path | None,
    scale: str | None,
    head: Head | None,
    output_dir: Path,
    *,
    overwrite: bool,
    no_verify: bool,
) -> None:
    """Convert CHECKPOINT: a .pth or .safetensors, or the name of bundled weights.

    `scnet info` lists those names, and says which is used where none is given. Every file is run
    and compared with PyTorch before it gets its name.
    """
    opened = open_checkpoint(
        find_weights(checkpoint), scale=int(scale) if scale else None, head=head
    )
    chosen = FORMATS if "all" in formats else tuple(name for name in FORMATS if name in formats)
    sizes = _sizes(height, width, other_sizes)
    if sizes and chosen == ("onnx",):
        raise UnsupportedOptionError("An ONNX file takes any size: leave the sizes out.")
    if calibration and "w8a8" not in precisions:
        raise UnsupportedOptionError("--calibration is for --precision w8a8.")
    wanted = [
        ConversionOptions(
            name,
            shift,
            precision,
            sizes=None if name == "onnx" else sizes or (usual_size(opened.net.config),),
            interface=_interface(name, precision, interface),
            calibration=calibration if precision == "w8a8" else None,
        )
        for name in chosen
        for precision in dict.fromkeys(precisions) or (USUAL_PRECISION[name],)
        for shift in dict.fromkeys(shifts)
    ]
    if interface and interface not in [options.interface for options in wanted]:
        raise UnsupportedOptionError("--interface is about coreml files, and tflite files in w8a8.")
    console = Console(stderr=True)
    paths = convert(
        opened,
        wanted,
        output_dir,
        overwrite=overwrite,
        verify=not no_verify,
        on_start=lambda name: console.print(f"Making {name}"),
    )
    print_table((read_manifest(path), measure_file(path)) for path in paths)


def _interface(name: Format, precision: Precision, asked: Interface | None) -> Interface:
    """Take what was asked for where the file can have it, and else what is usual."""
    possible = interfaces(name, precision)
    return asked if asked in possible and asked is not None else possible[0]


def _sizes(height: int | None, width: int | None, others: Sequence[Size]) -> tuple[Size, ...]:
    """Collect the sizes that were asked for; none if none were."""
    if (height is None) != (width is None):
        raise UnsupportedOptionError("--height and --width go together.")
    if height is None or width is None:
        if others:
            raise UnsupportedOptionError("--other-size comes with --height and --width.")
        return ()
    return tuple(dict.fromkeys([(height, width), *others]))
