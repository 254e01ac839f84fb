"""Specs of a file's input and output, from its shapes, layout and interface."""

from typing import Literal

from mobile_runtime.model_file.format import Interface
from mobile_runtime.model_file.model import TensorSpec

Shape = tuple[int | None, ...]

ANY_SIZE: Shape = (1, 3, None, None)
"""In NCHW."""


def tensor_specs(
    low_res: Shape, high_res: Shape, layout: Literal["NCHW", "NHWC"], interface: Interface
) -> tuple[TensorSpec, TensorSpec]:
    """Return the specs of the input `image` and the output `upscaled_image`."""
    if interface == "image":
        return (
            TensorSpec("image", low_res, "uint8", layout, "0..255"),
            TensorSpec("upscaled_image", high_res, "uint8", layout, "0..255", clipped=True),
        )
    return (
        TensorSpec("image", low_res, "float32", layout, "0..1"),
        TensorSpec("upscaled_image", high_res, "float32", layout, "0..1"),
    )
