"""Single-operator `.onnx` files: every operator, in each version, with each element type.

An operator's inputs and attributes are those of ONNX's own test cases, which come with the package;
older versions take as attributes what is an input today.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from onnx import TensorProto, defs, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

COMMON_OPSET = 7
"""The oldest in which onnxruntime does all that it does today."""

IR_VERSION = 10
"""Which engines of 2026 all read."""

NUMPY_NAMES = {"float": "float32", "double": "float64"}
ONNX_NAMES = {new: old for old, new in NUMPY_NAMES.items()}
PREFERRED = ("float32", "uint8", "int32", "int64", "bool")
"""Types of the parameters that are not varied: the first of these that the operator allows."""

TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "output_datatype")
"""Attributes that choose the type of an output."""

RENAMED = {"pads": "paddings", "tiles": "repeats"}
"""Attributes that took another name in their first version."""

OLDER_MODES = {("GridSample", 16): {"linear": "bilinear", "cubic": "bicubic"}}
"""Operator and version -> what its modes were called then."""

CONTROL_FLOW = ("If", "Loop", "Scan")
ANY = {"any": "any"}
"""Types of an operator where none is to be chosen."""

FREE_SHAPES = ("Shape", "Size")
"""Of inputs with fixed shapes, these are computed once, while a file is loaded."""

DTYPES = (
    *("float16", "float32", "float64", "bfloat16", "bool", "string", "int4", "uint4"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
"""Element types that are tried; no engine here takes complex numbers, or floats of 8 bits."""


@dataclass(frozen=True)
class Case:
    """A file of one operator."""

    kind: str
    since: int
    """Version of the operator set that brought this form of the operator."""
    types: dict[str, str]
    """Where a type parameter stands first (`in 0`, `out 0`) -> its type."""
    content: bytes


def single_operators(*, every_pair: bool = False) -> Iterator[Case]:
    """Yield the files: one type parameter varied at a time, or all at once."""
    for schema in defs.get_all_schemas_with_history():
        if schema.name in CONTROL_FLOW and not schema.domain:
            yield Case(schema.name, schema.since_version, ANY, _branch(schema))
        if schema.domain or schema.deprecated or schema.name not in examples():
            continue
        places = parameters(schema)
        for bound in _all_bindings(places) if every_pair else _single_changes(places):
            types = {places[name][0]: type_ for name, type_ in bound.items()}
            yield Case(schema.name, schema.since_version, types or ANY, build(schema, bound))


@cache
def examples() -> dict[str, Any]:
    """Return a test case of ONNX for each kind of operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    found: dict[str, Any] = {}
    for case in cases:
        nodes = case.model.graph.node if case.model and case.data_sets else ()
        if len(nodes) == 1 and "_expanded" not in case.name:
            kind = nodes[0].op_type
            if kind not in found or _opset(case) > _opset(found[kind]):
                found[kind] = case
    return {kind: case for kind, case in found.items() if _takes_tensors(kind)}


def _takes_tensors(kind: str) -> bool:
    """Return whether all that an operator reads and writes may be tensors: no sequences, bodies."""
    if kind in CONTROL_FLOW or not defs.has(kind):
        return False
    schema = defs.get_schema(kind)
    sequences = {
        c.type_param_str
        for c in schema.type_constraints
        if not any(map(dtype_of, c.allowed_type_strs))
    }
    ports = {port.type_str for port in (*schema.inputs, *schema.outputs)}
    return not sequences & ports


def _opset(case: Any) -> int:
    return int(case.model.opset_import[0].version)


def parameters(schema: Any) -> dict[str, tuple[str, list[str]]]:
    """Return the type parameters: where each stands first, and which tensor types it allows."""
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    found: dict[str, tuple[str, list[str]]] = {}
    for side, ports in (("in", schema.inputs), ("out", schema.outputs)):
        for index, port in enumerate(ports):
            types = [t for t in map(dtype_of, allowed.get(port.type_str, ())) if t in DTYPES]
            if types:
                found.setdefault(port.type_str, (f"{side} {index}", types))
    return found


