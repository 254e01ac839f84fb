"""Rules of onnxruntime-web (WebGPU, WASM) and of onnxruntime's CoreML provider."""

from mobile_runtime.check import webgpu_placement
from mobile_runtime.check.rule import (
    MOVES_PER_COMPUTATION,
    Condition,
    Rule,
    any_of,
    each,
    each_input,
    follows,
    mostly,
    refusal,
    uses_dtype,
    whole,
)
from mobile_runtime.check.web_operators import COREML_KINDS, ORT_DOMAINS
from mobile_runtime.check.web_table import Unit, table
from mobile_runtime.check.webgpu_layout import transposed_on_cpu
from mobile_runtime.formats.data_movement import ONNX as DATA_MOVEMENT
from mobile_runtime.formats.graph import Graph, Operator, Port, is_free

ORT = "microsoft/onnxruntime"
COREML_LIST = f"{ORT} coreml_supported_mlprogram_ops.md"
MEASURED = "Measured: each operator in onnxruntime-web (web_table.json has the version)"

FALLBACK_SHARE = 0.25
"""Ours: from this share of operators on the CPU on, copies cost more than WebGPU gains."""
MANY_NODES = 1000
"""Ours: SCNet-T has 246 in the slice form; its published formulation, converted plainly, 1720."""
CONTROL_FLOW = frozenset(("If", "Loop", "Scan"))


def _text(operator: Operator, name: str, default: str) -> str:
    value = operator.attributes.get(name, default)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _pads_by_itself_with_stride(graph: Graph, operator: Operator) -> bool:
    strides = operator.attributes.get("strides", [1])
    return _text(operator, "auto_pad", "NOTSET") != "NOTSET" and max(strides) > 1


def _starts_with_many_channels(graph: Graph, operator: Operator) -> bool:
    name = operator.inputs[0] if operator.inputs else ""
    shape = graph.tensor(name).shape or ()
    channels = (shape[1] or 0) if len(shape) > 1 else 0
    return any(p.name == name for p in graph.inputs) and channels > 3 and channels % 4 != 0


def _unsqueezes_by_scalar(graph: Graph, operator: Operator) -> bool:
    axes = graph.tensor(operator.inputs[1]).shape if len(operator.inputs) > 1 else None
    return axes is not None and len(axes) != 1


def _slices_by_computed_bounds(graph: Graph, operator: Operator) -> bool:
    return any(not tensor.constant for tensor in graph.inputs_of(operator)[1:])


def _shuffles_free_size(graph: Graph, operator: Operator) -> bool:
    shape = graph.inputs_of(operator)[0].shape
    return _text(operator, "mode", "DCR") == "CRD" and (shape is None or is_free(shape))


def _resizes_unusually(graph: Graph, operator: Operator) -> bool:
    """Check for anything but nearest or linear, four axes, and constant scales or sizes."""
    if _text(operator, "mode", "nearest") not in ("nearest", "linear"):
        return True
    source, *sizes = graph.inputs_of(operator)
    rank = len(source.shape or (None,) * 4)
    return rank != 4 or not sizes or any(not size.constant for size in sizes)


def _is_unknown_to_coreml(graph: Graph, operator: Operator) -> bool:
    return operator.kind not in COREML_KINDS and not _is_fused(graph, operator)


def _is_fused(graph: Graph, operator: Operator) -> bool:
    """Check for what onnxruntime removes before it asks the provider."""
    if operator.kind in ("Dropout", "Identity"):
        return True
    if operator.kind != "BatchNormalization" or operator.attributes.get("training_mode"):
        return False
    source, *statistics = graph.inputs_of(operator)
    convolution = graph.producers.get(source.name)
    alone = len(graph.consumers[source.name]) == 1
    folds = convolution is not None and convolution.kind == "Conv" and alone
    return folds and all(tensor.constant for tensor in statistics)


def _has_free_shape(port: Port) -> bool:
    return any(map(is_free, port.shapes))


def _has_foreign_domain(graph: Graph, operator: Operator) -> bool:
    domain, colon, _ = operator.kind.rpartition(":")
    return bool(colon) and domain not in ORT_DOMAINS


def _is_too_new(graph: Graph, operator: Operator) -> bool:
    return ":" not in operator.kind and operator.version > table().newest_opset


def _reads_sparse_weights(graph: Graph, operator: Operator) -> bool:
    return any(tensor.sparse for tensor in graph.inputs_of(operator))


