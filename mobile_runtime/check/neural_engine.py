"""Rules of Apple's Neural Engine, for mlprograms.

Apple publishes no list of what it runs, and says that it varies by device, system and size
(coremltools#1780). All rules are empirical, so every message names how to confirm it.
"""

from dataclasses import replace

from mobile_runtime.check.neural_engine_shapes import ANE, RULEBOOK, SHAPE_RULES
from mobile_runtime.check.rule import Rule, any_of, each, each_port, follows, refusal, whole
from mobile_runtime.formats.data_movement import MIL as DATA_MOVEMENT
from mobile_runtime.formats.graph import Graph, Operator, Port

EMPIRICAL = "(Empirical: confirm with MLComputePlan or Xcode.)"
HOLLANCE = "hollance/neural-engine unsupported-layers.md"

COPIES_SHARE = 1 / 3
"""Ours: from here on the program moves more values than it computes."""

GATHERING = (
    *("gather", "gather_nd", "gather_along_axis"),
    *("scatter", "scatter_nd", "scatter_along_axis"),
    *("lstm", "gru", "rnn", "resample", "custom_layer", "non_zero", "one_hot"),
)
UPSAMPLING = ("upsample_bilinear", "upsample_nearest_neighbor")


def _computes_in(dtype: str, graph: Graph, operator: Operator) -> bool:
    """Check whether an operator's results have this type; a cast computes nothing."""
    if operator.kind == "cast":
        return False
    return any(tensor.dtype == dtype for tensor in graph.outputs_of(operator))


def _is_fp32_throughout(graph: Graph) -> bool:
    whole, half = (
        any(_computes_in(dtype, graph, op) for op in graph.operators)
        for dtype in ("float32", "float16")
    )
    return whole and not half


def _strays_into_fp32(graph: Graph) -> list[str]:
    """Return the operators of an fp16 program that compute in fp32."""
    if _is_fp32_throughout(graph):
        return []
    return [op.name for op in graph.operators if _computes_in("float32", graph, op)]


def _is_border_cast(graph: Graph, operator: Operator) -> bool:
    """Check whether a cast leads from fp32 to fp16 or back."""
    return {t.dtype for t in graph.activations_of(operator)} == {"float16", "float32"}


def _upsamples_by_other_than_two(graph: Graph, operator: Operator) -> bool:
    names = ("scale_factor_height", "scale_factor_width")
    return any(float(operator.attributes.get(name, 1)) not in (1, 2) for name in names)


def _numbers(operator: Operator, name: str) -> tuple[int, ...]:
    value = operator.attributes.get(name, ())
    return value if isinstance(value, tuple) else (value,)


def _pools_widely(graph: Graph, operator: Operator) -> bool:
    large = any(side > 13 for side in _numbers(operator, "kernel_sizes"))
    return large or any(step not in (1, 2, 4) for step in _numbers(operator, "strides"))


def _multiplies_by_computed_vector(graph: Graph, operator: Operator) -> bool:
    """Check for C x H x W times C x 1 x 1 where both are computed."""
    shapes = [tensor.shape or () for tensor in graph.dynamic_inputs_of(operator)]
    if len(shapes) != 2 or shapes[0] == shapes[1]:
        return False
    return any(len(shape) >= 3 and set(shape[-2:]) == {1} for shape in shapes)


def _is_unusual_convolution(graph: Graph, operator: Operator) -> bool:
    factors = _numbers(operator, "strides") + _numbers(operator, "dilations")
    shapes = [t.shape or () for t in graph.inputs_of(operator) if t.constant]
    kernels = [shape[2:] for shape in shapes if len(shape) == 4]
    sides = [side or 0 for kernel in kernels for side in kernel]
    return any(map(_has_factor_above_three, factors)) or any(side > 7 for side in sides)


def _has_factor_above_three(number: int) -> bool:
    for factor in (2, 3):
        while number > 1 and number % factor == 0:
            number //= factor
    return number > 1


