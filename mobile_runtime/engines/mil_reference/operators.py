"""Table of MIL operators: one NumPy function for each, in float32.

Parameters have MIL's names and defaults; meanings are those of coremltools' operator reference,
https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html. Where it
leaves something open, the function says what decided it.
"""

from collections.abc import Callable, Mapping

import numpy as np

from mobile_runtime.engines.mil_reference.conv import avg_pool, conv, linear, matmul, max_pool
from mobile_runtime.engines.mil_reference.elementwise import (
    cast,
    clip,
    leaky_relu,
    reduce_mean,
    relu,
    sigmoid,
    softmax,
)
from mobile_runtime.engines.mil_reference.image_resizing import (
    resize,
    resize_bilinear,
    upsample_bilinear,
)
from mobile_runtime.engines.mil_reference.quantization import (
    constexpr_affine_dequantize,
    constexpr_lut_to_dense,
    dequantize,
    quantize,
)
from mobile_runtime.engines.mil_reference.tensor_transformation import (
    concat,
    depth_to_space,
    expand_dims,
    gather,
    pad,
    pixel_shuffle,
    pixel_unshuffle,
    reshape,
    shape,
    slice_by_index,
    slice_by_size,
    space_to_depth,
    split,
    squeeze,
    transpose,
    upsample_nearest_neighbor,
)
from mobile_runtime.formats.coreml_package import Array

EXACT = {
    "identity": lambda x: x,
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    **{
        function.__name__: function
        for function in (
            concat, constexpr_lut_to_dense, depth_to_space, expand_dims, gather, max_pool, pad,
            pixel_shuffle, pixel_unshuffle, relu, reshape, slice_by_index, slice_by_size,
            space_to_depth, split, squeeze, transpose, upsample_nearest_neighbor,
        )
    },
}  # fmt: skip
"""Operators whose results are among their inputs' values: exact in fp16, so never rounded."""

COMPUTING = {
    "add": lambda x, y: np.add(x, y),
    "mul": lambda x, y: np.multiply(x, y),
    "real_div": lambda x, y: np.true_divide(x, y),
    "sub": lambda x, y: np.subtract(x, y),
    "tanh": lambda x: np.tanh(x),
    **{
        function.__name__: function
        for function in (
            avg_pool, cast, clip, constexpr_affine_dequantize, conv, dequantize, leaky_relu, linear,
            matmul, quantize, reduce_mean, resize, resize_bilinear, shape, sigmoid, softmax,
            upsample_bilinear,
        )
    },
}  # fmt: skip

OPERATORS: Mapping[str, Callable[..., Array | list[Array]]] = {**EXACT, **COMPUTING}
"""Operator -> its function, called with MIL's parameters by name."""
