"""Device form -> TFLite, through litert-torch, in TFLite's own channel-last layout.

Two things make the operator list ideal: every layer of the device form is replaced by a twin that
works on NHWC tensors, so that no TRANSPOSE is ever needed, and what has no PyTorch equivalent is
carried as `stablehlo.custom_call` with the target `tfl.<operator>`, litert-torch's own carrier for
TFLite operators (litert_torch.backend.experimental.torch_tfl).
"""

import json
from pathlib import Path
from typing import Any

import litert_torch
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_quantizer import qtyping, quantizer, recipe_manager
from litert_converter.mlir import ir
from litert_converter.mlir.dialects import stablehlo
from litert_torch.backend.experimental import torch_tfl  # noqa: F401  registers torch.ops.tfl.*
from litert_torch.backend.lowerings import utils as lowering
from litert_torch.backend.lowerings.registry import lower
from torch import Tensor, fx, nn
from torch.nn import functional as F

from converters.calibration import CALIBRATED_AT, calibration_images, hard_images
from converters.options import ConversionOptions, Precision, Shift, Size
from converters.quantize_tflite import quantize
from converters.round_weights import round_to_steps
from mobile_runtime.manifest import Model, TensorSpec
from mobile_runtime.tflite_schema import pack, unpack
from scnet.device_form import DepthToSpace, DepthwiseShift, shift_as_convolution
from scnet.equalisation import equalise
from scnet.network import SpatialShift, Upsample
from scnet.shift import OFFSETS

TOOLS = ("torch", "litert-torch", "ai-edge-litert", "ai-edge-quantizer")

METADATA = "scnet"
"""Name of the metadata buffer that holds the model's description as JSON."""

WEIGHTS: dict[Precision, dict[str, Any]] = {
    "fp16": {"num_bits": 16, "algorithm_key": recipe_manager.AlgorithmName.FLOAT_CASTING},
    "w8": {"num_bits": 8, "granularity": qtyping.QuantGranularity.TENSORWISE},
}
"""How the official quantizer stores weights."""


