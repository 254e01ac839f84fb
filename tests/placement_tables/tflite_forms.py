"""Usual form of every TFLite operator: its tensors and options, the varied element type being T."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Shape = tuple[int, ...]

PICTURE: Shape = (1, 8, 8, 4)


@dataclass(frozen=True)
class Port:
    """A tensor: an input or output of the operator, or a constant."""

    shape: Shape
    dtype: str = "T"
    values: np.ndarray[Any, Any] | None = None
    """Of a constant."""


@dataclass(frozen=True)
class Form:
    """How an operator is used."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...] = (Port(PICTURE),)
    options: str = ""
    """Kind of the options: `Conv2DOptions`."""
    values: dict[str, Any] = field(default_factory=dict)
    """Of the options."""


def ints(*values: int, shape: Shape | None = None, dtype: str = "int32") -> Port:
    """Return a constant of integers."""
    array = np.array(values, dtype)
    return Port(array.shape if shape is None else shape, dtype, array)


def weights(*shape: int, dtype: str = "T") -> Port:
    """Return a constant of ones."""
    return Port(shape, dtype, np.ones(shape, np.float32))


X = Port(PICTURE)
SMALL = Port((1, 1, 1, 4))
BIAS = weights(4, dtype="bias")
FLAGS = Port(PICTURE, "bool")
INDICES = Port((3,), "int32")
NO_MARGINS = ints(0, 0, 0, 0, shape=(2, 2))
MARGINS = ints(0, 0, 1, 1, 1, 1, 0, 0, shape=(4, 2))

UNARY = (
    *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "L2_NORMALIZATION"),
    *("LEAKY_RELU", "LOCAL_RESPONSE_NORMALIZATION", "LOG", "LOGISTIC", "LOG_SOFTMAX", "NEG"),
    *("RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "ROUND", "RSQRT", "SIGN", "SIN", "SOFTMAX"),
    *("SQRT", "SQUARE", "TANH", "ZEROS_LIKE", "QUANTIZE", "DEQUANTIZE", "CAST", "BITCAST"),
    *("STABLEHLO_ABS", "STABLEHLO_CBRT", "STABLEHLO_COSINE", "STABLEHLO_EXPONENTIAL"),
    *("STABLEHLO_FLOOR", "STABLEHLO_LOG", "STABLEHLO_LOGISTIC", "STABLEHLO_NEGATE"),
    *("STABLEHLO_RSQRT", "STABLEHLO_TANH", "STABLEHLO_CONVERT", "FAKE_QUANT", "LOGICAL_NOT"),
)
BINARY = (
    *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "FLOOR_DIV"),
    *("FLOOR_MOD", "ATAN2", "BITWISE_XOR", "RIGHT_SHIFT", "LOGICAL_AND", "LOGICAL_OR"),
    *("STABLEHLO_ADD", "STABLEHLO_SUBTRACT", "STABLEHLO_MULTIPLY", "STABLEHLO_DIVIDE"),
    *("STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM", "STABLEHLO_POWER", "STABLEHLO_REMAINDER"),
    *("STABLEHLO_SHIFT_LEFT", "STABLEHLO_AND", "STABLEHLO_OR"),
)
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL")

