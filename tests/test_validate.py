"""`scnet validate`: engines, results, what is kept, and which operator goes wrong."""

import json
import os
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from model_files import copy_alone, copy_whole, edit_manifest, exact_files
from networks import make_net
from onnx import numpy_helper
from PIL import Image as Pillow

from converters.conversion import convert
from converters.errors import VerificationError
from converters.options import ConversionOptions
from mobile_runtime.cli.validate import command
from mobile_runtime.engines import session
from mobile_runtime.engines.registry import ENGINES, Engine
from mobile_runtime.engines.session import Placement, engines, unavailable_reason
from mobile_runtime.errors import ManifestError, ModelLoadError
from mobile_runtime.formats.reader import count_operators, cut, read_graph
from mobile_runtime.imaging.metrics import bicubic, evaluate, mean
from mobile_runtime.model_file.file import ModelFile, add_results
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.manifest import manifest_path, read_manifest, write_manifest
from mobile_runtime.validation.fault_localization import (
    first_divergence,
    is_comparable,
    localize_fault,
)
from mobile_runtime.validation.reference_runs import REFERENCES
from mobile_runtime.validation.report import print_results
from mobile_runtime.validation.validate import available_engines, validate_on_engine
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig

SIZE = (16, 20)


@pytest.fixture(scope="module")
def originals(converted):
    """One converted file of each format, by suffix."""
    paths = converted(*exact_files(SIZE), config=SCNetConfig(2, "direct", 16, 2), strength=0.25)
    return {path.suffix: path for path in paths}


@pytest.fixture(params=FORMAT_OF_SUFFIX)
def model(request, originals, tmp_path):
    """A converted file of each format, with all that belongs to it, free to be changed."""
    return copy_whole(originals[request.param], tmp_path / "out")


