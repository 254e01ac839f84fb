"""`scnet models`: the finished model files that came with the program, listed and copied."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import click
from rich.table import Table

from converters.errors import UnsupportedOptionError
from converters.output_folder import copy_model, refuse_existing
from mobile_runtime.bundled_models import DEFAULT, MODELS, BundledModel
from mobile_runtime.cli import options
from mobile_runtime.console import STDOUT, check_output, print_table, say, write_json
from mobile_runtime.model_file.file_hash import measure_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX, FORMATS
from mobile_runtime.model_file.manifest import read_manifest

Row = dict[str, str | int]


@click.command("models")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--format",
    "formats",
    type=click.Choice([*FORMATS, "all"], case_sensitive=False),
    multiple=True,
    default=["all"],
    show_default=True,
    help="Several if given again.",
)
@click.option(
    "--output-dir", "-o", type=options.PATH, help="Folder to copy the files of NAMES into."
)
@options.json_output
def command(
    names: tuple[str, ...],
    formats: Sequence[str],
    output_dir: Path | None,
    json_path: Path | None,
    *,
    overwrite: bool,
) -> None:
    """List the finished model files that came with the program, or copy them into a folder.

    With NAMES and --output-dir, the files of these weights are copied, with manifests and golden
    samples: scnet validate runs the copies without PyTorch.
    """
    check_output(json_path, overwrite=overwrite)
    if names and output_dir is None:
        raise click.UsageError("Name the folder to copy into, with --output-dir.")
    if output_dir is not None and not names:
        raise click.UsageError(f"Name the weights whose files to copy, such as {DEFAULT}.")
    chosen = _choose(names, formats)
    if output_dir is not None:
        _copy(chosen, output_dir, overwrite=overwrite)
        return
    rows = [_describe(model) for model in chosen]
    if json_path != STDOUT:
        _print(rows)
    write_json(json_path, rows)


def _choose(names: Sequence[str], formats: Sequence[str]) -> list[BundledModel]:
    """Return the files of some weights, or of all, in some formats.

    Raises:
        UnsupportedOptionError: Some weights have no finished file; the message lists those that do.
    """
    known = dict.fromkeys(model.weights for model in MODELS)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise UnsupportedOptionError(
                f"{name} has no finished files{f' (did you mean {near[0]}?)' if near else ''}; "
                f"there are {', '.join(known)}."
            )
    return [
        model
        for model in MODELS
        if (not names or model.weights in names)
        and {FORMAT_OF_SUFFIX[model.path.suffix].name, "all"} & {*formats}
    ]


def _copy(models: Sequence[BundledModel], folder: Path, *, overwrite: bool) -> None:
    for model in models:
        refuse_existing(folder / model.path.name, overwrite=overwrite)
    for model in models:
        say(str(copy_model(model.path, folder, overwrite=overwrite)))


def _describe(model: BundledModel) -> Row:
    described = read_manifest(model.path).model
    return {
        "weights": model.weights,
        "scale": described.scale,
        "for": "photos" if model.weights.endswith("-photo") else "clean pictures",
        "format": described.format,
        "precision": described.precision,
        "size_bytes": measure_file(model.path),
        "file": model.path.name,
    }


def _print(rows: Sequence[Row]) -> None:
    table = Table()
    for column in ("weights", "scale", "for", "format", "precision"):
        table.add_column(column)
    table.add_column("MB", justify="right")
    for row in rows:
        facts = [str(row[name]) for name in ("weights", "scale", "for", "format", "precision")]
        facts[1] = f"x{facts[1]}"
        table.add_row(*facts, f"{int(row['size_bytes']) / 1e6:.2f}")
    print_table(table)
