"""Rules of LiteRT's GPU engine (ML Drift): what it was seen to refuse, see litert_table.json."""

from mobile_runtime.check.litert_table import Row, rows
from mobile_runtime.check.rule import Condition, Matcher, Rule, each, refusal
from mobile_runtime.check.tflite_gpu_operators import DRIFT_ONLY, DRIFT_UNTRIED, is_never_taken
from mobile_runtime.formats.graph import Graph, Operator

MEASURED = "Measured: each operator in LiteRT's GPU engine (litert_table.json has the version)"

CLAMP = "RELU_0_TO_1"
PLAIN_BINARY = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")
STRICT_BINARY = (
    *("POW", "FLOOR_DIV", "FLOOR_MOD", "ATAN2", "RIGHT_SHIFT", "STABLEHLO_SHIFT_LEFT"),
    *("LOGICAL_AND", "LOGICAL_OR", "EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL"),
    *("LESS", "LESS_EQUAL"),
)
NO_CONSTANT_SCALAR = ("ATAN2", "LOGICAL_AND", "LOGICAL_OR")
SIGN_BIT, TANH = 5, 4
"""Fused activations, by TFLite's schema."""

REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL")
CONSTANT_INPUTS = {
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD", "TRANSPOSE", "RESHAPE", "TILE"), (1,)),
    **dict.fromkeys(("CUMSUM", "TOPK_V2", "PRELU", "ARG_MAX", "REVERSE_V2", *REDUCTIONS), (1,)),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), (1,)),
    **dict.fromkeys(("SLICE", "SPLIT_V"), (1, 2)),
    "STRIDED_SLICE": (1, 2, 3),
    "SPLIT": (0,),
}
"""Operator -> inputs that must be constant."""


def _row(operator: Operator) -> Row | None:
    return rows().get(operator.kind)


def _is_refused(graph: Graph, operator: Operator) -> bool:
    known = _row(operator) is not None or operator.kind in DRIFT_UNTRIED
    return not known and operator.kind != CLAMP and not is_never_taken(DRIFT_UNTRIED, operator)


def _has_foreign_dtype(graph: Graph, operator: Operator) -> bool:
    row = _row(operator)
    if row is None or row.at >= len(operator.inputs):
        return False
    dtype = graph.tensor(operator.inputs[row.at]).dtype
    return bool(dtype) and dtype not in row.dtypes.split()


def _has_foreign_weights(graph: Graph, operator: Operator) -> bool:
    """Check weights beside fp32 values; to 8-bit values belong weights of their own type."""
    row = _row(operator)
    if row is None or not row.weights_at or row.weights_at >= len(operator.inputs):
        return False
    weights = graph.tensor(operator.inputs[row.weights_at])
    values = graph.tensor(operator.inputs[row.at])
    beside_fp32 = weights.constant and (values.dtype == "float32" or row.at == row.weights_at)
    return beside_fp32 and weights.dtype not in row.weights.split()


def _has_foreign_rank(graph: Graph, operator: Operator) -> bool:
    row = _row(operator)
    if row is None or row.at >= len(operator.inputs):
        return False
    tensor = graph.tensor(operator.inputs[row.at])
    eight_bits = tensor.dtype in ("int8", "uint8")
    refused = row.refused_int8_ranks if eight_bits else row.refused_ranks
    return str(len(tensor.shape or ())) in refused.split()


def _is_too_new(graph: Graph, operator: Operator) -> bool:
    row = _row(operator)
    return row is not None and operator.version > row.newest


def _computes_arguments(graph: Graph, operator: Operator) -> bool:
    places = CONSTANT_INPUTS.get(operator.kind, ())
    names = [operator.inputs[place] for place in places if place < len(operator.inputs)]
    return any(not graph.tensor(name).constant for name in names)


def _strides_oddly(graph: Graph, operator: Operator) -> bool:
    masks = ("ellipsisMask", "newAxisMask", "shrinkAxisMask")
    if any(operator.attributes.get(mask) for mask in masks) or len(operator.inputs) < 4:
        return True
    return any(stride <= 0 for stride in graph.tensor(operator.inputs[3]).values)


def _mirrors_edge(graph: Graph, operator: Operator) -> bool:
    return bool(operator.attributes.get("mode", 0))


def _pairs_oddly(graph: Graph, operator: Operator) -> bool:
    """Check for the same operand twice, or a single computed value."""
    tensors = graph.inputs_of(operator)
    scalar = any(tensor.shape == () and not tensor.constant for tensor in tensors)
    broadcast = operator.kind in NO_CONSTANT_SCALAR and any(t.shape == () for t in tensors)
    return len(set(operator.inputs)) != 2 or scalar or broadcast


def _fuses(*activations: int) -> Condition:
    return lambda graph, op: op.attributes.get("fusedActivationFunction", 0) in activations


