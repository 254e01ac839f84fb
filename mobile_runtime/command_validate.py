"""`scnet validate`: is this file still right, on this machine?"""

from dataclasses import replace
from pathlib import Path

import click

from mobile_runtime.manifest import measure_file, read_manifest, write_manifest
from mobile_runtime.report import print_table
from mobile_runtime.validate import validate


@click.command("validate")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--threads", type=click.IntRange(min=1), help="All cores if not given.")
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], threads: int | None) -> None:
    """Run the golden samples of FILES on every engine here, and compare with PyTorch's outputs.

    Needs no PyTorch. The verdicts replace those in each file's manifest. The exit code is 1 if a
    file failed.
    """
    entries = []
    for path in files:
        manifest = replace(read_manifest(path), verified=validate(path, threads=threads))
        write_manifest(manifest, path.parent)
        entries.append((manifest, measure_file(path)))
    print_table(entries)
    if not all(verdict.passed for manifest, _ in entries for verdict in manifest.verified):
        context.exit(1)
