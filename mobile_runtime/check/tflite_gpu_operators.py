"""Operators that TFLite's two GPU engines take, the newest version of each, and the sources."""

from collections.abc import Set

from mobile_runtime.check.rule import TargetName
from mobile_runtime.formats.graph import Operator

LEGACY_ONLY: tuple[TargetName, ...] = ("gpu-legacy",)
DRIFT_ONLY: tuple[TargetName, ...] = ("ml-drift",)
GPUS = LEGACY_ONLY + DRIFT_ONLY

GC = "google-ai-edge/LiteRT@f674577 tflite/tools/versioning/gpu_compatibility.cc"
LEGACY = "google-ai-edge/LiteRT@f674577 tflite/delegates/gpu/common/model_builder.cc"
DRIFT = "google-ai-edge/LiteRT@f674577 ml_drift_delegate/tflite/model_builder.cc"
PARSER = "google-ai-edge/LiteRT@f674577 ml_drift_delegate/tflite/operation_parser.cc"
SKILL = "google-ai-edge/litert-samples skills/gpu-clean-conversion/SKILL.md"

NATIVE_SHIFT = (
    "Write assignments into slices as PAD, SLICE and CONCATENATION, or as one convolution."
)

_KINDS = frozenset(
    (
        *("ABS", "ADD", "ADD_N", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CAST", "CONCATENATION"),
        *("CONV_2D", "COS", "CUMSUM", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "DIV"),
        *("ELU", "EQUAL", "EXP", "FLOOR", "FLOOR_DIV", "FLOOR_MOD", "FULLY_CONNECTED", "GATHER"),
        *("GELU", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "LEAKY_RELU", "LESS", "LESS_EQUAL"),
        *("LOG", "LOGICAL_AND", "LOGISTIC", "LSTM", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM"),
        *("MIRROR_PAD", "MUL", "NEG", "NOT_EQUAL", "ONE_HOT", "PACK", "PAD", "PADV2", "POW"),
        *("PRELU", "QUANTIZE", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "RELU", "RELU6"),
        *("RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR"),
        *("RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SELECT", "SELECT_V2", "SIGN", "SIN", "SLICE"),
        *("SOFTMAX", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQRT", "SQUARE"),
        *("SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM", "TANH", "TILE", "TRANSPOSE"),
        *("TRANSPOSE_CONV", "UNPACK"),
        *("CUSTOM:Convolution2DTransposeBias", "CUSTOM:MaxPoolingWithArgmax2D"),
        *("CUSTOM:MaxUnpooling2D", "CUSTOM:Resampler"),
    )
)

LEGACY_KINDS = _KINDS | {"DENSIFY"}
"""Of tflite/delegates/gpu/common/model_builder.cc, `NewOperationParser`."""

DRIFT_UNTRIED = frozenset(
    (
        *("LSTM", "STABLEHLO_BROADCAST_IN_DIM", "STABLEHLO_COMPOSITE", "DENSIFY"),
        *("CUSTOM:Convolution2DTransposeBias", "CUSTOM:MaxPoolingWithArgmax2D"),
        *("CUSTOM:MaxUnpooling2D", "CUSTOM:Resampler", "CUSTOM:custom_call.GroupNorm"),
        *("CUSTOM:custom_call.LayerNorm", "CUSTOM:custom_call.PixelShuffle"),
        *("CUSTOM:custom_call.RmsNorm",),
    )
)
"""Of ml_drift_delegate/tflite/model_builder.cc, `NewOperationParser`: not tried, or with a rule of
its own; litert_table.json has the others."""

NEVER = frozenset({"GATHER_ND", "SCATTER_ND", "BROADCAST_TO", "COMPLEX_ABS", "RFFT2D", "REAL"})
"""What converters emit most often that neither takes; Flex and other custom operators too."""

LEGACY_CAPS = {
    **dict.fromkeys(("PRELU", "RESHAPE", "SELECT_V2"), 1),
    **dict.fromkeys(("LEAKY_RELU", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1"), 2),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE_CONV"), 3),
    **dict.fromkeys(("CONCATENATION", "PAD", "SLICE", "SOFTMAX", "SPACE_TO_DEPTH"), 2),
    "DEQUANTIZE": 3,
    **dict.fromkeys(("STRIDED_SLICE", "TRANSPOSE"), 4),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), 6),
    "FULLY_CONNECTED": 9,
}
"""Kind -> newest version of it that the legacy delegate reads."""

BINARY = (
    *("SUB", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "FLOOR_DIV", "FLOOR_MOD"),
    *("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"),
    *("LOGICAL_AND", "LOGICAL_OR"),
)
"""Of two operands."""

SUMS = ("MEAN", "SUM")
"""What adds up many values."""


def is_never_taken(kinds: Set[str], operator: Operator) -> bool:
    """Return whether no GPU engine takes an operator, save the custom ones among some kinds."""
    custom = operator.kind.startswith("CUSTOM:") and operator.kind not in kinds
    return custom or operator.kind in NEVER