def _lacks_bias(graph: Graph, operator: Operator) -> bool:
    named = [name for name in operator.inputs if name]
    return len(named) < 3 and (operator.kind == "CONV_2D" or len(operator.inputs) == 3)


def _scales_softmax(graph: Graph, operator: Operator) -> bool:
    return operator.attributes.get("beta", 1.0) not in (0.0, 1.0)


def _gathers_one(graph: Graph, operator: Operator) -> bool:
    indices = graph.tensor(operator.inputs[1]) if len(operator.inputs) > 1 else None
    return indices is not None and indices.shape == ()


def _quantizes_to_int16(graph: Graph, operator: Operator) -> bool:
    return any(tensor.dtype == "int16" for tensor in graph.outputs_of(operator))


def _densify(graph: Graph) -> list[str]:
    return [op.name for op in graph.operators if op.kind == "DENSIFY"]


def _refusal(id_: str, match: Matcher, message: str, fix: str) -> Rule:
    return refusal(id_, "error", DRIFT_ONLY, match, message, fix, MEASURED)


DRIFT_RULES = (
    _refusal(
        "TFG001b",
        each(_is_refused),
        "ML Drift has no such operator.",
        "Write it with convolutions, slices and elementwise arithmetic.",
    ),
    _refusal(
        "TFG001c",
        _densify,
        "Sparse weights: they are unpacked on the CPU.",
        "Store the weights densely.",
    ),
    _refusal(
        "TFG003b",
        each(_has_foreign_rank),
        "ML Drift does not take tensors with this number of axes here.",
        "Keep to 4 axes, (N, H, W, C).",
    ),
    _refusal(
        "TFG004b",
        each(_is_too_new),
        "This version of the operator is newer than ML Drift reads.",
        "Convert in fp32 with static shapes: newer versions come from other types.",
    ),
    _refusal(
        "TFG005b",
        each(_computes_arguments),
        "ML Drift needs a constant here: bounds, padding, an order, axes, a size or a count.",
        "Convert with static shapes.",
    ),
    _refusal(
        "TFG006b",
        each(_strides_oddly, "STRIDED_SLICE"),
        "STRIDED_SLICE must not drop or add axes, and needs positive strides.",
        "Slice without an integer index, or use SLICE.",
    ),
    _refusal(
        "TFG007b",
        each(_mirrors_edge, "MIRROR_PAD"),
        "Padding mirrors only without the edge.",
        "Reflect instead (mode REFLECT), or pad with zeros.",
    ),
    _refusal(
        "TFG010c",
        each(_lacks_bias, "CONV_2D", "DEPTHWISE_CONV_2D"),
        "A convolution without a bias.",
        "Export it with a bias of zeros, as converters do.",
    ),
    _refusal(
        "TFG010d",
        each(_fuses(SIGN_BIT), *PLAIN_BINARY),
        "A fused activation that ML Drift does not have here.",
        "Use a ReLU, or an operator of its own.",
    ),
    _refusal(
        "TFG010e",
        each(_fuses(TANH, SIGN_BIT), "FULLY_CONNECTED"),
        "A fused activation that ML Drift does not have here.",
        "Use a ReLU, or an operator of its own.",
    ),
    _refusal(
        "TFG012b",
        each(_pairs_oddly, *STRICT_BINARY),
        "Needs two different operands, none of them a single computed value.",
        "Give the scalar the shape (1, 1, 1, 1), or make it constant.",
    ),
    _refusal(
        "TFG013c",
        each(_gathers_one, "GATHER"),
        "GATHER by a single index.",
        "Slice instead, or give the index one axis.",
    ),
    _refusal(
        "TFG016",
        each(lambda graph, op: True, CLAMP),
        "Clamping to 0..1 was accepted by LiteRT 2.1.3 and is refused since 2.1.5.",
        "relu(x) - relu(x - 1), or clamp outside the model.",
    ),
    _refusal(
        "TFG026c",
        each(_has_foreign_dtype),
        "ML Drift does not take this element type here.",
        "Compute in fp32, or in int8 with a scale for each tensor.",
    ),
    _refusal(
        "TFG026d",
        each(_has_foreign_weights),
        "ML Drift does not take this element type for these weights.",
        "Store the weights in fp32 or int8; fp16 with a DEQUANTIZE behind.",
    ),
    _refusal(
        "TFG026e",
        each(_quantizes_to_int16, "QUANTIZE"),
        "ML Drift does not quantize to 16 bits.",
        "Quantize to int8.",
    ),
    _refusal(
        "TFG029",
        each(_scales_softmax, "SOFTMAX"),
        "SOFTMAX with a factor (beta) other than 1.",
        "Multiply before the softmax.",
    ),
)
