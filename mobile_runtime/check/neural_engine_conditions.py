"""What the Neural Engine's rules look for."""

from mobile_runtime.formats.graph import Graph, Operator, Port, Tensor, is_free

ALIGNMENT_BYTES = 64
LONGEST_AXIS = 16384
MOST_SHAPES = 128
LARGEST_TILE = 768
"""Pixels on each side."""
COPIES_SHARE = 1 / 3
"""Ours: from here on the program moves values more than it computes with them."""

COPYING = (
    *("slice_by_index", "slice_by_size", "slice_update", "concat", "split", "stack"),
    *("reshape", "transpose", "expand_dims", "squeeze", "tile"),
)


def computes_in(dtype: str, graph: Graph, operator: Operator) -> bool:
    """Tell whether an operator's results have this type; a cast at the border is no computing."""
    if operator.kind == "cast":
        return False
    return any(tensor.dtype == dtype for tensor in graph.outputs_of(operator))


def is_fp32_throughout(graph: Graph) -> bool:
    """Tell whether a program computes in fp32 and nowhere in fp16."""
    whole, half = (
        any(computes_in(dtype, graph, op) for op in graph.operators)
        for dtype in ("float32", "float16")
    )
    return whole and not half


def strays_into_fp32(graph: Graph) -> list[str]:
    """Name the operators of an fp16 program that compute in fp32."""
    if is_fp32_throughout(graph):
        return []
    return [op.name for op in graph.operators if computes_in("float32", graph, op)]


def is_border_cast(graph: Graph, operator: Operator) -> bool:
    """Tell whether a cast leads from fp32 to fp16 or back."""
    types = {
        tensor.dtype for tensor in (*graph.dynamic_inputs_of(operator), *graph.outputs_of(operator))
    }
    return types == {"float16", "float32"}


def has_rank_above(limit: int, graph: Graph, operator: Operator) -> bool:
    """Tell whether a tensor has more axes than the limit."""
    return any(len(tensor.shape or ()) > limit for tensor in graph.tensors_of(operator))


def has_free_shape(port: Port) -> bool:
    """Tell whether a port's size is neither fixed nor one of a short list."""
    return len(port.shapes) > MOST_SHAPES or any(map(is_free, port.shapes))


def is_enumerated(port: Port) -> bool:
    """Tell whether a port takes a list of sizes."""
    return 1 < len(port.shapes) <= MOST_SHAPES


def has_long_axis(graph: Graph, operator: Operator) -> bool:
    """Tell whether an axis is longer than the Neural Engine takes."""
    return any(
        (length or 0) > LONGEST_AXIS
        for tensor in graph.tensors_of(operator)
        for length in tensor.shape or ()
    )


def is_padded(graph: Graph, port: Port) -> bool:
    """Tell whether rows of fp16 values do not end where a row of memory does."""
    if port.image:
        return False
    widths = [shape[-1] for shape in port.shapes if len(shape) > 1]
    return any(width is not None and width * 2 % ALIGNMENT_BYTES for width in widths)


def gives_padded_rows(graph: Graph) -> bool:
    """Tell whether some output array has padded rows."""
    return any(is_padded(graph, port) for port in graph.outputs)


def _scales(operator: Operator) -> set[float]:
    names = ("scale_factor_height", "scale_factor_width")
    return {float(operator.attributes.get(name, 1)) for name in names}


def upsamples_by_other_than_two(graph: Graph, operator: Operator) -> bool:
    """Tell whether a factor is neither 1 nor 2."""
    return not _scales(operator) <= {1.0, 2.0}


def _numbers(operator: Operator, name: str) -> tuple[int, ...]:
    value = operator.attributes.get(name, ())
    return value if isinstance(value, tuple) else (value,)


def pools_widely(graph: Graph, operator: Operator) -> bool:
    """Tell whether a pooling has a large kernel or an unusual stride."""
    large = any(side > 13 for side in _numbers(operator, "kernel_sizes"))
    return large or any(step not in (1, 2, 4) for step in _numbers(operator, "strides"))


def multiplies_by_computed_vector(graph: Graph, operator: Operator) -> bool:
    """Find C x H x W times C x 1 x 1 where both are computed."""
    shapes = [tensor.shape or () for tensor in graph.dynamic_inputs_of(operator)]
    if len(shapes) != 2 or shapes[0] == shapes[1]:
        return False
    return any(len(shape) >= 3 and set(shape[-2:]) == {1} for shape in shapes)


def is_unusual_convolution(graph: Graph, operator: Operator) -> bool:
    """Tell whether kernel, stride or dilation are outside what is fast."""
    steps = _numbers(operator, "strides") + _numbers(operator, "dilations")
    shapes = [t.shape or () for t in graph.inputs_of(operator) if t.constant]
    kernels = [shape[2:] for shape in shapes if len(shape) == 4]
    sides = [side or 0 for kernel in kernels for side in kernel]
    return any(map(_has_factor_above_three, steps)) or any(side > 7 for side in sides)


def _has_factor_above_three(number: int) -> bool:
    for factor in (2, 3):
        while number > 1 and number % factor == 0:
            number //= factor
    return number > 1


def moves_innermost_axis(graph: Graph, operator: Operator) -> bool:
    """Tell whether the last axis changes its place or its length."""
    before, after = ([t.shape for t in ts if t.shape] for ts in _ends(graph, operator))
    if not before or not after:
        return False
    if operator.kind == "transpose":
        rank = len(before[0])
        return _numbers(operator, "perm")[-1:] not in ((rank - 1,), (-1,))
    return before[0][-1] != after[0][-1]


def _ends(graph: Graph, operator: Operator) -> tuple[list[Tensor], list[Tensor]]:
    return graph.dynamic_inputs_of(operator), graph.outputs_of(operator)


def copies_a_lot(graph: Graph) -> bool:
    """Tell whether too many operators only copy."""
    copies = sum(op.kind in COPYING for op in graph.operators)
    return copies > COPIES_SHARE * len(graph.operators)


def reads_infinity(graph: Graph, operator: Operator) -> bool:
    """Tell whether a constant is infinite."""
    values = [v for t in graph.inputs_of(operator) for v in t.values if isinstance(v, float)]
    return any(abs(value) == float("inf") for value in values)


def is_leaky_convolution(graph: Graph, operator: Operator) -> bool:
    """Tell whether a leaky ReLU follows a convolution."""
    return any(op.kind == "conv" for op in graph.predecessors(operator))


def is_large_picture(port: Port) -> bool:
    """Tell whether a picture is too large on both sides."""
    return any(len(s) == 4 and min(s[2] or 0, s[3] or 0) >= LARGEST_TILE for s in port.shapes)


def may_wrap_around(graph: Graph, port: Port) -> bool:
    """Tell whether an image output is not clipped to 0..255 inside the program."""
    if not port.image or port not in graph.outputs:
        return False
    last = graph.producers.get(port.name)
    while last is not None and last.kind in ("cast", "identity"):
        last = next(iter(graph.predecessors(last)), None)
    if last is None or last.kind != "clip":
        return True
    return bool(last.attributes.get("alpha", -1) < 0 or last.attributes.get("beta", 256) > 255)


def has_images_before_ios16(graph: Graph) -> bool:
    """Tell whether images go out of a program for iOS 15 or older."""
    return graph.version < 7 and any(port.image for port in graph.outputs)
