"""`scnet bundle`: what a test on a device needs, in one folder."""

from pathlib import Path

import click

from mobile_runtime.console import printable
from mobile_runtime.device.bundle import bundle


@click.command("bundle")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--output-dir",
    "-o",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to make.",
)
@click.option("--overwrite", is_flag=True, help="Replace the bundle if it exists.")
def command(file: Path, folder: Path, *, overwrite: bool) -> None:
    """Put a model FILE, its manifest and golden samples into a folder, with a test for devices.

    PROTOCOL.md there is written for this very file: names, shapes, layout, hashes, what passes, and
    the test itself, in Swift for Core ML and in Kotlin for TFLite and ONNX.
    """
    bundle(file, folder, overwrite=overwrite)
    click.echo(f"{printable(str(folder))}: see PROTOCOL.md in it.")