OPTIONS = {"LEAKY_RELU": ("LeakyReluOptions", {"alpha": 0.1}), "GELU": ("GeluOptions", {})} | {
    "SOFTMAX": ("SoftmaxOptions", {"beta": 1.0}),
    "ADD": ("AddOptions", {}),
    "SUB": ("SubOptions", {}),
    "MUL": ("MulOptions", {}),
    "DIV": ("DivOptions", {}),
}
RESULTS = {"QUANTIZE": "int8", "DEQUANTIZE": "float32", "CAST": "float32", "BITCAST": "int32"}
CONV = {"padding": 0, "strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
POOL = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
HALVED = Port((1, 4, 4, 4))

FORMS: dict[str, Form] = {
    **{
        kind: Form((X,), (replace(X, dtype=RESULTS.get(kind, "T")),), *OPTIONS.get(kind, ()))
        for kind in UNARY
    },
    **{kind: Form((X, X), (X,), *OPTIONS.get(kind, ())) for kind in BINARY},
    **{kind: Form((X, X), (FLAGS,)) for kind in COMPARISONS},
    **{
        kind: Form((X, ints(1, 2)), (SMALL,), "ReducerOptions", {"keepDims": True})
        for kind in REDUCTIONS
    },
    "STABLEHLO_COMPARE": Form((X, X), (FLAGS,), "StablehloCompareOptions"),
    "STABLEHLO_CLAMP": Form((X, X, X)),
    "STABLEHLO_SELECT": Form((FLAGS, X, X)),
    "ADD_N": Form((X, X, X)),
    "ARG_MAX": Form(
        (X, ints(3, shape=())), (Port((1, 8, 8), "int32"),), "ArgMaxOptions", {"outputType": 2}
    ),
    "ARG_MIN": Form(
        (X, ints(3, shape=())), (Port((1, 8, 8), "int32"),), "ArgMinOptions", {"outputType": 2}
    ),
    "AVERAGE_POOL_2D": Form((X,), (HALVED,), "Pool2DOptions", POOL),
    "MAX_POOL_2D": Form((X,), (HALVED,), "Pool2DOptions", POOL),
    "L2_POOL_2D": Form((X,), (HALVED,), "Pool2DOptions", POOL),
    "BATCH_MATMUL": Form((Port((1, 2, 8, 4)), Port((1, 2, 4, 8))), (Port((1, 2, 8, 8)),)),
    "BATCH_TO_SPACE_ND": Form(
        (Port((4, 4, 4, 4)), ints(2, 2), weights_of := ints(0, 0, 0, 0, shape=(2, 2)))
    ),
    "SPACE_TO_BATCH_ND": Form((X, ints(2, 2), NO_MARGINS), (Port((4, 4, 4, 4)),)),
    "BROADCAST_TO": Form((SMALL, ints(*PICTURE))),
    "BROADCAST_ARGS": Form((Port((2,), "int32"), Port((2,), "int32")), (Port((2,), "int32"),)),
    "CONCATENATION": Form((X, X), (Port((1, 8, 8, 8)),), "ConcatenationOptions", {"axis": 3}),
    "STABLEHLO_CONCATENATE": Form((X, X), (Port((1, 8, 8, 8)),)),
    "CONV_2D": Form((X, weights(4, 3, 3, 4), BIAS), (X,), "Conv2DOptions", CONV),
    "CONV_3D": Form((Port((1, 4, 4, 4, 2)), weights(1, 1, 1, 2, 2)), (Port((1, 4, 4, 4, 2)),)),
    "CUMSUM": Form((X, ints(3, shape=())), (X,), "CumsumOptions"),
    "DEPTHWISE_CONV_2D": Form(
        (X, weights(1, 3, 3, 4), BIAS),
        (X,),
        "DepthwiseConv2DOptions",
        CONV | {"depthMultiplier": 1},
    ),
    "DEPTH_TO_SPACE": Form((X,), (Port((1, 16, 16, 1)),), "DepthToSpaceOptions", {"blockSize": 2}),
    "SPACE_TO_DEPTH": Form((X,), (Port((1, 4, 4, 16)),), "SpaceToDepthOptions", {"blockSize": 2}),
    "DYNAMIC_UPDATE_SLICE": Form((X, SMALL, Port((4,), "int32"))),
    "EMBEDDING_LOOKUP": Form((INDICES, weights(8, 4)), (Port((3, 4)),)),
    "EXPAND_DIMS": Form((Port((8, 8, 4)), ints(0, shape=()))),
    "FILL": Form((ints(*PICTURE), Port(()))),
    "FULLY_CONNECTED": Form(
        (Port((1, 4)), weights(4, 4), BIAS), (Port((1, 4)),), "FullyConnectedOptions"
    ),
    "GATHER": Form((X, INDICES), (Port((1, 8, 8, 3)),), "GatherOptions", {"axis": 3}),
    "GATHER_ND": Form((X, Port((3, 1), "int32")), (Port((3, 8, 8, 4)),)),
    "SCATTER_ND": Form((Port((3, 1), "int32"), Port((3, 4)), ints(8, 4)), (Port((8, 4)),)),
    "MATRIX_DIAG": Form((Port((4,)),), (Port((4, 4)),)),
    "MIRROR_PAD": Form((X, MARGINS), (Port((1, 10, 10, 4)),), "MirrorPadOptions"),
    "PAD": Form((X, MARGINS), (Port((1, 10, 10, 4)),), "PadOptions"),
    "PADV2": Form((X, MARGINS, weights()), (Port((1, 10, 10, 4)),)),
    "ONE_HOT": Form(
        (INDICES, ints(4, shape=()), weights(), weights()),
        (Port((3, 4)),),
        "OneHotOptions",
        {"axis": -1},
    ),
    "PACK": Form(
        (Port((8, 8, 4)), Port((8, 8, 4))), (Port((2, 8, 8, 4)),), "PackOptions", {"valuesCount": 2}
    ),
    "UNPACK": Form((Port((2, 8, 4)),), (Port((8, 4)), Port((8, 4))), "UnpackOptions", {"num": 2}),
    "PRELU": Form((X, weights(1, 1, 4))),
    "RANK": Form((X,), (Port((), "int32"),)),
    "SHAPE": Form((X,), (Port((4,), "int32"),), "ShapeOptions", {"outType": 2}),
    "RANGE": Form((Port(()), Port(()), Port(())), (Port((4,)),)),
    "RESHAPE": Form((X, ints(1, 4, 16, 4)), (Port((1, 4, 16, 4)),), "ReshapeOptions"),
    "STABLEHLO_RESHAPE": Form((X,), (Port((1, 4, 16, 4)),)),
    "SQUEEZE": Form((X,), (Port((8, 8, 4)),), "SqueezeOptions", {"squeezeDims": [0]}),
    "RESIZE_BILINEAR": Form((X, ints(16, 16)), (Port((1, 16, 16, 4)),), "ResizeBilinearOptions"),
    "RESIZE_NEAREST_NEIGHBOR": Form(
        (X, ints(16, 16)), (Port((1, 16, 16, 4)),), "ResizeNearestNeighborOptions"
    ),
    "REVERSE_V2": Form((X, ints(2))),
    "SELECT": Form((FLAGS, X, X)),
    "SELECT_V2": Form((FLAGS, X, X)),
    "SLICE": Form((X, ints(0, 0, 0, 0), ints(1, 1, 1, 4)), (SMALL,)),
    "STRIDED_SLICE": Form(
        (X, ints(0, 0, 0, 0), ints(1, 8, 8, 4), ints(1, 2, 2, 1)), (HALVED,), "StridedSliceOptions"
    ),
    "SPLIT": Form(
        (ints(1, shape=()), X), (Port((1, 4, 8, 4)),) * 2, "SplitOptions", {"numSplits": 2}
    ),
    "SPLIT_V": Form(
        (X, ints(4, 4), ints(1, shape=())),
        (Port((1, 4, 8, 4)),) * 2,
        "SplitVOptions",
        {"numSplits": 2},
    ),
    "TILE": Form((X, ints(1, 2, 2, 1)), (Port((1, 16, 16, 4)),)),
    "TOPK_V2": Form((Port((1, 8)), ints(2, shape=())), (Port((1, 2)), Port((1, 2), "int32"))),
    "TRANSPOSE": Form((X, ints(0, 3, 1, 2)), (Port((1, 4, 8, 8)),)),
    "TRANSPOSE_CONV": Form(
        (ints(1, 16, 16, 4), weights(4, 2, 2, 4), X),
        (Port((1, 16, 16, 4)),),
        "TransposeConvOptions",
        {"padding": 0, "strideW": 2, "strideH": 2},
    ),
    "UNIQUE": Form((Port((8,)),), (Port((8,)), Port((8,), "int32")), "UniqueOptions"),
    "WHERE": Form((Port((8,), "bool"),), (Port((8, 1), "int64"),)),
    "SEGMENT_SUM": Form((Port((3, 4)), INDICES), (Port((3, 4)),)),
    "REVERSE_SEQUENCE": Form(
        (X, Port((1,), "int32")), (X,), "ReverseSequenceOptions", {"seqDim": 1}
    ),
    "RANDOM_UNIFORM": Form((ints(*PICTURE),), (X,), "RandomOptions"),
    "SPARSE_TO_DENSE": Form((Port((3, 1), "int32"), ints(8), Port((3,)), Port(())), (Port((8,)),)),
    "RFFT2D": Form((Port((1, 8, 8), "float32"), ints(8, 8)), (Port((1, 8, 5), "complex64"),)),
    "COMPLEX_ABS": Form((Port((1, 8), "complex64"),), (Port((1, 8), "float32"),)),
    "REAL": Form((Port((1, 8), "complex64"),), (Port((1, 8), "float32"),)),
    "IMAG": Form((Port((1, 8), "complex64"),), (Port((1, 8), "float32"),)),
}
"""Operator -> its form; those with states, hash tables or further graphs are left out."""
