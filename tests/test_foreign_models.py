"""Model files of anybody through `scnet info` and `scnet benchmark`: one for each kind."""

import json
import struct
from pathlib import Path

import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from click.testing import CliRunner
from coremltools.proto import FeatureTypes_pb2, Model_pb2
from model_files import copy_alone, options_for
from onnx import TensorProto, helper, numpy_helper

from converters.cli.info import command as info_command
from mobile_runtime.check.placement import check
from mobile_runtime.cli.benchmark import command as benchmark_command
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ImageError, ModelLoadError, ScnetError
from mobile_runtime.formats.tflite_schema import pack, pack_single, unpack

QUICK = ("--runs", 1, "--warmup-runs", 1, "--threads", 1, "--json", "-")


def run(command, *arguments):
    result = CliRunner().invoke(command, [str(a) for a in arguments], obj=open_session)
    if isinstance(result.exception, Exception):
        raise result.exception
    return result


def info(path):
    return json.loads(run(info_command, path, "--json", "-").stdout)


def measure(path, *options):
    (row,) = json.loads(run(benchmark_command, path, *QUICK, *options).stdout)["files"]
    return row


def save_onnx(path, kind, shape, inputs=1, operator="Add"):
    """A sum of inputs of one type and shape."""
    names = [f"in{number}" for number in range(inputs)]
    ports = [helper.make_tensor_value_info(name, kind, shape) for name in (*names, "out")]
    reads = names * 2 if inputs == 1 else names
    node = helper.make_node(operator, reads[:2], ["out"])
    graph = helper.make_graph([node], "sum", ports[:-1], ports[-1:])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


ONNX_KINDS = {
    "fp16": (TensorProto.FLOAT16, [1, 3, 8, 8], 1, "in0: float16 1x3x8x8", "NCHW"),
    "luma": (TensorProto.FLOAT, [1, 1, 8, 8], 1, "in0: float32 1x1x8x8", "NCHW"),
    "nhwc": (TensorProto.FLOAT, [1, 6, 8, 3], 1, "in0: float32 1x6x8x3", "NHWC"),
    "batch": (TensorProto.FLOAT, [2, 3, 8, 8], 1, "in0: float32 2x3x8x8", "NCHW"),
    "int64": (TensorProto.INT64, [1, 5], 1, "in0: int64 1x5", ""),
    "free batch": (TensorProto.FLOAT, ["n", 5], 1, "in0: float32 1x5", ""),
}


@pytest.mark.parametrize("kind", ONNX_KINDS)
def test_onnx_is_told_and_measured_as_it_states(tmp_path, kind):
    dtype, shape, inputs, expected, layout = ONNX_KINDS[kind]
    path = save_onnx(tmp_path / "x.onnx", dtype, shape, inputs)
    (port,) = info(path)["inputs"]
    assert port["shapes"] == [[None if isinstance(side, str) else side for side in shape]]
    assert port["layout"] == layout
    assert expected.startswith(f"{port['name']}: {port['dtype']} ")
    assert measure(path)["inputs"] == [expected]


def test_several_inputs_are_all_fed(tmp_path):
    path = save_onnx(tmp_path / "x.onnx", TensorProto.FLOAT, [2], inputs=2)
    row = measure(path)
    assert row["inputs"] == ["in0: float32 2", "in1: float32 2"]
    assert row["height"] is row["width"] is None
    with pytest.raises(ImageError, match="nothing of 8x8"):
        measure(path, "--height", 8, "--width", 8)


def test_axes_of_minus_one_are_free(tmp_path):
    path = save_onnx(tmp_path / "x.onnx", TensorProto.FLOAT, [-1, 3, -1, -1])
    assert info(path)["inputs"][0]["shapes"] == [[None, 3, None, None]]
    assert "?x3x?x?" in run(info_command, path).stdout
    with pytest.raises(ImageError, match="give --height and --width"):
        measure(path)
    row = measure(path, "--height", 6, "--width", 10)
    assert (row["height"], row["width"], row["inputs"]) == (6, 10, ["in0: float32 1x3x6x10"])