def _is_of_newer_format(graph: Graph) -> bool:
    return graph.version > table().newest_ir


def _is_refused(unit: Unit) -> Condition:
    """Return the condition that neither a unit nor what it falls back to runs an operator."""

    def refused(graph: Graph, operator: Operator) -> bool:
        known = not _is_too_new(graph, operator) and not _has_foreign_domain(graph, operator)
        needed = not webgpu_placement.is_folded(graph, operator)
        return known and needed and not webgpu_placement.runs(graph, operator, unit)

    return refused


def _mostly_falls_back(graph: Graph) -> bool:
    return bool(graph.unsupported) and (
        len(graph.unsupported) >= FALLBACK_SHARE * len(graph.operators)
    )


RULES = (
    Rule(
        *("ONX001", "warning", ("webgpu",), each(_pads_by_itself_with_stride, "Conv")),
        "auto_pad together with a stride: WebGPU pads the wrong side.",
        "Export explicit pads.",
        f"{ORT}#26734",
    ),
    Rule(
        *("ONX002", "error", ("webgpu",), each(_starts_with_many_channels, "Conv")),
        "The first convolution reads more than 3 channels, and no multiple of 4: WebGPU computes "
        "it wrongly.",
        "Feed RGB, or pad the channels to a multiple of 4.",
        f"{ORT}#29651 (open)",
    ),
    Rule(
        *("ONX003b", "warning", ("webgpu",), each(_unsqueezes_by_scalar, "Unsqueeze")),
        "The axes of Unsqueeze are no list.",
        "Export axes as a list of one.",
        f"{ORT}#22031",
    ),
    Rule(
        *("ONX004", "warning", ("webgpu",), each(follows("Conv"), "LeakyRelu")),
        "Convolution and LeakyRelu are fused; the fused shader has been wrong in several releases.",
        "Compare a golden sample in the page before first use.",
        f"{ORT}#19816, #19369, #22947",
    ),
    Rule(
        *("ONX005", "warning", ("webgpu",), each(uses_dtype("float16"))),
        "Computes in fp16; without `shader-f16` that is an error, not a fallback.",
        "Store weights in fp16 and compute in fp32, as files of `scnet convert` do.",
        "nagadomi/nunif README; huggingface/transformers.js dtypes.js",
    ),
    refusal(
        *(
            "ONX006",
            "warning",
            ("coreml-provider",),
            each(_is_unknown_to_coreml),
        ),
        "Not among the operators that the CoreML provider lists for mlprograms (newer releases "
        "may take Pad), so it runs on the CPU.",
        "Convert with --shift depthwise, or use the .mlpackage.",
        COREML_LIST,
        foreign_fix="Use operators of that list, or convert to an .mlpackage.",
    ),
    refusal(
        *("ONX006b", "warning", ("coreml-provider",), each(_slices_by_computed_bounds, "Slice")),
        "Slice by computed bounds.",
        "Make starts, ends, axes and steps constant.",
        COREML_LIST,
    ),
    refusal(
        *("ONX006c", "warning", ("coreml-provider",), each(_shuffles_free_size, "DepthToSpace")),
        "DepthToSpace in mode CRD needs an input of fixed size.",
        "Use mode DCR and permute the convolution before it, or fix the size.",
        COREML_LIST,
    ),
    refusal(
        *("ONX006d", "warning", ("coreml-provider",), each(_resizes_unusually, "Resize")),
        "Resize needs 4 axes, constant scales, and mode nearest or linear.",
        "Export with scale factors, not with sizes.",
        f"{ORT} coreml/builders/impl/resize_op_builder.cc",
    ),
    Rule(
        *("ONX006e", "info", ("coreml-provider",), each_input(_has_free_shape)),
        "The input takes any size; the Neural Engine needs a fixed one (ANE003).",
        "Convert with --height 128 --width 128, or use the .mlpackage.",
        f"apple/coremltools flexible-inputs.md; {ORT} CoreML RequireStaticInputShapes",
        foreign_fix="Fix height and width by free-dimension overrides, or use an .mlpackage.",
    ),
    Rule(
        *("ONX007", "warning", ("webgpu", "wasm"), any_of(*CONTROL_FLOW)),
        "Control flow: no graph capture, and a stop at each branch.",
        "Export one straight graph.",
        f"{ORT}@85cef0af",
    ),
    Rule(
        *("ONX007b", "info", ("webgpu",), each_input(_has_free_shape)),
        "The input takes any size, so the graph cannot be captured and replayed.",
        "Only where each millisecond counts: convert with --height 128 --width 128, and set "
        "enableGraphCapture.",
        f"{ORT}@85cef0af",
        foreign_fix="Only where each millisecond counts: freeDimensionOverrides and "
        "enableGraphCapture.",
    ),
    refusal(
        *("ONX007c", "warning", ("webgpu",), webgpu_placement.without_kernel),
        "No WebGPU kernel for this operator, in this version of the operator set and with these "
        "element types: runs on the CPU, with a copy each way.",
        "Convert with --precision fp16, which computes in fp32.",
        MEASURED,
        foreign_fix="Compute in fp32 or fp16, and export for operator set 21 or older.",
    ),
    refusal(
        *("ONX007d", "error", ("webgpu", "wasm", "coreml-provider"), each(_has_foreign_domain)),
        "An operator that onnxruntime does not come with: the file does not load.",
        "Export with standard operators.",
        f"{ORT} docs/OperatorKernels.md",
    ),
    Rule(
        *("ONX007f", "warning", ("webgpu",), transposed_on_cpu),
        "WebGPU convolves in another layout, and has no kernel for the Transpose of this operator "
        "set, which onnxruntime adds around a chain of convolutions: that one runs on the CPU.",
        "Export for operator set 21 or older.",
        MEASURED,
    ),
    Rule(
        *("ONX007e", "warning", ("webgpu",), whole(_mostly_falls_back)),
        f"{FALLBACK_SHARE:.0%} of the operators or more run on the CPU: copies to the GPU and back "
        "cost more than it gains.",
        "Convert with --precision fp16 for WebGPU, and run this file with WASM.",
        MEASURED,
        foreign_fix="Take a file in fp16 or fp32 for WebGPU, and run this one with WASM.",
    ),
    Rule(
        *("ONX008", "info", ("webgpu", "wasm"), whole(lambda g: len(g.operators) > MANY_NODES)),
        f"More than {MANY_NODES} operators: sessions start slowly.",
        "Convert with --shift depthwise.",
        "huggingface/transformers.js#138 (40,000 operators)",
        foreign_fix="Simplify the graph: fold constants, and join what is sliced.",
    ),
    Rule(
        *("ONX008b", "warning", ("webgpu", "wasm", "coreml-provider"), mostly(*DATA_MOVEMENT)),
        f"More than {MOVES_PER_COMPUTATION} operators only move values for each that computes, as "
        "assigning into slices does.",
        "Write assignments into slices as Pad, Slice and Concat, or as one convolution.",
        "Measured here: 1720 operators against 35; huggingface/transformers.js#138",
    ),
    refusal(
        *("ONX010", "error", ("webgpu",), each(_is_refused("fallback"))),
        "Neither WebGPU nor the CPU beside it has a kernel for these element types: the file does "
        "not load.",
        "Compute in fp32 or fp16, with int32 or int64 indices.",
        MEASURED,
    ),
    refusal(
        *("ONX010b", "error", ("wasm",), each(_is_refused("wasm"))),
        "No kernel for these element types: the file does not load.",
        "Compute in fp32 or fp16, with int32 or int64 indices.",
        MEASURED,
    ),
    refusal(
        *("ONX010c", "error", ("coreml-provider",), each(_is_refused("native"))),
        "No kernel for these element types: the file does not load.",
        "Compute in fp32 or fp16, with int32 or int64 indices.",
        "Measured: each operator in onnxruntime (web_table.json has the version)",
    ),
    refusal(
        *("ONX010d", "error", ("webgpu", "wasm"), each(_is_too_new)),
        "A version of the operator set that is newer than the engine: the file does not load.",
        "Export for operator set 21 or older.",
        MEASURED,
    ),
    refusal(
        *("ONX010e", "error", ("webgpu", "wasm"), whole(_is_of_newer_format)),
        "A version of ONNX's file format (IR) that is newer than the engine: the file does not "
        "load.",
        "Set ir_version to 10, or export with an older version of the onnx package.",
        MEASURED,
    ),
    refusal(
        *("ONX010f", "error", ("webgpu",), each(_reads_sparse_weights)),
        "Weights stored as positions and values: onnxruntime-web's build with WebGPU has no sparse "
        "tensors, and the file does not load.",
        "Store them densely.",
        MEASURED,
    ),
)