def describe(scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
    """Describe the file's input and output."""
    assert options.sizes is not None
    ((height, width),) = options.sizes
    low, high = (1, height, width, 3), (1, height * scale, width * scale, 3)
    if options.interface == "image":
        return (
            TensorSpec("image", low, "uint8", "NHWC", "0..255"),
            TensorSpec("upscaled_image", high, "uint8", "NHWC", "0..255", clipped=True),
        )
    return (
        TensorSpec("image", low, "float32", "NHWC", "0..1"),
        TensorSpec("upscaled_image", high, "float32", "NHWC", "0..1"),
    )


def convert(graph: fx.GraphModule, options: ConversionOptions, model: Model, path: Path) -> None:
    """Write a `.tflite`; see `converters.conversion.Converter`."""
    assert options.sizes is not None
    integers = options.precision == "w8a8"
    images = list(calibration_images(options.calibration, CALIBRATED_AT)) if integers else []
    if integers:
        equalise(graph, [torch.from_numpy(image) for image in images])
    if options.precision == "w8":
        pictures = [*calibration_images(None, CALIBRATED_AT), *hard_images(CALIBRATED_AT)]
        round_to_steps(graph, map(torch.from_numpy, pictures), by_channel=False)
    _to_channels_last(graph, options.shift)
    content = _lower(graph, options.sizes[0])
    if integers:
        small = content if options.sizes[0] == CALIBRATED_AT else _lower(graph, CALIBRATED_AT)
        content = quantize(content, small, images, bytes_at_ends=options.interface == "image")
    elif options.precision != "fp32":
        content = _compress_weights(content, options.precision)
    path.write_bytes(_with_metadata(content, model.to_metadata()))


def _lower(graph: fx.GraphModule, size: Size) -> bytes:
    image = torch.zeros(1, *size, 3)
    content = litert_torch.convert(_Named(graph), sample_kwargs={"image": image}).model_content()
    return bytes(content)


class _Named(nn.Module):
    """Gives the signature its names: `image` in, `upscaled_image` out."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__()
        self.network = graph

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"upscaled_image": self.network(image)}


class _Permuted(nn.Module):
    """A layer that litert-torch itself turns channel-last, together with the permutations."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Tensor) -> Tensor:
        return self.layer(features.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # type: ignore[no-any-return]


class _SliceConcatShift(nn.Module):
    """1 PAD, 8 SLICE, 1 CONCATENATION."""

    def forward(self, features: Tensor) -> Tensor:
        n, height, width, channels = features.shape
        group = channels // len(OFFSETS)
        padded = F.pad(features, [0, 0, 1, 1, 1, 1])
        slices = [
            torch.ops.tfl.slice(padded, [0, 1 + dy, 1 + dx, k * group], [n, height, width, group])
            for k, (dy, dx) in enumerate(OFFSETS)
        ]
        return torch.cat(slices, -1)


class _DepthToSpace(nn.Module):
    """1 DEPTH_TO_SPACE."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def forward(self, features: Tensor) -> Tensor:
        return torch.ops.scnet.tfl_depth_to_space.default(features, self.block)  # type: ignore[no-any-return]


@torch.library.custom_op("scnet::tfl_depth_to_space", mutates_args=())
def _depth_to_space(features: Tensor, block: int) -> Tensor:
    """(N, H, W, block * block * C) -> (N, H * block, W * block, C)."""
    moved = torch.ops.scnet.depth_to_space.default(features.permute(0, 3, 1, 2), block)
    return moved.permute(0, 2, 3, 1).contiguous()  # type: ignore[no-any-return]


@_depth_to_space.register_fake
def _(features: Tensor, block: int) -> Tensor:
    n, height, width, channels = features.shape
    return features.new_empty(n, height * block, width * block, channels // block**2)


@lower(torch.ops.scnet.tfl_depth_to_space.default)  # type: ignore[untyped-decorator]
def _lower_depth_to_space(context: Any, features: ir.Value, block: int) -> ir.Value:
    attributes = {"block_size": ir.IntegerAttr.get(ir.IntegerType.get_signless(32), block)}
    return stablehlo.custom_call(
        result=lowering.node_meta_to_ir_types(context.node),
        inputs=[features],
        call_target_name=ir.StringAttr.get("tfl.depth_to_space"),
        has_side_effect=ir.BoolAttr.get(False),
        backend_config=ir.StringAttr.get(str(ir.DictAttr.get(attributes))),
    )


def _to_channels_last(graph: fx.GraphModule, shift: Shift) -> None:
    """Replace every layer by its NHWC twin, in place; ReLU and LeakyReLU have no layout."""
    if shift == "depthwise":
        shift_as_convolution(graph)
    for name, layer in list(graph.named_modules()):
        if isinstance(layer, nn.Conv2d | DepthwiseShift | Upsample):
            graph.set_submodule(name, _Permuted(layer))
        elif isinstance(layer, SpatialShift):
            graph.set_submodule(name, _SliceConcatShift())
        elif isinstance(layer, DepthToSpace):
            graph.set_submodule(name, _DepthToSpace(layer.block))
    for node in graph.graph.nodes:
        if node.target is torch.cat:
            node.args = (node.args[0], -1)
    graph.recompile()


def _compress_weights(content: bytes, precision: Precision) -> bytes:
    """Store the weights as fp16 or int8, each behind one DEQUANTIZE; the arithmetic stays fp32.

    int8 has one scale per weight. With one per channel, which DEQUANTIZE has from its version 5 on,
    the GPU leaves every DEQUANTIZE to the CPU (ai-edge-litert 2.3.0), for 0.01 dB at most. Weights
    that convolutions read as int8 themselves are multiplied with activations that XNNPACK and the
    builtin kernels round as they go: 61 and 52 instead of 64 dB to PyTorch, and apps with TFLite
    2.14 get 36 partitions (SCNet-T x4 direct, 2026-11-25).
    """
    recipe = recipe_manager.RecipeManager()
    recipe.add_weight_only_config(".*", "*", **WEIGHTS[precision])
    quantized = quantizer.Quantizer(content, recipe.get_quantization_recipe()).quantize()
    return bytes(quantized.quantized_model)


def _with_metadata(content: bytes, metadata: dict[str, str]) -> bytes:
    """Add a metadata buffer to a TFLite flatbuffer."""
    model = unpack(content)
    buffer = schema.BufferT()
    buffer.data = list(json.dumps(metadata).encode())
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return pack(model)
