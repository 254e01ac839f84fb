"""Unusual uses of TFLite operators: shapes, constants and options that decide about the GPU."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from placement_tables.tflite_forms import (
    BIAS,
    BINARY,
    COMPARISONS,
    CONV,
    FLAGS,
    FORMS,
    INDICES,
    PICTURE,
    POOL,
    SMALL,
    UNARY,
    Form,
    Port,
    Shape,
    X,
    ints,
    weights,
)

ELEMENTWISE = (*UNARY, *BINARY, *COMPARISONS)

SHAPES: tuple[Shape, ...] = (
    (4,),
    (8, 4),
    (2, 8, 4),
    (2, 8, 8, 4),
    (1, 2, 4, 4, 4),
    (1, 1, 2, 2, 2, 4),
)
BROADCASTS: tuple[tuple[Shape, Shape], ...] = (
    *((PICTURE, ()), (PICTURE, (1,)), (PICTURE, (4,)), (PICTURE, (1, 1)), (PICTURE, (1, 4))),
    *((PICTURE, (8, 4)), (PICTURE, (8, 8, 4)), (PICTURE, (1, 8, 4)), (PICTURE, (8, 8, 1))),
    *((PICTURE, (1, 1, 1, 4)), (PICTURE, (1, 8, 8, 1)), (PICTURE, (1, 8, 1, 4))),
    *(((2, 8, 8, 4), (4,)), ((2, 8, 8, 4), (8, 8, 4))),
    *(((2, 8, 8, 4), (1, 8, 8, 4)), ((8, 4), (4,)), ((2, 8, 4), (4,)), ((2, 8, 4), (8, 4))),
    *(((8, 4), (1, 4)), ((8, 4), (8, 1)), ((2, 8, 4), (1, 8, 4)), ((2, 8, 4), (2, 1, 4))),
)


def variants() -> Iterator[tuple[str, Form]]:
    """Yield operators, each in an unusual form."""
    yield from _broadcasts()
    yield from _convolutions()
    yield from _shapes()
    yield from _constants()
    yield from _others()


def _change(kind: str, **options: Any) -> Form:
    form = FORMS[kind]
    return replace(form, values=form.values | options)


def _broadcasts() -> Iterator[tuple[str, Form]]:
    for kind in ("ADD", "MUL", "SUB", "DIV", "MAXIMUM", "POW", "SQUARED_DIFFERENCE"):
        for long, short in BROADCASTS:
            for second in (Port(short), weights(*short)):
                yield kind, replace(FORMS[kind], inputs=(Port(long), second), outputs=(Port(long),))
        yield kind, replace(FORMS[kind], inputs=(weights(*PICTURE), X))
        yield kind, replace(FORMS[kind], inputs=(SMALL, Port((1, 8, 8, 1))))
    for kind in ("LESS", "EQUAL"):
        for short in ((), (4,), (1, 1, 1, 4)):
            yield kind, replace(FORMS[kind], inputs=(X, Port(short)))
            yield kind, replace(FORMS[kind], inputs=(X, weights(*short)))
    for choice in ((), (1,), (4,), (1, 1, 1, 4)):
        yield "SELECT_V2", Form((FLAGS, X, Port(choice)))
        yield "SELECT_V2", Form((FLAGS, X, weights(*choice)))
    yield "SELECT_V2", Form((Port((1, 8, 8, 1), "bool"), X, X))
    yield "SELECT_V2", Form((Port((), "bool"), X, X))
    yield "SELECT_V2", Form((weights(*PICTURE, dtype="bool"), X, X))
    yield "SELECT", Form((weights(*PICTURE, dtype="bool"), X, X))
    for shape in ((4,), (1, 1, 4), (8, 8, 4), (1, 1, 1), (1, 1, 1, 4)):
        yield "PRELU", Form((X, weights(*shape)))
    yield "PRELU", Form((X, Port((1, 1, 4))))


def _convolutions() -> Iterator[tuple[str, Form]]:
    for kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        for activation in range(6):
            yield kind, _change(kind, fusedActivationFunction=activation)
        for options in ({"dilationWFactor": 2, "dilationHFactor": 2}, {"padding": 1}):
            yield kind, replace(_change(kind, **options), outputs=(_valid(options),))
        form = FORMS[kind]
        strided = _change(kind, strideW=2, strideH=2)
        yield kind, replace(strided, outputs=(Port((1, 4, 4, 4)),))
        yield kind, replace(form, inputs=form.inputs[:2])
        kernel = form.inputs[1]
        yield kind, replace(form, inputs=(X, Port(kernel.shape), BIAS))
        yield kind, replace(form, inputs=(X, Port(kernel.shape), Port((4,))))
        batch = Port((2, 8, 8, 4))
        yield kind, replace(form, inputs=(batch, *form.inputs[1:]), outputs=(batch,))
    grouped = (Port((1, 8, 8, 8)), weights(4, 3, 3, 4), BIAS)
    yield "CONV_2D", Form(grouped, (X,), "Conv2DOptions", CONV)
    yield (
        "CONV_2D",
        Form((Port((1, 8, 8, 1)), weights(4, 3, 3, 1), BIAS), (X,), "Conv2DOptions", CONV),
    )
    twice = (X, weights(1, 3, 3, 8), weights(8, dtype="bias"))
    options = CONV | {"depthMultiplier": 2}
    yield "DEPTHWISE_CONV_2D", Form(twice, (Port((1, 8, 8, 8)),), "DepthwiseConv2DOptions", options)
    transposed = FORMS["TRANSPOSE_CONV"]
    yield "TRANSPOSE_CONV", replace(transposed, inputs=(*transposed.inputs, BIAS))
    yield (
        "TRANSPOSE_CONV",
        replace(transposed, inputs=(transposed.inputs[0], Port((4, 2, 2, 4)), X)),
    )
    for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for activation in (1, 3, 4):
            yield kind, _change(kind, fusedActivationFunction=activation)
        yield (
            kind,
            replace(FORMS[kind], inputs=(Port((2, 8, 8, 4)),), outputs=(Port((2, 4, 4, 4)),)),
        )
        padded = POOL | {"padding": 1, "filterWidth": 3, "filterHeight": 3}
        yield kind, Form((X,), (Port((1, 3, 3, 4)),), "Pool2DOptions", padded)
    full = "FULLY_CONNECTED"
    for rows in ((2, 4), (1, 1, 4), (2, 3, 4), (1, 8, 8, 4)):
        for keep in (False, True):
            flat = (rows[0] if len(rows) == 2 else _product(rows[:-1]), 4)
            after = rows if keep else flat
            yield (
                full,
                Form(
                    (Port(rows), weights(4, 4), BIAS),
                    (Port(after),),
                    "FullyConnectedOptions",
                    {"keepNumDims": keep},
                ),
            )
    yield full, Form((Port((1, 4)), weights(4, 4)), (Port((1, 4)),), "FullyConnectedOptions")
    yield full, Form((Port((1, 4)), Port((4, 4)), BIAS), (Port((1, 4)),), "FullyConnectedOptions")
    for activation in (1, 3, 4, 5):
        yield full, _change(full, fusedActivationFunction=activation)
    for left, right, after in (
        ((4, 8), (8, 4), (4, 4)),
        ((2, 4, 8), (2, 8, 4), (2, 4, 4)),
        ((2, 4, 8), (1, 8, 4), (2, 4, 4)),
        ((1, 2, 4, 8), (1, 1, 8, 4), (1, 2, 4, 4)),
    ):
        for second in (Port(right), weights(*right)):
            yield "BATCH_MATMUL", Form((Port(left), second), (Port(after),), "BatchMatMulOptions")
    for kind in ("ADD", "MUL", "SUB", "DIV"):
        for activation in (1, 2, 3, 4, 5):
            yield kind, _change(kind, fusedActivationFunction=activation)


def _shapes() -> Iterator[tuple[str, Form]]:
    for shape in SHAPES:
        for kind in ELEMENTWISE:
            form = FORMS[kind]
            ports = (
                tuple(replace(p, shape=shape) for p in side) for side in (form.inputs, form.outputs)
            )
            yield kind, replace(form, **dict(zip(("inputs", "outputs"), ports, strict=True)))
        rank = len(shape)
        whole, same = ints(*shape), Port(shape)
        zeros, ones = ints(*[0] * rank), ints(*[1] * rank)
        yield "SLICE", Form((same, zeros, whole), (same,))
        yield "STRIDED_SLICE", Form((same, zeros, whole, ones), (same,), "StridedSliceOptions")
        pads = ints(*[0, 1] * rank, shape=(rank, 2))
        after = Port(tuple(n + 1 for n in shape))
        yield "PAD", Form((same, pads), (after,), "PadOptions")
        yield "PADV2", Form((same, pads, weights()), (after,))
        yield "MIRROR_PAD", Form((same, pads), (after,), "MirrorPadOptions", {"mode": 0})
        yield "MIRROR_PAD", Form((same, pads), (after,), "MirrorPadOptions", {"mode": 1})
        order = ints(*reversed(range(rank)))
        yield "TRANSPOSE", Form((same, order), (Port(shape[::-1]),))
        yield "TILE", Form((same, ones), (same,))
        yield "REVERSE_V2", Form((same, ints(rank - 1)), (same,))
        flat = (_product(shape),)
        yield "RESHAPE", Form((same, ints(*flat)), (Port(flat),), "ReshapeOptions")
        yield "RESHAPE", Form((same,), (Port(flat),), "ReshapeOptions", {"newShape": list(flat)})
        yield "SOFTMAX", Form((same,), (same,), "SoftmaxOptions", {"beta": 2.0})
        for axis in range(rank):
            doubled = Port((*shape[:axis], 2 * shape[axis], *shape[axis + 1 :]))
            values = {"axis": axis}
            yield "CONCATENATION", Form((same, same), (doubled,), "ConcatenationOptions", values)
            yield "CUMSUM", Form((same, ints(axis, shape=())), (same,), "CumsumOptions")
            kept = Port((*shape[:axis], 1, *shape[axis + 1 :]))
            dropped = Port((*shape[:axis], *shape[axis + 1 :]))
            for kind in ("MEAN", "REDUCE_MAX"):
                for result in (kept, dropped):
                    keep = {"keepDims": result is kept}
                    yield kind, Form((same, ints(axis)), (result,), "ReducerOptions", keep)
            if shape[axis] % 2 == 0:
                half = Port((*shape[:axis], shape[axis] // 2, *shape[axis + 1 :]))
                place = ints(axis, shape=())
                yield "SPLIT", Form((place, same), (half, half), "SplitOptions", {"numSplits": 2})
            if rank < 5:
                packed = Port((*shape[:axis], 2, *shape[axis:]))
                values = {"axis": axis, "valuesCount": 2}
                yield "PACK", Form((same, same), (packed,), "PackOptions", values)
            rows = Port((*shape[:axis], 3, *shape[axis + 1 :]))
            yield "GATHER", Form((same, INDICES), (rows,), "GatherOptions", {"axis": axis})
            yield "GATHER", Form((same, ints(0, 1, 1)), (rows,), "GatherOptions", {"axis": axis})
            place = ints(axis, shape=())
            for kind in ("ARG_MAX", "ARG_MIN"):
                yield (
                    kind,
                    Form(
                        (same, place),
                        (replace(dropped, dtype="int32"),),
                        "ArgMaxOptions",
                        {"outputType": 2},
                    ),
                )


def _constants() -> Iterator[tuple[str, Form]]:
    four, axes = Port((4,), "int32"), Port((2,), "int32")
    yield "SLICE", Form((X, four, ints(1, 1, 1, 4)), (SMALL,))
    yield "SLICE", Form((X, ints(0, 0, 0, 0), four), (SMALL,))
    yield "STRIDED_SLICE", replace(FORMS["STRIDED_SLICE"], inputs=(X, four, four, ints(1, 1, 1, 1)))
    yield "PAD", Form((X, Port((4, 2), "int32")), (Port((1, 10, 10, 4)),), "PadOptions")
    yield "RESHAPE", Form((X, four), (Port((1, 4, 16, 4)),), "ReshapeOptions")
    yield "TRANSPOSE", Form((X, four), (Port((1, 4, 8, 8)),))
    yield "TILE", Form((X, four), (Port((1, 16, 16, 4)),))
    yield "MEAN", Form((X, axes), (SMALL,), "ReducerOptions", {"keepDims": True})
    yield "RESIZE_BILINEAR", Form((X, axes), (Port((1, 16, 16, 4)),), "ResizeBilinearOptions")
    yield "TOPK_V2", Form((Port((1, 8)), Port((), "int32")), (Port((1, 2)), Port((1, 2), "int32")))
    yield (
        "SPLIT",
        Form((Port((), "int32"), X), (Port((1, 4, 8, 4)),) * 2, "SplitOptions", {"numSplits": 2}),
    )
    yield "CUMSUM", Form((X, Port((), "int32")), (X,), "CumsumOptions")
    yield (
        "CONCATENATION",
        Form((X, weights(*PICTURE)), (Port((1, 8, 8, 8)),), "ConcatenationOptions", {"axis": 3}),
    )
    yield "CONCATENATION", Form((X,), (X,), "ConcatenationOptions", {"axis": 3})


def _others() -> Iterator[tuple[str, Form]]:
    for mask in ("ellipsisMask", "newAxisMask", "shrinkAxisMask", "beginMask", "endMask"):
        yield "STRIDED_SLICE", _change("STRIDED_SLICE", **{mask: 1})
    back = (X, ints(0, 7, 0, 0), ints(1, -9, 8, 4), ints(1, -1, 1, 1))
    yield "STRIDED_SLICE", Form(back, (X,), "StridedSliceOptions")
    for kind in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        for align in (False, True):
            for half in (False, True):
                yield kind, _change(kind, alignCorners=align, halfPixelCenters=half)
    yield "DEPTH_TO_SPACE", Form((X,), (X,), "DepthToSpaceOptions", {"blockSize": 1})
    yield "SPACE_TO_DEPTH", Form((X,), (X,), "SpaceToDepthOptions", {"blockSize": 1})
    for dtype in ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"):
        yield "CAST", Form((X,), (Port(PICTURE, dtype),), "CastOptions")
        yield "CAST", Form((Port(PICTURE, "int32"),), (Port(PICTURE, dtype),), "CastOptions")
        yield "CAST", Form((Port(PICTURE, "bool"),), (Port(PICTURE, dtype),), "CastOptions")
    for dtype in ("int8", "uint8", "int16"):
        yield "QUANTIZE", Form((Port(PICTURE, "float32"),), (Port(PICTURE, dtype),))
        yield "QUANTIZE", Form((Port(PICTURE, "int8"),), (Port(PICTURE, dtype),))
        yield "DEQUANTIZE", Form((Port(PICTURE, dtype),), (Port(PICTURE, "float32"),))
    yield "TOPK_V2", Form((Port((2, 8)), ints(2, shape=())), (Port((2, 2)), Port((2, 2), "int32")))
    yield (
        "UNPACK",
        Form((Port((8, 2, 4)),), (Port((8, 4)),) * 2, "UnpackOptions", {"num": 2, "axis": 1}),
    )
    yield (
        "UNPACK",
        Form((Port((8, 4, 2)),), (Port((8, 4)),) * 2, "UnpackOptions", {"num": 2, "axis": 2}),
    )
    yield "GATHER", Form((X, ints(0, shape=())), (Port((8, 8, 4)),), "GatherOptions", {"axis": 0})
    yield (
        "SPLIT",
        Form((ints(-1, shape=()), X), (Port((1, 8, 8, 2)),) * 2, "SplitOptions", {"numSplits": 2}),
    )


def _valid(options: dict[str, int]) -> Port:
    return Port((1, 6, 6, 4)) if options.get("padding") else X


def _product(shape: Shape) -> int:
    result = 1
    for length in shape:
        result *= length
    return result
