"""Lowerings of SCNet's operators to Core ML's MIL, registered with coremltools on import."""

from typing import Any

import numpy as np
from coremltools.converters.mil import Builder
from coremltools.converters.mil.frontend.torch.ops import _get_inputs
from coremltools.converters.mil.frontend.torch.torch_op_registry import register_torch_op

from scnet.shift import OFFSETS


@register_torch_op(torch_alias=["scnet::spatial_shift", "scnet.spatial_shift"])  # type: ignore[untyped-decorator]
def spatial_shift(context: Any, node: Any) -> None:
    """Write 1 pad, 8 slices, 1 concat."""
    features = _get_inputs(context, node, expected=1)[0]
    _, channels, height, width = features.shape
    group = channels // len(OFFSETS)
    padded = Builder.pad(
        x=features, pad=[0, 0, 0, 0, 1, 1, 1, 1], mode="constant", constant_val=0.0
    )
    slices = [
        _slice(padded, k * group, group, 1 + dy, 1 + dx, height, width)
        for k, (dy, dx) in enumerate(OFFSETS)
    ]
    context.add(Builder.concat(values=slices, axis=1, name=node.name))


@register_torch_op(torch_alias=["scnet::depth_to_space", "scnet.depth_to_space"])  # type: ignore[untyped-decorator]
def depth_to_space(context: Any, node: Any) -> None:
    """Write 1 depth_to_space, whose channel order is TensorFlow's, as ours is."""
    features, block = _get_inputs(context, node, expected=2)
    context.add(Builder.depth_to_space(x=features, block_size=block.val, name=node.name))


@register_torch_op(torch_alias=["upsample_nearest2d.vec"], override=True)  # type: ignore[untyped-decorator]
def upsample_nearest2d(context: Any, node: Any) -> None:
    """Write 1 concat of copies, 1 depth_to_space.

    The Neural Engine of 2020 refused to upsample by other factors than 2 (rule ANE009).
    """
    image, _size, factors = _get_inputs(context, node, expected=3)
    block = int(factors[0].val)
    copies = Builder.concat(values=[image] * block**2, axis=1)
    context.add(Builder.depth_to_space(x=copies, block_size=block, name=node.name))


@register_torch_op(torch_alias=["scnet::quantize", "scnet.quantize"])  # type: ignore[untyped-decorator]
def quantize_values(context: Any, node: Any) -> None:
    """Write 1 quantize."""
    values, params = _quant_params(context, node)
    context.add(Builder.quantize(input=values, **params, output_dtype="uint8", name=node.name))


@register_torch_op(torch_alias=["scnet::dequantize", "scnet.dequantize"])  # type: ignore[untyped-decorator]
def dequantize_values(context: Any, node: Any) -> None:
    """Write 1 dequantize."""
    values, params = _quant_params(context, node)
    context.add(Builder.dequantize(input=values, **params, name=node.name))


def _quant_params(context: Any, node: Any) -> tuple[Any, dict[str, Any]]:
    values, scale, zero_point = _get_inputs(context, node, expected=3)
    return values, {"scale": np.float32(scale.val), "zero_point": np.uint8(zero_point.val)}


def _slice(padded: Any, channel: int, group: int, y: int, x: int, height: Any, width: Any) -> Any:
    """Return one shifted group: `slice_by_size`, which needs a constant size.

    With several input sizes, `slice_by_index`, whose ends can count from the far side.
    """
    if isinstance(height, int) and isinstance(width, int):
        return Builder.slice_by_size(
            x=padded, begin=[0, channel, y, x], size=[1, group, height, width]
        )
    return Builder.slice_by_index(
        x=padded,
        begin=[0, channel, y, x],
        end=[1, channel + group, y - 2, x - 2],
        end_mask=[False, False, y == 2, x == 2],
    )
