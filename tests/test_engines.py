"""Engines that are here, engines that are not, and files that crash them."""

import os
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from click.testing import CliRunner
from model_files import copy_alone, exact_files
from onnx import helper, numpy_helper
from PIL import Image as Pillow
from placement_tables.tflite_forms import FORMS
from placement_tables.tflite_models import build_form

from mobile_runtime.cli.upscale import command as upscale
from mobile_runtime.engines import gpu_adapter
from mobile_runtime.engines.coreml_native import CPU, GPU, NEURAL_ENGINE, UNITS, place
from mobile_runtime.engines.gpu_adapter import find_adapter
from mobile_runtime.engines.registry import ENGINES, Engine
from mobile_runtime.engines.sandboxed_run import FirstRun, run_sandboxed
from mobile_runtime.engines.session import (
    engines,
    open_session,
    open_tensors_unsandboxed,
    unavailable_reason,
)
from mobile_runtime.errors import EngineUnavailableError, ModelLoadError
from mobile_runtime.formats.feed import Feed
from mobile_runtime.formats.tflite_schema import unpack
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX

SIZE = (16, 20)
NAMES = [(suffix, name) for suffix, kinds in ENGINES.items() for name in kinds]
SWIFTSHADER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")


@pytest.fixture(scope="module")
def originals(converted):
    """One converted file of each format, by suffix."""
    return {path.suffix: path for path in converted(*exact_files(SIZE))}


@pytest.fixture
def lone(originals, tmp_path):
    """A function that copies a file without its manifest, which would vouch for it."""

    def copy(suffix):
        return copy_alone(originals[suffix], tmp_path)

    return copy


@pytest.mark.parametrize(("suffix", "engine"), NAMES)
def test_every_engine_runs_or_says_why_not(originals, photograph, suffix, engine):
    path = originals[suffix]
    reason = unavailable_reason(path, engine)
    if reason is None:
        session = open_session(path, engine=engine)
        image = photograph[..., : SIZE[0], : SIZE[1]]
        expected = open_session(path).run(image)
        np.testing.assert_allclose(session.run(image), expected, atol=1e-2)
        assert session.placement.complete
    else:
        assert reason.endswith((".", "'."))
        with pytest.raises(EngineUnavailableError) as caught:
            open_session(path, engine=engine)
        assert str(caught.value) == reason


@pytest.mark.parametrize("suffix", ENGINES)
def test_the_usual_engine_is_here_and_first(originals, suffix):
    path = originals[suffix]
    assert suffix in FORMAT_OF_SUFFIX
    assert unavailable_reason(path, engines(path)[0]) is None
    assert open_session(path).engine == open_session(path, engine=engines(path)[0]).engine


@pytest.mark.parametrize("suffix", ENGINES)
def test_an_absent_engine_is_never_replaced(originals, suffix, monkeypatch):
    """Not even where it is the usual one, and another would do."""
    monkeypatch.setattr("mobile_runtime.engines.registry.find_spec", lambda _: None)
    with pytest.raises(EngineUnavailableError, match=r"is not installed: pip install"):
        open_session(originals[suffix])


