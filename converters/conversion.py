"""Conversion of a checkpoint: each file is written to a staging folder, validated, then renamed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import fx

from converters.errors import OutputError, ToolUnavailableError, VerificationError
from converters.golden_samples import write_samples
from converters.halo_8bit import measure_halo_8bit
from converters.options import ConversionOptions, FileName, Size
from converters.output_folder import publish, refuse_existing
from converters.quality_gate import measure_loss_db
from converters.quantization.calibration import stress_images
from converters.suppress_output import suppress_output
from mobile_runtime.atomic_write import staging_dir
from mobile_runtime.cli import signals
from mobile_runtime.errors import ScnetError
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.imaging.folder import list_pictures
from mobile_runtime.model_file.file import ModelFile
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.format import FORMATS, FormatName
from mobile_runtime.model_file.manifest import Manifest, write_manifest
from mobile_runtime.model_file.model import Model, TensorSpec, Weights
from mobile_runtime.model_file.parity import find_wrong_rounding
from mobile_runtime.model_file.precision import PRECISIONS, tolerance_for
from mobile_runtime.steps import OnAction, OnStep, actions_of, ignore_action, ignore_step
from mobile_runtime.validation.fault_localization import localize_fault
from mobile_runtime.validation.validate import validate
from scnet.channel_scaling import scale_to_fp16_range
from scnet.checkpoint import Checkpoint
from scnet.config import SCNetConfig, halo
from scnet.device_form import PASSES, leaky_as_relu, to_device_form
from scnet.network import SCNet


class Converter(Protocol):
    """What the module that converts to a format has; `Format.converter` names it."""

    TOOLS: tuple[str, ...]
    """The packages that make the file."""

    def describe(self, scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
        """Return the specifications of the file's input and output."""

    def convert(
        self,
        graph: fx.GraphModule,
        options: ConversionOptions,
        model: Model,
        path: Path,
        on_action: OnAction = ignore_action,
    ) -> None:
        """Write the file.

        Args:
            graph: The device form; consumed.
            options: Of the file.
            model: Goes into the file as metadata.
            path: Where to write.
            on_action: Called when tracing, quantizing and so on begins.
        """


PROBED_AT: Size = (64, 64)
"""Height and width of the pictures on which features are measured."""

UNKNOWN_LICENCE = (
    "Not stated in the checkpoint. The SCNet author's own weights are CC BY-NC 4.0: non-commercial."
)


def convert(
    checkpoint: Checkpoint,
    files: Sequence[ConversionOptions],
    output_dir: Path,
    *,
    overwrite: bool = False,
    verify: bool = True,
    on_step: OnStep = ignore_step,
) -> list[Path]:
    """Write a checkpoint as model files, each beside its manifest and golden samples.

    A file appears under its name only when it is complete and, unless `verify` is False, has passed
    on every engine that can run it here. When something fails, files written before it stay, and
    nothing incomplete is left.

    Args:
        checkpoint: From `scnet.checkpoint.open_checkpoint`.
        files: What to write: one for each file.
        output_dir: Created if missing.
        overwrite: Replace files that are there already.
        verify: Run each file and compare with PyTorch before it gets its name.
        on_step: Called when a step of a file begins.

    Returns:
        The paths of the files, in the order of `files`.

    Raises:
        OutputError: The folder cannot be written to, or a file is there already.
        ToolUnavailableError: A format's library is not installed.
        ImageError: A folder to calibrate on holds no picture, or one that cannot be read.
        VerificationError: A file does not compute what PyTorch does.
    """
    trained_on = _degradation(checkpoint)
    names = [file_name(checkpoint.net.config, options, trained_on) for options in files]
    targets = [output_dir / name for name in names]
    for target in targets:
        refuse_existing(target, overwrite=overwrite)
    for folder in {options.calibration for options in files if options.calibration}:
        list_pictures(folder)  # before minutes go into other files
    on_actions = [
        actions_of(on_step, name, number, len(files)) for number, name in enumerate(names, start=1)
    ]
    if files:
        on_actions[0]("loading the converters")
    tools = [import_converter(options.format) for options in files]
    for options, target, tool, on_action in zip(files, targets, tools, on_actions, strict=True):
        try:
            with staging_dir(output_dir) as staging:
                file = _write(checkpoint, options, tool, staging / target.name, on_action)
                if verify:
                    write_manifest(_verify(checkpoint, file, on_action), staging)
                signals.check()
                refuse_existing(target, overwrite=overwrite)  # somebody may have been faster
                publish(staging, target)
        except OSError as error:
            why = error.strerror or error
            raise OutputError(f"{output_dir} cannot be written to: {why}.") from error
    return targets


