"""`scnet evaluate`: PSNR and SSIM on Y by the protocol of the papers."""

from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.cli.progress import show_steps
from mobile_runtime.console import STDOUT, check_output, write_json
from mobile_runtime.imaging.degradation import DEGRADATIONS
from mobile_runtime.upscaling.evaluation import measure_quality, print_quality


@click.command("evaluate")
@click.argument("files", type=options.PATH, nargs=-1)
@click.argument("folder", type=options.PATH)
@click.option("--each", is_flag=True, help="Print every picture, not only the mean.")
@click.option(
    "--degradation",
    type=options.choice(DEGRADATIONS),
    default="clean",
    show_default=True,
    help="How the pictures are reduced; only clean is what papers do.",
)
@options.json_output
@click.pass_context
def command(
    context: click.Context,
    files: tuple[Path, ...],
    folder: Path,
    degradation: str,
    json_path: Path | None,
    *,
    each: bool,
    overwrite: bool,
) -> None:
    """Measure PSNR and SSIM on Y of checkpoints and model FILES on the pictures in FOLDER.

    The pictures are the truth: they are degraded by MATLAB's bicubic, upscaled, and compared, as
    the papers do it, or degraded as real pictures are: --degradation. Then a blockiness over 1
    says that blocks of 8x8 show, and the RMS of artifacts how far the output moved from that of
    the clean input. Bicubic upscaling is measured beside them. A file of fixed input size is run
    by tiles; a smaller picture is mirrored outwards, which costs a little accuracy at two borders.
    """
    _check_order(files, folder)
    check_output(json_path, overwrite=overwrite)
    sessions = [(path.name, context.obj(path, engine=None, threads=None)) for path in files]
    with show_steps() as show:
        rows = measure_quality(sessions, folder, degradation=degradation, on_step=show)
    if json_path != STDOUT:
        print_quality(rows, each=each)
    write_json(json_path, rows)


def _check_order(files: tuple[Path, ...], folder: Path) -> None:
    example = "such as: scnet evaluate model.onnx pictures"
    if not files:
        raise click.UsageError(f"Name files, and after them a folder of pictures, {example}")
    if not folder.is_dir():
        first = next((path for path in files if path.is_dir() and not path.suffix), None)
        found = f", and {first} is one" if first else ""
        raise click.UsageError(
            f"{folder} is not a folder{found}: the folder of pictures comes last, {example}"
        )
