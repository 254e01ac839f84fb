"""TFLite GPU rules on the arguments of single operators: shapes, constants, attributes."""

from mobile_runtime.check.rule import each, refusal, shape_at
from mobile_runtime.check.tflite_gpu_operators import (
    BINARY,
    GC,
    GPUS,
    LEGACY,
    LEGACY_ONLY,
    NATIVE_SHIFT,
    SKILL,
)
from mobile_runtime.formats.graph import Graph, Operator

SIGN_BIT = 5
"""The fused activation that no GPU engine has."""


def _joins_or_splits(graph: Graph, operator: Operator) -> bool:
    """Check for anything but one computed input and one output."""
    return len(graph.dynamic_inputs_of(operator)) != 1 or len(operator.outputs) != 1


def _slices_wrongly(graph: Graph, operator: Operator) -> bool:
    bounds = graph.inputs_of(operator)[1:]
    alike = len({bound.shape for bound in bounds}) == 1 and all(b.constant for b in bounds)
    rank = len(shape_at(graph, operator.inputs, 0))
    return not (
        len(bounds) == 2
        and alike
        and rank in (3, 4)
        and len(graph.dynamic_inputs_of(operator)) == 1
    )


def _strides_wrongly(graph: Graph, operator: Operator) -> bool:
    masks = ("ellipsisMask", "newAxisMask", "shrinkAxisMask")
    if any(operator.attributes.get(mask) for mask in masks) or len(operator.inputs) < 4:
        return True
    strides = graph.tensor(operator.inputs[3]).values
    return len(shape_at(graph, operator.inputs, 0)) not in (3, 4) or any(s <= 0 for s in strides)


def _pads_wrongly(graph: Graph, operator: Operator) -> bool:
    amounts = shape_at(graph, operator.inputs, 1)
    mirrors = operator.kind == "MIRROR_PAD" and operator.attributes.get("mode", 0) != 0
    return mirrors or amounts not in ((4, 2), (3, 2)) or len(graph.dynamic_inputs_of(operator)) != 1


def _resizes_wrongly(graph: Graph, operator: Operator) -> bool:
    both = ("alignCorners", "halfPixelCenters")
    contradicts = all(operator.attributes.get(name) for name in both)
    return contradicts or _joins_or_splits(graph, operator)


def _rearranges_wrongly(graph: Graph, operator: Operator) -> bool:
    block = operator.attributes.get("blockSize", 0)
    return block <= 1 or _joins_or_splits(graph, operator)


def _convolves_wrongly(graph: Graph, operator: Operator) -> bool:
    names = ("strideW", "strideH", "dilationWFactor", "dilationHFactor")
    factors = [operator.attributes.get(name, 1) for name in names]
    strange = operator.attributes.get("fusedActivationFunction", 0) >= SIGN_BIT
    runtime = len(graph.dynamic_inputs_of(operator))
    return strange or min(factors) <= 0 or runtime not in (1, 2) or len(operator.outputs) != 1


def _convolves_depthwise_wrongly(graph: Graph, operator: Operator) -> bool:
    before, kernel, bias = (shape_at(graph, operator.inputs, index) for index in range(3))
    after = shape_at(graph, operator.outputs, 0)
    if not len(before) == len(kernel) == len(after) == 4:
        return True
    multiplied = (before[3] or 0) * operator.attributes.get("depthMultiplier", 1)
    return {kernel[3], multiplied, *bias} != {after[3]}


def _broadcasts_wrongly(graph: Graph, operator: Operator) -> bool:
    """Allow (b, h, w, c) with (h, w, c) if b is 1, with (1, 1), with (b, c), and scalars."""
    if len(operator.inputs) != 2:
        return True
    shapes = [shape_at(graph, operator.inputs, index) for index in range(2)]
    short, long = sorted(shapes, key=len)
    if len(short) in (0, 1, len(long)):
        return False
    of_one = len(long) == 4 and long[0] == 1 and (len(short) == 3 or short == (1, 1))
    return not (of_one or (len(long) == 4 and short == (long[0], long[3])))


def _pairs_wrongly(graph: Graph, operator: Operator) -> bool:
    twice = len(set(operator.inputs)) != 2 or len(operator.inputs) != 2
    return twice or not graph.dynamic_inputs_of(operator)


def _transposes_wrongly(graph: Graph, operator: Operator) -> bool:
    order = graph.tensor(operator.inputs[1]) if len(operator.inputs) == 2 else None
    return order is None or not order.constant or not 2 <= len(order.values) <= 4


