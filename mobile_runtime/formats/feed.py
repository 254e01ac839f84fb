"""Inputs to run a model file of anybody with: its own shapes and types, made-up values."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.graph import Graph, Port, Shape, is_free, layout_of

Array = NDArray[Any]

INDICES = ("int16", "int32", "int64", "uint16", "uint32", "uint64")
"""Often positions in a table: zero is in each."""
PIXELS = ("uint8", "int8")
FLOATS = ("float16", "float32", "float64")
TYPES = (*FLOATS, *PIXELS, *INDICES, "bool")
"""Types that NumPy can hold."""

SIDES = {"NCHW": (2, 3), "NHWC": (1, 2)}
"""Layout -> the axes of height and width."""


@dataclass(frozen=True)
class Feed:
    """One input of a run, in the order of the file's inputs."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    layout: str
    """NCHW, NHWC, or empty."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width; None if it is no picture."""
        if self.layout not in SIDES:
            return None
        height, width = SIDES[self.layout]
        return self.shape[height], self.shape[width]

    @property
    def described(self) -> str:
        """The type and shape, such as `float32 1x3x64x64`."""
        return f"{self.dtype} {'x'.join(map(str, self.shape))}".strip()

    def values(self) -> Array:
        """Return values, the same at every call: noise, whole numbers of index types all 0."""
        random = np.random.default_rng(seed=0)
        if self.dtype in FLOATS:
            return random.random(self.shape, np.float32).astype(self.dtype)
        if self.dtype in PIXELS:
            limits = np.iinfo(self.dtype)
            return random.integers(limits.min, limits.max + 1, self.shape, self.dtype)
        return np.zeros(self.shape, self.dtype)


def count_values(feeds: Sequence[Feed]) -> int:
    """Return how many values all inputs have together."""
    return sum(prod(feed.shape) for feed in feeds)


def plan_feeds(path: Path, graph: Graph, size: tuple[int, int] | None) -> tuple[Feed, ...]:
    """Return an input for each that a file takes.

    Args:
        path: The file, for messages.
        graph: What it holds.
        size: For free heights and widths. A free batch, the first axis, is 1.

    Raises:
        ImageError: The file is free and there is no size, or it is fixed to another one.
        ModelLoadError: An input is of a type that cannot be made up, or of free length elsewhere.
    """
    if not graph.inputs:
        raise ModelLoadError(f"{path} cannot be measured: it takes no input.")
    feeds = tuple(_plan(path, port, graph.format, size) for port in graph.inputs)
    if size is not None and size not in [feed.size for feed in feeds]:
        taken = " and ".join(feed.described for feed in feeds)
        raise ImageError(f"{path} takes {taken}, nothing of {size[0]}x{size[1]} (height x width).")
    return feeds


def _plan(path: Path, port: Port, format_: str, size: tuple[int, int] | None) -> Feed:
    name = port.title or port.name
    if port.dtype not in TYPES:
        kind = port.dtype or "a type that the file does not state"
        raise ModelLoadError(
            f"{path} cannot be measured: its input {name} is of {kind}, not of numbers that NumPy "
            "has."
        )
    shape = _choose_shape(port, format_, size)
    layout = layout_of(shape, format_)
    sides = SIDES.get(layout, ())
    if any(shape[axis] is None for axis in sides) and size is None:
        raise ImageError(
            f"{path} does not say what height and width {name} has: give --height and --width."
        )
    lengths = dict(zip(sides, size, strict=True)) if sides and size else {}
    filled = [
        side if side is not None else 1 if axis == 0 else lengths.get(axis)
        for axis, side in enumerate(shape)
    ]
    if is_free(filled):
        raise ModelLoadError(
            f"{path} cannot be measured: axis {filled.index(None)} of {name} is free, and neither "
            "batch, height nor width. Export it with a fixed length."
        )
    return Feed(name, port.dtype, tuple(side for side in filled if side is not None), layout)


def _choose_shape(port: Port, format_: str, size: tuple[int, int] | None) -> Shape:
    """Return that of several shapes which has the size, else the first."""
    for shape in port.shapes:
        sides = SIDES.get(layout_of(shape, format_), ())
        if sides and size == tuple(shape[axis] for axis in sides):
            return shape
    return port.shape
