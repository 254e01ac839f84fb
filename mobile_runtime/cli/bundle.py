"""`scnet bundle`: a folder with a model file and a test for a device."""

from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.console import say
from mobile_runtime.device.bundle import bundle


@click.command("bundle")
@click.argument("file", type=options.PATH)
@click.option("--output-dir", "-o", "folder", type=options.PATH, required=True, help="New folder.")
@click.option("--overwrite", is_flag=True, help="Replace an existing bundle.")
def command(file: Path, folder: Path, *, overwrite: bool) -> None:
    """Write a folder with a model FILE, its manifest, golden samples and a test for a device.

    PROTOCOL.md in it is written for this file: names, shapes, layout, hashes, limits, and the test
    itself, in Swift for Core ML and in Kotlin for TFLite and ONNX.
    """
    bundle(file, folder, overwrite=overwrite)
    say(f"{folder}: see PROTOCOL.md in it.")