CANNOT = {
    "text": (TensorProto.STRING, [1], "of string, not of numbers"),
    "free elsewhere": (TensorProto.FLOAT, [1, "length"], "axis 1 of in0 is free"),
}


@pytest.mark.parametrize("kind", CANNOT)
def test_what_cannot_be_measured_is_said_with_the_reason(tmp_path, kind):
    dtype, shape, reason = CANNOT[kind]
    path = save_onnx(tmp_path / "x.onnx", dtype, shape)
    assert info(path)["operators"] == {"Add": 1}
    with pytest.raises(ModelLoadError, match=reason):
        measure(path)


def test_what_is_no_tensor_and_what_is_constant_is_told(tmp_path):
    """A sequence goes in; what comes out beside it depends on nothing."""
    sequence = helper.make_tensor_sequence_value_info("a", TensorProto.FLOAT, [2])
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "bc"]
    value = helper.make_tensor("value", TensorProto.FLOAT, [1], [1])
    nodes = [
        helper.make_node("ConcatFromSequence", ["a"], ["b"], axis=0),
        helper.make_node("Constant", [], ["c"], value=value),
    ]
    graph = helper.make_graph(nodes, "sequence", [sequence], results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "x.onnx")
    facts = info(tmp_path / "x.onnx")
    assert [(port["name"], port["dtype"]) for port in facts["inputs"]] == [("a", "sequence")]
    assert [port["name"] for port in facts["outputs"]] == ["b", "c"]
    with pytest.raises(ModelLoadError, match="of sequence, not of numbers"):
        measure(tmp_path / "x.onnx")


def test_a_size_that_is_computed_from_a_fixed_shape_is_no_work_for_the_cpu(tmp_path):
    """As PyTorch's older exporter writes F.interpolate(x, y.shape[2:])."""
    image, large = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, side, side])
        for name, side in (("a", 8), ("b", 16))
    )
    sizes = helper.make_tensor("sizes", TensorProto.INT64, [2], [16, 16])
    ends = [helper.make_tensor(f"at{n}", TensorProto.INT64, [1], [n]) for n in (0, 2)]
    nodes = [
        helper.make_node("Shape", ["a"], ["shape"]),
        helper.make_node("Slice", ["shape", "at0", "at2"], ["start"]),
        helper.make_node("Concat", ["start", "sizes"], ["wanted"], axis=0),
        helper.make_node("Resize", ["a", "", "", "wanted"], ["b"]),
    ]
    graph = helper.make_graph(nodes, "resize", [image], [large], [sizes, *ends])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "x.onnx")
    (report,) = check(tmp_path / "x.onnx", ["webgpu"])
    assert report.resident == report.total
    assert report.copies == 0


