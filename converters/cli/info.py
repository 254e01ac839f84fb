"""`scnet info`: facts about a checkpoint, bundled weights or a model file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins
from rich.table import Table

from mobile_runtime.bundled_models import DEFAULT
from mobile_runtime.cli import options
from mobile_runtime.console import (
    STDOUT,
    check_output,
    print_facts,
    print_table,
    say,
    write_json,
)
from mobile_runtime.formats.graph import Graph, Port, layout_of
from mobile_runtime.formats.reader import OLD_CORE_ML, count_kinds, describe_graph
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.file_hash import hash_file, measure_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.manifest import manifest_path
from mobile_runtime.model_file.model import Model
from scnet.config import SCNetConfig, halo, macs_per_pixel
from scnet.weights import WEIGHTS, find_weights
from scnet.weights_header import read_bundled

Facts = dict[str, object]

LABELS = {
    "macs_per_low_resolution_pixel": "MACs/pixel",
    "halo_pixels": "halo",
    "size_bytes": "bytes",
    "licence": "license",
    "psnr_db": "PSNR, dB",
    "weight_elements": "weights",
}
"""Fact -> its name where people read it, short enough to leave a line to the sha256."""


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
    is_model = path.suffix in FORMAT_OF_SUFFIX or path.suffix in OLD_CORE_ML
    if scale is not None and is_model:
        raise click.UsageError("--scale is for checkpoints: a model file says its own.")
    if is_model:
        facts = describe_file(path)
    elif scale is None and path in WEIGHTS.values():
        facts = describe_weights(path)
    else:
        facts = describe_checkpoint(path, scale)
    if json_path != STDOUT:
        _print(path.name, facts)
    write_json(json_path, facts)


def _print(title: str, facts: Facts) -> None:
    """Print facts, those about the weights in a block of their own."""
    weights: Any = facts.get("weights", {})
    for heading, part in ((title, facts), ("weights", weights)):
        shown = {name: _show(name, value) for name, value in part.items() if value is not weights}
        if shown:
            print_facts(heading, {LABELS.get(name, name): text for name, text in shown.items()})


def _show(name: str, value: Any) -> str:
    """Return a fact in words; `value` is what JSON has."""
    match name:
        case "sizes":
            return ", ".join(f"{height}x{width}" for height, width in value or ()) or "any"
        case "input" | "output":
            sides = _show_shape(value["shape"])
            clipped = ", clipped" if value["clipped"] else ""
            return f"{value['name']}: {value['dtype']} {value['layout']} {sides}, RGB " + (
                f"{value['range']}{clipped}"
            )
        case "inputs" | "outputs":
            return "\n".join(map(_show_port, value))
        case "operators":
            return ", ".join(f"{number} {kind}" for kind, number in value.items())
        case "weight_elements":
            return ", ".join(f"{number:,} {dtype}" for dtype, number in value.items()) or "none"
        case "metadata":
            return "\n".join(f"{key}: {text}" for key, text in value.items())
        case "tools":
            return ", ".join(f"{tool} {version}" for tool, version in value.items())
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def _print_weights(rows: Mapping[str, Facts]) -> None:
    table = Table("bundled weights")
    for column in ("parameters", "MACs per pixel"):
        table.add_column(column, justify="right")
    table.add_column("license")
    table.add_column("")
    for name, facts in rows.items():
        size = (f"{facts[key]:,.0f}" for key in ("parameters", "macs_per_low_resolution_pixel"))
        table.add_row(name, *size, str(facts["licence"]), "default" if name == DEFAULT else "")
    print_table(table)


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
    for remark in checkpoint.remarks:
        say(remark, err=True)
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
    """Return what stands in a model file of anybody, which is read and not run.

    Raises:
        ModelLoadError: It is damaged, or not a model file.
        ManifestError: The manifest beside it belongs to another file.
    """
    graph = describe_graph(path)
    model = Model.from_metadata(graph.metadata)
    known = read_model_file(path) if manifest_path(path).exists() else None
    facts: Facts = {
        "kind": f"model file ({path.suffix})",
        "size_bytes": graph.size_bytes,
        "sha256": known.manifest.sha256 if known else hash_file(path, graph.data_files),
        "version": graph.release,
    }
    facts |= to_builtins(model) if model else _describe_foreign(graph)
    return facts | {"weight_elements": graph.weights, "operators": count_kinds(graph)}


def _describe_foreign(graph: Graph) -> Facts:
    """Return what a file says that another program made; an axis whose length is free is None."""
    return {
        "inputs": [_describe_port(port, graph.format) for port in graph.inputs],
        "outputs": [_describe_port(port, graph.format) for port in graph.outputs],
        "metadata": dict(graph.metadata),
    }


def _describe_port(port: Port, format_: str) -> Facts:
    return {
        "name": port.title or port.name,
        "dtype": port.dtype,
        "shapes": [list(shape) for shape in port.shapes],
        "layout": layout_of(port.shape, format_),
        "image": port.color_space,
    }


def _show_port(facts: Mapping[str, Any]) -> str:
    shapes = " or ".join(map(_show_shape, facts["shapes"]))
    image = facts["image"] and f"{facts['image']} image"
    words = (facts["dtype"] or "of unknown type", facts["layout"], shapes or "no array", image)
    return f"{facts['name']}: {' '.join(filter(None, words))}"


def _show_shape(shape: Sequence[int | None]) -> str:
    return "x".join("?" if side is None else str(side) for side in shape) or "no axes stated"
