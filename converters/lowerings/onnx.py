"""Lowerings of SCNet's operators to ONNX, as translations for `torch.onnx.export`."""

from typing import Any

import numpy as np
from onnx import numpy_helper
from onnxscript import opset18

from scnet.shift import OFFSETS

_PADS = [0, 0, 1, 1, 0, 0, 1, 1]
"""One pixel on each side of height and width."""

_INT32_MAX = 2**31 - 1
"""As the end of a Slice: up to the end of the axis."""

op: Any = opset18
"""Typed as Any: onnxscript types its operators for scripts, not for tracing as done here."""


def spatial_shift(features: Any) -> Any:
    """Return 1 Pad, 8 Slice, 1 Concat."""
    padded = op.Pad(features, op.Constant(value_ints=_PADS))
    return _slice_and_concat(padded, features.shape[1] // len(OFFSETS))


def quantized_shift(values: Any, zero_point: int) -> Any:
    """Return the same for uint8 values, padded with the zero point."""
    padded = op.Pad(values, op.Constant(value_ints=_PADS), _uint8(zero_point))
    return _slice_and_concat(padded, values.shape[1] // len(OFFSETS))


def depth_to_space(features: Any, block: int) -> Any:
    """Return 1 DepthToSpace, whose mode DCR has our channel order."""
    return op.DepthToSpace(features, blocksize=block, mode="DCR")


def upsample_nearest2d(image: Any, _size: Any, factors: list[float]) -> Any:
    """Return 1 Concat of copies, 1 DepthToSpace: nearest-neighbor upsampling without coordinates.

    Resize divides by the factor and rounds down, where a GPU's division by 3 may end just below the
    whole number (WGSL allows 2.5 ULP); and what is safe, half-pixel centers, the CoreML provider
    does not take (onnxruntime coreml/builders/impl/resize_op_builder.cc).
    """
    block = int(factors[0])
    return depth_to_space(op.Concat(*[image] * block**2, axis=1), block)


def quantize(values: Any, scale: float, zero_point: int) -> Any:
    """Return 1 QuantizeLinear."""
    return op.QuantizeLinear(values, _float32(scale), _uint8(zero_point))


def dequantize(values: Any, scale: float, zero_point: int) -> Any:
    """Return 1 DequantizeLinear."""
    return op.DequantizeLinear(values, _float32(scale), _uint8(zero_point))


def _slice_and_concat(padded: Any, group: int) -> Any:
    """Ends count from the far side, so that any height and width will do."""
    slices = [
        op.Slice(
            padded,
            op.Constant(value_ints=[k * group, 1 + dy, 1 + dx]),
            op.Constant(value_ints=[(k + 1) * group, _end(dy), _end(dx)]),
            op.Constant(value_ints=[1, 2, 3]),
        )
        for k, (dy, dx) in enumerate(OFFSETS)
    ]
    return op.Concat(*slices, axis=1)


def _end(offset: int) -> int:
    return offset - 1 if offset < 1 else _INT32_MAX


def _float32(value: float) -> Any:
    return op.Constant(value=numpy_helper.from_array(np.array(value, np.float32)))


def _uint8(value: int) -> Any:
    return op.Constant(value=numpy_helper.from_array(np.array(value, np.uint8)))
