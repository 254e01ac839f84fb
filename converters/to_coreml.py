"""Device form -> Core ML mlprogram in an `.mlpackage`, through coremltools."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import coremltools as ct
import numpy as np
import torch
from coremltools.converters.mil import Builder
from coremltools.converters.mil.frontend.torch.ops import _get_inputs
from coremltools.converters.mil.frontend.torch.torch_op_registry import register_torch_op
from torch import Tensor, fx, nn
from torch.export import Dim

from converters.options import ConversionOptions, Size
from converters.quantization.calibration import CALIBRATED_AT, calibration_images, stress_images
from converters.quantization.coreml_weights import compress_weights
from converters.quantization.gptq import palettize, quantize_weights
from converters.quantization.qdq import quantize_graph
from mobile_runtime.model_file.manifest import Model, TensorSpec
from mobile_runtime.model_file.precision import PRECISIONS
from scnet.device_form import fold_range, shift_as_convolution
from scnet.shift import OFFSETS

TOOLS = ("torch", "coremltools")

DEPLOYMENT_TARGET = ct.target.iOS16
"""The oldest system that we convert for: image outputs of mlprograms need it (coremltools#2213)."""

EIGHT_BIT_TARGET = ct.target.iOS17
"""Where features are rounded: what `quantize` and `dequantize` need."""

WHITE = 255.0


def describe(scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
    """Describe the file's input and output; with several sizes both are free."""
    assert options.sizes is not None
    ((height, width), *others) = options.sizes
    low: tuple[int | None, ...] = (1, 3, None, None) if others else (1, 3, height, width)
    high = tuple(side and side * scale if axis > 1 else side for axis, side in enumerate(low))
    if options.interface == "image":
        return (
            TensorSpec("image", low, "uint8", "NCHW", "0..255"),
            TensorSpec("upscaled_image", high, "uint8", "NCHW", "0..255", clipped=True),
        )
    return (
        TensorSpec("image", low, "float32", "NCHW", "0..1"),
        TensorSpec("upscaled_image", high, "float32", "NCHW", "0..1"),
    )


def convert(graph: fx.GraphModule, options: ConversionOptions, model: Model, path: Path) -> None:
    """Write a `.mlpackage`; see `converters.conversion.Converter`."""
    assert options.sizes is not None
    precision = PRECISIONS[options.precision]
    if options.shift == "depthwise":
        shift_as_convolution(graph)
    network: nn.Module = graph
    if options.interface == "image":
        fold_range(graph, WHITE)
        network = _Clipped(graph)
    compressed = precision.weight_bits < 16
    if precision.calibrated:
        quantize_graph(graph, list(_pictures(options)))
    elif precision.palette:
        palettize(graph, _pictures(options), precision.weight_bits)
    elif compressed:
        quantize_weights(graph, _pictures(options), by_channel=True)
    exact = precision.weight_bits == 32
    converted = ct.convert(
        _export(network, options.sizes),
        inputs=[_input_type(options)],
        outputs=[_output_type(options)],
        minimum_deployment_target=EIGHT_BIT_TARGET if precision.calibrated else DEPLOYMENT_TARGET,
        compute_precision=ct.precision.FLOAT32 if exact else ct.precision.FLOAT16,
        skip_model_load=True,
    )
    if compressed:
        converted = compress_weights(converted, precision)
    _describe(converted, model)
    converted.save(str(path))
    # coremltools 9 leaves this there for ExecuTorch's debugger; nothing reads it.
    (path / "executorch_debug_handle_mapping.json").unlink(missing_ok=True)
    for part in path.rglob("*"):  # written for its owner alone, which no server can read
        part.chmod(0o755 if part.is_dir() else 0o644)


def _pictures(options: ConversionOptions) -> Iterator[Tensor]:
    """Give pictures in the range that the file takes, to measure a graph on."""
    white = WHITE if options.interface == "image" else 1.0
    for image in calibration_images(options.calibration, CALIBRATED_AT):
        yield torch.from_numpy(image) * white
    if not PRECISIONS[options.precision].calibrated:
        for image in stress_images(CALIBRATED_AT):
            yield torch.from_numpy(image) * white


class _Clipped(nn.Module):
    """An image output must lie in 0..255 already; Core ML would wrap around (coremltools#2213)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image).clamp(0.0, WHITE)  # type: ignore[no-any-return]


def _export(network: nn.Module, sizes: Sequence[Size]) -> torch.export.ExportedProgram:
    """Trace by `torch.export`: with numpy 2, coremltools 9 stumbles over shapes in `torch.jit`."""
    several = len(sizes) > 1
    free = dict.fromkeys((2, 3), Dim.AUTO) if several else None
    program = torch.export.export(
        network,
        (torch.zeros(1, 3, *sizes[0]),),
        dynamic_shapes=(free,) if several else None,
    )
    decomposed: torch.export.ExportedProgram = program.run_decompositions({})
    return decomposed


def _input_type(options: ConversionOptions) -> Any:
    assert options.sizes is not None
    shapes = [(1, 3, *size) for size in options.sizes]
    shape = shapes[0] if len(shapes) == 1 else ct.EnumeratedShapes(shapes, default=shapes[0])
    if options.interface == "image":
        return ct.ImageType(name="image", shape=shape, color_layout=ct.colorlayout.RGB)
    return ct.TensorType(name="image", shape=shape)


def _output_type(options: ConversionOptions) -> Any:
    if options.interface == "image":
        return ct.ImageType(name="upscaled_image", color_layout=ct.colorlayout.RGB)
    return ct.TensorType(name="upscaled_image")


def _describe(converted: Any, model: Model) -> None:
    """Fill in what Xcode shows: texts, licence, and our own metadata.

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


@register_torch_op(torch_alias=["scnet::spatial_shift", "scnet.spatial_shift"])  # type: ignore[untyped-decorator]
def spatial_shift(context: Any, node: Any) -> None:
    """Lower to 1 pad, 8 slices and 1 concat."""
    features = _get_inputs(context, node, expected=1)[0]
    _, channels, height, width = features.shape
    group = channels // len(OFFSETS)
    padded = Builder.pad(
        x=features, pad=[0, 0, 0, 0, 1, 1, 1, 1], mode="constant", constant_val=0.0
    )
    slices = [
        _slice(padded, k * group, group, 1 + dy, 1 + dx, height, width)
        for k, (dy, dx) in enumerate(OFFSETS)
    ]
    context.add(Builder.concat(values=slices, axis=1, name=node.name))


@register_torch_op(torch_alias=["scnet::depth_to_space", "scnet.depth_to_space"])  # type: ignore[untyped-decorator]
def depth_to_space(context: Any, node: Any) -> None:
    """Lower to MIL's operator of the same name, whose channel order is TensorFlow's, as ours is."""
    features, block = _get_inputs(context, node, expected=2)
    context.add(Builder.depth_to_space(x=features, block_size=block.val, name=node.name))


@register_torch_op(torch_alias=["upsample_nearest2d.vec"], override=True)  # type: ignore[untyped-decorator]
def upsample_nearest2d(context: Any, node: Any) -> None:
    """Lower to 1 concat of copies and 1 depth_to_space.

    The Neural Engine of 2020 refused to upsample by other factors than 2 (rule ANE009).
    """
    image, _size, factors = _get_inputs(context, node, expected=3)
    block = int(factors[0].val)
    copies = Builder.concat(values=[image] * block**2, axis=1)
    context.add(Builder.depth_to_space(x=copies, block_size=block, name=node.name))


@register_torch_op(torch_alias=["scnet::quantize", "scnet.quantize"])  # type: ignore[untyped-decorator]
def quantize_values(context: Any, node: Any) -> None:
    """Lower to MIL's `quantize`."""
    values, grid = _read_grid(context, node)
    context.add(Builder.quantize(input=values, **grid, output_dtype="uint8", name=node.name))


@register_torch_op(torch_alias=["scnet::dequantize", "scnet.dequantize"])  # type: ignore[untyped-decorator]
def dequantize_values(context: Any, node: Any) -> None:
    """Lower to MIL's `dequantize`."""
    values, grid = _read_grid(context, node)
    context.add(Builder.dequantize(input=values, **grid, name=node.name))


def _read_grid(context: Any, node: Any) -> tuple[Any, dict[str, Any]]:
    values, scale, zero_point = _get_inputs(context, node, expected=3)
    return values, {"scale": np.float32(scale.val), "zero_point": np.uint8(zero_point.val)}


def _slice(padded: Any, channel: int, group: int, y: int, x: int, height: Any, width: Any) -> Any:
    """Cut one shifted group: `slice_by_size`, which needs a constant size.

    With several input sizes it is `slice_by_index`, whose ends can count from the far side.
    """
    if isinstance(height, int) and isinstance(width, int):
        return Builder.slice_by_size(
            x=padded, begin=[0, channel, y, x], size=[1, group, height, width]
        )
    return Builder.slice_by_index(
        x=padded,
        begin=[0, channel, y, x],
        end=[1, channel + group, y - 2, x - 2],
        end_mask=[False, False, y == 2, x == 2],
    )
