"""Rules of Apple's Neural Engine, for mlprograms.

Apple publishes no list of what it runs, and says that it varies by device, system and size
(coremltools#1780). All of this is experience, so every message says how to confirm it.
"""

from functools import partial

from mobile_runtime.check import neural_engine_conditions as when
from mobile_runtime.check.rule import (
    Matcher,
    NotStatic,
    Rule,
    Severity,
    any_of,
    each,
    each_input,
    each_port,
    whole,
)

EMPIRICAL = "(Empirical: confirm with MLComputePlan or Xcode.)"
RULEBOOK = "apple/coreai-models neural_engine_rules.md"
HOLLANCE = "hollance/neural-engine unsupported-layers.md"

GATHERING = (
    *("gather", "gather_nd", "gather_along_axis"),
    *("scatter", "scatter_nd", "scatter_along_axis"),
    *("lstm", "gru", "rnn", "resample", "custom_layer", "non_zero", "one_hot"),
)
UPSAMPLING = ("upsample_bilinear", "upsample_nearest_neighbor")


def _rule(
    id_: str,
    severity: Severity,
    look: Matcher,
    message: str,
    fix: str,
    source: str,
    *,
    leaves: bool = False,
) -> Rule:
    message = f"{message} {EMPIRICAL}"
    return Rule(id_, severity, ("neural-engine",), look, message, fix, source, leaves)


