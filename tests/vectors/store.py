"""`tiles.json`: one line per case, so that a change is seen in a diff."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "tiles.json"


def encode(vectors: dict[str, Any]) -> str:
    lines = [f"{json.dumps(name)}: {_encode_part(part)}" for name, part in vectors.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _encode_part(part: Any) -> str:
    if isinstance(part, dict):
        return json.dumps(part)
    return "[\n" + ",\n".join(json.dumps(case) for case in part) + "\n]"


def save(vectors: dict[str, Any]) -> None:
    FILE.write_text(encode(vectors))
