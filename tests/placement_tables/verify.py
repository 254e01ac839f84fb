"""Comparison of what `scnet check` says with what the engines do, on single operators and files."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from mobile_runtime.check.placement import RULES, PlacementReport, check
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.onnx_graph import name_operators, walk
from placement_tables import litert, web
from placement_tables.contrib_models import contrib_operators
from placement_tables.onnx_models import single_operators
from placement_tables.tflite_models import build_form
from placement_tables.tflite_variants import variants
from placement_tables.web_table import is_valid

ONNX_SAMPLE = 1500
"""Of the files with any types, most of which the table was not made from."""

REFUSED = ("ONX007d", "ONX010", "ONX010d", "ONX010e", "ONX010f")
"""Rules which say that a file does not load."""

UNSUPPORTED = frozenset(rule.id for rule in RULES if rule.unsupported)

ADDED_BY_LAYOUT = frozenset(("Gather", "QuantizeLinear", "Transpose"))
"""Kinds of nodes that onnxruntime adds on the CPU when it moves axes; they are of no file."""


@dataclass(frozen=True)
class Claim:
    """One file: what was said and what is."""

    name: str
    said: str
    true: str


def onnx_operators() -> list[Claim]:
    """Return the claims for WebGPU on single operators."""
    cases = list(chain(single_operators(every_pair=True), contrib_operators()))
    chosen = Random(0).sample(cases, min(ONNX_SAMPLE, len(cases)))
    chosen = [case for case in chosen if is_valid(case)]
    names = [f"{case.kind} {case.since} {case.types}" for case in chosen]
    return onnx_files(names, [case.content for case in chosen])


def onnx_files(names: Sequence[str], contents: Sequence[bytes]) -> list[Claim]:
    """Return the claims for WebGPU on any files: on the GPU as a whole, or what is not there."""
    found = web.place([name_nodes(content) for content in contents], "webgpu")
    reports = _reports(contents, ".onnx", "webgpu")
    return [
        compare(name, report, one, operator_names(content))
        for name, content, report, one in zip(names, contents, reports, found, strict=True)
    ]


def name_nodes(content: bytes) -> bytes:
    """Return a file whose nodes are all named as `check` names them; as it is if it is none."""
    model = _parse(content)
    if model is None:
        return content
    nodes = list(walk(model.graph))
    for node, name in zip(nodes, operator_names(content), strict=True):
        node.name = name
    return bytes(model.SerializeToString())


def operator_names(content: bytes) -> list[str]:
    """Return the names of a file's operators."""
    model = _parse(content)
    return name_operators(list(walk(model.graph))) if model else []


def _parse(content: bytes) -> Any:
    try:
        return onnx.load_model_from_string(content)
    except DecodeError:
        return None


def compare(
    name: str, report: PlacementReport | None, found: web.Found, operators: Sequence[str]
) -> Claim:
    """Return what was said of a file, and what is: its operators by name, and the copies.

    Operators that the engine has removed are nowhere, so no claim on them is wrong.
    """
    said, removed = _left(report), set[str]()
    true = "refused"
    if found.placed is not None:
        listed = [(kind, _own_name(node), gpu) for kind, node, gpu in found.placed.nodes]
        removed = set(operators) - {node for _, node, _ in listed}
        true = _describe(*_placed(listed, found.placed, operators), said & removed)
    return Claim(name, _say(report, said), true)


def _left(report: PlacementReport | None) -> set[str]:
    """Return the operators that are said to be on the CPU."""
    findings = report.findings if report else ()
    return {place for each in findings if each.rule in UNSUPPORTED for place in each.places}


def _own_name(node: str) -> str:
    """Return the name in the file: what moves to NHWC is made anew, with a number."""
    return re.sub(r"_token_\d+$", "", node)


def tflite_operators() -> list[Claim]:
    """Return the claims for LiteRT's GPU engine on single operators in unusual forms."""
    forms = [(kind, form, dtype) for kind, form in variants() for dtype in ("float32", "int8")]
    contents = [build_form(*form) for form in forms]
    return tflite_files([f"{kind} {dtype} {form}" for kind, form, dtype in forms], contents)


def tflite_files(names: Sequence[str], contents: Sequence[bytes]) -> list[Claim]:
    """Return the claims for LiteRT's GPU engine on any files: as a whole, or not."""
    reports = _reports(contents, ".tflite", "ml-drift")
    return [
        Claim(
            name,
            "whole" if report and report.resident == report.total else "not whole",
            "whole" if one.whole else "not whole",
        )
        for name, report, one in zip(names, reports, litert.place(contents), strict=True)
    ]


def _reports(
    contents: Sequence[bytes], suffix: str, target: str
) -> Iterator[PlacementReport | None]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "file").with_suffix(suffix)
        for content in contents:
            path.write_bytes(content)
            try:
                (report,) = check(path, [target])
            except ModelLoadError:
                yield None
            else:
                yield report


def _say(report: PlacementReport | None, left: set[str]) -> str:
    if report is None or any(finding.rule in REFUSED for finding in report.findings):
        return "refused"
    return _describe(report.resident > 0, left, report.copies)


def _placed(
    listed: Sequence[tuple[str, str, bool]], placed: web.Placed, operators: Sequence[str]
) -> tuple[bool, set[str], int]:
    """Return whether something is on the GPU, what is on the CPU, and the copies.

    What the layout optimizer itself adds is left out, and nothing else: of its nodes, only
    `QuantizeLinear`, between a Transpose and a `DequantizeLinear` on the GPU, needs copies.
    """
    on_cpu = [(kind, node) for kind, node, gpu in listed if not gpu]
    own = [kind for kind, node in on_cpu if node not in operators and kind in ADDED_BY_LAYOUT]
    left = {node for kind, node in on_cpu if node in operators or kind not in ADDED_BY_LAYOUT}
    return placed.gpu > 0, left, placed.copies - 2 * own.count("QuantizeLinear")


def _describe(on_gpu: bool, left: set[str], copies: int, removed: Set[str] = frozenset()) -> str:
    """Return where operators run; not which nodes the CPU makes of those that are all there.

    It unfolds functions, and casts fp16 where it has no kernel, without listing what it added.
    """
    left = left | removed
    if not left and not copies:
        return "whole"
    names = ", ".join(sorted(left)) or "nothing"
    return f"{names if on_gpu else 'all'} on CPU, {copies} copies"
