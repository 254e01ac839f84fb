"""Table of MIL operators: one NumPy function for each, in float32.

Parameters have MIL's names and defaults; meanings are those of coremltools' operator reference,
https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html. Where it
leaves something open, the function says what decided it.
"""

from collections.abc import Callable, Mapping

import numpy as np

from mobile_runtime.engines.mil_reference import (
    conv,
    elementwise,
    image_resizing,
    normalization,
    quantization,
)
from mobile_runtime.engines.mil_reference import tensor_transformation as moving
from mobile_runtime.engines.mil_reference.conv_transpose import conv_transpose
from mobile_runtime.formats.coreml_package import Array

Function = Callable[..., Array | list[Array]]

EXACT: Mapping[str, Function] = {
    "identity": lambda x: x,
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    "select": lambda cond, a, b: np.asarray(np.where(cond, a, b)),
    "equal": lambda x, y: np.equal(x, y),
    "greater": lambda x, y: np.greater(x, y),
    "greater_equal": lambda x, y: np.greater_equal(x, y),
    "less": lambda x, y: np.less(x, y),
    "less_equal": lambda x, y: np.less_equal(x, y),
    "not_equal": lambda x, y: np.not_equal(x, y),
    "abs": lambda x: np.abs(x),
    **{
        function.__name__: function
        for function in (
            conv.max_pool, elementwise.reduce_max, elementwise.reduce_min, elementwise.relu,
            moving.concat, moving.crop, moving.depth_to_space,
            moving.expand_dims, moving.gather, moving.pad, moving.pixel_shuffle,
            moving.pixel_unshuffle, moving.reshape, moving.slice_by_index, moving.slice_by_size,
            moving.space_to_depth, moving.split, moving.squeeze, moving.stack, moving.tile,
            moving.transpose,
            moving.upsample_nearest_neighbor, quantization.constexpr_lut_to_dense,
        )
    },
}  # fmt: skip
"""Operators whose results are among their inputs' values: exact in fp16, so never rounded."""

COMPUTING: Mapping[str, Function] = {
    "add": lambda x, y: np.add(x, y),
    "ceil": lambda x: np.ceil(x),
    "exp": lambda x: np.exp(x),
    "floor": lambda x: np.floor(x),
    "floor_div": lambda x, y: np.floor_divide(x, y),
    "mul": lambda x, y: np.multiply(x, y),
    "pow": lambda x, y: np.power(x, y),
    "round": lambda x: np.rint(x),  # ties to even, as coremltools folds constants
    "sign": lambda x: np.sign(x),
    "sqrt": lambda x: np.sqrt(x),
    "square": lambda x: np.square(x),
    "real_div": lambda x, y: np.true_divide(x, y),
    "sub": lambda x, y: np.subtract(x, y),
    "tanh": lambda x: np.tanh(x),
    **{
        function.__name__: function
        for function in (
            conv.avg_pool, conv.conv, conv_transpose, conv.linear, conv.matmul, elementwise.cast,
            elementwise.clamped_relu, elementwise.clip, elementwise.elu, elementwise.erf,
            elementwise.gelu, elementwise.inverse, elementwise.leaky_relu, elementwise.log,
            elementwise.prelu, elementwise.reduce_l2_norm,
            elementwise.reduce_mean, elementwise.reduce_sum, elementwise.relu6,
            elementwise.thresholded_relu,
            elementwise.rsqrt, elementwise.sigmoid, elementwise.sigmoid_hard, elementwise.silu,
            elementwise.softmax, elementwise.softplus, normalization.batch_norm,
            normalization.instance_norm, normalization.layer_norm, image_resizing.resize,
            image_resizing.resize_bilinear,
            image_resizing.upsample_bilinear, moving.shape,
            quantization.constexpr_affine_dequantize, quantization.dequantize,
            quantization.quantize,
        )
    },
}  # fmt: skip

OPERATORS: Mapping[str, Function] = {**EXACT, **COMPUTING}
"""Operator -> its function, called with MIL's parameters by name."""
