"""From a checkpoint to files: convert aside, verify with the user's own harness, then rename."""

import contextlib
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

from torch import fx

from converters import interruption
from converters.errors import OutputError, ToolUnavailableError, VerificationError
from converters.golden import write_golden
from converters.options import ConversionOptions, FileName, Format, Size
from mobile_runtime.bisection.culprit import find_culprit
from mobile_runtime.errors import RuntimeFileError
from mobile_runtime.manifest import (
    Manifest,
    Model,
    TensorSpec,
    Weights,
    hash_file,
    manifest_path,
    write_manifest,
)
from mobile_runtime.parity import tolerance_for, within
from mobile_runtime.session import count_operators
from mobile_runtime.validate import present, validate
from scnet.checkpoint import Checkpoint
from scnet.device_form import to_device_form
from scnet.network import SCNetConfig, halo

CONVERTERS: dict[Format, str] = {
    "coreml": "converters.to_coreml",
    "tflite": "converters.to_tflite",
    "onnx": "converters.to_onnx",
}
"""Format -> module with `TOOLS`, `describe` and `convert`."""


class Converter(Protocol):
    """What each module of `CONVERTERS` offers."""

    TOOLS: tuple[str, ...]
    """The packages that make the file."""

    def describe(self, scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
        """Describe the file's input and output."""

    def convert(
        self, graph: fx.GraphModule, options: ConversionOptions, model: Model, path: Path
    ) -> None:
        """Write the file.

        Args:
            graph: The device form; consumed.
            options: What is wanted.
            model: Goes into the file as metadata.
            path: Where to write.
        """


UNKNOWN_LICENCE = (
    "Not stated in the checkpoint. The SCNet author's own weights are CC BY-NC 4.0: non-commercial."
)


def convert(
    checkpoint: Checkpoint,
    wanted: Sequence[ConversionOptions],
    output_dir: Path,
    *,
    overwrite: bool = False,
    verify: bool = True,
    on_start: Callable[[str], None] = lambda name: None,
) -> list[Path]:
    """Convert a checkpoint to files, each beside its manifest and golden samples.

    A file appears under its name only when it is whole and, unless told otherwise, verified by
    every engine that can run it here. When something fails, files made before it stay, and nothing
    half-made is left.

    Args:
        checkpoint: From `scnet.checkpoint.open_checkpoint`.
        wanted: The files to make.
        output_dir: Made if missing.
        overwrite: Replace files that are there already.
        verify: Run each file and compare with PyTorch before it gets its name.
        on_start: Called with the name of each file before it is made.

    Returns:
        The paths of the files, in the order of `wanted`.

    Raises:
        OutputError: The folder cannot be written to, or a file is there already.
        ToolUnavailableError: A format's library is not installed.
        VerificationError: A file does not compute what PyTorch does.
    """
    targets = [output_dir / file_name(checkpoint.net.config, options) for options in wanted]
    for target in targets:
        _refuse_existing(target, overwrite=overwrite)
    tools = [_import_converter(options.format) for options in wanted]
    for options, target, tool in zip(wanted, targets, tools, strict=True):
        on_start(target.name)
        with _workshop(output_dir) as aside:
            manifest = _make(checkpoint, options, tool, aside / target.name)
            if verify:
                manifest = replace(manifest, verified=validate(aside / target.name))
                _refuse_failed(manifest, aside / target.name)
            write_manifest(manifest, aside)
            interruption.check()
            _refuse_existing(target, overwrite=overwrite)  # somebody may have been faster
            _publish(aside, target)
    return targets


def file_name(config: SCNetConfig, options: ConversionOptions) -> str:
    """Name the file that `convert` would make."""
    return str(FileName(config.variant, config.scale, config.head, options))


def usual_size(config: SCNetConfig) -> Size:
    """Choose an input size that tiles well: 128x128, or as much as leaves half the tile inside."""
    side = max(128, -(-4 * halo(config) // 64) * 64)
    return side, side


def _make(
    checkpoint: Checkpoint, options: ConversionOptions, tool: Converter, path: Path
) -> Manifest:
    """Write model file, golden samples and manifest, all unverified."""
    model = _describe(checkpoint, options, tool)
    with _quiet():
        tool.convert(to_device_form(checkpoint.net), options, model, path)
    interruption.check()
    golden = tuple(write_golden(checkpoint.net, options.sizes, path.parent))
    longest = max(side for sample in golden for side in sample.input_shape[2:])
    manifest = Manifest(
        file=path.name,
        sha256=hash_file(path),
        model=model,
        operators=count_operators(path),
        tolerance=tolerance_for(options.precision, model.scale, longest),
        golden=golden,
    )
    write_manifest(manifest, path.parent)
    return manifest


def _describe(checkpoint: Checkpoint, options: ConversionOptions, tool: Converter) -> Model:
    config = checkpoint.net.config
    source, sink = tool.describe(config.scale, options)
    return Model(
        format=options.format,
        variant=config.variant,
        head=config.head,
        scale=config.scale,
        precision=options.precision,
        shift=options.shift,
        sizes=options.sizes,
        halo=halo(config),
        input=source,
        output=sink,
        weights=describe_weights(checkpoint),
        tools={name: version(name) for name in ("scnet-mobile", *tool.TOOLS)},
    )


def describe_weights(checkpoint: Checkpoint) -> Weights:
    """Say where weights come from and on what terms, as far as the checkpoint does."""
    return Weights(
        name=checkpoint.path.name,
        sha256=hash_file(checkpoint.path),
        licence=checkpoint.notes.get("licence", UNKNOWN_LICENCE),
        source=checkpoint.notes.get("source", "Not stated in the checkpoint."),
    )


def _import_converter(name: Format) -> Converter:
    try:
        with _quiet():
            tool = cast(Converter, import_module(CONVERTERS[name]))
        interruption.check()
    except ModuleNotFoundError as error:
        raise ToolUnavailableError(
            f"Converting to {name} needs {error.name}: pip install 'scnet-mobile[convert]'."
        ) from error
    return tool


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Refuse to replace what is there, and in any case what no conversion has made."""
    for path in (target, manifest_path(target)):
        if not os.path.lexists(path):
            continue
        if not overwrite:
            raise OutputError(f"{path} exists already: give --overwrite to replace it.")
        package = path.suffix == ".mlpackage" and (path / "Manifest.json").is_file()
        if path.is_dir() and not package:
            raise OutputError(f"{path} is a folder of something else: it is not replaced.")


def _refuse_failed(manifest: Manifest, path: Path) -> None:
    failed = {
        engine: verdict
        for engine, verdict in zip(present(path), manifest.verified, strict=True)
        if not verdict.passed
    }
    if failed:
        wrong = [name for name, v in failed.items() if not within(v.worst, manifest.tolerance)]
        what = "does not compute what PyTorch does" if wrong else "would not run where it should"
        figures = "; ".join(f"{v.engine}: {v.failure}" for v in failed.values())
        why = f" {_explain(path, wrong[0])}" if wrong else ""
        raise VerificationError(
            f"{manifest.file} {what} and was not kept. {figures}.{why}", manifest.verified
        )


def _explain(path: Path, engine: str) -> str:
    """Name the operator that goes wrong, while the file is still there."""
    try:
        return str(find_culprit(path, engine))
    except RuntimeFileError as error:
        return f"Which operator is wrong could not be found out: {error}"


@contextlib.contextmanager
def _workshop(output_dir: Path) -> Iterator[Path]:
    """A folder on the same file system as the output, gone afterwards, come what may."""
    new = not output_dir.exists()
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        aside = tempfile.mkdtemp(prefix=".scnet-", dir=output_dir)
    except OSError as error:
        raise OutputError(f"{output_dir} cannot be written to: {error.strerror}.") from error
    try:
        yield Path(aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if new and not any(output_dir.iterdir()):
            output_dir.rmdir()


def _publish(aside: Path, target: Path) -> None:
    """Move everything to its place; a file never stands beside the manifest of another."""
    for sample in sorted((aside / "golden").rglob("*.f32")):
        place = target.parent / sample.relative_to(aside)
        place.parent.mkdir(parents=True, exist_ok=True)
        sample.replace(place)
    manifest_path(target).unlink(missing_ok=True)
    replaced = aside / "replaced"
    if target.is_dir():  # a folder cannot be replaced in one step, as a file can
        target.replace(replaced)
    try:
        (aside / target.name).replace(target)
    except BaseException:
        if replaced.exists():
            replaced.replace(target)
        raise
    manifest_path(aside / target.name).replace(manifest_path(target))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the converters' own chatter from the user; an exception still tells its story.

    Some of it is printed by native code, so the file descriptors themselves are turned away.
    """
    _flush()
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    with Path(os.devnull).open("w") as nowhere, warnings.catch_warnings(action="ignore"):
        kept = {number: os.dup(number) for number in (1, 2) if _is_open(number)}
        for number in kept:
            os.dup2(nowhere.fileno(), number)
        try:
            yield
        finally:
            _flush()
            for number, original in kept.items():
                os.dup2(original, number)
                os.close(original)
            logging.disable(disabled)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # None where the program was started without it
            stream.flush()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
