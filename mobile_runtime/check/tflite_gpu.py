"""Rules of TFLite's two GPU engines: the legacy delegate, and ML Drift (LiteRT's CompiledModel)."""

from functools import partial

from mobile_runtime.check import tflite_gpu_conditions as when
from mobile_runtime.check.rule import (
    MOVES_PER_COMPUTATION,
    Matcher,
    NotStatic,
    Rule,
    Severity,
    TargetName,
    any_of,
    each,
    each_input,
    each_port,
    mostly,
    whole,
)
from mobile_runtime.check.tflite_gpu_operators import (
    BINARY,
    DRIFT_CAPS,
    DRIFT_KINDS,
    LEGACY_CAPS,
    LEGACY_KINDS,
    MOVING,
    SUMS,
)

GC = "google-ai-edge/LiteRT@f674577 tflite/tools/versioning/gpu_compatibility.cc"
LEGACY = "google-ai-edge/LiteRT@f674577 tflite/delegates/gpu/common/model_builder.cc"
DRIFT = "google-ai-edge/LiteRT@f674577 ml_drift_delegate/tflite/model_builder.cc"
PARSER = "google-ai-edge/LiteRT@f674577 ml_drift_delegate/tflite/operation_parser.cc"
SKILL = "google-ai-edge/litert-samples skills/gpu-clean-conversion/SKILL.md"

NATIVE_SHIFT = (
    "Use `scnet convert`: the shift becomes PAD, SLICE and CONCATENATION, or one convolution."
)


def _rule(
    id_: str,
    severity: Severity,
    look: Matcher,
    message: str,
    fix: str,
    source: str,
    *,
    targets: tuple[TargetName, ...] = ("gpu-legacy", "ml-drift"),
    leaves: bool | None = None,
) -> Rule:
    """Write a rule; what it finds leaves if that is an error, unless told otherwise."""
    leaves = severity == "error" if leaves is None else leaves
    return Rule(id_, severity, targets, look, message, fix, source, leaves)


