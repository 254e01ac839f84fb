"""What the rules of TFLite's GPU engines look for."""

from collections.abc import Mapping, Set
from math import prod

from mobile_runtime.check.tflite_gpu_operators import NEVER
from mobile_runtime.formats.graph import Graph, Operator, Port, Shape, is_free

SIGN_BIT = 5
"""The fused activation that no GPU engine has."""
LONG_REDUCTION = 1024
"""Ours: this many fp16 values of 64 reach 65504."""


def is_never_taken(kinds: Set[str], graph: Graph, operator: Operator) -> bool:
    """Tell whether no GPU engine has ever taken an operator."""
    custom = operator.kind.startswith("CUSTOM:") and operator.kind not in kinds
    return custom or operator.kind in NEVER


def is_unknown(kinds: Set[str], graph: Graph, operator: Operator) -> bool:
    """Tell whether an engine has no such operator."""
    return operator.kind not in kinds and not is_never_taken(kinds, graph, operator)


def is_too_new(caps: Mapping[str, int], graph: Graph, operator: Operator) -> bool:
    """Tell whether an operator's version is above the engine's cap."""
    return operator.version > caps.get(operator.kind, operator.version)


def _shape(graph: Graph, names: tuple[str, ...], index: int) -> Shape:
    """Give a shape; empty if there is no such tensor."""
    return graph.tensor(names[index]).shape or () if len(names) > index else ()


def has_rank_above_4(graph: Graph, operator: Operator) -> bool:
    """Tell whether a tensor has more than 4 axes."""
    return any(len(tensor.shape or ()) > 4 for tensor in graph.tensors_of(operator))


def _takes_one_runtime_input(graph: Graph, operator: Operator) -> bool:
    return len(graph.dynamic_inputs_of(operator)) == 1 and len(operator.outputs) == 1


def slices_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a SLICE."""
    bounds = graph.inputs_of(operator)[1:]
    alike = len({bound.shape for bound in bounds}) == 1 and all(b.constant for b in bounds)
    rank = len(_shape(graph, operator.inputs, 0))
    return not (
        len(bounds) == 2
        and alike
        and rank in (3, 4)
        and len(graph.dynamic_inputs_of(operator)) == 1
    )


def strides_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a STRIDED_SLICE."""
    masks = ("ellipsisMask", "newAxisMask", "shrinkAxisMask")
    if any(operator.attributes.get(mask) for mask in masks) or len(operator.inputs) < 4:
        return True
    strides = graph.tensor(operator.inputs[3]).values
    return len(_shape(graph, operator.inputs, 0)) not in (3, 4) or any(s <= 0 for s in strides)


def pads_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a PAD, PADV2 or MIRROR_PAD."""
    amounts = _shape(graph, operator.inputs, 1)
    mirrors = operator.kind == "MIRROR_PAD" and operator.attributes.get("mode", 0) != 0
    return mirrors or amounts not in ((4, 2), (3, 2)) or len(graph.dynamic_inputs_of(operator)) != 1


def resizes_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a RESIZE_BILINEAR."""
    both = ("alignCorners", "halfPixelCenters")
    contradicts = all(operator.attributes.get(name) for name in both)
    return contradicts or not _takes_one_runtime_input(graph, operator)


def rearranges_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a DEPTH_TO_SPACE or SPACE_TO_DEPTH."""
    block = operator.attributes.get("blockSize", 0)
    return block <= 1 or not _takes_one_runtime_input(graph, operator)


def convolves_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a convolution's inputs, steps and fused activation."""
    names = ("strideW", "strideH", "dilationWFactor", "dilationHFactor")
    steps = [operator.attributes.get(name, 1) for name in names]
    strange = operator.attributes.get("fusedActivationFunction", 0) >= SIGN_BIT
    runtime = len(graph.dynamic_inputs_of(operator))
    return strange or min(steps) <= 0 or runtime not in (1, 2) or len(operator.outputs) != 1


