"""For each rule of `scnet check`, the smallest file that breaks it and one that keeps it."""

from dataclasses import dataclass, field, replace

from mobile_runtime.formats.graph import Graph, Operator, Port, Tensor, fold_constants

FOLDED = {"tflite": ("DEQUANTIZE", "DENSIFY")}


def t(*shape, name="", dtype="float32", values=(), constant=False, scales=0):
    """A tensor; constant if it has values."""
    shape = shape or (1, 8, 8, 4)
    return Tensor(name, shape, dtype, constant or bool(values), values, scales)


@dataclass
class Step:
    kind: str
    inputs: tuple
    out: Tensor = field(default_factory=t)
    version: int = 1
    attributes: dict = field(default_factory=dict)


def step(kind, *inputs, out=None, version=1, **attributes):
    return Step(kind, inputs or (t(),), out or t(), version, attributes)


def make(*steps, format="tflite", inputs=(), outputs=(), **facts):
    """A graph; unnamed tensors are all different, named ones are shared."""
    tensors, operators = {}, []

    def name(tensor):
        key = tensor.name or f"t{len(tensors)}"
        tensors[key] = Tensor(key, *list(vars(tensor).values())[1:])
        return key

    for index, s in enumerate(steps):
        ins, out = tuple(map(name, s.inputs)), (name(s.out),)
        operators.append(Operator(s.kind, f"{s.kind} {index}", ins, out, s.attributes, s.version))
    graph = Graph(format, tuple(operators), tensors, tuple(inputs), tuple(outputs), **facts)
    return fold_constants(graph, *FOLDED.get(format, ()))


def ane(*steps, **facts):
    return make(*steps, format="coreml", **facts)


def onnx(*steps, **facts):
    return make(*steps, format="onnx", **facts)


def shaped(*shape, name="image", image=False):
    return Port(name, (shape,), image)


HALF, WHOLE = t(1, 4, 8, 8, dtype="float16"), t(1, 4, 8, 8)
FEW = t(1, 8, 8, 1)
MASK = t(dtype="bool")
FIXED_MASK = t(dtype="bool", constant=True)
PADS = t(4, 2, dtype="int32", constant=True)
FOUR = t(4, dtype="int32", constant=True)
ONES, MINUS = (t(4, dtype="int32", values=(sign,) * 4) for sign in (1, -1))
ORDER = t(4, dtype="int32", values=(0, 3, 1, 2))
KERNEL, BIAS = t(1, 3, 3, 4, constant=True), t(4, constant=True)
X, Y = t(name="x"), t(name="y")
COUNT = t(1, dtype="int32", values=(2,))
INT32, INT64 = t(dtype="int32"), t(dtype="int64")
UNSUPPORTED = frozenset({"ADD 0"})
FREE = (1, 3, None, None)
PAIR = (t(), t())
ANE_CONV = {"strides": (1, 1), "dilations": (1, 1)}