def save_external(folder, values):
    """A file whose only weight is in a file beside it."""
    folder.mkdir()
    weight = numpy_helper.from_array(values, "weight")
    port = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8]) for name in "ab"]
    node = helper.make_node("Add", ["a", "weight"], ["b"])
    graph = helper.make_graph([node], "sum", port[:1], port[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(
        model, folder / "x.onnx", save_as_external_data=True, location="x.data", size_threshold=0
    )
    return folder / "x.onnx"


def test_external_data_counts_and_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = np.ones((1, 3, 8, 8), np.float32)
    one, two = (save_external(tmp_path / str(n), values * n) for n in (1, 2))
    assert info(one)["size_bytes"] == sum(p.stat().st_size for p in one.parent.iterdir())
    assert info(one)["weight_elements"] == {"float32": 192}
    assert info(one)["sha256"] != info(two)["sha256"]
    assert measure(Path("1/x.onnx"))["inputs"] == ["a: float32 1x3x8x8"]
    (one.parent / "x.data").unlink()
    with pytest.raises(ModelLoadError, match=r"x\.data, which is missing: copy both"):
        info(one)


@pytest.mark.parametrize("place", ["../secret", "/etc/hostname"])
def test_external_data_elsewhere_is_not_read(tmp_path, place):
    path = save_external(tmp_path / "1", np.ones((1, 3, 8, 8), np.float32))
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = place
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelLoadError, match="not to be trusted"):
        info(path)


def save_tflite(path, shape, free=(), dtype=None):
    """A RELU, in float32 or quantized, with some free axes."""
    model = unpack(pack_single("RELU", shape, "FLOAT32"))
    for tensor in model.subgraphs[0].tensors:
        if free:
            tensor.shapeSignature = [-1 if axis in free else n for axis, n in enumerate(shape)]
        if dtype:
            tensor.type = getattr(schema.TensorType, dtype)
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [1 / 255], [0]
    path.write_bytes(pack(model))
    return path


TFLITE_KINDS = {
    "nhwc": ([1, 8, 6, 3], (), None, (), "float32 1x8x6x3", [8, 6]),
    "nchw": ([1, 3, 8, 6], (), None, (), "float32 1x3x8x6", [8, 6]),
    "luma": ([1, 8, 6, 1], (), None, (), "float32 1x8x6x1", [8, 6]),
    "uint8": ([1, 8, 6, 3], (), "UINT8", (), "uint8 1x8x6x3", [8, 6]),
    "int8": ([2, 8, 6, 3], (), "INT8", (), "int8 2x8x6x3", [8, 6]),
    "free": ([1, 1, 1, 3], (0, 1, 2), None, (10, 12), "float32 1x10x12x3", [10, 12]),
    "vector": ([1, 7], (), None, (), "float32 1x7", [None, None]),
}


@pytest.mark.parametrize("kind", TFLITE_KINDS)
def test_tflite_is_told_and_measured_as_it_states(tmp_path, kind):
    shape, free, dtype, size, expected, sides = TFLITE_KINDS[kind]
    path = save_tflite(tmp_path / "x.tflite", shape, free, dtype)
    (port,) = info(path)["inputs"]
    assert port["shapes"] == [[None if axis in free else n for axis, n in enumerate(shape)]]
    assert port["dtype"] == expected.split()[0]
    row = measure(path, *(("--height", size[0], "--width", size[1]) if size else ()))
    assert row["inputs"] == [f"tensor 0: {expected}"]
    assert [row["height"], row["width"]] == sides


def test_mlpackage_of_bgr_images_is_told_and_measured(converted, tmp_path):
    from mobile_runtime.formats.coreml_package import read_specification

    (made,) = converted(options_for("coreml", (16, 20), interface="image"))
    path = copy_alone(made, tmp_path / "out")
    file, model = read_specification(path)
    model.description.metadata.userDefined.clear()
    for port in (*model.description.input, *model.description.output):
        port.type.imageType.colorSpace = 30  # BGR, of FeatureTypes.proto
    file.write_bytes(model.SerializeToString())
    facts = info(path)
    assert facts["version"].endswith("or later")
    assert facts["inputs"][0]["image"] == "BGR"
    assert measure(path)["inputs"] == ["image: uint8 1x3x16x20"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("x.mlmodel", "older form of one file"), ("x.mlmodelc", "compiled for apps")],
)
def test_older_core_ml_is_named(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"\x08\x01")
    with pytest.raises(ModelLoadError, match=message):
        run(benchmark_command, tmp_path / name)


def layered():
    """A neural network of Core ML's first years: a convolution with weights of 8 bits."""
    model = Model_pb2.Model(specificationVersion=3)
    for ports, name, side in (
        (model.description.input, "image", 8),
        (model.description.output, "out", 6),
    ):
        array = ports.add(name=name).type.multiArrayType
        array.shape.extend((3, side, side))
        array.dataType = FeatureTypes_pb2.ArrayFeatureType.FLOAT32
    model.description.metadata.author = "somebody"
    layers = model.neuralNetwork.layers
    weights = layers.add(name="first").convolution.weights
    weights.rawValue, weights.quantization.numberOfBits = bytes(81), 8
    layers.add(name="last").activation.ReLU.SetInParent()
    return model


