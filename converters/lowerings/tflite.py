"""Lowerings of SCNet's operators to TFLite: `torch.ops.scnet.tfl_*`, in NHWC.

litert-torch writes a `stablehlo.custom_call` with the target `tfl.<operator>` as that operator: see
its backend.experimental.torch_tfl. All that SCNet's layers need are lowered so, also those that it
could lower itself: it traces a network five times, and one operator here would be ten nodes there
(a shift) or more (a convolution, with its permutations and its weights'). SCNet-T takes a fifth of
the time, for the same operators in the same order (2026-11-26).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from litert_converter.mlir import ir
from litert_converter.mlir.dialects import stablehlo
from litert_torch.backend.lowerings import utils as lowering
from litert_torch.backend.lowerings.registry import lower
from torch import Tensor
from torch.nn import functional as F

from scnet.network import Upsample
from scnet.shift import OFFSETS

Value = str | int | bool
"""Of an attribute."""

STRIDES: dict[str, Value] = {"stride_h": 1, "stride_w": 1}

CONVOLUTION: dict[str, Value] = {
    **STRIDES,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
    "fused_activation_function": "NONE",
}

HALF_PIXEL_CENTERS: dict[str, Value] = {"align_corners": False, "half_pixel_centers": True}


@torch.library.custom_op("scnet::tfl_conv_2d", mutates_args=())
def conv_2d(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(N, H, W, I), (O, 1, 1, I) and (O,) -> (N, H, W, O)."""
    return F.linear(features, weight[:, 0, 0], bias)