def _moves_innermost_axis(graph: Graph, operator: Operator) -> bool:
    """Check whether the last axis changes its place or its length."""
    ends = graph.dynamic_inputs_of(operator), graph.outputs_of(operator)
    before, after = ([tensor.shape for tensor in tensors if tensor.shape] for tensors in ends)
    if not before or not after:
        return False
    if operator.kind == "transpose":
        rank = len(before[0])
        return _numbers(operator, "perm")[-1:] not in ((rank - 1,), (-1,))
    return before[0][-1] != after[0][-1]


def _copies_a_lot(graph: Graph) -> bool:
    copies = sum(op.kind in DATA_MOVEMENT for op in graph.operators)
    return copies > COPIES_SHARE * len(graph.operators)


def _reads_infinity(graph: Graph, operator: Operator) -> bool:
    values = [v for t in graph.inputs_of(operator) for v in t.values if isinstance(v, float)]
    return any(abs(value) == float("inf") for value in values)


def _may_wrap_around(graph: Graph, port: Port) -> bool:
    """Check whether an image output is not clipped to 0..255 inside the program."""
    if not port.image or port not in graph.outputs:
        return False
    last = graph.producers.get(port.name)
    while last is not None and last.kind in ("cast", "identity"):
        last = next(iter(graph.predecessors(last)), None)
    if last is None or last.kind != "clip":
        return True
    return bool(last.attributes.get("alpha", -1) < 0 or last.attributes.get("beta", 256) > 255)


def _has_half_images_before_ios16(graph: Graph) -> bool:
    ports = (*graph.inputs, *graph.outputs)
    return graph.version < 7 and any(p.color_space == "GRAYSCALE_FLOAT16" for p in ports)


