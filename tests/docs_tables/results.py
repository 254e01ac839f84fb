"""Saved results: small JSON files in docs/results, one row per line."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "results"

Row = dict[str, Any]


def load(name: str) -> dict[str, Any]:
    """Read `docs/results/NAME.json`."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def save(name: str, content: dict[str, Any]) -> None:
    """Write `docs/results/NAME.json`: a line per key, and per row of a list."""
    lines = []
    for key, value in content.items():
        if isinstance(value, list):
            rows = ",\n".join(f"  {json.dumps(row)}" for row in value)
            lines.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def round_to(value: float | None, digits: int = 4) -> float | None:
    """Round to significant digits, which keeps saved files short."""
    return None if value is None else float(f"{value:.{digits}g}")


def markdown(columns: list[str], rows: list[list[str]], numbers: range = range(0)) -> str:
    """Write a Markdown table.

    Args:
        columns: Headings.
        rows: Cells, as Markdown.
        numbers: Columns that are aligned to the right.
    """
    rule = ["---:" if index in numbers else "---" for index in range(len(columns))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))
