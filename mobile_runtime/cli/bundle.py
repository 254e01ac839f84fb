"""`scnet bundle`: a folder with a model file for an app."""

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
    """Write a folder with a model FILE for an app: a package with a library and its tests.

    A Core ML file that takes images becomes a Swift package, a TFLite file a Gradle module, an ONNX
    file for any size an npm package; its README.md says how an app uses it, how the tests are run,
    and what has run. For another file, PROTOCOL.md has names, shapes, layout, hashes and limits,
    and a test. Manifest and samples are in each.
    """
    bundle(file, folder, overwrite=overwrite)
    page = next(name for name in (APP, PROTOCOL) if (folder / name).exists())
    say(f"{folder}: see {page} in it.")