def as_package(model, folder):
    """The same in the folder that later versions of coremltools write."""
    place = folder / "x.mlpackage/Data/model.mlmodel"
    place.parent.mkdir(parents=True)
    place.write_bytes(model.SerializeToString())
    item = {"path": "model.mlmodel"}
    manifest = {"itemInfoEntries": {"root": item}, "rootModelIdentifier": "root"}
    (folder / "x.mlpackage/Manifest.json").write_text(json.dumps(manifest))
    return folder / "x.mlpackage"


@pytest.mark.parametrize("packed", [False, True])
def test_a_network_in_layers_is_told_and_not_run(tmp_path, packed):
    path = tmp_path / "x.mlmodel"
    path.write_bytes(layered().SerializeToString())
    path = as_package(layered(), tmp_path) if packed else path
    facts = info(path)
    assert facts["version"] == "neuralNetwork, specification 3, iOS 12 or later"
    assert [port["shapes"] for port in (*facts["inputs"], *facts["outputs"])] == [
        [[3, 8, 8]],
        [[3, 6, 6]],
    ]
    assert facts["operators"] == {"activation": 1, "convolution": 1}
    assert facts["weight_elements"] == {"8-bit": 81}
    assert facts["metadata"] == {"author": "somebody"}
    for use in (check, measure):
        with pytest.raises(ModelLoadError, match=r"neither checked nor run here; scnet info shows"):
            use(path)


def test_a_pipeline_names_its_models(tmp_path):
    model = Model_pb2.Model(specificationVersion=1)
    model.pipeline.models.add().CopyFrom(layered())
    (tmp_path / "x.mlmodel").write_bytes(model.SerializeToString())
    facts = info(tmp_path / "x.mlmodel")
    assert (facts["operators"], facts["weight_elements"]) == ({"neuralNetwork": 1}, {"8-bit": 81})


@pytest.mark.parametrize("content", [b"", b"\x08\x01", b"no model at all"])
def test_an_mlmodel_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "x.mlmodel").write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"no Core ML (model|specification)"):
        info(tmp_path / "x.mlmodel")


@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".mlpackage"])
def test_damaged_file_is_a_sentence(tmp_path, suffix):
    (tmp_path / f"x{suffix}").write_bytes(struct.pack("<I4s", 8, b"TFL3") + bytes(40))
    with pytest.raises(ScnetError, match=rf"x\{suffix}"):
        info(tmp_path / f"x{suffix}")


def test_refusal_of_an_operator_says_nothing_of_memory(tmp_path):
    path = save_onnx(tmp_path / "x.onnx", TensorProto.FLOAT, [2], inputs=2, operator="Nonsense")
    with pytest.raises(ModelLoadError, match="Nonsense") as caught:
        measure(path)
    assert "of memory" not in str(caught.value)


def test_a_tflite_file_without_operators_says_nothing_of_memory(tmp_path):
    """TFLite asks for `allocate_tensors()` then."""
    model = unpack(pack_single("RELU", [1, 8, 8, 3], "FLOAT32"))
    model.subgraphs[0].operators = []
    (tmp_path / "x.tflite").write_bytes(pack(model))
    with pytest.raises(ModelLoadError, match="cannot be run by the TFLite interpreter") as caught:
        measure(tmp_path / "x.tflite")
    assert "of memory" not in str(caught.value)


def test_findings_on_files_of_others_name_no_option_of_ours(tmp_path):
    """Pads and slices of another network have no shift to convert."""
    shapes = {"a": [1, 4, 8, 8], "b": [1, 4, 10, 10]}
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    pads = numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1]), "pads")
    node = helper.make_node("Pad", ["a", "pads"], ["b"])
    graph = helper.make_graph([node], "pad", ports[:1], ports[1:], [pads])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "x.onnx")
    findings = [found for report in check(tmp_path / "x.onnx") for found in report.findings]
    assert "ONX006" in {found.rule for found in findings}
    assert not any("--shift" in found.fix for found in findings)
