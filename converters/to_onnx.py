"""Device form -> ONNX, any height and width, through PyTorch's own exporter."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxscript import opset18
from torch import fx
from torch.export import Dim

from converters.options import ConversionOptions
from converters.quantization.calibration import CALIBRATED_AT, calibration_images
from converters.quantization.onnx_int8 import quantize_convolutions
from converters.quantization.qdq import propagate_dequantize, quantize_graph
from mobile_runtime.model_file.manifest import Model, TensorSpec
from mobile_runtime.model_file.precision import PRECISIONS
from scnet.device_form import shift_as_convolution
from scnet.shift import OFFSETS

OPSET = 18
"""Fixed: what PyTorch's exporter writes without conversion, and everything that runs ONNX since
2023 reads (onnxruntime 1.14, its web build, its CoreML provider)."""

TOOLS = ("torch", "onnx", "onnxscript")

_PADS = [0, 0, 1, 1, 0, 0, 1, 1]
"""One pixel around."""

_TO_THE_END = 2**31 - 1
"""What a Slice takes for "as far as there is"."""


op: Any = opset18
"""Typed loosely: onnxscript types its operators for scripts, not for tracing as done here."""


def describe(scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
    """Describe the file's input and output."""
    shape = (1, 3, None, None)
    return (
        TensorSpec("image", shape, "float32", "NCHW", "0..1"),
        TensorSpec("upscaled_image", shape, "float32", "NCHW", "0..1"),
    )


def convert(graph: fx.GraphModule, options: ConversionOptions, model: Model, path: Path) -> None:
    """Write a `.onnx`; see `converters.conversion.Converter`."""
    precision = PRECISIONS[options.precision]
    if options.shift == "depthwise":
        shift_as_convolution(graph)
    if precision.calibrated:
        images = calibration_images(options.calibration, CALIBRATED_AT)
        quantize_graph(graph, [torch.from_numpy(image) for image in images])
        propagate_dequantize(graph)
    program = torch.onnx.export(
        graph,
        (torch.rand(1, 3, 24, 32),),
        dynamo=True,
        verbose=False,
        opset_version=OPSET,
        custom_translation_table={
            torch.ops.scnet.spatial_shift.default: _slice_concat_shift,
            torch.ops.scnet.depth_to_space.default: _depth_to_space,
            torch.ops.aten.upsample_nearest2d.vec: _copy_pixels,
            torch.ops.scnet.shift_bytes.default: _slice_concat_bytes,
            torch.ops.scnet.quantize.default: _quantize,
            torch.ops.scnet.dequantize.default: _dequantize,
        },
        input_names=["image"],
        output_names=["upscaled_image"],
        dynamic_shapes=({2: Dim("height", min=2), 3: Dim("width", min=2)},),
    )
    assert program is not None
    proto = program.model_proto
    for part in (proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.value_info):
        del part.metadata_props[:]  # the exporter's stack traces, with paths of this machine
    if precision.weight_bits == 16:
        _halve_weights(proto)
    if precision.calibrated:
        quantize_convolutions(proto)
    helper.set_model_props(proto, model.to_metadata())
    proto.producer_name, proto.producer_version = "scnet-mobile", model.tools["scnet-mobile"]
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString())


def _slice_concat_shift(features: Any) -> Any:
    """1 Pad, 8 Slice, 1 Concat. Ends count from the far side, so that any size goes."""
    padded = op.Pad(features, op.Constant(value_ints=_PADS))
    return _shifted(padded, features.shape[1] // len(OFFSETS))


def _slice_concat_bytes(values: Any, zero_point: int) -> Any:
    """The same on 8-bit values."""
    padded = op.Pad(values, op.Constant(value_ints=_PADS), _constant_byte(zero_point))
    return _shifted(padded, values.shape[1] // len(OFFSETS))


def _shifted(padded: Any, group: int) -> Any:
    slices = [
        op.Slice(
            padded,
            op.Constant(value_ints=[k * group, 1 + dy, 1 + dx]),
            op.Constant(value_ints=[(k + 1) * group, _end(dy), _end(dx)]),
            op.Constant(value_ints=[1, 2, 3]),
        )
        for k, (dy, dx) in enumerate(OFFSETS)
    ]
    return op.Concat(*slices, axis=1)


def _end(offset: int) -> int:
    return offset - 1 if offset < 1 else _TO_THE_END


def _depth_to_space(features: Any, block: int) -> Any:
    return op.DepthToSpace(features, blocksize=block, mode="DCR")


def _copy_pixels(image: Any, _size: Any, factors: list[float]) -> Any:
    """Nearest-neighbour upsampling without coordinates: 1 Concat of copies, 1 DepthToSpace.

    Resize divides by the factor and rounds down, where a GPU's division by 3 may end just below the
    whole number (WGSL allows 2.5 ULP); and what is safe, half-pixel centres, the CoreML provider
    does not take (onnxruntime coreml/builders/impl/resize_op_builder.cc).
    """
    block = int(factors[0])
    return _depth_to_space(op.Concat(*[image] * block**2, axis=1), block)


def _quantize(values: Any, scale: float, zero_point: int) -> Any:
    return op.QuantizeLinear(values, op.Constant(value=_real(scale)), _constant_byte(zero_point))


def _dequantize(values: Any, scale: float, zero_point: int) -> Any:
    return op.DequantizeLinear(values, op.Constant(value=_real(scale)), _constant_byte(zero_point))


def _constant_byte(zero_point: int) -> Any:
    return op.Constant(value=_byte(zero_point))


def _byte(value: int) -> TensorProto:
    return numpy_helper.from_array(np.array(value, np.uint8))


def _real(value: float) -> TensorProto:
    return numpy_helper.from_array(np.array(value, np.float32))


def _halve_weights(proto: onnx.ModelProto) -> None:
    """Store convolution weights as fp16, each behind one Cast; the arithmetic stays fp32.

    Runtimes fold the Cast when they load the file, so this works where fp16 arithmetic does not,
    as in browsers whose GPU lacks `shader-f16`.
    """
    graph = proto.graph
    casts = []
    for tensor in graph.initializer:
        if len(tensor.dims) == 4:
            halved = numpy_helper.to_array(tensor).astype("float16")
            casts.append(
                helper.make_node(
                    "Cast", [f"{tensor.name}_fp16"], [tensor.name], to=TensorProto.FLOAT
                )
            )
            tensor.CopyFrom(numpy_helper.from_array(halved, f"{tensor.name}_fp16"))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