@pytest.fixture
def pictures(tmp_path, photograph):
    """A folder with one picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    pixels = (photograph[0].transpose(1, 2, 0) * 255).astype(np.uint8)
    Pillow.fromarray(pixels[:48, :48]).save(folder / "truth.png")
    return folder


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def vouch(path):
    """Let the manifest be about the file as it now is."""
    edit_manifest(path, lambda manifest: manifest.update(sha256=hash_file(path)))


def spoil(path, number=2):
    """Change the weights of one convolution, as a broken converter might."""
    {".tflite": spoil_tflite, ".onnx": spoil_onnx, ".mlpackage": spoil_coreml}[path.suffix](
        path, number
    )


def spoil_onnx(path, number):
    proto = onnx.load(path)
    convolution = [node for node in proto.graph.node if node.op_type == "Conv"][number]
    (weight,) = (w for w in proto.graph.initializer if w.name == convolution.input[1])
    array = numpy_helper.to_array(weight) * np.float32(1.1)
    weight.CopyFrom(numpy_helper.from_array(array, weight.name))
    onnx.save(proto, path)


def spoil_tflite(path, number):
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    proto = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    graph = proto.subgraphs[0]
    convolutions = [
        op
        for op in graph.operators
        if proto.operatorCodes[op.opcodeIndex].builtinCode == schema.BuiltinOperator.CONV_2D
    ]
    buffer = proto.buffers[graph.tensors[convolutions[number].inputs[1]].buffer]
    array = np.frombuffer(bytes(buffer.data), "<f4") * np.float32(1.1)
    buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(proto.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def spoil_coreml(path, number):
    """The last weights of the file; which convolution has them does not matter here."""
    (weights,) = path.rglob("weight.bin")
    content = bytearray(weights.read_bytes())
    content[-4 * (number + 1) : -4 * number] = np.float32(3).tobytes()
    weights.write_bytes(content)


class Wrapped:
    """A real session of which one thing is different."""

    def __init__(self, session, **different):
        self.session = session
        self.engine, self.model, self.placement = session.engine, session.model, session.placement
        vars(self).update(different)

    def run(self, image):
        return self.session.run(image)


def use(monkeypatch, open_session):
    for module in ("validate", "fault_localization"):
        monkeypatch.setattr(f"mobile_runtime.validation.{module}.open_session", open_session)


def test_every_engine_runs_the_file_or_is_named_as_absent(model):
    result = run(model, "--json", "-")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout)["files"]
    ran = [result["engine"] for result in found["results"]]
    assert [*ran, *found["absent"]] == sorted(
        engines(model), key=lambda engine: unavailable_reason(model, engine) is not None
    )
    assert all(result["passed"] and result["placement"] for result in found["results"])
    assert all(found["absent"].values())


def test_absent_engines_are_named_below_the_table(model):
    lines = [line for line in run(model).stdout.splitlines() if line.startswith("Absent: ")]
    for engine in set(engines(model)) - set(available_engines(model)):
        assert any(engine in line and unavailable_reason(model, engine) in line for line in lines)


def test_only_the_engines_asked_for_run(model):
    wanted = available_engines(model)[-1]
    (found,) = json.loads(run(model, "--engine", wanted, "--json", "-").stdout)["files"]
    assert [result["engine"] for result in found["results"]] == [wanted]


def test_engine_that_is_absent_or_unknown_is_refused(model):
    before = manifest_path(model).read_bytes()
    for engine in {*engines(model), "abacus"} - {*available_engines(model)}:
        result = run(model, "--engine", engine, "--engine", available_engines(model)[0])
        assert result.exit_code == 2
        assert engine in result.stderr
        assert result.stdout == ""
    assert manifest_path(model).read_bytes() == before


def test_results_of_other_devices_and_engines_stay(model):
    mine = validate_on_engine(model, available_engines(model)[0])
    phone = replace(mine, device="Pixel 9")
    old = replace(mine, passed=False)
    web = replace(mine, engine="onnxruntime-web", version="1.30", threads=None)
    newer = replace(mine, version="999")
    more_threads = replace(mine, threads=999)
    others = (phone, web, newer, more_threads)
    manifest = replace(read_manifest(model), verified=(old, *others))
    assert add_results(manifest, [mine]).verified == (*others, mine)
    write_manifest(manifest, model.parent)
    assert run(model, "--engine", available_engines(model)[0]).exit_code == 0
    assert read_manifest(model).verified == (*others, mine)


def test_a_file_is_hashed_once(model, monkeypatch):
    hashed = []

    def count(path):
        hashed.append(path)
        return hash_file(path)

    monkeypatch.setattr("mobile_runtime.model_file.manifest.hash_file", count)
    assert run(model).exit_code == 0
    assert hashed == [model]


def test_error_of_one_engine_loses_no_other_result(originals, tmp_path, monkeypatch):
    model = copy_whole(originals[".tflite"], tmp_path / "out")

    def refuse(path, *, engine, threads):
        if engine == "builtin":
            raise ModelLoadError("refused")
        return session.open_session(path, engine=engine, threads=threads)

    write_manifest(replace(read_manifest(model), verified=()), model.parent)
    use(monkeypatch, refuse)
    result = run(model, "--engine", "builtin", "--engine", "xnnpack")
    assert result.exit_code == 2
    assert "on builtin: refused" in result.stderr
    (kept,) = read_manifest(model).verified
    assert kept.engine == "xnnpack"


@pytest.mark.parametrize("rounding", [np.rint, np.floor])
def test_system_that_truncates_8_bit_outputs_fails(converted, tmp_path, monkeypatch, rounding):
    """A real engine, whose floats become bytes in a right and in a wrong way."""
    options = ConversionOptions("coreml", precision="fp16", sizes=(SIZE,), interface="image")
    model = copy_whole(converted(options)[0], tmp_path / "out")

    def to_bytes(path, **options):
        real = session.open_session(path, **options)
        exact = real.run
        return Wrapped(real, run=lambda image: rounding(exact(image) * 255) / np.float32(255))

    use(monkeypatch, to_bytes)
    result = run(model, "--engine", "reference-fp16")
    kept = read_manifest(model).verified[-1]
    assert kept.worst.psnr_db > 50
    assert (result.exit_code == 0) == kept.passed == (rounding is np.rint)
    said = "the system truncates instead of rounding" in " ".join(result.stdout.split())
    assert said == (rounding is np.floor)


def test_engine_that_ends_its_process_loses_no_other_result(originals, tmp_path, monkeypatch):
    """As Core ML's compiler for the GPU does on a Mac; here the child process ends itself."""
    model = copy_whole(originals[".onnx"], tmp_path / "out")
    crashing = Engine("crashing_runner", "crashing_runner", lambda: None, crash_prone=True)
    monkeypatch.setitem(ENGINES, ".onnx", {"crashing": crashing} | ENGINES[".onnx"])
    result = run(model, "--json", tmp_path / "found.json")
    assert result.exit_code == 2
    assert "crashing: it brought down the process (SIGSEGV)" in result.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())["files"]
    assert list(found["errors"]) == ["crashing"]
    assert [(each["engine"], each["passed"]) for each in found["results"]] == [
        ("onnxruntime", True)
    ]


def test_engine_that_left_operators_elsewhere_fails(model, monkeypatch):
    partly = Placement("90 of 99 operators on GPU", complete=False)

    def leave(path, **options):
        return Wrapped(session.open_session(path, **options), placement=partly)

    use(monkeypatch, leave)
    result = run(model, "--engine", available_engines(model)[0])
    assert result.exit_code == 1
    assert "not all of it ran where it should: 90 of 99 operators on GPU" in result.stdout
    assert not read_manifest(model).verified[-1].passed


