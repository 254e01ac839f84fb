"""`scnet validate`: is this file still right, on this machine?"""

from dataclasses import replace
from pathlib import Path

import click

from mobile_runtime.errors import RuntimeFileError
from mobile_runtime.manifest import Manifest, measure_file, read_manifest, write_manifest
from mobile_runtime.report import print_table
from mobile_runtime.validate import validate


@click.command("validate")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--threads", type=click.IntRange(min=1), help="All cores if not given.")
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], threads: int | None) -> None:
    """Run the golden samples of FILES on every engine here, and compare with PyTorch's outputs.

    Needs no PyTorch. The verdicts replace those in each file's manifest. The exit code is 2 if a
    file could not be judged, else 1 if one failed.
    """
    entries: list[tuple[Manifest, int]] = []
    errors = 0
    for path in files:
        try:
            manifest = replace(read_manifest(path), verified=validate(path, threads=threads))
            entries.append((manifest, measure_file(path)))
            write_manifest(manifest, path.parent)
        except RuntimeFileError as error:  # must not hide what was found out about the others
            errors += 1
            click.secho(f"Error: {error}", fg="red", err=True)
    if entries:
        print_table(entries)
    context.exit(_exit_code(entries, errors))


def _exit_code(entries: list[tuple[Manifest, int]], errors: int) -> int:
    if errors:
        return 2
    passed = (verdict.passed for manifest, _ in entries for verdict in manifest.verified)
    return 0 if all(passed) else 1