def convolves_depthwise_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check the channels of a depthwise convolution."""
    before, kernel, bias = (_shape(graph, operator.inputs, index) for index in range(3))
    after = _shape(graph, operator.outputs, 0)
    if not len(before) == len(kernel) == len(after) == 4:
        return True
    multiplied = (before[3] or 0) * operator.attributes.get("depthMultiplier", 1)
    return {kernel[3], multiplied, *bias} != {after[3]}


def broadcasts_wrongly(graph: Graph, operator: Operator) -> bool:
    """Allow (b, h, w, c) with (h, w, c) if b is 1, with (1, 1), with (b, c), and scalars."""
    if len(operator.inputs) != 2:
        return True
    shapes = [_shape(graph, operator.inputs, index) for index in range(2)]
    short, long = sorted(shapes, key=len)
    if len(short) in (0, 1, len(long)):
        return False
    of_one = len(long) == 4 and long[0] == 1 and (len(short) == 3 or short == (1, 1))
    return not (of_one or (len(long) == 4 and short == (long[0], long[3])))


def pairs_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check an elementwise operator of two operands."""
    twice = len(set(operator.inputs)) != 2 or len(operator.inputs) != 2
    return twice or not graph.dynamic_inputs_of(operator)


def transposes_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a TRANSPOSE."""
    order = graph.tensor(operator.inputs[1]) if len(operator.inputs) == 2 else None
    return order is None or not order.constant or not 2 <= len(order.values) <= 4


def reshapes_wrongly(graph: Graph, operator: Operator) -> bool:
    """Check a RESHAPE."""
    return not _takes_one_runtime_input(graph, operator)


def selects_by_constant(graph: Graph, operator: Operator) -> bool:
    """Tell whether the mask of a SELECT is constant."""
    return graph.tensor(operator.inputs[0]).constant


def selects_wrongly(graph: Graph, operator: Operator) -> bool:
    """Want a bool or float condition, and choices of the output's shape or scalars."""
    if len(operator.inputs) != 3:
        return True
    allowed = ("bool", "float16", "float32")
    whole_shape = _shape(graph, operator.outputs, 0)
    shapes = [_shape(graph, operator.inputs, index) for index in (1, 2)]
    fits = all(shape in (whole_shape, (), (1,)) for shape in shapes)
    return graph.tensor(operator.inputs[0]).dtype not in allowed or not fits


def is_lowered_prelu(graph: Graph, operator: Operator) -> bool:
    """Tell whether a SELECT's mask comes from a comparison, as PReLU's does."""
    return any(op.kind.startswith("GREATER") for op in graph.predecessors(operator))


def is_partitioned(graph: Graph) -> bool:
    """Tell whether some operators leave."""
    return bool(graph.away)


def is_no_single_picture(port: Port) -> bool:
    """Tell whether an input has a free size or a batch other than 1."""
    return any(is_free(shape) or (len(shape) > 1 and shape[0] != 1) for shape in port.shapes)


def wastes_channels(graph: Graph, operator: Operator) -> bool:
    """Tell whether padding the channels to a multiple of 4 adds half or more."""
    shape = _shape(graph, operator.outputs, 0)
    channels = shape[3] if len(shape) == 4 else None
    return channels is not None and -(-channels // 4) * 4 >= 1.5 * channels


def convolves_one_channel(graph: Graph, operator: Operator) -> bool:
    """Tell whether a convolution reads one channel."""
    return _shape(graph, operator.inputs, 0)[-1:] == (1,)


def is_output_read_on(graph: Graph, port: Port) -> bool:
    """Tell whether an output is read inside the graph too."""
    return port in graph.outputs and bool(graph.consumers.get(port.name))


def reduces_much(graph: Graph, operator: Operator) -> bool:
    """Tell whether very many values become one."""
    before, after = _shape(graph, operator.inputs, 0), _shape(graph, operator.outputs, 0)
    return prod(n or 1 for n in before) >= LONG_REDUCTION * prod(n or 1 for n in after)


def is_quantized_per_channel(graph: Graph, operator: Operator) -> bool:
    """Tell whether activations have several scales."""
    runtime = (*graph.dynamic_inputs_of(operator), *graph.outputs_of(operator))
    return any(t.dtype in ("int8", "uint8") and t.scales > 1 for t in runtime)


def dequantizes_int16(graph: Graph) -> list[str]:
    """Name the DEQUANTIZE operators that read int16."""
    found = (op for op in graph.operators if op.kind == "DEQUANTIZE")
    return [op.name for op in found if any(t.dtype == "int16" for t in graph.inputs_of(op))]


def computes_in_64_bits(graph: Graph, operator: Operator) -> bool:
    """Tell whether an operator computes with int64 or float64."""
    runtime = (*graph.dynamic_inputs_of(operator), *graph.outputs_of(operator))
    return any(t.dtype in ("int64", "float64") for t in runtime)