def _selects_wrongly(graph: Graph, operator: Operator) -> bool:
    """Require a bool or float condition, and choices of the output's shape or scalars."""
    if len(operator.inputs) != 3:
        return True
    allowed = ("bool", "float16", "float32")
    whole_shape = shape_at(graph, operator.outputs, 0)
    shapes = [shape_at(graph, operator.inputs, index) for index in (1, 2)]
    fits = all(shape in (whole_shape, (), (1,)) for shape in shapes)
    return graph.tensor(operator.inputs[0]).dtype not in allowed or not fits


def _selects_by_constant(graph: Graph, operator: Operator) -> bool:
    return graph.tensor(operator.inputs[0]).constant


ARGUMENT_RULES = (
    refusal(
        *("TFG005", "error", LEGACY_ONLY, each(_slices_wrongly, "SLICE")),
        "SLICE needs constant begins and sizes, alike in length, and an input of 3 or 4 axes.",
        "Convert with static shapes.",
        GC,
    ),
    refusal(
        *("TFG006", "error", LEGACY_ONLY, each(_strides_wrongly, "STRIDED_SLICE")),
        "STRIDED_SLICE must not drop or add axes, needs positive strides and 3 or 4 axes.",
        "Slice without an integer index, or use SLICE.",
        GC,
    ),
    refusal(
        *("TFG007", "error", LEGACY_ONLY, each(_pads_wrongly, "PAD", "PADV2", "MIRROR_PAD")),
        "Padding needs a constant 4x2 or 3x2 table, and mirrors only without the edge.",
        "Pad 3 or 4 axes with zeros, or fold the padding into a convolution.",
        GC,
    ),
    refusal(
        *("TFG008", "error", GPUS, each(_resizes_wrongly, "RESIZE_BILINEAR")),
        "RESIZE_BILINEAR cannot align corners and use half-pixel centers at once.",
        "align_corners=False.",
        GC,
    ),
    refusal(
        *("TFG009", "error", GPUS, each(_rearranges_wrongly, "DEPTH_TO_SPACE", "SPACE_TO_DEPTH")),
        "DEPTH_TO_SPACE needs a block of 2 or more.",
        "Leave it out: a block of 1 does nothing.",
        f"{GC}; tensorflow/tensorflow#51422",
    ),
    refusal(
        *("TFG010", "error", GPUS, each(_convolves_wrongly, "CONV_2D", "DEPTHWISE_CONV_2D")),
        "A convolution with three computed inputs, no stride, or an unknown fused activation.",
        "Keep the bias constant, strides positive, and the activation a ReLU or tanh.",
        GC,
    ),
    refusal(
        *("TFG010b", "error", GPUS, each(_convolves_depthwise_wrongly, "DEPTHWISE_CONV_2D")),
        "Channels of input, kernel, bias and output do not fit, or there are not 4 axes.",
        "Export the convolution with groups equal to the channels.",
        GC,
    ),
    refusal(
        *("TFG011", "error", LEGACY_ONLY, each(_broadcasts_wrongly, "ADD", "MUL")),
        "Shapes of different rank that the delegates do not broadcast.",
        "Reshape the constant to 4 axes when exporting.",
        f"{GC} CheckAddMulBroadcastCompatibility; the analyzer assumes more",
    ),
    refusal(
        *("TFG012", "error", LEGACY_ONLY, each(_pairs_wrongly, *BINARY)),
        "Needs two different inputs, at least one of them computed.",
        "x - x, x / x or constants alone: fold them when exporting.",
        f"{GC}; {SKILL}; google-ai-edge/LiteRT#9192",
    ),
    refusal(
        *("TFG013", "error", LEGACY_ONLY, each(_transposes_wrongly, "TRANSPOSE")),
        "TRANSPOSE needs a constant order of 2 to 4 axes.",
        "Keep (N, H, W, C) from end to end.",
        GC,
    ),
    refusal(
        *("TFG013b", "error", LEGACY_ONLY, each(_joins_or_splits, "RESHAPE")),
        "RESHAPE needs a constant shape.",
        "Convert with static shapes.",
        GC,
    ),
    refusal(
        *("TFG014b", "error", GPUS, each(_selects_wrongly, "SELECT", "SELECT_V2")),
        "SELECT between values that do not have the output's shape and are no scalars.",
        "x * (1 - mask) + value * mask.",
        GC,
    ),
    refusal(
        *("TFG014c", "error", LEGACY_ONLY, each(_selects_by_constant, "SELECT", "SELECT_V2")),
        "SELECT by a constant mask: the legacy delegate takes only computed ones, and gives the "
        "whole model back to the CPU when it meets this while building.",
        f"{NATIVE_SHIFT} Otherwise x * (1 - mask) + value * mask.",
        f"{LEGACY} SelectV2OperationParser::Parse; object_reader.cc ReadNonConstantTensor",
    ),
)
