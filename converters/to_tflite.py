"""Conversion of the device form to TFLite, by litert-torch, in TFLite's own NHWC layout.

Every layer of the device form is replaced by its NHWC equivalent, an operator of
`converters.lowerings.tflite`, so that no TRANSPOSE is ever needed.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import litert_torch
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_quantizer import qtyping, quantizer, recipe_manager
from torch import Tensor, fx, nn

from converters.lowerings import tflite as tfl
from converters.options import ConversionOptions, Shift, Size
from converters.quantization.calibration import CALIBRATED_AT, calibration_images, stress_images
from converters.quantization.gptq import quantize_weights
from converters.quantization.tflite_int8 import quantize
from converters.tensor_specs import tensor_specs
from mobile_runtime.formats.tflite_schema import pack, unpack
from mobile_runtime.model_file.model import Model, TensorSpec
from mobile_runtime.model_file.precision import PRECISIONS
from mobile_runtime.steps import OnAction, ignore_action
from scnet.channel_scaling import smooth_channels
from scnet.device_form import DepthToSpace, DepthwiseShift, shift_as_convolution
from scnet.network import SpatialShift, Upsample

TOOLS = ("torch", "litert-torch", "ai-edge-litert", "ai-edge-quantizer")

METADATA = "scnet"
"""Name of the metadata entry whose buffer holds the model's description as JSON."""

WEIGHTS: dict[int, dict[str, Any]] = {
    16: {"algorithm_key": recipe_manager.AlgorithmName.FLOAT_CASTING},
    8: {"granularity": qtyping.QuantGranularity.TENSORWISE},
}
"""Bits -> settings of ai-edge-quantizer."""


def describe(scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
    """Return the specs of input and output."""
    assert options.sizes is not None
    ((height, width),) = options.sizes
    low_res, high_res = (1, height, width, 3), (1, height * scale, width * scale, 3)
    return tensor_specs(low_res, high_res, "NHWC", options.interface)


def convert(
    graph: fx.GraphModule,
    options: ConversionOptions,
    model: Model,
    path: Path,
    on_action: OnAction = ignore_action,
) -> None:
    """Write a `.tflite`; see `converters.conversion.Converter`."""
    assert options.sizes is not None
    precision = PRECISIONS[options.precision]
    integers = precision.calibrated
    measured = precision.weight_bits == 8
    images = list(calibration_images(options.calibration, CALIBRATED_AT)) if measured else []
    if integers:
        on_action("calibrating")
        smooth_channels(graph, [torch.from_numpy(image) for image in images])
    elif measured:
        on_action("quantizing the weights")
        images += stress_images(CALIBRATED_AT)
        quantize_weights(graph, map(torch.from_numpy, images), per_channel=False)
    to_channels_last(graph, options.shift)
    on_action("tracing and lowering to TFLite")
    content = _lower(graph, options.sizes[0])
    if integers:
        on_action("quantizing")
        small = content if options.sizes[0] == CALIBRATED_AT else _lower(graph, CALIBRATED_AT)
        content = quantize(content, small, images, uint8_ports=options.interface == "image")
    elif precision.weight_bits < 32:
        on_action("compressing the weights")
        content = _compress_weights(content, precision.weight_bits)
    path.write_bytes(_with_metadata(content, model.to_metadata()))


def _lower(graph: fx.GraphModule, size: Size) -> bytes:
    image = torch.zeros(1, *size, 3)
    content = litert_torch.convert(_Named(graph), sample_kwargs={"image": image}).model_content()
    return bytes(content)


class _Named(nn.Module):
    """A network whose signature has names: `image` in, `upscaled_image` out."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__()
        self.network = graph

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"upscaled_image": self.network(image)}


class _Operator(nn.Module):
    """One operator of `converters.lowerings.tflite`, with its operands other than features."""

    def __init__(self, operator: Callable[..., Tensor], *operands: Tensor | int) -> None:
        super().__init__()
        self.operator, self.operands = operator, operands
        for index, operand in enumerate(operands):
            if isinstance(operand, Tensor):
                self.register_buffer(f"operand_{index}", operand.detach().contiguous())

    def forward(self, features: Tensor) -> Tensor:
        operands = [getattr(self, f"operand_{i}", o) for i, o in enumerate(self.operands)]
        return self.operator(features, *operands)


def to_channels_last(graph: fx.GraphModule, shift: Shift) -> None:
    """Replace every layer by its NHWC equivalent, in place; ReLU and LeakyReLU have no layout."""
    if shift == "depthwise":
        shift_as_convolution(graph)
    for name, layer in list(graph.named_modules()):
        if operator := _nhwc_operator(layer):
            graph.set_submodule(name, operator)
    for node in graph.graph.nodes:
        if node.target is torch.cat:
            node.args = (node.args[0], -1)
    graph.recompile()


def _nhwc_operator(layer: nn.Module) -> nn.Module | None:
    match layer:
        case nn.Conv2d(weight=weight, bias=Tensor() as bias):
            return _Operator(tfl.conv_2d, weight.permute(0, 2, 3, 1), bias)
        case DepthwiseShift(kernel=kernel):
            bias = torch.zeros(len(kernel))
            return _Operator(tfl.depthwise_conv_2d, kernel.permute(1, 2, 3, 0), bias)
        case SpatialShift():
            return _Operator(tfl.shift)
        case DepthToSpace(block=block):
            return _Operator(tfl.depth_to_space, block)
        case Upsample(factor=factor):
            return _Operator(tfl.upsample, factor)
    return None


def _compress_weights(content: bytes, bits: int) -> bytes:
    """Store the weights as fp16 or int8, each behind one DEQUANTIZE; the arithmetic stays fp32.

    int8 is per tensor: with per-channel scales, which DEQUANTIZE has from its version 5 on, the GPU
    leaves every DEQUANTIZE to the CPU (ai-edge-litert 2.3.0), for 0.01 dB at most. Without the
    DEQUANTIZE, XNNPACK and the builtin kernels would quantize activations dynamically: 61 and 52
    instead of 64 dB to PyTorch, and 36 partitions in TFLite 2.14 (SCNet-T x4 direct, 2026-11-25).
    """
    recipe = recipe_manager.RecipeManager()
    recipe.add_weight_only_config(".*", "*", num_bits=bits, **WEIGHTS[bits])
    quantized = quantizer.Quantizer(content, recipe.get_quantization_recipe()).quantize()
    return bytes(quantized.quantized_model)


def _with_metadata(content: bytes, metadata: dict[str, str]) -> bytes:
    """Return a TFLite flatbuffer with a metadata buffer added."""
    model = unpack(content)
    buffer = schema.BufferT()
    buffer.data = list(json.dumps(metadata).encode())
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return pack(model)
