"""What `scnet check` says of other people's graphs, against what the engines were seen to do."""

import json
from importlib.metadata import version
from pathlib import Path

import msgspec
import onnx
import pytest
from onnx import TensorProto, helper
from placement_tables import verify, web
from placement_tables.tflite_forms import FORMS, Form, Port, X, ints, weights
from placement_tables.tflite_models import build_form

from mobile_runtime.check import litert_table, web_table
from mobile_runtime.check.placement import check

ROOT = Path(__file__).parents[1]
AGAIN = "the engine is not the one that was tried: run `nox -s placement`"


def test_the_tables_are_of_the_engines_that_are_pinned():
    package = json.loads((ROOT / "web_demo/package.json").read_text())
    assert web_table.table().version == package["dependencies"]["onnxruntime-web"], AGAIN
    assert litert_table.table().version == version("ai-edge-litert"), AGAIN


def test_rows_are_in_order_and_name_what_exists():
    table = web_table.table()
    keys = [(row.kind, row.since) for row in table.rows]
    assert keys == sorted(set(keys))
    assert all(row.since <= table.newest_opset for row in table.rows if ":" not in row.kind)
    kinds = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    assert {kind for kind, _ in keys if ":" not in kind} <= kinds
    assert litert_table.rows().keys() <= FORMS.keys()


FLOAT, HALF, DOUBLE = "float32", "float16", "float64"
MEASURED = [
    # kind, opset, type of the first input, WebGPU, WebGPU or the CPU beside it, WASM
    ("PRelu", 18, FLOAT, True, True, True),
    ("Max", 13, FLOAT, True, True, True),
    ("Min", 13, "int32", True, True, True),
    ("And", 7, "bool", True, True, True),
    ("Softplus", 22, FLOAT, True, True, True),
    ("Mish", 18, FLOAT, True, True, True),
    ("Swish", 24, FLOAT, True, True, True),
    ("Slice", 18, FLOAT, True, True, True),
    ("Slice", 18, "uint8", False, True, True),
    ("Conv", 18, DOUBLE, False, False, False),
    ("MaxPool", 21, FLOAT, True, True, True),
    ("MaxPool", 22, FLOAT, False, True, True),
    ("ConvTranspose", 22, FLOAT, False, True, True),
    ("GlobalAveragePool", 22, FLOAT, False, True, True),
    ("Elu", 22, FLOAT, False, True, True),
    ("Transpose", 24, FLOAT, True, True, True),
    ("Transpose", 25, FLOAT, False, True, True),
    ("QuantizeLinear", 21, FLOAT, False, True, True),
    ("DequantizeLinear", 21, "int8", True, True, True),
    ("DequantizeLinear", 24, "int8", False, True, True),
    ("Cast", 13, "int16", False, False, True),
    ("If", 18, "bool", True, True, True),
    ("Loop", 18, "int64", False, True, True),
    ("com.microsoft:FusedConv", 1, FLOAT, True, True, True),
    ("com.microsoft:QLinearAdd", 1, "int8", False, True, True),
]


@pytest.mark.parametrize(("kind", "opset", "dtype", *web_table.UNITS[:3]), MEASURED)
def test_web_table_says_what_was_seen(kind, opset, dtype, webgpu, fallback, wasm):
    row = web_table.find_row(kind, opset)
    found = [web_table.takes(row, unit, {"in 0": dtype}) for unit in web_table.UNITS[:3]]
    assert found == [webgpu, fallback, wasm]


def save(path, nodes, inputs, initializers=(), *, opset=18, functions=()):
    ports = [
        helper.make_tensor_value_info(name, getattr(TensorProto, dtype), shape)
        for name, (dtype, shape) in inputs.items()
    ]
    result = helper.make_tensor_value_info("y", TensorProto.UNDEFINED, None)
    graph = helper.make_graph(nodes, "g", ports, [result], initializers)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    onnx.save(
        helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=10), path
    )
    return path


def whole(name, *values, dtype=TensorProto.INT64):
    return helper.make_tensor(name, dtype, [len(values)], values)


node = helper.make_node
SCALE = helper.make_tensor("scale", TensorProto.FLOAT, [], [0.1])
ZERO = helper.make_tensor("zero", TensorProto.UINT8, [], [0])
ROWS = {"x": ("FLOAT", ("n", 4))}
KERNEL = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 1, 1], [2.0])
INLINED = helper.make_function(
    *("own", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])]),
    [helper.make_opsetid("", 18)],
)