RULES = (
    _rule(
        *("ANE001", "warning", whole(when.is_fp32_throughout)),
        "The whole program computes in fp32; the Neural Engine computes in fp16, so all of it runs "
        "on GPU or CPU.",
        "Convert with --precision fp16, unless GPU or CPU is what you want.",
        f"{RULEBOOK} 'Supported dtypes'; hollance/neural-engine 16-bit.md",
        leaves=True,
    ),
    _rule(
        *("ANE001b", "info", each(when.is_border_cast, "cast")),
        "fp32 goes in or out, and is cast; a cast from or to fp32 may be done on the CPU.",
        "Nothing, if one cast at each end is all; arrays can be fp16 themselves (iOS 16).",
        f"{RULEBOOK} 'Supported dtypes'",
    ),
    _rule(
        *("ANE002", "error", each(partial(when.has_rank_above, 5))),
        "A tensor has more than 5 axes.",
        "Keep to 4 axes, (N, C, H, W).",
        f"{RULEBOOK}; john-rocky/CoreML-Models conversion_notes 'Tensor Rank Limits'",
        leaves=True,
    ),
    _rule(
        *("ANE003", "error", whole(lambda graph: any(map(when.has_free_shape, graph.inputs)))),
        f"An input has a range of sizes, or more than {when.MOST_SHAPES} enumerated ones: only "
        "fixed and enumerated shapes stay.",
        "Convert for one size, or for a list of sizes.",
        "apple/coremltools flexible-inputs.md, #1029, #1764, #2370",
        leaves=True,
    ),
    _rule(
        *("ANE004", "warning", each_input(when.is_enumerated)),
        "Several sizes: memory is taken for the largest, and changing between them costs time.",
        "One file for each size that matters.",
        "apple/coremltools#1249, #2370, #2730",
    ),
    _rule(
        *("ANE005", "error", each(when.has_long_axis)),
        f"An axis is longer than {when.LONGEST_AXIS}.",
        "Use smaller tiles.",
        "ncdrone/rustane#13; chrishayuk/larql#312",
        leaves=True,
    ),
    _rule(
        *("ANE006", "warning", each_port(when.is_padded)),
        f"The last axis is no multiple of {when.ALIGNMENT_BYTES} bytes (32 fp16 values): rows are "
        "padded, up to 32-fold if it is one long.",
        "Choose a width that is a multiple of 32, better a power of two.",
        f"{RULEBOOK} 'Tensor memory alignment'",
    ),
    _rule(
        *("ANE007", "error", any_of(*GATHERING)),
        "Gathering, scattering, recurrent and custom operators run elsewhere.",
        "Write the shift as one pad, slices and one concat, or as a depthwise convolution "
        "(`scnet convert` does).",
        f"{HOLLANCE}; apple/coremltools#1875",
        leaves=True,
    ),
    _rule(
        *("ANE008", "warning", any_of("pad")),
        "A published compute plan shows a pad (reflecting, of one axis) on the CPU only. Zero "
        "padding as here may do better, but no plan of it is published.",
        "Convert with --shift depthwise: its padding belongs to the convolution.",
        "huggingface mickekringai/kb-whisper-coreml, *.mlcomputeplan.json",
    ),
    _rule(
        *("ANE009", "warning", each(when.upsamples_by_other_than_two, *UPSAMPLING)),
        "Upsampling by another factor than 2 was refused by the Neural Engine of 2020; newer "
        "systems are not documented. If it leaves, one more switch is the price.",
        "Confirm on the oldest device that you support. Only scale 2 has no other factor: the last "
        "step adds the input picture, enlarged at once.",
        f"hollance/neural-engine#2; {HOLLANCE}",
    ),
    _rule(
        *("ANE010", "warning", each(when.pools_widely, "max_pool", "avg_pool", "l2_pool")),
        "Pooling over more than 13 pixels, or in steps other than 1, 2 or 4.",
        "Pool twice with smaller kernels.",
        f"hollance/neural-engine#2; {RULEBOOK}",
    ),
    _rule(
        *("ANE011", "warning", each(when.multiplies_by_computed_vector, "mul")),
        "C x H x W times a computed C x 1 x 1; fast only with a constant vector.",
        "Fold the vector into a convolution's weights.",
        f"hollance/neural-engine#2; {HOLLANCE}",
    ),
    _rule(
        *("ANE012", "warning", each(when.is_unusual_convolution, "conv")),
        "A convolution with a kernel over 7, or with a stride or dilation that is no product of 2s "
        "and 3s.",
        "Split it into smaller convolutions.",
        f"{RULEBOOK}; ultralytics/yolov5#2526",
    ),
    _rule(
        *("ANE013", "warning", each(when.moves_innermost_axis, "reshape", "transpose")),
        "A reshape or transpose changes the innermost axis, so memory is copied.",
        "Keep (N, C, H, W) from end to end; use depth_to_space or pixel_shuffle.",
        f"{RULEBOOK} 'Avoid unnecessary memory copies'",
    ),
    _rule(
        *("ANE013b", "warning", whole(when.copies_a_lot)),
        "More than a third of the operators only copy: slices, concats, reshapes.",
        "Convert with --shift depthwise: one convolution instead of 1 pad, 8 slices and 1 concat.",
        f"{RULEBOOK} 'Avoid unnecessary memory copies'",
    ),
    _rule(
        *("ANE014", "error", when.strays_into_fp32),
        "Computes in fp32 within an fp16 program: a Python float or the scale of an image input "
        "does that.",
        "Cast the constant to fp16, or fold it into a convolution's weights.",
        f"{RULEBOOK}; apple/coremltools#2213",
        leaves=True,
    ),
    _rule(
        *("ANE015", "warning", any_of("silu", "tanh")),
        "silu casts to fp32 on the way, and tanh is slow.",
        "x * sigmoid(x) for silu; 2 * sigmoid(2 * x) - 1 for tanh.",
        "apple/coreai-models common_issues.md",
    ),
    _rule(
        *("ANE015b", "warning", each(when.reads_infinity)),
        "An infinite constant; in fp16 it makes NaN.",
        "Use -4e4 instead of -inf.",
        "apple/coreai-models common_issues.md",
    ),
    _rule(
        *("ANE017", "info", each(when.is_leaky_convolution, "leaky_relu")),
        "Convolution and leaky ReLU: differences up to 0.1 to the CPU were reported (2020, "
        "iPhone 12).",
        "Run the golden samples on the device and keep a PSNR gate of at least 40 dB.",
        "apple/coremltools#1023",
    ),
    _rule(
        *("ANE018", "error", whole(lambda graph: graph.size_bytes >= 1e9)),
        "1 GB or more: too large for the Neural Engine of an iPhone.",
        "Compress the weights, or split the model.",
        "apple/coreml mlmodel-utilities.md",
        leaves=True,
    ),
    _rule(
        *("ANE019", "info", whole(lambda graph: graph.size_bytes < 50e6)),
        "Small (under 50 MB): Core ML may choose the CPU because it is quicker there.",
        "Measure with compute units CPU_AND_NE.",
        "FluidInference/FluidAudio ANE_Profiler",
    ),
    _rule(
        *("ANE020", "warning", each_input(when.is_large_picture)),
        f"An input of {when.LARGEST_TILE} x {when.LARGEST_TILE} or more failed to load on some "
        "systems (seen with transformers).",
        "Use tiles of at most 512 pixels.",
        "john-rocky/CoreML-Models conversion_notes",
    ),
    _rule(
        *("ANE021", "error", each_port(when.may_wrap_around)),
        "An image goes out that is not clipped to 0..255: values beyond wrap around, white turns "
        "black.",
        "End the program with clip(0, 255).",
        "apple/coremltools#2213; john-rocky/CoreML-Models#6",
    ),
    _rule(
        *("ANE021b", "error", whole(when.has_images_before_ios16)),
        "Image outputs of mlprograms need iOS 16; this file is for an older system.",
        "Convert with minimum_deployment_target iOS16.",
        "apple/coremltools image-inputs.md",
    ),
    _rule(
        *("ANE022", "info", whole(when.gives_padded_rows)),
        "The output's rows may be padded in memory (88 values become 96).",
        "Read MLMultiArray through its strides.",
        "john-rocky/CoreML-Models conversion_notes",
    ),
    _rule(
        *("ANE024", "info", whole(lambda graph: len(graph.partitions()) > 1)),
        "More than one partition: each switch between units costs.",
        "See to the operators that leave.",
        f"{HOLLANCE}; {RULEBOOK}",
    ),
)

NOT_STATIC = (
    NotStatic("ANE016", "The range of activations needs calibration images: run the model."),
    NotStatic(
        "ANE023", "What blocks a conversion is in the source network; the file is converted."
    ),
)
