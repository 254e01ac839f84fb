"""Conversion of the device form to a Core ML mlprogram in an `.mlpackage`, by coremltools."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import coremltools as ct
import torch
from torch import Tensor, fx, nn
from torch.export import Dim

import converters.lowerings.coreml  # noqa: F401  (registers them with coremltools)
from converters.options import ConversionOptions, Size
from converters.quantization.calibration import CALIBRATED_AT, calibration_images, stress_images
from converters.quantization.coreml_weights import compress_weights
from converters.quantization.gptq import palettize, quantize_weights
from converters.quantization.qdq import insert_qdq
from converters.tensor_specs import ANY_SIZE, tensor_specs
from mobile_runtime.model_file.format import Interface
from mobile_runtime.model_file.model import Model, TensorSpec
from mobile_runtime.model_file.precision import PRECISIONS
from mobile_runtime.steps import OnAction, ignore_action
from scnet.device_form import fold_range, shift_as_convolution

TOOLS = ("torch", "coremltools")

DEPLOYMENT_TARGET = ct.target.iOS16
"""The oldest that image outputs of mlprograms allow (coremltools#2213)."""

EIGHT_BIT_TARGET = ct.target.iOS17
"""Where features are rounded: what `quantize` and `dequantize` need."""

WHITE = 255.0
"""Of 8-bit images."""


def describe(scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
    """Return the specs of input and output; with several sizes, their height and width are free."""
    assert options.sizes is not None
    ((height, width), *others) = options.sizes
    if others:
        return tensor_specs(ANY_SIZE, ANY_SIZE, "NCHW", options.interface)
    low_res, high_res = (1, 3, height, width), (1, 3, height * scale, width * scale)
    return tensor_specs(low_res, high_res, "NCHW", options.interface)


def convert(
    graph: fx.GraphModule,
    options: ConversionOptions,
    model: Model,
    path: Path,
    on_action: OnAction = ignore_action,
) -> None:
    """Write a `.mlpackage`; see `converters.conversion.Converter`."""
    assert options.sizes is not None
    precision = PRECISIONS[options.precision]
    if options.shift == "depthwise":
        shift_as_convolution(graph)
    network: nn.Module = graph
    if options.interface == "image":
        fold_range(graph, WHITE)
        network = _Clipped(graph)
    images = _calibration_images(options)
    compressed = precision.weight_bits < 16
    if precision.calibrated:
        on_action("calibrating")
        insert_qdq(graph, list(images))
    elif precision.palette:
        on_action("quantizing the weights")
        palettize(graph, images, precision.weight_bits)
    elif compressed:
        on_action("quantizing the weights")
        quantize_weights(graph, images, per_channel=True)
    if options.split_leaky_relu:
        _split_leaky_relu(graph)
    exact = precision.weight_bits == 32
    shapes = [(1, 3, *size) for size in options.sizes]
    shape = shapes[0] if len(shapes) == 1 else ct.EnumeratedShapes(shapes, default=shapes[0])
    on_action("tracing")
    program = _export(network, options.sizes)
    on_action("lowering to Core ML")
    converted = ct.convert(
        program,
        inputs=[_port(options.interface, "image", shape)],
        outputs=[_port(options.interface, "upscaled_image")],
        minimum_deployment_target=EIGHT_BIT_TARGET if precision.calibrated else DEPLOYMENT_TARGET,
        compute_precision=ct.precision.FLOAT32 if exact else ct.precision.FLOAT16,
        skip_model_load=True,
    )
    if compressed:
        on_action("compressing the weights")
        converted = compress_weights(converted, precision)
    _describe(converted, model)
    converted.save(str(path))
    # coremltools 9 leaves this there for ExecuTorch's debugger; nothing reads it.
    (path / "executorch_debug_handle_mapping.json").unlink(missing_ok=True)
    for part in path.rglob("*"):  # written for its owner alone, which no server can read
        part.chmod(0o755 if part.is_dir() else 0o644)


def _calibration_images(options: ConversionOptions) -> Iterator[Tensor]:
    """Yield images in the range that the file takes; stress images too, but not for `w8a8`."""
    white = WHITE if options.interface == "image" else 1.0
    for image in calibration_images(options.calibration, CALIBRATED_AT):
        yield torch.from_numpy(image) * white
    if not PRECISIONS[options.precision].calibrated:
        for image in stress_images(CALIBRATED_AT):
            yield torch.from_numpy(image) * white


def _split_leaky_relu(graph: fx.GraphModule) -> None:
    """Write every LeakyReLU as two ReLUs: Neural Engines computed it wrong (coremltools#1023)."""
    for name, layer in list(graph.named_modules()):
        if isinstance(layer, nn.LeakyReLU):
            graph.set_submodule(name, _TwoReLUs(layer.negative_slope))


class _TwoReLUs(nn.Module):
    """LeakyReLU, exact in any precision: one of the two terms is zero.

    A difference, for coremltools makes a leaky_relu of the sum `relu(x) + (-slope) * relu(-x)`.
    """

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, features: Tensor) -> Tensor:
        return features.relu() - self.slope * (-features).relu()


class _Clipped(nn.Module):
    """A network whose output is clipped to 0..255: Core ML would wrap around (coremltools#2213)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image).clamp(0.0, WHITE)  # type: ignore[no-any-return]


def _export(network: nn.Module, sizes: Sequence[Size]) -> torch.export.ExportedProgram:
    """Trace by `torch.export`: with numpy 2, coremltools 9 fails on shapes from `torch.jit`."""
    image = torch.zeros(1, 3, *sizes[0])
    free = ({2: Dim.AUTO, 3: Dim.AUTO},) if len(sizes) > 1 else None
    program = torch.export.export(network, (image,), dynamic_shapes=free)
    decomposed: torch.export.ExportedProgram = program.run_decompositions({})
    return decomposed


def _port(interface: Interface, name: str, shape: Any = None) -> Any:
    if interface == "image":
        return ct.ImageType(name=name, shape=shape, color_layout=ct.colorlayout.RGB)
    return ct.TensorType(name=name, shape=shape)


def _describe(converted: Any, model: Model) -> None:
    """Write what Xcode shows: texts, license, and our own metadata.

    Xcode's preview of image in, image out needs the two image types and no `preview.type`: the
    list in coremltools' "Xcode Model Preview Types" has none for it.
    """
    low, high = model.input, model.output
    converted.short_description = (
        f"SCNet super-resolution: enlarges a picture {model.scale} times on each side."
    )
    converted.author = "SCNet Mobile; network by Gang Wu et al., arXiv 2307.16140"
    converted.license = model.weights.licence
    converted.version = model.tools["scnet-mobile"]
    converted.input_description[low.name] = f"The picture, RGB, {low.range}, {low.layout}."
    converted.output_description[high.name] = (
        f"The picture {model.scale} times larger, RGB, {high.range}, {high.layout}."
    )
    converted.user_defined_metadata.update(model.to_metadata())