def test_absence_imports_no_engine(originals):
    code = (
        "import sys; from pathlib import Path\n"
        "from mobile_runtime.engines.session import unavailable_reason, engines\n"
        "for path in map(Path, sys.argv[1:]):\n"
        "    for engine in engines(path): unavailable_reason(path, engine)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, originals.values())],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"ai_edge_litert", "coremltools", "onnx", "onnxruntime", "torch", "tflite_runtime"}
    assert not heavy & set(done.stdout.split())


def test_tflite_runtime_beside_numpy_2_is_absent_with_a_reason(originals, monkeypatch):
    monkeypatch.setattr("mobile_runtime.engines.registry.find_spec", lambda _: True)
    monkeypatch.setattr("mobile_runtime.engines.registry.version", lambda _: "2.4.6")
    assert "needs NumPy 1, and this is 2.4.6" in unavailable_reason(
        originals[".tflite"], "tflite-runtime"
    )


# The GPU


@pytest.fixture
def no_gpu(monkeypatch, tmp_path):
    """A Vulkan that knows of no device."""
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "none.json"))
    find_adapter.cache_clear()
    yield
    find_adapter.cache_clear()


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_the_engine_is_absent_and_says_what_to_install(originals):
    with pytest.raises(EngineUnavailableError, match="VK_DRIVER_FILES"):
        open_session(originals[".tflite"], engine="litert-gpu")


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.skipif(sys.platform != "linux", reason="a GPU is found by Vulkan only on Linux")
def test_without_vulkan_the_engine_is_absent(monkeypatch):
    monkeypatch.setattr(gpu_adapter, "_can_load", lambda _: False)
    assert "libvulkan.so.1 is missing" in find_adapter().unavailable_reason


@pytest.fixture
def swiftshader(monkeypatch):
    """A GPU played by the CPU, where it is installed."""
    monkeypatch.setenv("VK_DRIVER_FILES", str(SWIFTSHADER))
    find_adapter.cache_clear()
    if reason := find_adapter().unavailable_reason:
        pytest.skip(reason)
    yield
    find_adapter.cache_clear()


@pytest.mark.usefixtures("swiftshader")
def test_gpu_computes_what_xnnpack_does_and_says_on_what(originals, photograph):
    image, path = photograph[..., : SIZE[0], : SIZE[1]], originals[".tflite"]
    session = open_session(path, engine="litert-gpu")
    np.testing.assert_allclose(session.run(image), open_session(path).run(image), atol=1e-5)
    assert "SwiftShader" in session.engine.version
    assert session.placement.described.startswith("all ")


@pytest.mark.usefixtures("swiftshader")
def test_operators_that_the_gpu_leaves_to_the_cpu_are_told(tmp_path):
    path = tmp_path / "partly.tflite"
    path.write_bytes(chain("RELU", "ZEROS_LIKE", "RELU"))
    placement = open_session(path, engine="litert-gpu").placement
    assert placement.described == "1 of 3 operators on GPU, the rest on CPU"
    assert not placement.complete


def free_relu():
    """A RELU of pictures of any size."""
    model = unpack(chain("RELU"))
    for tensor in model.subgraphs[0].tensors:
        tensor.shapeSignature = [1, -1, -1, 3]
    return pack(model)


GPU_FILES = {
    "two inputs": (lambda: build_form("ADD", FORMS["ADD"], "float32", 1), [(1, 8, 8, 4)] * 2),
    "any size": (free_relu, [(1, 10, 12, 3)]),
}


@pytest.mark.usefixtures("swiftshader")
@pytest.mark.parametrize("kind", GPU_FILES)
def test_gpu_runs_files_of_anybody(tmp_path, kind):
    build, shapes = GPU_FILES[kind]
    (tmp_path / "x.tflite").write_bytes(build())
    feeds = [Feed(str(n), "float32", shape, "NHWC") for n, shape in enumerate(shapes)]
    session = open_tensors_unsandboxed(tmp_path / "x.tflite", feeds, engine="litert-gpu", threads=1)
    session.run()
    assert session.placement.complete