def file_name(config: SCNetConfig, options: ConversionOptions, degradation: str = "") -> str:
    """Return the name of the file that `convert` would write; see `FileName`."""
    return str(FileName(config.variant, config.scale, config.head, options, degradation))


def default_size(config: SCNetConfig) -> Size:
    """Return an input size that tiles well: 128x128, or more where the halo takes half of that."""
    side = max(128, -(-4 * halo(config) // 64) * 64)
    return side, side


def _degradation(checkpoint: Checkpoint) -> str:
    """Return what the header says that the weights were trained on, if it can be part of a name."""
    noted = checkpoint.notes.get("degradation", "")
    return noted if re.fullmatch("[a-z0-9]{1,20}", noted) else ""


def _write(
    checkpoint: Checkpoint,
    options: ConversionOptions,
    tool: Converter,
    path: Path,
    on_action: OnAction,
) -> ModelFile:
    """Write a model file, its golden samples and its manifest, which holds no results yet."""
    on_action("measuring how far pixels see")
    model = describe_model(checkpoint, options, tool)
    with suppress_output():
        on_action("rewriting the network")
        graph = rewrite(checkpoint.net, options)
        tool.convert(graph, options, model, path, on_action)
    signals.check()
    on_action("computing PyTorch's outputs")
    calibrated = PRECISIONS[options.precision].calibrated
    golden = tuple(
        write_samples(checkpoint.net, options.sizes, path.parent, photographs_only=calibrated)
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
    return ModelFile(path, manifest)


def rewrite(net: SCNet, options: ConversionOptions) -> fx.GraphModule:
    """Return the device form that a file is made of: features fit fp16 even on noise.

    In integers, `direct` has no LeakyReLU inside. Loss of x2, x3 and x4 on Set5, activations alone
    in 8 bits: 0.064, 0.043 and 0.025 dB, where it was 0.144, 0.089 and 0.056, for 1.05 to 1.10
    times the time (XNNPACK, onnxruntime CPU and WASM). `pixelshuffle` at x2 is without the one in
    front of its last shift: 0.091 and 0.111 dB in TFLite and ONNX, where it was 0.107 and 0.147,
    for 1.06 to 1.08 times the time. At x4 that would take 1.20 times the time for 0.009 dB
    (2026-11-26).
    """
    head, scale = net.config.head, net.config.scale
    widened = head == "direct" or (head == "pixelshuffle" and scale == 2)
    in_integers = PRECISIONS[options.precision].calibrated and widened
    graph = to_device_form(net, (*PASSES, leaky_as_relu) if in_integers else PASSES)
    scale_to_fp16_range(graph, map(torch.from_numpy, stress_images(PROBED_AT)))
    return graph


def describe_model(checkpoint: Checkpoint, options: ConversionOptions, tool: Converter) -> Model:
    """Return what a file will say of itself."""
    ports = tool.describe(checkpoint.net.config.scale, options)
    written = {key: getattr(options, key) for key in ("format", "precision", "shift", "sizes")}
    written["halo_8bit"] = _halo_8bit(checkpoint.net, options)
    return describe_network(checkpoint, ports, ("scnet-mobile", *tool.TOOLS), **written)


def _halo_8bit(net: SCNet, options: ConversionOptions) -> int:
    """Return the halo that is enough for 8-bit pictures; none but the exact one is for integers.

    Where features are integers, the least change of one flips how others are rounded: at a halo of
    10, values moved by up to 6 levels (w8a8, SCNet-T x4 direct in TFLite, 2026-11-29). Rounded
    weights move none by more than one level there, as float ones.
    """
    return halo(net.config) if PRECISIONS[options.precision].calibrated else measure_halo_8bit(net)


def describe_network(
    checkpoint: Checkpoint,
    ports: tuple[TensorSpec, TensorSpec],
    tools: Iterable[str],
    **written: Any,
) -> Model:
    """Return a `Model`: of the checkpoint what it knows, the other fields in `written`."""
    config, notes = checkpoint.net.config, checkpoint.notes
    source = notes.get("source", "Not stated in the checkpoint.")
    licence = notes.get("licence", UNKNOWN_LICENCE)
    return Model(
        variant=config.variant,
        head=config.head,
        scale=config.scale,
        halo=halo(config),
        input=ports[0],
        output=ports[1],
        weights=Weights(checkpoint.path.name, checkpoint.sha256, licence, source),
        tools={name: version(name) for name in tools},
        **written,
    )


def import_converter(name: FormatName) -> Converter:
    """Return the module that writes a format.

    Raises:
        ToolUnavailableError: Its library is not installed.
    """
    try:
        with suppress_output():
            tool = cast(Converter, import_module(FORMATS[name].converter))
        signals.check()
    except ModuleNotFoundError as error:
        raise ToolUnavailableError(
            f"Converting to {name} needs {error.name}: pip install 'scnet-mobile[convert]'."
        ) from error
    return tool


def _verify(checkpoint: Checkpoint, file: ModelFile, on_action: OnAction) -> Manifest:
    """Return the manifest with results: those of every engine here, and the loss in pictures.

    Raises:
        VerificationError: An engine failed, or the file loses more than its precision may.
    """
    results = validate(file, on_action=on_action)
    verified = replace(file.manifest, verified=results)
    _check_passed(ModelFile(file.path, verified), on_action)
    precision = PRECISIONS[verified.model.precision]
    if precision.allowed_loss_db is None:
        return verified
    on_action("measuring the loss on photographs")
    loss_db = measure_loss_db(checkpoint.net, file)
    if loss_db > precision.allowed_loss_db:
        raise VerificationError(
            f"{verified.file} loses {loss_db:.3f} dB PSNR against PyTorch on photographs and was "
            f"not kept: {precision.name} may lose {precision.allowed_loss_db:g} dB. Take a finer "
            "precision, or calibrate on photographs like yours.",
            results,
        )
    return replace(verified, psnr_loss_db=loss_db)


def _check_passed(file: ModelFile, on_action: OnAction) -> None:
    manifest = file.manifest
    failed = [result for result in manifest.verified if not result.passed]
    if not failed:
        return
    wrong = [result for result in failed if not manifest.tolerance.allows(result.worst)]
    precision, dtype = PRECISIONS[manifest.model.precision], manifest.model.output.dtype
    limit_levels = precision.signed_error_levels
    misrounded = any(find_wrong_rounding(result.worst, dtype, limit_levels) for result in failed)
    differs, elsewhere = "does not compute what PyTorch does", "would not run where it should"
    what = differs if wrong or misrounded else elsewhere
    figures = "; ".join(f"{result.engine_info}: {result.failure}" for result in failed)
    why = f" {_explain(file, wrong[0].engine, on_action)}" if wrong else ""
    if wrong and precision.allowed_loss_db is not None:
        why += f" Or {precision.name} is too coarse for these weights: take a finer precision."
    raise VerificationError(
        f"{manifest.file} {what} and was not kept. {figures}.{why}", manifest.verified
    )


def _explain(file: ModelFile, engine: str, on_action: OnAction) -> str:
    """Return which operator goes wrong, found while the file is still there."""
    on_action(f"looking for the wrong operator on {engine}")
    try:
        return str(localize_fault(file, engine))
    except ScnetError as error:
        return f"Which operator is wrong could not be found out: {error}"
