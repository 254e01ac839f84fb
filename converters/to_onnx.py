"""Conversion of the device form to ONNX, for one size or any, by PyTorch's exporter."""

from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import fx
from torch.export import Dim

from converters.lowerings import onnx as lowerings
from converters.options import ConversionOptions, Size
from converters.quantization.calibration import CALIBRATED_AT, calibration_images
from converters.quantization.onnx_int8 import quantize_convolutions
from converters.quantization.qdq import insert_qdq, propagate_dequantize
from converters.tensor_specs import ANY_SIZE, tensor_specs
from mobile_runtime.model_file.format import DEFAULT_OPSET
from mobile_runtime.model_file.model import Model, TensorSpec
from mobile_runtime.model_file.precision import PRECISIONS
from mobile_runtime.steps import OnAction, ignore_action
from scnet.device_form import shift_as_convolution

NEW_IN_18 = {"Resize": ("antialias", "keep_aspect_ratio_policy")}
"""Operator -> attributes that operator set 18 gave it, and that have their defaults here."""

TOOLS = ("torch", "onnx", "onnxscript")

TRACED_AT: Size = (24, 32)
"""Height and width of the picture that a file for any size is traced with."""


def describe(scale: int, options: ConversionOptions) -> tuple[TensorSpec, TensorSpec]:
    """Return the specs of input and output; without sizes, of any height and width."""
    if options.sizes is None:
        return tensor_specs(ANY_SIZE, ANY_SIZE, "NCHW", options.interface)
    ((height, width),) = options.sizes
    low_res, high_res = (1, 3, height, width), (1, 3, height * scale, width * scale)
    return tensor_specs(low_res, high_res, "NCHW", options.interface)


def convert(
    graph: fx.GraphModule,
    options: ConversionOptions,
    model: Model,
    path: Path,
    on_action: OnAction = ignore_action,
) -> None:
    """Write a `.onnx`; see `converters.conversion.Converter`."""
    precision = PRECISIONS[options.precision]
    if options.shift == "depthwise":
        shift_as_convolution(graph)
    if precision.calibrated:
        on_action("calibrating")
        images = calibration_images(options.calibration, CALIBRATED_AT)
        insert_qdq(graph, [torch.from_numpy(image) for image in images])
        propagate_dequantize(graph)
    on_action("tracing and lowering to ONNX")
    proto = _export(graph, options.sizes)
    if precision.weight_bits == 16:
        _halve_weights(proto)
    if precision.calibrated:
        on_action("quantizing")
        quantize_convolutions(proto)
    helper.set_model_props(proto, model.to_metadata())
    if options.opset:
        _set_opset(proto, options.opset)
    proto.producer_name, proto.producer_version = "scnet-mobile", model.tools["scnet-mobile"]
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString())


def _export(graph: fx.GraphModule, sizes: tuple[Size, ...] | None) -> onnx.ModelProto:
    """Return what PyTorch's exporter makes, without its notes."""
    height, width = sizes[0] if sizes else TRACED_AT
    free = {2: Dim("height", min=2), 3: Dim("width", min=2)}
    program = torch.onnx.export(
        graph,
        (torch.rand(1, 3, height, width),),
        dynamo=True,
        verbose=False,
        opset_version=DEFAULT_OPSET,
        custom_translation_table={
            torch.ops.scnet.spatial_shift.default: lowerings.spatial_shift,
            torch.ops.scnet.depth_to_space.default: lowerings.depth_to_space,
            torch.ops.aten.upsample_nearest2d.vec: lowerings.upsample_nearest2d,
            torch.ops.scnet.shift_bytes.default: lowerings.quantized_shift,
            torch.ops.scnet.quantize.default: lowerings.quantize,
            torch.ops.scnet.dequantize.default: lowerings.dequantize,
        },
        input_names=["image"],
        output_names=["upscaled_image"],
        dynamic_shapes=None if sizes else (free,),
    )
    assert program is not None
    proto = program.model_proto
    for part in (proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.value_info):
        del part.metadata_props[:]  # stack traces, with paths of this machine
    return proto


def _set_opset(proto: onnx.ModelProto, opset: int) -> None:
    """Write the file for another operator set, in which all its operators mean the same.

    Older runtimes also refuse newer versions of the file format, so it gets the oldest that will
    do.
    """
    for node in proto.graph.node if opset < DEFAULT_OPSET else ():
        kept = [each for each in node.attribute if each.name not in NEW_IN_18.get(node.op_type, ())]
        del node.attribute[:]
        node.attribute.extend(kept)
    (entry,) = proto.opset_import
    entry.version = opset
    proto.ir_version = helper.find_min_ir_version_for([entry])


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
            source, target = f"{tensor.name}_fp16", tensor.name
            casts.append(helper.make_node("Cast", [source], [target], to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(halved, source))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