def test_conversion_names_no_operator_where_only_the_place_is_wrong(tmp_path, monkeypatch):
    def leave(path, **options):
        partly = Placement("90 of 99 operators on GPU", complete=False)
        return Wrapped(session.open_session(path, **options), placement=partly)

    use(monkeypatch, leave)
    save_weights(make_net(SCNetConfig(2, "direct", 8, 1)), tmp_path / "net.safetensors", {})
    with pytest.raises(VerificationError, match="would not run where it should") as caught:
        convert(
            open_checkpoint(tmp_path / "net.safetensors"),
            [ConversionOptions("onnx", sizes=None)],
            tmp_path / "out",
        )
    assert str(caught.value).endswith("90 of 99 operators on GPU.")


def test_result_stands_where_no_operator_can_be_blamed(originals, tmp_path, monkeypatch):
    def give_up(path, engine, *, threads):
        raise ManifestError("no samples")

    model, target = copy_whole(originals[".onnx"], tmp_path / "out"), tmp_path / "found.json"
    spoil(model)
    vouch(model)
    monkeypatch.setattr("mobile_runtime.cli.validate.localize_fault", give_up)
    result = run(model, "--json", target)
    assert result.exit_code == 1
    assert "could not be found out: no samples" in result.stderr
    (found,) = json.loads(target.read_text())["files"]
    assert (found["errors"], found["faults"]) == ({}, [])
    assert not read_manifest(model).verified[-1].passed


def test_result_that_cannot_be_kept_is_shown(originals, tmp_path, monkeypatch):
    def refuse(*_):
        raise ManifestError("the folder is read-only")

    model, target = copy_whole(originals[".onnx"], tmp_path / "out"), tmp_path / "found.json"
    monkeypatch.setattr("mobile_runtime.cli.validate.keep_results", refuse)
    result = run(model, "--json", target)
    assert result.exit_code == 2
    assert "read-only" in result.stderr
    assert "1 of 1" in result.stdout
    assert json.loads(target.read_text())["files"][0]["results"][0]["passed"]


def test_changed_weight_is_blamed_on_the_file(model):
    spoil(model)
    vouch(model)
    result = run(model, "--engine", available_engines(model)[-1])
    assert result.exit_code == 1
    assert "The file is wrong" in result.stdout
    assert "convert again" in result.stdout


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
@pytest.mark.parametrize("number", [0, 3])
def test_engine_that_computes_one_operator_wrong_is_found_out(
    originals, tmp_path, monkeypatch, suffix, number
):
    """The engine is a real one that reads the weights of one convolution wrong, and only those."""
    model = copy_whole(originals[suffix], tmp_path / "out")
    folders = iter(range(1000))

    def misread(file, *, engine, threads=None):
        path = file.path if isinstance(file, ModelFile) else file
        spoilt = copy_alone(path, tmp_path / f"spoilt{next(folders)}")
        manifest_path(spoilt).unlink(missing_ok=True)
        if number < count_convolutions(path):
            spoil(spoilt, number)
        return session.open_unsandboxed(spoilt, engine=engine, threads=1)

    use(monkeypatch, misread)
    fault = localize_fault(model, available_engines(model)[0])
    graph = read_graph(model)
    wanted = [op for op in graph.operators if op.kind in ("Conv", "CONV_2D")][number]
    assert fault.reference_passed
    assert (fault.divergence.operator, fault.divergence.kind) == (wanted.name, wanted.kind)
    assert fault.divergence.difference.max_abs > 0.01
    assert wanted.name in str(fault)


def test_rounding_that_overflows_is_found_out(tmp_path):
    """No double here: pictures beyond fp16's range, which no later layer could make up for."""
    net = make_net(SCNetConfig(4, "direct", 16, 2))
    with torch.no_grad():
        net.conv_last.weight.mul_(1e6)
    save_weights(net, tmp_path / "net.safetensors", {})
    options = ConversionOptions("coreml", "depthwise", "fp16", ((16, 16),))
    with pytest.raises(VerificationError, match=r"reference-fp16 goes wrong at conv2d") as caught:
        convert(open_checkpoint(tmp_path / "net.safetensors"), [options], tmp_path / "out")
    assert "NaN or infinite values" in str(caught.value)


def test_engine_that_did_not_fail_has_no_culprit(model):
    with pytest.raises(ModelLoadError, match="passed when it was asked again"):
        localize_fault(model, available_engines(model)[-1])


def count_convolutions(path):
    counted = count_operators(path)
    return counted.get("Conv", 0) + counted.get("CONV_2D", 0)