ANE_EXAMPLES = {
    # rule: (breaks it, keeps it)
    "ANE001": (ane(step("conv", out=WHOLE)), ane(step("conv", out=HALF))),
    "ANE001b": (ane(step("cast", WHOLE, out=HALF)), ane(step("cast", INT32, out=HALF))),
    "ANE002": (ane(step("add", t(1, 1, 1, 1, 1, 1))), ane(step("add", t(1, 1, 1, 1, 1)))),
    "ANE003": (
        ane(step("conv"), inputs=[shaped(*FREE)]),
        ane(step("conv"), inputs=[Port("image", ((1, 3, 8, 8), (1, 3, 16, 8)))]),
    ),
    "ANE004": (
        ane(step("conv"), inputs=[Port("image", ((1, 3, 8, 8), (1, 3, 16, 8)))]),
        ane(step("conv"), inputs=[shaped(1, 3, 8, 8)]),
    ),
    "ANE005": (ane(step("add", t(1, 16385))), ane(step("add", t(1, 16384)))),
    "ANE006": (
        ane(step("conv"), inputs=[shaped(1, 3, 8, 40)]),
        ane(step("conv"), inputs=[shaped(1, 3, 8, 64)]),
    ),
    "ANE007": (ane(step("scatter_nd")), ane(step("slice_by_size"))),
    "ANE008": (ane(step("pad")), ane(step("conv"))),
    "ANE009": (
        ane(step("upsample_bilinear", scale_factor_height=4.0, scale_factor_width=4.0)),
        ane(step("upsample_bilinear", scale_factor_height=2.0, scale_factor_width=2.0)),
    ),
    "ANE010": (
        ane(step("max_pool", kernel_sizes=(14, 2), strides=(1, 1))),
        ane(step("max_pool", kernel_sizes=(13, 2), strides=(2, 2))),
    ),
    "ANE011": (
        ane(step("mul", t(1, 4, 8, 8), t(1, 4, 1, 1))),
        ane(step("mul", t(1, 4, 8, 8), t(1, 4, 1, 1, constant=True))),
    ),
    "ANE012": (
        ane(step("conv", t(), t(4, 4, 9, 9, constant=True), **ANE_CONV)),
        ane(step("conv", t(), t(4, 4, 7, 7, constant=True), strides=(6, 2), dilations=(1, 1))),
    ),
    "ANE013": (
        ane(step("transpose", t(1, 4, 8, 8), perm=(0, 2, 3, 1))),
        ane(step("reshape", t(1, 4, 8, 8), out=t(4, 8, 8))),
    ),
    "ANE013b": (
        ane(step("slice_by_size"), step("concat"), step("conv")),
        ane(step("conv"), step("relu"), step("concat"), step("add")),
    ),
    "ANE014": (
        ane(step("conv", out=HALF), step("mul", out=WHOLE)),
        ane(step("conv", out=HALF), step("cast", HALF, out=WHOLE)),
    ),
    "ANE015": (ane(step("silu")), ane(step("sigmoid"))),
    "ANE015b": (
        ane(step("add", t(), t(1, values=(float("-inf"),)))),
        ane(step("add", t(), t(1, values=(-4e4,)))),
    ),
    "ANE017": (
        ane(step("conv", out=X), step("leaky_relu", X)),
        ane(step("conv", out=X), step("relu", X)),
    ),
    "ANE018": (ane(step("conv"), size_bytes=10**9), ane(step("conv"), size_bytes=10**9 - 1)),
    "ANE019": (ane(step("conv"), size_bytes=10**6), ane(step("conv"), size_bytes=10**8)),
    "ANE020": (
        ane(step("conv"), inputs=[shaped(1, 3, 768, 768)]),
        ane(step("conv"), inputs=[shaped(1, 3, 512, 1024)]),
    ),
    "ANE021": (
        ane(step("conv", out=Y), outputs=[shaped(1, 3, 8, 8, name="y", image=True)]),
        ane(
            step("clip", out=X, alpha=0.0, beta=255.0),
            step("cast", X, out=Y),
            outputs=[shaped(1, 3, 8, 8, name="y", image=True)],
        ),
    ),
    "ANE021b": (
        ane(step("conv"), outputs=[Port("image", (), True, "GRAYSCALE_FLOAT16")], version=6),
        ane(step("conv"), outputs=[Port("image", (), True, "RGB")], version=6),
    ),
    "ANE022": (
        ane(step("conv"), outputs=[shaped(1, 3, 8, 88)]),
        ane(step("conv"), outputs=[shaped(1, 3, 8, 96)]),
    ),
    "ANE024": (
        ane(step("ADD"), step("conv"), unsupported=UNSUPPORTED),
        ane(step("ADD"), step("conv")),
    ),
}