def usual_opset(schema: Any) -> int:
    """Return the operator set in which a form is tried: its own, or 7 if it lasted until then.

    Onnxruntime treats older sets as a whole in another way: it moves no axes there, say.
    """
    since = int(schema.since_version)
    if since >= COMMON_OPSET:
        return since
    lasted = defs.get_schema(schema.name, COMMON_OPSET).since_version == since
    return COMMON_OPSET if lasted else since


def usual_types(places: dict[str, tuple[str, list[str]]]) -> dict[str, str]:
    """Return the types of the parameters while they are not varied."""
    return {
        name: next((one for one in PREFERRED if one in types), types[0])
        for name, (_, types) in places.items()
    }


def _single_changes(places: dict[str, tuple[str, list[str]]]) -> Iterator[dict[str, str]]:
    """Yield the usual types, each change of one, and all that are alike.

    Where one type is tied to another, as in Attention and OneHot, no change of one alone runs.
    """
    usual = usual_types(places)
    yield usual
    for name, (_, types) in places.items():
        yield from (usual | {name: type_} for type_ in types if type_ != usual[name])
    if len(places) > 1:
        for type_ in DTYPES:
            alike = usual | {name: type_ for name, (_, types) in places.items() if type_ in types}
            if sum(alike[name] != usual[name] for name in places) > 1:
                yield alike


def _all_bindings(places: dict[str, tuple[str, list[str]]]) -> Iterator[dict[str, str]]:
    for types in product(*(types for _, types in places.values())):
        yield dict(zip(places, types, strict=True))


def build(schema: Any, bound: dict[str, str]) -> bytes:
    """Return a file of one operator, its type parameters bound."""
    case = examples()[schema.name]
    example = case.model.graph.node[0]
    known = [port.name for port in case.model.graph.input]
    data = dict(zip(known, map(_array, case.data_sets[0][0]), strict=True))
    inputs, moved = _fit_inputs(schema, example, data)
    attributes = {a.name: helper.get_attribute_value(a) for a in example.attribute} | moved
    node = helper.make_node(
        schema.name,
        inputs,
        list(example.output)[: schema.max_output],
        domain="",
        **{k: _older(schema, v) for k, v in attributes.items() if k in schema.attributes},
    )
    _choose_output_type(schema, node, bound)
    ports, constants = [], []
    for index, name in enumerate(dict.fromkeys(inputs)):
        formal = schema.inputs[min(index, len(schema.inputs) - 1)].type_str
        if not name:
            continue
        if not isinstance(data[name], np.ndarray | np.generic):  # a sequence
            ports.append(next(p for p in case.model.graph.input if p.name == name))
        elif formal in bound:
            free = schema.name in FREE_SHAPES
            ports.append(_port(name, bound[formal], None if free else np.shape(data[name])))
        else:
            constants.append(numpy_helper.from_array(np.asarray(data[name]), name))
    results = []
    for index, name in enumerate(node.output):
        formal = schema.outputs[min(index, len(schema.outputs) - 1)].type_str
        dtype = bound.get(formal) or dtype_of(formal)
        if name and dtype:
            results.append(_port(name, dtype, None))
        elif name:
            results.append(next(p for p in case.model.graph.output if p.name == name))
    graph = helper.make_graph([node], "single", ports, results, constants)
    opset = helper.make_opsetid("", usual_opset(schema))
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    return model.SerializeToString()