PROGRAM_RULES = (
    refusal(
        *("ANE001", "warning", ANE, whole(_is_fp32_throughout)),
        "The whole program computes in fp32; the Neural Engine computes in fp16, so all of it runs "
        "on GPU or CPU.",
        "Convert with --precision fp16, unless GPU or CPU is what you want.",
        f"{RULEBOOK} 'Supported dtypes'; hollance/neural-engine 16-bit.md",
        foreign_fix="Convert with compute_precision FLOAT16, unless GPU or CPU is what you want.",
    ),
    Rule(
        *("ANE001b", "info", ANE, each(_is_border_cast, "cast")),
        "fp32 goes in or out, and is cast; a cast from or to fp32 may be done on the CPU.",
        "Nothing, if one cast at each end is all; arrays can be fp16 themselves (iOS 16).",
        f"{RULEBOOK} 'Supported dtypes'",
    ),
    refusal(
        *("ANE007", "error", ANE, any_of(*GATHERING)),
        "Gathering, scattering, recurrent and custom operators run elsewhere.",
        "Write the shift as one pad, slices and one concat, or as a depthwise convolution "
        "(`scnet convert` does).",
        f"{HOLLANCE}; apple/coremltools#1875",
    ),
    Rule(
        *("ANE008", "warning", ANE, any_of("pad")),
        "A published compute plan shows a pad (reflecting, of one axis) on the CPU only. Zero "
        "padding as here may do better, but no plan of it is published.",
        "Convert with --shift depthwise: its padding belongs to the convolution.",
        "huggingface mickekringai/kb-whisper-coreml, *.mlcomputeplan.json",
        foreign_fix="Let the convolution after it pad, where the padding is zero.",
    ),
    Rule(
        *("ANE009", "warning", ANE, each(_upsamples_by_other_than_two, *UPSAMPLING)),
        "Upsampling by another factor than 2 was refused by the Neural Engine of 2020; newer "
        "systems are not documented. If it leaves, one more switch is the price.",
        "Confirm on the oldest device that you support. Only scale 2 has no other factor: the last "
        "step adds the input picture, enlarged at once.",
        f"hollance/neural-engine#2; {HOLLANCE}",
    ),
    Rule(
        *("ANE010", "warning", ANE, each(_pools_widely, "max_pool", "avg_pool", "l2_pool")),
        "Pooling over more than 13 pixels, or in steps other than 1, 2 or 4.",
        "Pool twice with smaller kernels.",
        f"hollance/neural-engine#2; {RULEBOOK}",
    ),
    Rule(
        *("ANE011", "warning", ANE, each(_multiplies_by_computed_vector, "mul")),
        "C x H x W times a computed C x 1 x 1; fast only with a constant vector.",
        "Fold the vector into a convolution's weights.",
        f"hollance/neural-engine#2; {HOLLANCE}",
    ),
    Rule(
        *("ANE012", "warning", ANE, each(_is_unusual_convolution, "conv")),
        "A convolution with a kernel over 7, or with a stride or dilation that is no product of 2s "
        "and 3s.",
        "Split it into smaller convolutions.",
        f"{RULEBOOK}; ultralytics/yolov5#2526",
    ),
    Rule(
        *("ANE013", "warning", ANE, each(_moves_innermost_axis, "reshape", "transpose")),
        "A reshape or transpose changes the innermost axis, so memory is copied.",
        "Keep (N, C, H, W) from end to end; use depth_to_space or pixel_shuffle.",
        f"{RULEBOOK} 'Avoid unnecessary memory copies'",
    ),
    Rule(
        *("ANE013b", "warning", ANE, whole(_copies_a_lot)),
        "More than a third of the operators only copy: slices, concats, reshapes.",
        "Convert with --shift depthwise: one convolution instead of 1 pad, 8 slices and 1 concat.",
        f"{RULEBOOK} 'Avoid unnecessary memory copies'",
        foreign_fix="Write slices that are joined again as one convolution of constant weights.",
    ),
    refusal(
        *("ANE014", "error", ANE, _strays_into_fp32),
        "Computes in fp32 within an fp16 program: a Python float or the scale of an image input "
        "does that.",
        "Cast the constant to fp16, or fold it into a convolution's weights.",
        f"{RULEBOOK}; apple/coremltools#2213",
    ),
    Rule(
        *("ANE015", "warning", ANE, any_of("silu", "tanh")),
        "silu casts to fp32 on the way, and tanh is slow.",
        "x * sigmoid(x) for silu; 2 * sigmoid(2 * x) - 1 for tanh.",
        "apple/coreai-models common_issues.md",
    ),
    Rule(
        *("ANE015b", "warning", ANE, each(_reads_infinity)),
        "An infinite constant; in fp16 it makes NaN.",
        "Use -4e4 instead of -inf.",
        "apple/coreai-models common_issues.md",
    ),
    Rule(
        *("ANE017", "info", ANE, each(follows("conv"), "leaky_relu")),
        "Convolution and leaky ReLU: differences up to 0.1 to the CPU were reported (2020, "
        "iPhone 12).",
        "Run the golden samples on the device and keep a PSNR gate of at least 40 dB; where they "
        "fail, convert with --split-leaky-relu.",
        "apple/coremltools#1023",
        foreign_fix="Compare a picture on the device with the source's result, at a PSNR gate of "
        "at least 40 dB.",
    ),
    Rule(
        *("ANE021", "error", ANE, each_port(_may_wrap_around)),
        "An image goes out that is not clipped to 0..255: values beyond wrap around, white turns "
        "black.",
        "End the program with clip(0, 255).",
        "apple/coremltools#2213; john-rocky/CoreML-Models#6",
    ),
    Rule(
        *("ANE021b", "error", ANE, whole(_has_half_images_before_ios16)),
        "Images of 16-bit floats need iOS 16; this file is for an older system.",
        "Convert with minimum_deployment_target iOS16.",
        "apple/coremltools image-inputs.md",
    ),
    Rule(
        *("ANE024", "info", ANE, whole(lambda graph: len(graph.partitions()) > 1)),
        "More than one partition: each switch between units costs.",
        "Look at the operators that are not supported.",
        f"{HOLLANCE}; {RULEBOOK}",
    ),
)

RULES = tuple(
    replace(rule, message=f"{rule.message} {EMPIRICAL}")
    for rule in sorted((*SHAPE_RULES, *PROGRAM_RULES), key=lambda rule: rule.id)
)