@torch.library.custom_op("scnet::tfl_depthwise_conv_2d", mutates_args=())
def depthwise_conv_2d(features: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """(N, H, W, C), (1, 3, 3, C) and (C,) -> (N, H, W, C), zeros coming in."""
    weight = kernel.permute(3, 0, 1, 2)
    return _to_nhwc(F.conv2d(_to_nchw(features), weight, bias, padding=1, groups=len(bias)))


@torch.library.custom_op("scnet::tfl_shift", mutates_args=())
def shift(features: Tensor) -> Tensor:
    """(N, H, W, C) -> (N, H, W, C): 1 PAD, 8 SLICE, 1 CONCATENATION."""
    return _to_nhwc(torch.ops.scnet.spatial_shift.default(_to_nchw(features)))


@torch.library.custom_op("scnet::tfl_depth_to_space", mutates_args=())
def depth_to_space(features: Tensor, block: int) -> Tensor:
    """(N, H, W, block * block * C) -> (N, H * block, W * block, C)."""
    return _to_nhwc(torch.ops.scnet.depth_to_space.default(_to_nchw(features), block))


@torch.library.custom_op("scnet::tfl_upsample", mutates_args=())
def upsample(features: Tensor, factor: int) -> Tensor:
    """(N, H, W, C) -> (N, H * factor, W * factor, C): `scnet.network.Upsample`."""
    return _to_nhwc(Upsample(factor)(_to_nchw(features)))


def _to_nchw(features: Tensor) -> Tensor:
    return features.permute(0, 3, 1, 2)


def _to_nhwc(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1).contiguous()


conv_2d.register_fake(lambda features, _, bias: features.new_empty(*features.shape[:3], len(bias)))
for _same_shape in (shift, depthwise_conv_2d):
    _same_shape.register_fake(lambda features, *_: torch.empty_like(features))


@depth_to_space.register_fake
def _(features: Tensor, block: int) -> Tensor:
    n, height, width, channels = features.shape
    return features.new_empty(n, height * block, width * block, channels // block**2)


@upsample.register_fake
def _(features: Tensor, factor: int) -> Tensor:
    n, height, width, channels = features.shape
    return features.new_empty(n, height * factor, width * factor, channels)


@lower(torch.ops.scnet.tfl_conv_2d.default)  # type: ignore[untyped-decorator]
def _lower_conv_2d(context: Any, *operands: ir.Value) -> ir.Value:
    attributes = {**CONVOLUTION, "padding": "VALID"}
    return build_tfl_op("conv_2d", result_of(context), operands, attributes)


@lower(torch.ops.scnet.tfl_depthwise_conv_2d.default)  # type: ignore[untyped-decorator]
def _lower_depthwise_conv_2d(context: Any, *operands: ir.Value) -> ir.Value:
    attributes = {**CONVOLUTION, "padding": "SAME", "depth_multiplier": 1}
    return build_tfl_op("depthwise_conv_2d", result_of(context), operands, attributes)


@lower(torch.ops.scnet.tfl_shift.default)  # type: ignore[untyped-decorator]
def _lower_shift(context: Any, features: ir.Value) -> ir.Value:
    result = result_of(context)
    n, height, width, channels = result.shape
    size = (n, height, width, channels // len(OFFSETS))
    group = ir.RankedTensorType.get(size, result.element_type)
    edges, interior = [0, 1, 1, 0], [0, 0, 0, 0]
    zero = lowering.splat(0, result.element_type)
    padded = stablehlo.pad(features, zero, edges, edges, interior)
    starts = [(0, 1 + dy, 1 + dx, k * size[3]) for k, (dy, dx) in enumerate(OFFSETS)]
    slices = [
        build_tfl_op("slice", group, [padded, _int32_constant(s), _int32_constant(size)], {})
        for s in starts
    ]
    return stablehlo.concatenate(slices, 3)


@lower(torch.ops.scnet.tfl_depth_to_space.default)  # type: ignore[untyped-decorator]
def _lower_depth_to_space(context: Any, features: ir.Value, block: int) -> ir.Value:
    return build_tfl_op("depth_to_space", result_of(context), [features], {"block_size": block})


@lower(torch.ops.scnet.tfl_upsample.default)  # type: ignore[untyped-decorator]
def _lower_upsample(context: Any, features: ir.Value, factor: int) -> ir.Value:
    result = result_of(context)
    operands = [features, _int32_constant(result.shape[1:3])]
    if factor % 2 == 0:
        return build_tfl_op("resize_bilinear", result, operands, HALF_PIXEL_CENTERS)
    copied = build_tfl_op("resize_nearest_neighbor", result, operands, HALF_PIXEL_CENTERS)
    mean: dict[str, Value] = {
        **STRIDES,
        "filter_height": factor,
        "filter_width": factor,
        "padding": "SAME",
        "fused_activation_function": "NONE",
    }
    return build_tfl_op("average_pool_2d", result, [copied], mean)


def result_of(context: Any) -> ir.RankedTensorType:
    """Return the shape and type of a node's result."""
    (result,) = lowering.node_meta_to_ir_types(context.node)
    return ir.RankedTensorType(result)


def build_tfl_op(
    operator: str,
    result: ir.RankedTensorType,
    operands: Sequence[ir.Value],
    attributes: Mapping[str, Value],
) -> ir.Value:
    """Write one operator of TFLite and return its result.

    Args:
        operator: Its name in MLIR, without `tfl.`.
        result: Shape and type.
        operands: Constants among them.
        attributes: By their names in MLIR.
    """
    options = ir.DictAttr.get({name: _attribute(value) for name, value in attributes.items()})
    return stablehlo.custom_call(
        result=[result],
        inputs=operands,
        call_target_name=ir.StringAttr.get(f"tfl.{operator}"),
        has_side_effect=ir.BoolAttr.get(False),
        backend_config=ir.StringAttr.get(str(options)),
    )


def _attribute(value: Value) -> ir.Attribute:
    if isinstance(value, bool):  # an int too
        return ir.BoolAttr.get(value)
    if isinstance(value, int):
        return ir.IntegerAttr.get(ir.IntegerType.get_signless(32), value)
    return ir.StringAttr.get(value)


def _int32_constant(values: Sequence[int]) -> ir.Value:
    return lowering.numpy_array_constant(np.array(values, np.int32))