def chain(*kinds):
    """A TFLite model of one operator after the other, each on (1, 8, 8, 3)."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    graph.tensors, graph.operators, model.operatorCodes = [], [], []
    for index in range(len(kinds) + 1):
        tensor = schema.TensorT()
        tensor.shape, tensor.name = [1, 8, 8, 3], f"t{index}".encode()
        graph.tensors.append(tensor)
    for index, kind in enumerate(kinds):
        code, op = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, kind)
        op.opcodeIndex, op.inputs, op.outputs = index, [index], [index + 1]
        model.operatorCodes.append(code)
        graph.operators.append(op)
    graph.inputs, graph.outputs = [0], [len(kinds)]
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    return pack(model)


def pack(model):
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


# Core ML's placement


@pytest.mark.parametrize(
    ("counts", "asked", "complete"),
    [
        ({NEURAL_ENGINE: 99}, NEURAL_ENGINE, True),
        ({NEURAL_ENGINE: 98, CPU: 1}, NEURAL_ENGINE, False),
        ({CPU: 99}, GPU, False),
        ({NEURAL_ENGINE: 98, GPU: 1}, None, True),
    ],
)
def test_core_ml_must_keep_to_the_unit_that_was_asked_for(counts, asked, complete):
    placement = place(Counter(counts), asked)
    assert placement.complete == complete
    assert all(f"{count} on {device}" in placement.described for device, count in counts.items())


def test_every_core_ml_engine_has_its_units():
    assert set(UNITS) == {name for name in ENGINES[".mlpackage"] if name.startswith("coreml")}


def test_every_compute_unit_of_core_ml_is_tried_out_in_a_child_the_neural_engine_first():
    prone = [name for name, engine in ENGINES[".mlpackage"].items() if engine.crash_prone]
    assert prone[0] == "coreml-neural-engine"
    assert set(prone) == set(UNITS)


# Files that crash native code


@pytest.fixture
def headless(lone):
    """Convolutions whose weights are said to be left out: XNNPACK (2.3.0) crashes on it."""
    path = lone(".tflite")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    for op in model.subgraphs[0].operators:
        if len(op.inputs) == 3:
            op.inputs = [op.inputs[0], -1, op.inputs[2]]
    path.write_bytes(pack(model))
    return path


def test_an_input_that_would_crash_xnnpack_is_refused_before(headless):
    with pytest.raises(ModelLoadError, match="CONV_2D names tensor -1"):
        open_session(headless)


@pytest.fixture
def crashing(monkeypatch):
    """An engine for .onnx that a file brings down, as native code does."""
    engine = Engine("crashing_runner", "crashing_runner", lambda: None)
    monkeypatch.setitem(ENGINES[".onnx"], "crashing", engine)


@pytest.mark.usefixtures("crashing")
def test_a_file_that_crashes_its_engine_is_refused_with_the_signal(lone):
    with pytest.raises(ModelLoadError, match=r"crashing: it brought down the process \(SIGSEGV\)"):
        open_session(lone(".onnx"), engine="crashing")


@pytest.mark.usefixtures("crashing")
def test_upscale_survives_a_crash(lone, tmp_path):
    photo, output = tmp_path / "photo.png", tmp_path / "large.png"
    Pillow.new("RGB", SIZE).save(photo)
    arguments = ["-o", output, "--model", lone(".onnx"), "--engine", "crashing"]
    result = CliRunner().invoke(upscale, [str(a) for a in (photo, *arguments)], obj=open_session)
    assert isinstance(result.exception, ModelLoadError)
    assert not output.exists()


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.onnx")
    path.touch()
    with pytest.raises(ModelLoadError, match="not UTF-8"):
        open_session(path)


@pytest.mark.usefixtures("crashing")
def test_a_crash_in_the_first_run_is_found_too(lone, monkeypatch):
    monkeypatch.setenv("CRASH_IN", "run")
    with pytest.raises(ModelLoadError, match="SIGSEGV"):
        open_session(lone(".onnx"), engine="crashing")


def test_a_file_that_comes_to_no_end_is_refused(lone):
    task = FirstRun(str(lone(".onnx")), "onnxruntime", 1, ENGINES[".onnx"]["onnxruntime"].runner)
    with pytest.raises(ModelLoadError, match=r"did not end within 0\.01 seconds"):
        run_sandboxed(task, seconds_limit=0.01)


@pytest.mark.parametrize("suffix", ENGINES)
def test_only_what_nothing_vouches_for_and_native_code_reads_is_tried_out(
    originals, lone, suffix, monkeypatch
):
    tried = []
    monkeypatch.setattr(
        "mobile_runtime.engines.session.run_sandboxed", lambda task: tried.append(task.path)
    )
    path, alone = originals[suffix], lone(suffix)
    engine = ENGINES[suffix][engines(path)[0]]
    open_session(path)
    assert tried == ([str(path)] if engine.crash_prone else [])
    tried.clear()
    open_session(alone)
    assert tried == ([str(alone)] if engine.native else [])


@pytest.mark.parametrize("suffix", ENGINES)
def test_the_trial_runs_the_file_at_a_size_that_it_takes(originals, suffix):
    path = originals[suffix]
    shape = import_module(ENGINES[suffix][engines(path)[0]].runner).read_image_shape(path)
    n, channels, height, width = shape
    assert open_session(path).run(np.zeros(shape, np.float32)).shape == (
        n,
        channels,
        height * 2,
        width * 2,
    )


def save_onnx(path, nodes, size, *constants):
    """A file of (1, 3, height, width) to one pixel, made by hand."""
    picture = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, *size])
    result = helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, [1, 3, 1, 1])
    graph = helper.make_graph(nodes, "by hand", [picture], [result], constants)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def save_glutton(path, size, shape):
    """The picture is repeated to a shape and reduced to pixels: little goes in and comes out."""
    nodes = [
        helper.make_node("Expand", ["image", "shape"], ["large"]),
        helper.make_node("GlobalMaxPool", ["large"], ["out"]),
    ]
    return save_onnx(path, nodes, size, numpy_helper.from_array(np.array(shape), "shape"))


@pytest.mark.parametrize(
    ("size", "shape", "allowed"),
    [
        ((1, 1), (1, 3, 16_000, 16_000), "1.6 GB"),  # asks for 3 GB
        ((4000, 4000), (50, 3, 4000, 4000), "8.6 GB"),  # asks for 9.6 GB, and 41 for its size
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_file_that_asks_for_absurd_memory_is_refused_with_what_it_was_allowed(
    tmp_path, size, shape, allowed
):
    path = save_glutton(tmp_path / "x.onnx", size, shape)
    with pytest.raises(ModelLoadError, match="cannot be run") as caught:
        open_session(path)
    assert f"tried out, with {allowed} of memory" in str(caught.value)
    assert "put the manifest that scnet convert wrote beside it" in str(caught.value)


def test_a_file_for_large_pictures_may_ask_for_more_memory(tmp_path):
    """1.7 GB: less per pixel than SCNet-T x4 direct with XNNPACK, and too much for a small one."""
    path = save_glutton(tmp_path / "x.onnx", (600, 800), (300, 3, 600, 800))
    assert open_session(path).engine.name == "onnxruntime"


def test_a_refusal_by_our_own_words_says_nothing_of_memory(tmp_path):
    path = tmp_path / "x.tflite"
    path.write_bytes(b"1234TFL3, and nothing else")
    with pytest.raises(ModelLoadError) as caught:
        open_session(path)
    assert "GB of memory" not in str(caught.value)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
def test_no_mark_in_a_name_ends_the_line_that_an_answer_is_read_from(tmp_path, monkeypatch, mark):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")  # which has none of them
    node = helper.make_node(f"Co{mark}nv", ["image"], ["out"])
    with pytest.raises(ModelLoadError, match="was refused by onnxruntime") as caught:
        open_session(save_onnx(tmp_path / "x.onnx", [node], (8, 8)))
    assert f"Co{mark}nv" in str(caught.value)


@pytest.mark.usefixtures("crashing")
def test_a_file_that_ends_its_process_without_an_answer_is_refused(lone, monkeypatch):
    monkeypatch.setenv("CRASH_IN", "exit")
    with pytest.raises(ModelLoadError, match="crashing: it ended the process without an answer"):
        open_session(lone(".onnx"), engine="crashing")
