"""From a checkpoint to files: convert aside, verify with the user's own harness, then rename."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import fx

from converters import signals as interruption
from converters.errors import ToolUnavailableError, VerificationError
from converters.golden_samples import write_golden
from converters.options import ConversionOptions, FileName, Format, Size
from converters.output_folder import publish, refuse_existing, staging_dir
from converters.quality_gate import LOSSES_DB, measure_loss_db
from converters.quantization.calibration import stress_images
from converters.suppress_output import suppress_output
from mobile_runtime.errors import ScnetError
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.imaging.metrics import list_images
from mobile_runtime.model_file.manifest import (
    Manifest,
    Model,
    TensorSpec,
    Weights,
    hash_file,
    write_manifest,
)
from mobile_runtime.model_file.parity import tolerance_for, within
from mobile_runtime.validation.fault_localization import localize_fault
from mobile_runtime.validation.validate import available_engines, validate
from scnet.channel_scaling import scale_to_fp16_range
from scnet.checkpoint import Checkpoint
from scnet.device_form import PASSES, leaky_as_relu, to_device_form
from scnet.network import SCNet, SCNetConfig, halo

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


PROBED_AT: Size = (64, 64)
"""Size of the pictures by which features are measured."""

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
        ImageError: A folder to calibrate on holds no picture, or one that cannot be read.
        VerificationError: A file does not compute what PyTorch does.
    """
    targets = [output_dir / file_name(checkpoint.net.config, options) for options in wanted]
    for target in targets:
        refuse_existing(target, overwrite=overwrite)
    for folder in {options.calibration for options in wanted if options.calibration}:
        list_images(folder)  # before minutes go into other files
    tools = [import_converter(options.format) for options in wanted]
    for options, target, tool in zip(wanted, targets, tools, strict=True):
        on_start(target.name)
        with staging_dir(output_dir) as aside:
            manifest = _make(checkpoint, options, tool, aside / target.name)
            if verify:
                manifest = _verify(checkpoint, manifest, aside / target.name)
            write_manifest(manifest, aside)
            interruption.check()
            refuse_existing(target, overwrite=overwrite)  # somebody may have been faster
            publish(aside, target)
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
    model = describe_model(checkpoint, options, tool)
    with suppress_output():
        tool.convert(rewrite(checkpoint.net, options), options, model, path)
    interruption.check()
    calibrated = options.precision == "w8a8"
    golden = tuple(
        write_golden(checkpoint.net, options.sizes, path.parent, photographs_only=calibrated)
    )
    manifest = Manifest(
        file=path.name,
        sha256=hash_file(path),
        model=model,
        operators=count_operators(path),
        tolerance=tolerance_for(options.format, options.precision),
        golden=golden,
    )
    write_manifest(manifest, path.parent)
    return manifest


def rewrite(net: SCNet, options: ConversionOptions) -> fx.GraphModule:
    """Give the device form that a file is made of: features fit fp16 on noise.

    In integers, `direct` has no LeakyReLU inside. Loss of x2, x3 and x4 on Set5, activations alone
    in 8 bits: 0.064, 0.043 and 0.025 dB, where it was 0.144, 0.089 and 0.056, for 1.05 to 1.10
    times the time (XNNPACK, onnxruntime CPU and WASM). `pixelshuffle` at x2 is without the one in
    front of its last shift: 0.091 and 0.111 dB in TFLite and ONNX, where it was 0.107 and 0.147,
    for 1.06 to 1.08 times the time. At x4 that would take 1.20 times the time for 0.009 dB
    (2026-11-26).
    """
    head, scale = net.config.head, net.config.scale
    widened = head == "direct" or (head == "pixelshuffle" and scale == 2)
    in_integers = options.precision == "w8a8" and widened
    graph = to_device_form(net, (*PASSES, leaky_as_relu) if in_integers else PASSES)
    scale_to_fp16_range(graph, map(torch.from_numpy, stress_images(PROBED_AT)))
    return graph


def describe_model(checkpoint: Checkpoint, options: ConversionOptions, tool: Converter) -> Model:
    """Say what a file is, before it is made."""
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
        sha256=checkpoint.sha256,
        licence=checkpoint.notes.get("licence", UNKNOWN_LICENCE),
        source=checkpoint.notes.get("source", "Not stated in the checkpoint."),
    )


def import_converter(name: Format) -> Converter:
    """Import the module that writes a format.

    Raises:
        ToolUnavailableError: Its library is not installed.
    """
    try:
        with suppress_output():
            tool = cast(Converter, import_module(CONVERTERS[name]))
        interruption.check()
    except ModuleNotFoundError as error:
        raise ToolUnavailableError(
            f"Converting to {name} needs {error.name}: pip install 'scnet-mobile[convert]'."
        ) from error
    return tool


def _verify(checkpoint: Checkpoint, manifest: Manifest, path: Path) -> Manifest:
    """Let every engine here judge a file, and a compressed one its pictures too."""
    judged = replace(manifest, verified=validate(path))
    _refuse_failed(judged, path)
    allowed = LOSSES_DB.get(manifest.model.precision)
    if allowed is None:
        return judged
    loss_db = measure_loss_db(checkpoint.net, path)
    if loss_db > allowed:
        raise VerificationError(
            f"{manifest.file} loses {loss_db:.3f} dB PSNR against PyTorch on photographs and was "
            f"not kept: {manifest.model.precision} may lose {allowed:g} dB. Take a finer "
            "precision, or calibrate on photographs like yours.",
            judged.verified,
        )
    return replace(judged, psnr_loss_db=loss_db)


def _refuse_failed(manifest: Manifest, path: Path) -> None:
    failed = {
        engine: verdict
        for engine, verdict in zip(available_engines(path), manifest.verified, strict=True)
        if not verdict.passed
    }
    if failed:
        wrong = [name for name, v in failed.items() if not within(v.worst, manifest.tolerance)]
        what = "does not compute what PyTorch does" if wrong else "would not run where it should"
        figures = "; ".join(f"{v.engine}: {v.failure}" for v in failed.values())
        why = f" {_explain(path, wrong[0])}" if wrong else ""
        precision = manifest.model.precision
        if wrong and precision in LOSSES_DB:
            why += f" Or {precision} is too coarse for these weights: take a finer precision."
        raise VerificationError(
            f"{manifest.file} {what} and was not kept. {figures}.{why}", manifest.verified
        )


def _explain(path: Path, engine: str) -> str:
    """Name the operator that goes wrong, while the file is still there."""
    try:
        return str(localize_fault(path, engine))
    except ScnetError as error:
        return f"Which operator is wrong could not be found out: {error}"
