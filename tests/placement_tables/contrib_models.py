"""Single-operator `.onnx` files of onnxruntime's own operators (com.microsoft).

Its Python package lists them with their types. Inputs have no shapes and attributes no meaning:
operators are placed before either is looked at.
"""

from collections.abc import Iterator
from typing import Any

from onnx import helper
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

from placement_tables.onnx_models import DTYPES, IR_VERSION, Case, dtype_of, number_of, usual_types

DOMAIN = "com.microsoft"
ONNX_VERSION = 21

VALUES: dict[str, Any] = {"INT": 1, "FLOAT": 1.0, "STRING": "x", "INTS": [1], "FLOATS": [1.0]}
"""Of attributes that must be there."""


def contrib_operators() -> Iterator[Case]:
    """Yield the files: one type parameter varied at a time."""
    for schema in get_all_operator_schema():
        if schema.domain == DOMAIN and not schema.deprecated:
            yield from _cases(schema)


def _cases(schema: Any) -> Iterator[Case]:
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    places: dict[str, tuple[str, list[str]]] = {}
    sides = (("in", schema.inputs[: schema.min_input]), ("out", schema.outputs[:1]))
    for side, ports in sides:
        for index, port in enumerate(ports):
            types = [t for t in map(dtype_of, allowed.get(port.typeStr, ())) if t in DTYPES]
            if types:
                places.setdefault(port.typeStr, (f"{side} {index}", types))
    usual = usual_types(places)
    changes = [usual | {name: t} for name, (_, types) in places.items() for t in types]
    for bound in [usual, *(change for change in changes if change != usual)]:
        if content := _build(schema, bound, dict(sides)):
            types = {places[name][0]: type_ for name, type_ in bound.items()}
            yield Case(f"{DOMAIN}:{schema.name}", schema.since_version, types, content)


def _build(schema: Any, bound: dict[str, str], ports: dict[str, Any]) -> bytes | None:
    """Return a file; None where a port is no tensor, or an attribute is a graph."""
    named: dict[str, list[Any]] = {"in": [], "out": []}
    for side, formals in ports.items():
        for index, port in enumerate(formals):
            dtype = bound.get(port.typeStr) or dtype_of(port.typeStr)
            if not dtype:
                return None
            value = helper.make_tensor_value_info(f"{side}{index}", number_of(dtype), None)
            named[side].append(value)
    attributes = {
        name: VALUES.get(attribute.type.name)
        for name, attribute in schema.attributes.items()
        if attribute.required
    }
    if None in attributes.values() or not named["in"]:
        return None
    node = helper.make_node(
        schema.name,
        *([value.name for value in named[side]] for side in ("in", "out")),
        domain=DOMAIN,
        **attributes,
    )
    graph = helper.make_graph([node], "single", named["in"], named["out"])
    opsets = [helper.make_opsetid("", ONNX_VERSION), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    return model.SerializeToString()