@pytest.mark.parametrize("suffix", FORMAT_OF_SUFFIX)
def test_every_wrong_operator_is_found(originals, suffix):
    """An error spreads to all that is made from it; branches must not hide where it began."""
    graph = read_graph(originals[suffix])
    (output,) = (port.name for port in graph.outputs)
    asked = []
    for op in graph.operators:
        for wrong in op.outputs:
            if not is_comparable(graph.tensor(wrong)):
                continue
            spread = {wrong}
            for later in graph.operators:
                if spread.intersection(later.inputs):
                    spread.update(later.outputs)
            asked.append(wrong)
            assert first_divergence(graph, output, spread.__contains__) == wrong
    assert len(asked) > 20


def test_every_format_has_a_reference():
    assert set(REFERENCES) == set(FORMAT_OF_SUFFIX)


@pytest.mark.parametrize("suffix", FORMAT_OF_SUFFIX)
def test_cut_anywhere_engine_and_reference_agree(originals, suffix, tmp_path, photograph):
    """A piece is a file of its own: every engine opens it, and gives the same for it."""
    path = originals[suffix]
    graph = read_graph(path)
    image = np.ascontiguousarray(photograph[:, :, : SIZE[0], : SIZE[1]])
    middle = [op for op in graph.operators if is_comparable(graph.tensor(op.outputs[0]))][5::9]
    for number, op in enumerate(middle):
        piece = tmp_path / str(number) / path.name
        piece.parent.mkdir()
        cut(path, op.outputs[0], piece)
        expected = REFERENCES[suffix].run(piece, image)
        for engine in available_engines(path):
            actual = session.open_unsandboxed(piece, engine=engine, threads=1).run(image)
            np.testing.assert_allclose(actual, expected, atol=1e-5 * np.abs(expected).max())


def test_json_file_is_not_replaced_unless_told(originals, tmp_path):
    model, target = copy_whole(originals[".onnx"], tmp_path / "out"), tmp_path / "found.json"
    target.write_text("mine")
    before = manifest_path(model).read_bytes()
    result = run(model, "--json", target)
    assert isinstance(result.exception, Exception)
    assert "--overwrite" in str(result.exception)
    assert (target.read_text(), manifest_path(model).read_bytes()) == ("mine", before)
    assert run(model, "--json", target, "--overwrite").exit_code == 0
    assert json.loads(target.read_text())["files"][0]["path"] == str(model)


def test_quality_is_that_of_the_papers_protocol(originals, tmp_path, pictures):
    model = copy_whole(originals[".onnx"], tmp_path / "out")
    result = run(model, "--quality", pictures, "--json", "-")
    assert result.exit_code == 0
    baseline, file = json.loads(result.stdout)["quality"]
    score = mean(list(evaluate(bicubic(2), pictures, 2)))
    assert (baseline["method"], file["method"]) == ("bicubic", model.name)
    assert baseline["mean"]["psnr_db"] == pytest.approx(score.psnr_db)
    assert file["engine"].startswith("onnxruntime")
    assert [picture["name"] for picture in file["pictures"]] == ["truth"]
    assert f"{score.psnr_db:.2f}" in run(model, "--quality", pictures).stdout


def test_bytes_in_names_of_pictures_that_are_not_utf_8_are_told_as_numbers(
    originals, tmp_path, pictures
):
    (pictures / "truth.png").rename(pictures / os.fsdecode(b"tr\xfcth.png"))
    folder = pictures.rename(tmp_path / os.fsdecode(b"pict\xfcres"))
    model = copy_whole(originals[".onnx"], tmp_path / "out")
    assert run(model, "--quality", folder).exit_code == 0
    baseline, _ = json.loads(run(model, "--quality", folder, "--json", "-").stdout)["quality"]
    assert baseline["folder"] == r"pict\udcfcres"
    assert [picture["name"] for picture in baseline["pictures"]] == [r"tr\udcfcth"]


def test_damaged_picture_loses_no_result(originals, tmp_path, pictures):
    (pictures / "damaged.png").write_bytes(b"no picture")
    model, target = copy_whole(originals[".onnx"], tmp_path / "out"), tmp_path / "found.json"
    result = run(model, "--quality", pictures, "--json", target)
    assert result.exit_code == 2
    assert "damaged.png" in result.stderr
    report = json.loads(target.read_text())
    assert report["files"][0]["results"]
    assert report["quality"] == []


def test_folder_without_pictures_is_refused_before_the_work(originals, tmp_path):
    model = copy_whole(originals[".onnx"], tmp_path / "out")
    before = manifest_path(model).read_bytes()
    result = run(model, "--quality", tmp_path / "nowhere")
    assert "is not a folder" in str(result.exception)
    assert manifest_path(model).read_bytes() == before


def test_names_of_engines_are_no_markup(originals, capsys):
    manifest = read_manifest(originals[".onnx"])
    named = replace(manifest.verified[0], engine="GPU [/b] [red]x")
    print_results([(replace(manifest, verified=(named,)), 1)], details=True)
    assert "GPU [/b] [red]x" in capsys.readouterr().out
