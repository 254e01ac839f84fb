"""What the operators' functions take, and what several of them do with it."""

from collections.abc import Sequence

import numpy as np

from mobile_runtime.formats.coreml_package import Array

Ints = Sequence[int]


def along_axis(values: Array | float, axis: int, rank: int) -> Array:
    """Stand a vector along an axis, so that it broadcasts; a scalar stays one."""
    array = np.asarray(values)
    column = [1] * rank
    column[axis] = -1
    return array.reshape(column) if array.ndim else array


def pairs(pad: Ints) -> list[tuple[int, int]]:
    """Give (before, after) of each axis, as numpy pads."""
    return list(zip(pad[::2], pad[1::2], strict=True))


def refuse(condition: bool, what: str) -> None:
    """Raise ValueError where a file asks for what no function here computes."""
    if condition:
        raise ValueError(f"the reference executor does not know {what}")