GRAPHS = {
    # name: (nodes, inputs, initializers, options, operators on the CPU, copies); seen in Chromium
    "shapes": (
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "first"], ["g"]),
            node("Concat", ["g", "rest"], ["c"], axis=0),
            node("Reshape", ["x", "c"], ["r"]),
            node("Relu", ["r"], ["y"]),
        ],
        *(ROWS, [whole("first", 0), whole("rest", -1)], {}),
        *(["Gather -> g", "Concat -> c"], 0),
    ),
    "shape as number": (
        [
            node("Shape", ["x"], ["s"]),
            node("Cast", ["s"], ["f"], to=TensorProto.INT32),
            node("Mul", ["f", "two"], ["m"]),
            node("Cast", ["m"], ["i"], to=TensorProto.INT64),
            node("Reshape", ["x", "i"], ["y"]),
        ],
        *(ROWS, [whole("two", 1, dtype=TensorProto.INT32)], {}),
        *(["Cast -> f"], 2),
    ),
    "8-bit values": (
        [
            node("Relu", ["x"], ["r"]),
            node("QuantizeLinear", ["r", "scale", "zero"], ["q"]),
            node("Slice", ["q", "from", "to"], ["p"]),
            node("DequantizeLinear", ["p", "scale", "zero"], ["d"]),
            node("Relu", ["d"], ["y"]),
        ],
        *(ROWS, [SCALE, ZERO, whole("from", 0), whole("to", 2)], {}),
        *(["QuantizeLinear -> q", "Slice -> p"], 2),
    ),
    "new operator set": (
        [
            node("Relu", ["x"], ["r"]),
            node("Transpose", ["r"], ["t"]),
            node("Relu", ["t"], ["y"]),
        ],
        *(ROWS, [], {"opset": 25}),
        *(["Transpose -> t"], 2),
    ),
    "new operator set, convolutions": (
        [
            node("Conv", ["x", "w"], ["c"]),
            node("Relu", ["c"], ["r"]),
            node("Conv", ["r", "w"], ["y"]),
        ],
        *({"x": ("FLOAT", (1, 1, "h", "w"))}, [KERNEL], {"opset": 25}),
        *([], 2),
    ),
    "new operator set, one convolution": (
        [node("Conv", ["x", "w"], ["y"])],
        *({"x": ("FLOAT", (1, 1, 8, 8))}, [KERNEL], {"opset": 26}),
        *([], 2),
    ),
    "new operator set, convolution between others": (
        [
            node("Relu", ["x"], ["a"]),
            node("Conv", ["a", "w"], ["b"]),
            node("Relu", ["b"], ["y"]),
        ],
        *({"x": ("FLOAT", (1, 1, 8, 8))}, [KERNEL], {"opset": 26}),
        *([], 3),
    ),
    "new operator set, reshaped": (
        [
            node("Conv", ["x", "w"], ["a"]),
            node("Reshape", ["a", "flat"], ["b"]),
            node("Relu", ["b"], ["y"]),
        ],
        *({"x": ("FLOAT", (1, 1, 8, 8))}, [KERNEL, whole("flat", 1, -1)], {"opset": 26}),
        *([], 3),
    ),
    "new operator set, interrupted": (
        [
            node("Conv", ["x", "w"], ["a"]),
            node("MaxPool", ["a"], ["b"], kernel_shape=[2, 2]),
            node("Conv", ["b", "w"], ["y"]),
        ],
        *({"x": ("FLOAT", (1, 1, 8, 8))}, [KERNEL], {"opset": 26}),
        *(["MaxPool -> b"], 4),
    ),
    "new operator set, pooled": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2])],
        *({"x": ("FLOAT", (1, 1, 8, 8))}, [], {"opset": 26}),
        *([], 2),
    ),
    "empty": ([], {"y": ("FLOAT", (1, 4))}, [], {}, [], 0),
    "a constant": ([], {}, [whole("y", 1)], {}, [], 0),
    "own function": (
        [node("Twice", ["x"], ["t"], domain="own"), node("Relu", ["t"], ["y"])],
        *(ROWS, [], {"functions": [INLINED]}),
        *([], 0),
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_webgpu_placement_of_whole_graphs(tmp_path, name):
    nodes, inputs, initializers, options, on_cpu, copies = GRAPHS[name]
    path = save(tmp_path / "f.onnx", nodes, inputs, initializers, **options)
    (report,) = check(path, ["webgpu"])
    assert report.passed
    left = [p for f in report.findings if f.rule == "ONX007c" for p in f.places]
    assert left == on_cpu
    assert (report.total - report.resident, report.copies) == (len(on_cpu), copies)


CONVOLUTION = [node("Conv", ["x", "w"], ["c"], name="conv"), node("Elu", ["c"], ["y"], name="elu")]
SEEN = web.Placed(1, 1, 1, (("Conv", "conv_token_2", True), ("Elu", "elu", False)))
WRONG = {
    # what the engine is made to answer -> whether it agrees with what `check` says
    "as it is": (SEEN, True),
    "another operator on the CPU": (
        web.Placed(1, 1, 1, (("Conv", "conv_token_2", False), ("Elu", "elu", True))),
        False,
    ),
    "one more on the CPU": (
        web.Placed(0, 2, 1, (("Conv", "conv", False), ("Elu", "elu", False))),
        False,
    ),
    "none on the CPU": (web.Placed(2, 0, 0, (("Conv", "conv", True), ("Elu", "elu", True))), False),
    "one more copy": (msgspec.structs.replace(SEEN, copies=2), False),
    "a node of no file": (
        msgspec.structs.replace(SEEN, nodes=(*SEEN.nodes, ("Mul", "Mul_token_7", False))),
        False,
    ),
    "quantized around a Transpose": (
        msgspec.structs.replace(
            SEEN, copies=3, nodes=(*SEEN.nodes, ("QuantizeLinear", "QuantizeLinear_token_7", False))
        ),
        True,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_verification_finds_each_operator_that_is_elsewhere(tmp_path, name):
    placed, agrees = WRONG[name]
    inputs = {"x": ("FLOAT", (1, 1, 8, 8))}
    path = save(tmp_path / "f.onnx", CONVOLUTION, inputs, [KERNEL], opset=22)
    (report,) = check(path, ["webgpu"])
    names = verify.operator_names(path.read_bytes())
    claim = verify.compare("f", report, web.Found(placed, None), names)
    assert (claim.said == claim.true) is agrees, claim


def test_double_values_are_loaded_nowhere(tmp_path):
    kernel = helper.make_tensor("w", TensorProto.DOUBLE, [1, 3, 1, 1], [1.0] * 3)
    nodes = [node("Conv", ["x", "w"], ["y"])]
    path = save(tmp_path / "f.onnx", nodes, {"x": ("DOUBLE", (1, 3, 8, 8))}, [kernel])
    assert [report.passed for report in check(path)] == [False, False, False]


def claim(path, form, kind, dtype="float32", version=1):
    path.write_bytes(build_form(kind, form, dtype, version))
    (report,) = check(path, ["ml-drift"])
    return report.resident == report.total


@pytest.mark.parametrize("kind", FORMS)
def test_check_says_of_tflite_operators_what_the_engine_does(tmp_path, kind):
    row = litert_table.rows().get(kind)
    path, form = tmp_path / "f.tflite", FORMS[kind]
    if row is None:
        assert not claim(path, form, kind)
        return
    for dtype in row.dtypes.split():
        assert claim(path, form, kind, dtype)
    usual = row.dtypes.split()[0]
    assert claim(path, form, kind, usual, row.newest)
    assert not claim(path, form, kind, usual, row.newest + 1)
    assert not claim(path, form, kind, "float64")


ODD_FORMS = [
    # kind, form, type, whether it runs on the GPU; seen with SwiftShader
    ("RELU_0_TO_1", FORMS["RELU_0_TO_1"], "float32", False),
    ("RELU", FORMS["RELU"], "int16", False),
    ("TOPK_V2", Form((X, Port((), "int32"))), "float32", False),
    ("TOPK_V2", Form((X, ints(2, shape=()))), "float32", True),
    ("ADD", Form((Port((2, 8, 8, 4)), Port((8, 8, 4))), (Port((2, 8, 8, 4)),)), "float32", True),
    ("ADD", Form((Port((8, 4)), weights(4)), (Port((8, 4)),)), "float32", True),
    ("SLICE", Form((Port((8, 4)), ints(0, 0), ints(8, 4)), (Port((8, 4)),)), "float32", True),
    ("LESS", Form((X, Port(())), (Port((1, 8, 8, 4), "bool"),)), "float32", False),
]


@pytest.mark.parametrize(("kind", "form", "dtype", "expected"), ODD_FORMS)
def test_check_knows_odd_forms_of_tflite_operators(tmp_path, kind, form, dtype, expected):
    assert claim(tmp_path / "f.tflite", form, kind, dtype) == expected