TFG_EXAMPLES = {
    "TFG001": (make(step("ARG_MAX")), make(step("CONV_2D"))),
    "TFG001b": (make(step("L2_NORMALIZATION")), make(step("ARG_MAX"))),
    "TFG001c": (make(step("DENSIFY", BIAS)), make(step("DEQUANTIZE", BIAS))),
    "TFG002": (make(step("CUSTOM:custom_call.PixelShuffle")), make(step("CUSTOM:Resampler"))),
    "TFG002b": (make(step("CUSTOM:FlexErf")), make(step("CUSTOM:custom_call.PixelShuffle"))),
    "TFG003": (make(step("RESHAPE", t(1, 1, 2, 2, 2))), make(step("RESHAPE", t(1, 1, 2, 2)))),
    "TFG003b": (make(step("SIGN", t(1, 1, 2, 2, 2))), make(step("RELU", t(1, 1, 2, 2, 2)))),
    "TFG004": (make(step("SLICE", version=3)), make(step("SLICE", version=2))),
    "TFG004b": (make(step("SLICE", version=9)), make(step("SLICE", version=8))),
    "TFG005": (make(step("SLICE", t(), INT32, FOUR)), make(step("SLICE", t(), FOUR, FOUR))),
    "TFG005b": (make(step("TOPK_V2", t(), INT32)), make(step("TOPK_V2", t(), COUNT))),
    "TFG006": (
        make(step("STRIDED_SLICE", t(), FOUR, FOUR, ONES, shrinkAxisMask=1)),
        make(step("STRIDED_SLICE", t(), FOUR, FOUR, ONES, shrinkAxisMask=0)),
    ),
    "TFG006b": (
        make(step("STRIDED_SLICE", t(), FOUR, FOUR, MINUS)),
        make(step("STRIDED_SLICE", t(), FOUR, FOUR, ONES)),
    ),
    "TFG007": (
        make(step("PAD", t(1, 1, 1, 8, 8), t(5, 2, constant=True))),
        make(step("PAD", t(), PADS)),
    ),
    "TFG007b": (make(step("MIRROR_PAD", mode=1)), make(step("MIRROR_PAD", mode=0))),
    "TFG008": (
        make(step("RESIZE_BILINEAR", alignCorners=True, halfPixelCenters=True)),
        make(step("RESIZE_BILINEAR", alignCorners=False, halfPixelCenters=True)),
    ),
    "TFG009": (
        make(step("DEPTH_TO_SPACE", blockSize=1)),
        make(step("DEPTH_TO_SPACE", blockSize=2)),
    ),
    "TFG010": (
        make(step("CONV_2D", t(), KERNEL, BIAS, fusedActivationFunction=5)),
        make(step("CONV_2D", t(), KERNEL, BIAS, fusedActivationFunction=1)),
    ),
    "TFG010b": (
        make(step("DEPTHWISE_CONV_2D", t(), t(1, 3, 3, 8, constant=True), BIAS)),
        make(step("DEPTHWISE_CONV_2D", t(), KERNEL, BIAS, depthMultiplier=1)),
    ),
    "TFG010c": (make(step("CONV_2D", t(), KERNEL)), make(step("CONV_2D", t(), KERNEL, BIAS))),
    "TFG010d": (
        make(step("ADD", *PAIR, fusedActivationFunction=5)),
        make(step("ADD", *PAIR, fusedActivationFunction=4)),
    ),
    "TFG010e": (
        make(step("FULLY_CONNECTED", fusedActivationFunction=4)),
        make(step("FULLY_CONNECTED", fusedActivationFunction=3)),
    ),
    "TFG011": (make(step("ADD", t(2, 8, 8, 4), t(8, 8, 4))), make(step("ADD", t(), t(8, 8, 4)))),
    "TFG012": (make(step("SUB", X, X)), make(step("SUB", t(), BIAS))),
    "TFG012b": (make(step("POW", X, X)), make(step("SUB", X, X))),
    "TFG013": (make(step("TRANSPOSE", t(), INT32)), make(step("TRANSPOSE", t(), ORDER))),
    "TFG013b": (make(step("RESHAPE", t(), INT32)), make(step("RESHAPE", t(), FOUR))),
    "TFG013c": (
        make(step("GATHER", t(), Tensor("", (), "int32", True, (0,)))),
        make(step("GATHER", t(), COUNT)),
    ),
    "TFG014": (make(step("SELECT", MASK, t(), t())), make(step("MUL", t(), t()))),
    "TFG014b": (make(step("SELECT", MASK, t(1, 4), t())), make(step("SELECT", MASK, t(), t()))),
    "TFG014c": (make(step("SELECT", FIXED_MASK, *PAIR)), make(step("SELECT", MASK, *PAIR))),
    "TFG015": (make(step("SPLIT")), make(step("SLICE"))),
    "TFG016": (make(step("RELU_0_TO_1")), make(step("RELU"))),
    "TFG016b": (make(step("RELU_0_TO_1")), make(step("RELU"))),
    "TFG017": (make(step("TRANSPOSE_CONV")), make(step("DEPTH_TO_SPACE"))),
    "TFG018": (
        make(step("GREATER", out=X), step("SELECT", X, t(), t())),
        make(step("EQUAL", out=X), step("SELECT", X, t(), t())),
    ),
    "TFG019": (
        make(step("ADD"), step("CONV_2D"), unsupported=UNSUPPORTED),
        make(step("ADD"), step("CONV_2D")),
    ),
    "TFG020": (
        make(step("CONV_2D"), inputs=[shaped(1, None, 8, 3)]),
        make(step("CONV_2D"), inputs=[shaped(2, 8, 8, 3)]),
    ),
    "TFG020b": (
        make(step("CONV_2D"), inputs=[shaped(2, 8, 8, 3)]),
        make(step("CONV_2D"), inputs=[shaped(2, 8)]),
    ),
    "TFG021": (make(step("TRANSPOSE")), make(step("DEPTH_TO_SPACE"))),
    "TFG021b": (
        make(*[step("SLICE")] * 6, step("CONV_2D")),
        make(*[step("SLICE")] * 5, step("CONV_2D")),
    ),
    "TFG022": (make(step("SLICE", out=t(1, 8, 8, 2))), make(step("SLICE", out=t(1, 8, 8, 3)))),
    "TFG023": (make(step("CONV_2D", FEW, KERNEL)), make(step("CONV_2D", t(), KERNEL))),
    "TFG024": (
        make(step("ADD", out=Y), step("RELU", Y), outputs=[shaped(1, 8, 8, 4, name="y")]),
        make(step("ADD", out=X), step("RELU", X, out=Y), outputs=[shaped(1, 8, 8, 4, name="y")]),
    ),
    "TFG025": (
        make(step("MEAN", t(1, 32, 32, 4), out=t(1, 1, 1, 4))),
        make(step("MEAN", t(1, 8, 8, 4), out=t(1, 1, 1, 4))),
    ),
    "TFG026": (
        make(step("CONV_2D", t(dtype="int8", scales=4))),
        make(step("CONV_2D", t(dtype="int8", scales=1))),
    ),
    "TFG026b": (
        make(step("DEQUANTIZE", t(dtype="int16"))),
        make(step("DEQUANTIZE", t(dtype="float16"))),
    ),
    "TFG026c": (make(step("RELU", t(dtype="int16"))), make(step("ADD", t(dtype="int16"), t()))),
    "TFG026d": (
        make(step("DEPTHWISE_CONV_2D", t(), t(1, 3, 3, 4, dtype="uint8", constant=True))),
        make(step("DEPTHWISE_CONV_2D", t(), t(1, 3, 3, 4, dtype="int8", constant=True))),
    ),
    "TFG026e": (
        make(step("QUANTIZE", out=t(dtype="int16"))),
        make(step("QUANTIZE", out=t(dtype="int8"))),
    ),
    "TFG027": (make(step("ADD", INT64)), make(step("ADD", INT32))),
    "TFG029": (make(step("SOFTMAX", beta=2.0)), make(step("SOFTMAX", beta=1.0))),
}