RULES = (
    _rule(
        *("TFG001", "error", each(partial(when.is_unknown, LEGACY_KINDS))),
        "The legacy delegate has no such operator.",
        "Write it with convolutions, slices and elementwise arithmetic.",
        f"{LEGACY}; {GC}",
        targets=("gpu-legacy",),
    ),
    _rule(
        *("TFG001b", "error", each(partial(when.is_unknown, DRIFT_KINDS))),
        "ML Drift has no such operator.",
        "Write it with convolutions, slices and elementwise arithmetic.",
        f"{DRIFT}; {GC}",
        targets=("ml-drift",),
    ),
    _rule(
        *("TFG002", "error", each(partial(when.is_never_taken, LEGACY_KINDS))),
        "No GPU engine takes this: gathering, scattering, broadcasting, Flex and custom operators.",
        NATIVE_SHIFT,
        f"{GC}; {SKILL}; google-ai-edge/LiteRT#9191",
        targets=("gpu-legacy",),
    ),
    _rule(
        *("TFG002b", "error", each(partial(when.is_never_taken, DRIFT_KINDS))),
        "No GPU engine takes this: gathering, scattering, broadcasting, Flex and custom operators.",
        NATIVE_SHIFT,
        f"{GC}; {SKILL}; google-ai-edge/LiteRT#9191",
        targets=("ml-drift",),
    ),
    _rule(
        *("TFG003", "error", each(when.has_rank_above_4)),
        "A tensor has more than 4 axes.",
        "Avoid PixelShuffle's reshape to 6 axes: DEPTH_TO_SPACE does it in one operator.",
        f"{PARSER}; {LEGACY}; {SKILL}",
    ),
    _rule(
        *("TFG004", "error", each(partial(when.is_too_new, LEGACY_CAPS))),
        "This version of the operator is newer than the legacy delegate reads.",
        "Convert in fp32 with static shapes: newer versions come from other types.",
        f"{LEGACY} CheckMaxSupportedOpVersion",
        targets=("gpu-legacy",),
    ),
    _rule(
        *("TFG004b", "error", each(partial(when.is_too_new, DRIFT_CAPS))),
        "This version of the operator is newer than ML Drift reads.",
        "Convert in fp32 with static shapes: newer versions come from other types.",
        f"{DRIFT} ValidateSupport",
        targets=("ml-drift",),
    ),
    _rule(
        *("TFG005", "error", each(when.slices_wrongly, "SLICE")),
        "SLICE needs constant begins and sizes, alike in length, and an input of 3 or 4 axes.",
        "Convert with static shapes.",
        f"{GC}; {DRIFT} SliceOperationParser",
    ),
    _rule(
        *("TFG006", "error", each(when.strides_wrongly, "STRIDED_SLICE")),
        "STRIDED_SLICE must not drop or add axes, needs positive strides and 3 or 4 axes.",
        "Slice without an integer index, or use SLICE.",
        f"{GC}; {DRIFT}",
    ),
    _rule(
        *("TFG007", "error", each(when.pads_wrongly, "PAD", "PADV2", "MIRROR_PAD")),
        "Padding needs a constant 4x2 or 3x2 table, and mirrors only without the edge.",
        "Pad 3 or 4 axes with zeros, or fold the padding into a convolution.",
        f"{GC}; {DRIFT}",
    ),
    _rule(
        *("TFG008", "error", each(when.resizes_wrongly, "RESIZE_BILINEAR")),
        "RESIZE_BILINEAR cannot align corners and use half-pixel centres at once.",
        "align_corners=False.",
        GC,
    ),
    _rule(
        *("TFG009", "error", each(when.rearranges_wrongly, "DEPTH_TO_SPACE", "SPACE_TO_DEPTH")),
        "DEPTH_TO_SPACE needs a block of 2 or more.",
        "Leave it out: a block of 1 does nothing.",
        f"{GC}; tensorflow/tensorflow#51422",
    ),
    _rule(
        *("TFG010", "error", each(when.convolves_wrongly, "CONV_2D", "DEPTHWISE_CONV_2D")),
        "A convolution with three computed inputs, no stride, or an unknown fused activation.",
        "Keep the bias constant, strides positive, and the activation a ReLU or tanh.",
        GC,
    ),
    _rule(
        *("TFG010b", "error", each(when.convolves_depthwise_wrongly, "DEPTHWISE_CONV_2D")),
        "Channels of input, kernel, bias and output do not fit, or there are not 4 axes.",
        "Export the convolution with groups equal to the channels.",
        GC,
    ),
    _rule(
        *("TFG011", "error", each(when.broadcasts_wrongly, "ADD", "MUL")),
        "Shapes of different rank that the delegates do not broadcast.",
        "Reshape the constant to 4 axes when exporting.",
        f"{GC} CheckAddMulBroadcastCompatibility; the analyzer assumes more",
    ),
    _rule(
        *("TFG012", "error", each(when.pairs_wrongly, *BINARY)),
        "Needs two different inputs, at least one of them computed.",
        "x - x, x / x or constants alone: fold them when exporting.",
        f"{GC}; {SKILL}; google-ai-edge/LiteRT#9192",
    ),
    _rule(
        *("TFG013", "error", each(when.transposes_wrongly, "TRANSPOSE")),
        "TRANSPOSE needs a constant order of 2 to 4 axes.",
        "Keep (N, H, W, C) from end to end.",
        DRIFT,
    ),
    _rule(
        *("TFG013b", "error", each(when.reshapes_wrongly, "RESHAPE")),
        "RESHAPE needs a constant shape.",
        "Convert with static shapes.",
        f"{DRIFT}; {GC}",
    ),
    _rule(
        *("TFG014", "warning", any_of("SELECT", "SELECT_V2")),
        "SELECT is refused by LiteRT's own GPU checklist; it comes from assigning into slices, "
        "torch.where and PReLU.",
        NATIVE_SHIFT,
        f"{SKILL}; {GC}",
    ),
    _rule(
        *("TFG014b", "error", each(when.selects_wrongly, "SELECT", "SELECT_V2")),
        "SELECT between values that do not have the output's shape and are no scalars.",
        "x * (1 - mask) + value * mask.",
        GC,
    ),
    _rule(
        *("TFG014c", "error", each(when.selects_by_constant, "SELECT", "SELECT_V2")),
        "SELECT by a constant mask: the legacy delegate takes only computed ones, and gives the "
        "whole model back to the CPU when it meets this while building.",
        f"{NATIVE_SHIFT} Otherwise x * (1 - mask) + value * mask.",
        f"{LEGACY} SelectV2OperationParser::Parse; object_reader.cc ReadNonConstantTensor",
        targets=("gpu-legacy",),
    ),
    _rule(
        *("TFG015", "warning", any_of("SPLIT", "SPLIT_V")),
        "SPLIT is accepted by the source, but reported as refused on devices.",
        "Slice instead of torch.chunk.",
        f"{SKILL}; {DRIFT}",
    ),
    _rule(
        *("TFG016", "warning", any_of("RELU_0_TO_1")),
        "Clamping to 0..1 was accepted by LiteRT 2.1.3 and is refused since 2.1.5.",
        "relu(x) - relu(x - 1), or clamp outside the model.",
        f"{SKILL}; google-ai-edge/LiteRT#8598",
    ),
    _rule(
        *("TFG017", "warning", any_of("TRANSPOSE_CONV")),
        "TRANSPOSE_CONV is refused by some versions.",
        "DEPTH_TO_SPACE after a convolution.",
        SKILL,
    ),
    _rule(
        *("TFG018", "warning", each(when.is_lowered_prelu, "SELECT", "SELECT_V2")),
        "A PReLU that became GREATER, MUL and SELECT.",
        "relu(x) - a * relu(-x), or LEAKY_RELU.",
        "google-ai-edge/litert-torch#1090; google-ai-edge/litert-samples#170",
    ),
    _rule(
        *("TFG019", "error", whole(when.is_partitioned)),
        "Not one partition: by default only the largest run of operators goes to the GPU, and the "
        "rest to the CPU.",
        "See to the operators that leave.",
        f"google-ai-edge/LiteRT delegate_options.cc max_delegated_partitions=1; {SKILL}",
        leaves=False,
    ),
    _rule(
        *("TFG020", "error", each_input(when.is_no_single_picture)),
        "The input's shape is not fixed, or it is more than one picture.",
        "Convert for one size and a batch of 1.",
        "Unverified; export with fixed shapes avoids the question",
        leaves=False,
    ),
    _rule(
        *("TFG021", "warning", any_of("TRANSPOSE", "RESHAPE")),
        "Moves memory and computes nothing; dear on a GPU.",
        "Author the network in (N, H, W, C), and use DEPTH_TO_SPACE.",
        "google-ai-edge/LiteRT delegates/gpu/README.md; google-ai-edge/litert-torch#111",
    ),
    _rule(
        *("TFG021b", "warning", mostly(*MOVING)),
        f"More than {MOVES_PER_COMPUTATION} operators only move values for each that "
        "computes, as assigning into slices does.",
        NATIVE_SHIFT,
        "google-ai-edge/LiteRT delegates/gpu/README.md: reshape-like operators cost much on GPUs",
    ),
    _rule(
        *("TFG022", "info", each(when.wastes_channels)),
        "Channels are stored in fours: these cost half as much again, or more.",
        "Choose a multiple of 4.",
        "google-ai-edge/LiteRT delegates/gpu/README.md",
    ),
    _rule(
        *("TFG023", "warning", each(when.convolves_one_channel, "CONV_2D")),
        "A convolution of one channel becomes a depthwise one, wrong on some GPUs.",
        "Keep RGB; do not convert luma alone.",
        "tensorflow/tensorflow#38825, #30311",
    ),
    _rule(
        *("TFG024", "warning", each_port(when.is_output_read_on)),
        "An output is also read inside the graph; ML Drift may overwrite it.",
        "Give the output an operator of its own.",
        f"{SKILL}; google-ai-edge/LiteRT#8599",
        targets=("ml-drift",),
    ),
    _rule(
        *("TFG025", "warning", each(when.reduces_much, *SUMS)),
        f"Sums {when.LONG_REDUCTION} values or more, in fp16, which ends at 65504.",
        "Reduce in steps, or scale the values down first.",
        SKILL,
    ),
    _rule(
        *("TFG026", "warning", each(when.is_quantized_per_channel)),
        "Activations have a scale for each channel; the GPU reads one per tensor.",
        "Quantize activations per tensor.",
        f"{PARSER} PreCheckReadValueByTensorIdx",
        leaves=True,
    ),
    _rule(
        *("TFG026b", "warning", when.dequantizes_int16),
        "INT16 cannot be dequantized on the GPU.",
        "Quantize to int8.",
        GC,
        leaves=True,
    ),
    _rule(
        *("TFG027", "error", each(when.computes_in_64_bits)),
        "Computes with int64 or float64.",
        "Use int32 and float32.",
        f"{DRIFT} IsAllAllowedTensors",
    ),
)

NOT_STATIC = (
    NotStatic("TFG028", "How far the GPU's numbers are from the CPU's: run the golden samples."),
)
