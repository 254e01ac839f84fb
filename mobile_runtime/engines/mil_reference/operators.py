"""Table of MIL operators: one NumPy function for each, in float32.

Parameters have MIL's names and defaults; meanings are those of coremltools' operator reference,
https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html. Where it
leaves something open, the function says what decided it.
"""

from collections.abc import Callable, Mapping

import numpy as np

from mobile_runtime.engines.mil_reference import conv, elementwise, image_resizing, quantization
from mobile_runtime.engines.mil_reference import tensor_transformation as moving
from mobile_runtime.formats.coreml_package import Array

EXACT = {
    "identity": lambda x: x,
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    **{
        function.__name__: function
        for function in (
            conv.max_pool, elementwise.relu, moving.concat, moving.depth_to_space,
            moving.expand_dims, moving.gather, moving.pad, moving.pixel_shuffle,
            moving.pixel_unshuffle, moving.reshape, moving.slice_by_index, moving.slice_by_size,
            moving.space_to_depth, moving.split, moving.squeeze, moving.transpose,
            moving.upsample_nearest_neighbor, quantization.constexpr_lut_to_dense,
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
            conv.avg_pool, conv.conv, conv.linear, conv.matmul, elementwise.cast, elementwise.clip,
            elementwise.leaky_relu, elementwise.reduce_mean, elementwise.sigmoid,
            elementwise.softmax, image_resizing.resize, image_resizing.resize_bilinear,
            image_resizing.upsample_bilinear, moving.shape,
            quantization.constexpr_affine_dequantize, quantization.dequantize,
            quantization.quantize,
        )
    },
}  # fmt: skip

OPERATORS: Mapping[str, Callable[..., Array | list[Array]]] = {**EXACT, **COMPUTING}
"""Operator -> its function, called with MIL's parameters by name."""
