"""Comparison of what `scnet check` says with what the engines do, on single operators and files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from mobile_runtime.check.placement import PlacementReport, check
from mobile_runtime.errors import ModelLoadError
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
    found = web.place(contents, "webgpu")
    return [
        Claim(name, _say(report), _placed(one))
        for name, report, one in zip(
            names, _reports(contents, ".onnx", "webgpu"), found, strict=True
        )
    ]


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


def _say(report: PlacementReport | None) -> str:
    if report is None or any(finding.rule in REFUSED for finding in report.findings):
        return "refused"
    left = report.total - report.resident
    return _describe(report.resident, left, report.copies)


def _placed(found: web.Found) -> str:
    if found.placed is None:
        return "refused"
    return _describe(found.placed.gpu, found.placed.cpu, found.placed.copies)


def _describe(gpu: int, cpu: int, copies: int) -> str:
    """Return where operators run; not how many nodes the CPU makes of those that are all there.

    It unfolds functions, and casts fp16 where it has no kernel, without listing what it added.
    """
    if not cpu:
        return "whole"
    return f"{cpu if gpu else 'all'} on CPU, {copies} copies"