def _fit_inputs(
    schema: Any, example: Any, data: dict[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """Return the inputs as an older version takes them, and what it takes as attributes."""
    newest = [port.name.casefold() for port in defs.get_schema(schema.name).inputs]
    older = [port.name.casefold() for port in schema.inputs]
    attributes = {name.casefold(): name for name in schema.attributes}
    kept, moved = {}, {}
    for index, name in enumerate(example.input):
        formal = newest[min(index, len(newest) - 1)] + (f" {index}" if index >= len(newest) else "")
        attribute = attributes.get(formal) or attributes.get(RENAMED.get(formal, ""))
        if formal not in older and attribute and name:
            value = np.asarray(data[name])
            moved[attribute] = value.item() if value.ndim == 0 else value.tolist()
            if attribute == "k":
                moved[attribute] = int(value.ravel()[0])
        else:
            kept[formal] = name
    if "num_outputs" in attributes and "split" not in kept:
        moved["num_outputs"] = len(example.output)
    if set(older) <= kept.keys() or set(kept) <= set(older):
        inputs = [kept.get(name, "") for name in older]
        inputs += [name for formal, name in kept.items() if formal not in older]
    else:
        inputs = list(kept.values())
    inputs = inputs[: schema.max_input]
    while inputs and not inputs[-1]:
        inputs.pop()
    return inputs, moved


def _older(schema: Any, value: Any) -> Any:
    """Return the value of an attribute as a version of an operator knows it."""
    names = OLDER_MODES.get((schema.name, schema.since_version), {})
    return names.get(value.decode(), value) if isinstance(value, bytes) else value


def _choose_output_type(schema: Any, node: Any, bound: dict[str, str]) -> None:
    """Set the attribute that says what an output's type is, where a parameter stands there only."""
    free = [name for name, (place, _) in parameters(schema).items() if place.startswith("out")]
    if not free:
        return
    number = number_of(bound[free[0]])
    if node.op_type == "ConstantOfShape":
        del node.attribute[:]
        value = helper.make_tensor("value", number, [1], [1])
        node.attribute.append(helper.make_attribute("value", value))
    for name in TYPE_ATTRIBUTES:
        if name in schema.attributes:
            chosen = TensorProto.DataType.Name(number) if schema.since_version == 1 else number
            kept = [a for a in node.attribute if a.name != name]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute(name, chosen)])


def _branch(schema: Any) -> bytes:
    """Return a file of If, Loop or Scan, with bodies that run anywhere."""
    x, y, state = (_port(name, "float32", (4,)) for name in ("x", "y", "state"))
    relu, add = (
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("Add", ["x", "state"], ["y"]),
    )
    if schema.name == "If":
        body = helper.make_graph([relu], "body", [], [y])
        node = helper.make_node("If", ["flag"], ["out"], then_branch=body, else_branch=body)
        ports = [_port("flag", "bool", ()), x]
    elif schema.name == "Loop":
        flags = [_port(name, "bool", ()) for name in ("flag", "again")]
        always = helper.make_tensor("value", TensorProto.BOOL, [], [True])
        again = helper.make_node("Constant", [], ["again"], value=always)
        count = _port("count", "int64", ())
        body = helper.make_graph([again, add], "body", [count, flags[0], state], [flags[1], y])
        node = helper.make_node("Loop", ["count", "flag", "start"], ["out"], body=body)
        ports = [count, flags[0], _port("start", "float32", (4,)), x]
    else:
        old = schema.since_version == 1 or schema.since_version == 8
        rows = _port("rows", "float32", (1, 3, 4) if old else (3, 4))
        start = _port("start", "float32", (1, 4) if old else (4,))
        relus = [
            helper.make_node("Relu", ["row"], ["seen"]),
            helper.make_node("Relu", ["s"], ["t"]),
        ]
        row, seen, s, t = (_port(name, "float32", (4,)) for name in ("row", "seen", "s", "t"))
        body = helper.make_graph(relus, "body", [s, row], [t, seen])
        inputs = ["", "start", "rows"] if old else ["start", "rows"]
        node = helper.make_node("Scan", inputs, ["end", "out"], body=body, num_scan_inputs=1)
        ports = [start, rows]
    graph = helper.make_graph([node], "single", ports, [_port("out", "float32", None)])
    opset = helper.make_opsetid("", usual_opset(schema))
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    return model.SerializeToString()


def _array(value: Any) -> Any:
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value


def _port(name: str, dtype: str, shape: tuple[int, ...] | None) -> Any:
    return helper.make_tensor_value_info(name, number_of(dtype), shape)


def number_of(dtype: str) -> int:
    """Return the `TensorProto.DataType` of `float32`."""
    return int(TensorProto.DataType.Value(ONNX_NAMES.get(dtype, dtype).upper()))


def dtype_of(type_: str) -> str:
    """Return `float32` for `tensor(float)`; nothing for what is no tensor."""
    if not type_.startswith("tensor("):
        return ""
    name = type_.removeprefix("tensor(").removesuffix(")")
    return NUMPY_NAMES.get(name, name)
