"""Arguments of MIL operators: axes, paddings, and options that the executor does not support."""

from collections.abc import Sequence

import numpy as np

from mobile_runtime.formats.coreml_package import Array

Ints = Sequence[int]


def along_axis(values: Array | float, axis: int, rank: int) -> Array:
    """Return a vector reshaped to broadcast along an axis; a scalar stays one."""
    array = np.asarray(values)
    column = [1] * rank
    column[axis] = -1
    return array.reshape(column) if array.ndim else array


def pairs(pad: Ints) -> list[tuple[int, int]]:
    """Return (before, after) of each axis, as NumPy pads."""
    return list(zip(pad[::2], pad[1::2], strict=True))


def refuse(condition: bool, what: str) -> None:
    """Raise ValueError if a file uses an option that is not supported."""
    if condition:
        raise ValueError(f"the reference executor does not know {what}")
