"""Table of what LiteRT's GPU engine takes, made by giving it every operator."""

from dataclasses import dataclass, replace
from itertools import chain

from mobile_runtime.check.litert_table import Row, Table
from placement_tables import litert
from placement_tables.tflite_forms import FORMS, Form, Port
from placement_tables.tflite_models import DTYPES, build_form
from placement_tables.tflite_variants import variants

NEWEST = 16
"""No operator of TFLite has a version beyond."""

WEIGHT_DTYPES = ("float32", "float16", "int8", "uint8", "int4", "int16")


@dataclass(frozen=True)
class Trial:
    """One file: what is varied in the usual form of an operator."""

    kind: str
    form: Form
    dtype: str = "float32"
    version: int = 1
    weights: str = ""


def make_table() -> Table:
    """Return the table; takes some minutes."""
    rows = []
    by_dtype = _run([Trial(kind, form, dtype) for kind, form in FORMS.items() for dtype in DTYPES])
    taken = {kind: [t.dtype for t in by_dtype if t.kind == kind] for kind in FORMS}
    usual = {kind: dtypes[0] for kind, dtypes in taken.items() if dtypes}
    trials = [
        Trial(kind, FORMS[kind], dtype, version)
        for kind, dtype in usual.items()
        for version in range(1, NEWEST + 1)
    ]
    forms = chain(FORMS.items(), variants())  # the usual form shows that its rank is no obstacle
    shaped = [Trial(kind, form, usual[kind]) for kind, form in forms if kind in usual]
    weighted = [
        Trial(kind, _with_weights(FORMS[kind], dtype), weights=dtype)
        for kind in usual
        if _weights_at(FORMS[kind])
        for dtype in WEIGHT_DTYPES
    ]
    shaped_int8 = [replace(t, dtype="int8") for t in shaped if "int8" in taken[t.kind]]
    versions, ranks, weights = _run(trials), _run(shaped), _run(weighted)
    int8_ranks = _run(shaped_int8)
    for kind, dtypes in taken.items():
        if not dtypes:
            continue
        form = FORMS[kind]
        at = _varied_at(form)
        rows.append(
            Row(
                kind,
                newest=max(t.version for t in versions if t.kind == kind),
                dtypes=" ".join(dtypes),
                at=at,
                refused_ranks=_missing_ranks(kind, at, shaped, ranks),
                refused_int8_ranks=_missing_ranks(kind, at, shaped_int8, int8_ranks),
                weights=" ".join(t.weights for t in weights if t.kind == kind),
                weights_at=_weights_at(form),
            )
        )
    return Table("LiteRT GPU (ML Drift)", litert.engine_version(), tuple(rows))


def _missing_ranks(kind: str, at: int, tried: list[Trial], fit: list[Trial]) -> str:
    """Return the numbers of axes, of an input, of which no file ran."""
    all_, some = (
        {len(t.form.inputs[at].shape) for t in trials if t.kind == kind} for trials in (tried, fit)
    )
    return " ".join(map(str, sorted(all_ - some)))


def _run(trials: list[Trial]) -> list[Trial]:
    """Return those that run on the GPU as a whole."""
    files = [build_form(t.kind, t.form, t.dtype, t.version) for t in trials]
    return [t for t, found in zip(trials, litert.place(files), strict=True) if found.whole]


def _varied_at(form: Form) -> int:
    """Return the first input whose type is varied; a computed one, if there is one."""
    varied = [i for i, port in enumerate(form.inputs) if port.dtype == "T"]
    computed = [i for i in varied if form.inputs[i].values is None]
    return (computed or varied or [0])[0]


def _weights_at(form: Form) -> int:
    """Return the input that holds constant weights; 0 if there is none."""
    return next((i for i, port in enumerate(form.inputs) if _are_weights(port)), 0)


def _are_weights(port: Port) -> bool:
    return port.values is not None and port.dtype == "T" and len(port.shape) > 1


def _with_weights(form: Form, dtype: str) -> Form:
    inputs = (replace(p, dtype=dtype) if _are_weights(p) else p for p in form.inputs)
    return replace(form, inputs=tuple(inputs))
