"""What does the official model analyzer say of a `.tflite`, and where are we stricter?

The analyzer of the ai-edge-litert wheel (2.3.0) still prints its verdict on the GPU, but no longer
looks: LiteRT's tflite/python/analyzer_wrapper/model_analyzer.cc does not call gpu_compatibility.cc.
So it is asked about a control first, which no GPU engine takes.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

MODULE = "ai_edge_litert._pywrap_analyzer_wrapper"
"""It has no public door."""
PROGRAM = f"""
import sys
from {MODULE} import ModelAnalyzer
print(ModelAnalyzer(sys.stdin.buffer.read(), False, True))
"""
TIMEOUT_S = 120

OPERATOR = re.compile(r"^(?:Subgraph#(\d+).*|  Op#(\d+) ([^(]*)\(.*)$", re.MULTILINE)
ISSUES = re.compile(r"Subgraph#(\d+) has GPU delegate compatibility issues at nodes ([\d, ]+)")


@dataclass(frozen=True)
class Analysis:
    """Its answer, beside ours."""

    available: bool
    note: str
    """Its conclusion, or why there is none."""
    refused: tuple[str, ...] = ()
    """The operators that it refuses."""
    stricter: tuple[str, ...] = ()
    """The operators that we refuse and it does not."""
    looser: tuple[str, ...] = ()
    """The operators that it refuses and we do not."""


def analyze(path: Path, away: Iterable[str]) -> Analysis:
    """Ask the official analyzer about GPU compatibility, in a process of its own.

    Args:
        path: A `.tflite` that has been read already.
        away: The operators that our rules refuse.
    """
    if find_spec("ai_edge_litert") is None or find_spec(MODULE) is None:
        return Analysis(False, f"this ai-edge-litert has no {MODULE.rpartition('.')[2]}")
    if not _refuses_control():
        return Analysis(
            False,
            "the analyzer of this ai-edge-litert looks at no operator: it calls even a model of "
            "one GATHER_ND compatible",
        )
    try:
        return compare(_run(path.read_bytes()), set(away))
    except subprocess.SubprocessError as error:
        return Analysis(False, f"it failed on this file: {error}")


def compare(text: str, away: set[str]) -> Analysis:
    """Read the analyzer's text and set it against our own findings."""
    refused = read_refused(text)
    return Analysis(
        available=True,
        note=f"refuses {len(refused)} operators",
        refused=tuple(refused),
        stricter=tuple(sorted(away - set(refused))),
        looser=tuple(name for name in refused if name not in away),
    )


def read_refused(text: str) -> list[str]:
    """Name the operators that the analyzer warns of, as our own reader does."""
    issues = {graph: nodes.replace(",", " ").split() for graph, nodes in ISSUES.findall(text)}
    scope, refused = "0", []
    for graph, number, kind in OPERATOR.findall(text):
        scope = graph or scope
        if number in issues.get(scope, ()):
            prefix = "" if scope == "0" else f"Subgraph#{scope} "
            refused.append(f"{prefix}Op#{number} {kind}")
    return refused


@cache
def _refuses_control() -> bool:
    tflite_schema = import_module("mobile_runtime.formats.tflite_schema")
    control = tflite_schema.pack_single("GATHER_ND", [1], "FLOAT32", "INT32")
    try:
        return bool(read_refused(_run(control)))
    except subprocess.SubprocessError:
        return False


def _run(content: bytes) -> str:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, input=content, capture_output=True, timeout=TIMEOUT_S, check=True
    )
    return done.stdout.decode(errors="replace")
