"""`scnet info`: facts about a checkpoint, bundled weights or a model file."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mobile_runtime.cli import options
from mobile_runtime.console import STDOUT, check_output, printable, write_json
from mobile_runtime.engines.session import open_session
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.model_file.file import ModelFile, read_model_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.manifest import hash_file, manifest_path, measure_file
from scnet.config import SCNetConfig, halo, macs_per_pixel
from scnet.weights import DEFAULT, WEIGHTS, find_weights
from scnet.weights_header import read_bundled

Facts = dict[str, object]


@click.command("info")
@click.argument("file", type=options.PATH, required=False)
@click.option("--scale", type=int, help="For an mlp checkpoint that may be x2 or x3.")
@options.json_output
def command(
    file: Path | None, scale: int | None, json_path: Path | None, *, overwrite: bool
) -> None:
    """Show what FILE is: a checkpoint, bundled weights by name, or a model file.

    Without FILE, the bundled weights are listed.
    """
    check_output(json_path, overwrite=overwrite)
    if file is None:
        if scale is not None:
            raise click.UsageError("--scale is about a checkpoint: name one.")
        rows = {name: describe_weights(path) for name, path in WEIGHTS.items()}
        if json_path != STDOUT:
            _print_weights(rows)
        write_json(json_path, rows)
        return
    path = find_weights(file)
    is_model = path.suffix in FORMAT_OF_SUFFIX
    if scale is not None and is_model:
        raise click.UsageError("--scale is for checkpoints: a model file says its own.")
    if is_model:
        facts = describe_file(path)
    elif scale is None and path in WEIGHTS.values():
        facts = describe_weights(path)
    else:
        facts = describe_checkpoint(path, scale)
    if json_path != STDOUT:
        _print_facts(path.name, facts)
    write_json(json_path, facts)


def _print_facts(title: str, facts: Facts) -> None:
    table = Table(show_header=False, title=Text(title))
    for name, value in facts.items():
        shown = value if isinstance(value, str | int | float) else json.dumps(value)
        table.add_row(Text(name.replace("_", " ")), Text(printable(str(shown))))
    Console().print(table)


def _print_weights(rows: Mapping[str, Facts]) -> None:
    table = Table()
    table.add_column("bundled weights", no_wrap=True)
    for column in ("parameters", "MACs per input pixel", "licence", ""):
        table.add_column(column)
    for name, facts in rows.items():
        size = (f"{facts[key]:,.0f}" for key in ("parameters", "macs_per_low_resolution_pixel"))
        table.add_row(name, *size, str(facts["licence"]), "usual" if name == DEFAULT else "")
    Console().print(table)


def describe_weights(path: Path) -> Facts:
    """Return the facts about bundled weights, as `describe_checkpoint` does; needs no PyTorch."""
    header, parameters = read_bundled(path)
    return _describe(path, "safetensors", header.config, parameters, header.notes)


def describe_checkpoint(path: Path, scale: int | None = None) -> Facts:
    """Return the facts about a checkpoint.

    Raises:
        CheckpointError: It is not of an SCNet.
    """
    from scnet.checkpoint import open_checkpoint
    from scnet.network import count_parameters

    checkpoint = open_checkpoint(path, scale=scale)
    parameters = count_parameters(checkpoint.net)
    return _describe(path, checkpoint.part, checkpoint.net.config, parameters, checkpoint.notes)


def _describe(
    path: Path, part: str, config: SCNetConfig, parameters: int, notes: Mapping[str, str]
) -> Facts:
    return {
        "kind": f"checkpoint ({part})",
        "variant": config.variant,
        "scale": config.scale,
        "head": config.head,
        "width": config.width,
        "depth": config.depth,
        "parameters": parameters,
        "macs_per_low_resolution_pixel": macs_per_pixel(config),
        "halo_pixels": halo(config),
        "size_bytes": measure_file(path),
        "sha256": hash_file(path),
        **notes,
    }


def describe_file(path: Path) -> Facts:
    """Return what a model file says of itself, and its operators.

    Raises:
        ModelLoadError: It is damaged, or not a model file.
        ManifestError: The manifest beside it belongs to another file.
    """
    file = read_model_file(path) if manifest_path(path).exists() else path
    model = open_session(file).model
    facts: Facts = {
        "kind": f"model file ({path.suffix})",
        "size_bytes": measure_file(path),
        "sha256": file.manifest.sha256 if isinstance(file, ModelFile) else hash_file(path),
    }
    facts |= model.to_metadata() if model else {"made_by": "another program: it says no more"}
    return facts | {"operators": count_operators(path)}
