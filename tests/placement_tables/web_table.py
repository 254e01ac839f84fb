"""Table of what onnxruntime-web runs where, made by running every operator in it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec
import onnx
import onnxruntime
from onnx.shape_inference import InferenceError, infer_shapes

from mobile_runtime.check.web_table import Row, Table
from mobile_runtime.engines.onnxruntime_cpu import REFUSALS
from placement_tables import web
from placement_tables.contrib_models import contrib_operators
from placement_tables.onnx_models import Case, single_operators


@dataclass(frozen=True)
class Tried:
    """What came of one file."""

    types: dict[str, str]
    placed: web.Placed | None
    """By onnxruntime-web with WebGPU."""
    in_wasm: bool
    """WASM alone runs it."""
    natively: bool
    """Python's onnxruntime runs it, on the CPU."""


FATAL = 4
"""Onnxruntime's severity of what it still logs."""

KERNEL_SPOKE = re.compile(r"unsupported data type|/core/providers/|/contrib_ops/")
"""In refusals that come after a kernel was found: it dislikes made-up arguments, or JavaScript has
no type for the input or output (bfloat16), which inside a file is no obstacle."""

UNKNOWN_IR = 99
IR_LIMIT = re.compile(r"max supported IR version: (\d+)")
OPSET_LIMIT = re.compile(r"official support for domain ai.onnx is till opset (\d+)")


def make_table() -> Table:
    """Return the table; takes some minutes."""
    cases = [case for case in chain(single_operators(), contrib_operators()) if is_valid(case)]
    contents = [case.content for case in cases]
    in_webgpu, in_wasm = (list(web.place(contents, name)) for name in ("webgpu", "wasm"))
    return tabulate(cases, in_webgpu, in_wasm, find_newest_ir(contents[0]))


def find_newest_ir(content: bytes) -> int:
    """Return the newest version of ONNX's file format that the engine reads, as it says itself."""
    model = onnx.load_from_string(content)
    model.ir_version = UNKNOWN_IR
    (found,) = web.place([model.SerializeToString()], "wasm")
    limit = IR_LIMIT.search(found.failure or "")
    assert limit, found
    return int(limit[1])


def tabulate(
    cases: Sequence[Case], in_webgpu: Sequence[web.Found], in_wasm: Sequence[web.Found], ir: int
) -> Table:
    """Return the table of what came of each file."""
    newest = _newest_opset(in_wasm)
    forms: dict[tuple[str, int], list[Tried]] = {}
    for case, webgpu, wasm in zip(cases, in_webgpu, in_wasm, strict=True):
        if case.since <= newest:
            # Of its own operators with made-up arguments, Python's onnxruntime dies.
            own = ":" in case.kind
            runs = wasm.failure is None or bool(KERNEL_SPOKE.search(wasm.failure))
            native = runs if own else _opens(case.content)
            tried = Tried(case.types, webgpu.placed, runs, native)
            forms.setdefault((case.kind, case.since), []).append(tried)
    rows = (_make_row(kind, since, forms[kind, since]) for kind, since in sorted(forms))
    versions = web.engine_version(), onnxruntime.__version__
    return Table("onnxruntime-web", *versions, newest, ir, tuple(_drop_repeated(rows)))


def is_valid(case: Case) -> bool:
    """Return whether ONNX itself finds no fault: types that do not fit each other are left out."""
    try:
        infer_shapes(onnx.load_from_string(case.content), check_type=True, strict_mode=True)
    except InferenceError:
        return False
    return True


def _opens(content: bytes) -> bool:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    try:
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except REFUSALS:
        return False
    return True


def _newest_opset(found: Sequence[web.Found]) -> int:
    limits = (OPSET_LIMIT.search(one.failure) for one in found if one.failure)
    return next((int(limit[1]) for limit in limits if limit), onnx.defs.onnx_opset_version())


def _make_row(kind: str, since: int, tried: Sequence[Tried]) -> Row:
    return Row(
        kind,
        since,
        webgpu=_types_by_port(tried, lambda one: one.placed is not None and one.placed.cpu == 0),
        fallback=_types_by_port(tried, lambda one: one.placed is not None),
        wasm=_types_by_port(tried, lambda one: one.in_wasm),
        native=_types_by_port(tried, lambda one: one.natively),
    )


def _types_by_port(tried: Sequence[Tried], fits: Callable[[Tried], bool]) -> dict[str, str]:
    """Return the types that fit at each port, others being usual or of the same type."""
    usual = tried[0].types
    return {
        port: " ".join(
            dict.fromkeys(
                one.types[port] for one in tried if fits(one) and _is_about(one, port, usual)
            )
        )
        for port in usual
    }


def _is_about(one: Tried, port: str, usual: dict[str, str]) -> bool:
    changed = {each for each in usual if one.types[each] != usual[each]}
    return changed <= {port} or (port in changed and len(changed) > 1)


def _drop_repeated(rows: Iterable[Row]) -> list[Row]:
    kept: list[Row] = []
    for row in rows:
        if not kept or kept[-1] != msgspec.structs.replace(row, since=kept[-1].since):
            kept.append(row)
    return kept
