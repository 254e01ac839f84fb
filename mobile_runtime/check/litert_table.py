"""Operators that LiteRT's GPU engine runs, by version, element types and axes: what was measured.

`python -m placement_tables` (tests/) tries every operator in the engine itself, and writes
litert_table.json.
"""

from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_suffix(".json")


class Row(msgspec.Struct, frozen=True):
    """One operator that the engine takes in some form; lists are in words."""

    kind: str
    """`CONV_2D`."""
    newest: int
    """Version of the operator."""
    dtypes: str
    """Of the input below."""
    at: int
    refused_ranks: str
    """Numbers of axes of that input, of those that were tried."""
    refused_int8_ranks: str
    weights: str
    """Element types of constant weights beside fp32 values; empty if it has none."""
    weights_at: int


class Table(msgspec.Struct, frozen=True):
    """What was measured."""

    engine: str
    version: str
    """Of ai-edge-litert."""
    rows: tuple[Row, ...]


@cache
def table() -> Table:
    """Return the table that comes with the program."""
    return msgspec.json.decode(FILE.read_bytes(), type=Table)


@cache
def rows() -> dict[str, Row]:
    """Return the rows by the kind of operator."""
    return {row.kind: row for row in table().rows}
