"""Operators that onnxruntime runs on each unit, by version and element types: what was measured.

`python -m placement_tables` (tests/) tries every operator in the engine itself, and writes
web_table.json.
"""

from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

Unit = Literal["webgpu", "fallback", "wasm", "native"]
"""WebGPU; the same with the CPU beside it, which has fewer types than WASM; WASM; Python."""

UNITS: tuple[Unit, ...] = get_args(Unit)

FILE = Path(__file__).with_suffix(".json")


class Row(msgspec.Struct, frozen=True):
    """One operator, from one version of the operator set on."""

    kind: str
    """`Conv`, `com.microsoft:FusedConv`."""
    since: int
    webgpu: dict[str, str]
    """Port (`in 0`, `out 0`) -> the element types that a unit takes there."""
    fallback: dict[str, str]
    wasm: dict[str, str]
    native: dict[str, str]


class Table(msgspec.Struct, frozen=True):
    """What was measured."""

    engine: str
    version: str
    """Of onnxruntime-web."""
    native_version: str
    """Of onnxruntime."""
    newest_opset: int
    """Of ONNX's operators; files of newer ones are refused."""
    newest_ir: int
    """Of ONNX's file format, likewise."""
    rows: tuple[Row, ...]


@cache
def table() -> Table:
    """Return the table that comes with the program."""
    return msgspec.json.decode(FILE.read_bytes(), type=Table)


@cache
def find_row(kind: str, version: int) -> Row | None:
    """Return the newest row of an operator that is not newer than a version of the operator set."""
    rows = [row for row in table().rows if row.kind == kind and row.since <= version]
    return max(rows, key=lambda row: row.since, default=None)


def takes(row: Row, unit: Unit, dtypes: dict[str, str]) -> bool:
    """Return whether a unit runs an operator on element types by port; an unknown one is empty."""
    allowed: dict[str, str] = getattr(row, unit)
    return all(
        types and (not dtypes.get(port) or dtypes[port] in types.split())
        for port, types in allowed.items()
    )