ONX_EXAMPLES = {
    "ONX001": (
        onnx(step("Conv", auto_pad=b"SAME_UPPER", strides=[2, 2])),
        onnx(step("Conv", auto_pad=b"SAME_UPPER", strides=[1, 1])),
    ),
    "ONX002": (
        onnx(step("Conv", t(1, 6, 8, 8, name="image")), inputs=[shaped(1, 6, 8, 8)]),
        onnx(step("Conv", t(1, 12, 8, 8, name="image")), inputs=[shaped(1, 12, 8, 8)]),
    ),
    "ONX003b": (
        onnx(step("Unsqueeze", t(), Tensor("", (), "int64", True, (0,)))),
        onnx(step("Unsqueeze", t(), t(1, dtype="int64", values=(0,)))),
    ),
    "ONX004": (
        onnx(step("Conv", out=X), step("LeakyRelu", X)),
        onnx(step("Conv", out=X), step("Relu", X)),
    ),
    "ONX005": (
        onnx(step("Conv", HALF)),
        onnx(step("Cast", t(dtype="float16", constant=True), out=X), step("Conv", t(), X)),
    ),
    "ONX006": (
        onnx(step("Conv", out=X), step("Relu", X), step("BatchNormalization", X, BIAS)),
        onnx(step("Conv", out=X), step("BatchNormalization", X, BIAS)),
    ),
    "ONX006b": (onnx(step("Slice", t(), INT64)), onnx(step("Slice", t(), FOUR))),
    "ONX006c": (
        onnx(step("DepthToSpace", t(1, 8, None, None), mode=b"CRD")),
        onnx(step("DepthToSpace", t(1, 8, None, None), mode=b"DCR")),
    ),
    "ONX006d": (
        onnx(step("Resize", t(), FOUR, mode=b"cubic")),
        onnx(step("Resize", t(), FOUR, mode=b"linear")),
    ),
    "ONX006e": (
        onnx(step("Conv"), inputs=[shaped(*FREE)]),
        onnx(step("Conv"), inputs=[shaped(1, 3, 8, 8)]),
    ),
    "ONX007": (onnx(step("If")), onnx(step("Where"))),
    "ONX007b": (
        onnx(step("Conv"), inputs=[shaped(*FREE)]),
        onnx(step("Conv"), inputs=[shaped(1, 3, 8, 8)]),
    ),
    "ONX007c": (
        onnx(step("Slice", t(dtype="uint8"), version=18)),
        onnx(step("Slice", t(), version=18)),
    ),
    "ONX007f": (
        onnx(step("Relu", out=X), step("Conv", X, version=25)),
        onnx(step("Relu", out=X), step("Conv", X, version=24)),
    ),
    "ONX007e": (
        onnx(step("Conv"), step("Relu"), unsupported=frozenset({"Conv 0"})),
        onnx(*[step("Conv")] * 5, unsupported=frozenset({"Conv 0"})),
    ),
    "ONX007d": (onnx(step("org.example:Shift")), onnx(step("com.microsoft:FusedConv"))),
    "ONX010": (
        onnx(step("Conv", t(dtype="float64"), version=18)),
        onnx(step("QuantizeLinear", version=18)),
    ),
    "ONX010b": (
        onnx(step("Conv", t(dtype="float64"), version=18)),
        onnx(step("Cast", t(dtype="int16"), version=18)),
    ),
    "ONX010c": (
        onnx(step("Conv", t(dtype="float64"), version=18)),
        onnx(step("Conv", version=18)),
    ),
    "ONX010f": (
        onnx(step("MatMul", t(), replace(t(4, 4, constant=True), sparse=True))),
        onnx(step("MatMul", t(), t(4, 4, constant=True))),
    ),
    "ONX010e": (onnx(step("Relu"), version=99), onnx(step("Relu"), version=10)),
    "ONX010d": (onnx(step("Conv", version=99)), onnx(step("Conv", version=22))),
    "ONX008": (onnx(*[step("Add")] * 1001), onnx(*[step("Add")] * 1000)),
    "ONX008b": (
        onnx(*[step("ScatterND")] * 6, step("Conv")),
        onnx(*[step("Slice")] * 5, step("Conv")),
    ),
}

EXAMPLES = ANE_EXAMPLES | TFG_EXAMPLES | ONX_EXAMPLES
"""Rule -> the smallest file that breaks it, and one that keeps it."""
