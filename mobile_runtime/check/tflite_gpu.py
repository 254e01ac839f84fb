"""Rules of TFLite's two GPU engines: the legacy delegate, and ML Drift (LiteRT's CompiledModel)."""

from collections.abc import Mapping, Set
from functools import partial
from math import prod

from mobile_runtime.check.rule import (
    MOVES_PER_COMPUTATION,
    Rule,
    any_of,
    each,
    each_input,
    each_port,
    follows,
    has_rank_above,
    mostly,
    refusal,
    shape_at,
    uses_dtype,
    whole,
)
from mobile_runtime.check.tflite_drift import DRIFT_RULES
from mobile_runtime.check.tflite_gpu_arguments import ARGUMENT_RULES
from mobile_runtime.check.tflite_gpu_operators import (
    DRIFT,
    DRIFT_ONLY,
    DRIFT_UNTRIED,
    GC,
    GPUS,
    LEGACY,
    LEGACY_CAPS,
    LEGACY_KINDS,
    LEGACY_ONLY,
    NATIVE_SHIFT,
    PARSER,
    SKILL,
    SUMS,
    is_never_taken,
)
from mobile_runtime.formats.data_movement import TFLITE as DATA_MOVEMENT
from mobile_runtime.formats.graph import Graph, Operator, Port, is_free

LONG_REDUCTION = 1024
"""Ours: this many fp16 values of 64 reach 65504."""


def _is_unknown(kinds: Set[str], graph: Graph, operator: Operator) -> bool:
    return operator.kind not in kinds and not is_never_taken(kinds, operator)


def _is_hopeless(kinds: Set[str], graph: Graph, operator: Operator) -> bool:
    return is_never_taken(kinds, operator)


def _is_too_new(caps: Mapping[str, int], graph: Graph, operator: Operator) -> bool:
    return operator.version > caps.get(operator.kind, operator.version)


def _is_no_single_picture(port: Port) -> bool:
    return any(len(shape) == 4 and shape[0] not in (1, None) for shape in port.shapes)


def _has_free_shape(port: Port) -> bool:
    return any(map(is_free, port.shapes))


