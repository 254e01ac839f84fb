"""Neural Engine rules on shapes and sizes: of tensors, of inputs and outputs, of the file."""

from mobile_runtime.check.rule import (
    Rule,
    TargetName,
    each,
    each_input,
    each_port,
    has_rank_above,
    refusal,
    whole,
)
from mobile_runtime.formats.graph import Graph, Operator, Port, is_free

ANE: tuple[TargetName, ...] = ("neural-engine",)
RULEBOOK = "apple/coreai-models neural_engine_rules.md"

ALIGNMENT_BYTES = 64
LONGEST_AXIS = 16384
MOST_SHAPES = 128
LARGEST_TILE = 768
"""Pixels on each side."""


def _has_free_shape(port: Port) -> bool:
    """Check whether a size is neither fixed nor one of a short list."""
    return len(port.shapes) > MOST_SHAPES or any(map(is_free, port.shapes))


def _has_long_axis(graph: Graph, operator: Operator) -> bool:
    return any(
        (length or 0) > LONGEST_AXIS
        for tensor in graph.tensors_of(operator)
        for length in tensor.shape or ()
    )


def _is_padded(graph: Graph, port: Port) -> bool:
    """Check whether rows of fp16 values end inside a row of memory."""
    if port.image:
        return False
    widths = [shape[-1] for shape in port.shapes if len(shape) > 1]
    return any(width is not None and width * 2 % ALIGNMENT_BYTES for width in widths)


def _is_large_picture(port: Port) -> bool:
    return any(len(s) == 4 and min(s[2] or 0, s[3] or 0) >= LARGEST_TILE for s in port.shapes)


SHAPE_RULES = (
    refusal(
        *("ANE002", "error", ANE, each(has_rank_above(5))),
        "A tensor has more than 5 axes.",
        "Keep to 4 axes, (N, C, H, W).",
        f"{RULEBOOK}; john-rocky/CoreML-Models conversion_notes 'Tensor Rank Limits'",
    ),
    refusal(
        *("ANE003", "error", ANE, whole(lambda graph: any(map(_has_free_shape, graph.inputs)))),
        f"An input has a range of sizes, or more than {MOST_SHAPES} enumerated ones: only "
        "fixed and enumerated shapes stay.",
        "Convert for one size, or for a list of sizes.",
        "apple/coremltools flexible-inputs.md, #1029, #1764, #2370",
    ),
    Rule(
        *("ANE004", "warning", ANE, each_input(lambda port: 1 < len(port.shapes) <= MOST_SHAPES)),
        "Several sizes: memory is taken for the largest, and changing between them costs time.",
        "One file for each size that matters.",
        "apple/coremltools#1249, #2370, #2730",
    ),
    refusal(
        *("ANE005", "error", ANE, each(_has_long_axis)),
        f"An axis is longer than {LONGEST_AXIS}.",
        "Use smaller tiles.",
        "ncdrone/rustane#13; chrishayuk/larql#312",
    ),
    Rule(
        *("ANE006", "warning", ANE, each_port(_is_padded)),
        f"The last axis is no multiple of {ALIGNMENT_BYTES} bytes (32 fp16 values): rows are "
        "padded, up to 32-fold if it is one long.",
        "Choose a width that is a multiple of 32, better a power of two.",
        f"{RULEBOOK} 'Tensor memory alignment'",
    ),
    refusal(
        *("ANE018", "error", ANE, whole(lambda graph: graph.size_bytes >= 1e9)),
        "1 GB or more: too large for the Neural Engine of an iPhone.",
        "Compress the weights, or split the model.",
        "apple/coreml mlmodel-utilities.md",
    ),
    Rule(
        *("ANE019", "info", ANE, whole(lambda graph: graph.size_bytes < 50e6)),
        "Small (under 50 MB): Core ML may choose the CPU because it is quicker there.",
        "Measure with compute units CPU_AND_NE.",
        "FluidInference/FluidAudio ANE_Profiler",
    ),
    Rule(
        *("ANE020", "warning", ANE, each_input(_is_large_picture)),
        f"An input of {LARGEST_TILE} x {LARGEST_TILE} or more failed to load on some "
        "systems (seen with transformers).",
        "Use tiles of at most 512 pixels.",
        "john-rocky/CoreML-Models conversion_notes",
    ),
    Rule(
        *("ANE022", "info", ANE, whole(lambda g: any(_is_padded(g, port) for port in g.outputs))),
        "The output's rows may be padded in memory (88 values become 96).",
        "Read MLMultiArray through its strides.",
        "john-rocky/CoreML-Models conversion_notes",
    ),
)
