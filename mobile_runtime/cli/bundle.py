"""`scnet bundle`: a folder with a model file and a test for a device."""

from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.console import say
from mobile_runtime.device.bundle import APP, PROTOCOL, bundle


@click.command("bundle")
@click.argument("file", type=options.PATH)
@click.option("--output-dir", "-o", "folder", type=options.PATH, required=True, help="New folder.")
@click.option("--overwrite", is_flag=True, help="Replace an existing bundle.")
def command(file: Path, folder: Path, *, overwrite: bool) -> None:
    """Write a folder with a model FILE for an app: a library, and a test for a device.

    README.md in it says how an app upscales pictures with this file: by a Swift package for Core ML
    files that take images, by a Kotlin module for TFLite files. PROTOCOL.md is written for this
    file: names, shapes, layout, hashes, limits, and the test itself, in Swift for Core ML and in
    Kotlin for TFLite and ONNX. The manifest and the golden samples lie beside them.
    """
    bundle(file, folder, overwrite=overwrite)
    pages = [name for name in (APP, PROTOCOL) if (folder / name).exists()]
    say(f"{folder}: see {' and '.join(pages)} in it.")