def _wastes_channels(graph: Graph, operator: Operator) -> bool:
    """Check whether padding the channels to a multiple of 4 adds half or more."""
    shape = shape_at(graph, operator.outputs, 0)
    channels = shape[3] if len(shape) == 4 else None
    return channels is not None and -(-channels // 4) * 4 >= 1.5 * channels


def _convolves_one_channel(graph: Graph, operator: Operator) -> bool:
    return shape_at(graph, operator.inputs, 0)[-1:] == (1,)


def _is_output_read_on(graph: Graph, port: Port) -> bool:
    return port in graph.outputs and bool(graph.consumers.get(port.name))


def _reduces_much(graph: Graph, operator: Operator) -> bool:
    before, after = shape_at(graph, operator.inputs, 0), shape_at(graph, operator.outputs, 0)
    return prod(n or 1 for n in before) >= LONG_REDUCTION * prod(n or 1 for n in after)


def _is_quantized_per_channel(graph: Graph, operator: Operator) -> bool:
    return any(
        t.dtype in ("int8", "uint8") and t.scales > 1 for t in graph.activations_of(operator)
    )


def _dequantizes_int16(graph: Graph) -> list[str]:
    found = (op for op in graph.operators if op.kind == "DEQUANTIZE")
    return [op.name for op in found if any(t.dtype == "int16" for t in graph.inputs_of(op))]


ENGINE_RULES = (
    refusal(
        *("TFG001", "error", LEGACY_ONLY, each(partial(_is_unknown, LEGACY_KINDS))),
        "The legacy delegate has no such operator.",
        "Write it with convolutions, slices and elementwise arithmetic.",
        f"{LEGACY}; {GC}",
    ),
    refusal(
        *("TFG002", "error", LEGACY_ONLY, each(partial(_is_hopeless, LEGACY_KINDS))),
        "No GPU engine takes this: gathering, scattering, broadcasting, Flex and custom operators.",
        NATIVE_SHIFT,
        f"{GC}; {SKILL}; google-ai-edge/LiteRT#9191",
    ),
    refusal(
        *("TFG002b", "error", DRIFT_ONLY, each(partial(_is_hopeless, DRIFT_UNTRIED))),
        "No GPU engine takes this: gathering, scattering, broadcasting, Flex and custom operators.",
        NATIVE_SHIFT,
        f"{GC}; {SKILL}; google-ai-edge/LiteRT#9191",
    ),
    refusal(
        *("TFG003", "error", LEGACY_ONLY, each(has_rank_above(4))),
        "A tensor has more than 4 axes.",
        "Avoid PixelShuffle's reshape to 6 axes: DEPTH_TO_SPACE does it in one operator.",
        f"{LEGACY}; {SKILL}",
    ),
    refusal(
        *("TFG004", "error", LEGACY_ONLY, each(partial(_is_too_new, LEGACY_CAPS))),
        "This version of the operator is newer than the legacy delegate reads.",
        "Convert in fp32 with static shapes: newer versions come from other types.",
        f"{LEGACY} CheckMaxSupportedOpVersion",
    ),
    Rule(
        *("TFG014", "warning", GPUS, any_of("SELECT", "SELECT_V2")),
        "SELECT is refused by LiteRT's own GPU checklist; it comes from assigning into slices, "
        "torch.where and PReLU.",
        NATIVE_SHIFT,
        f"{SKILL}; {GC}",
    ),
    Rule(
        *("TFG015", "warning", GPUS, any_of("SPLIT", "SPLIT_V")),
        "SPLIT is accepted by the source, but reported as refused on devices.",
        "Slice instead of torch.chunk.",
        f"{SKILL}; {DRIFT}",
    ),
    Rule(
        *("TFG016b", "warning", LEGACY_ONLY, any_of("RELU_0_TO_1")),
        "Clamping to 0..1 is refused by LiteRT's newer GPU engine; this one reads it.",
        "relu(x) - relu(x - 1), or clamp outside the model.",
        f"{SKILL}; google-ai-edge/LiteRT#8598",
    ),
    Rule(
        *("TFG017", "warning", GPUS, any_of("TRANSPOSE_CONV")),
        "TRANSPOSE_CONV is refused by some versions.",
        "DEPTH_TO_SPACE after a convolution.",
        SKILL,
    ),
    Rule(
        *("TFG018", "warning", GPUS),
        each(follows("GREATER", "GREATER_EQUAL"), "SELECT", "SELECT_V2"),
        "A PReLU that became GREATER, MUL and SELECT.",
        "relu(x) - a * relu(-x), or LEAKY_RELU.",
        "google-ai-edge/litert-torch#1090; google-ai-edge/litert-samples#170",
    ),
    Rule(
        *("TFG019", "error", GPUS, whole(lambda graph: bool(graph.unsupported))),
        "Not one partition: by default only the largest run of operators goes to the GPU, and the "
        "rest to the CPU.",
        "Look at the operators that are not supported.",
        f"google-ai-edge/LiteRT delegate_options.cc max_delegated_partitions=1; {SKILL}",
    ),
    Rule(
        *("TFG020", "warning", GPUS, each_input(_has_free_shape)),
        "The input's shape is free: engines plan for the size in the file, and anew for another.",
        "Convert for one size.",
        "Unverified; export with fixed shapes avoids the question",
    ),
    Rule(
        *("TFG020b", "warning", LEGACY_ONLY, each_input(_is_no_single_picture)),
        "The input is more than one picture.",
        "Convert for a batch of 1.",
        "Unverified; LiteRT's engine takes batches",
    ),
    Rule(
        *("TFG021", "warning", GPUS, any_of("TRANSPOSE", "RESHAPE")),
        "Moves memory and computes nothing; slow on a GPU.",
        "Author the network in (N, H, W, C), and use DEPTH_TO_SPACE.",
        "google-ai-edge/LiteRT delegates/gpu/README.md; google-ai-edge/litert-torch#111",
    ),
    Rule(
        *("TFG021b", "warning", GPUS, mostly(*DATA_MOVEMENT)),
        f"More than {MOVES_PER_COMPUTATION} operators only move values for each that "
        "computes, as assigning into slices does.",
        NATIVE_SHIFT,
        "google-ai-edge/LiteRT delegates/gpu/README.md: reshape-like operators cost much on GPUs",
    ),
    Rule(
        *("TFG022", "info", GPUS, each(_wastes_channels)),
        "Channels are stored in fours: these cost half as much again, or more.",
        "Choose a multiple of 4.",
        "google-ai-edge/LiteRT delegates/gpu/README.md",
    ),
    Rule(
        *("TFG023", "warning", GPUS, each(_convolves_one_channel, "CONV_2D")),
        "A convolution of one channel becomes a depthwise one, wrong on some GPUs.",
        "Keep RGB; do not convert luma alone.",
        "tensorflow/tensorflow#38825, #30311",
    ),
    Rule(
        *("TFG024", "warning", DRIFT_ONLY, each_port(_is_output_read_on)),
        "An output is also read inside the graph; ML Drift may overwrite it.",
        "Give the output an operator of its own.",
        f"{SKILL}; google-ai-edge/LiteRT#8599",
    ),
    Rule(
        *("TFG025", "warning", GPUS, each(_reduces_much, *SUMS)),
        f"Sums {LONG_REDUCTION} values or more, in fp16, which ends at 65504.",
        "Reduce in steps, or scale the values down first.",
        SKILL,
    ),
    refusal(
        *("TFG026", "warning", GPUS, each(_is_quantized_per_channel)),
        "Activations have a scale for each channel; the GPU reads one per tensor.",
        "Quantize activations per tensor.",
        f"{PARSER} PreCheckReadValueByTensorIdx",
    ),
    refusal(
        *("TFG026b", "warning", GPUS, _dequantizes_int16),
        "INT16 cannot be dequantized on the GPU.",
        "Quantize to int8.",
        GC,
    ),
    refusal(
        *("TFG027", "error", GPUS, each(uses_dtype("int64", "float64"))),
        "Computes with int64 or float64.",
        "Use int32 and float32.",
        f"{DRIFT} IsAllAllowedTensors",
    ),
)

RULES = tuple(sorted((*ARGUMENT_RULES, *DRIFT_RULES, *ENGINE_RULES), key=lambda rule: rule.id))
