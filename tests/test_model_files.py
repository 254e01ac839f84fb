"""Files that are damaged, forged, or do not belong together."""

import contextlib
import random
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from model_files import copy_whole, corrupt, edit_manifest, exact_files, list_parts
from onnx import TensorProto, helper

from mobile_runtime.cli.validate import command
from mobile_runtime.engines.session import (
    engines,
    open_session,
    unavailable_reason,
)
from mobile_runtime.errors import (
    EngineUnavailableError,
    ImageError,
    ManifestError,
    ModelLoadError,
    ScnetError,
)
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import manifest_path, read_manifest, write_manifest
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.parity import compare, worst
from mobile_runtime.validation.validate import validate

SIZE = (16, 20)


@pytest.fixture(scope="module")
def originals(converted):
    """One converted file of each format, by suffix."""
    return {path.suffix: path for path in converted(*exact_files(SIZE))}


@pytest.fixture(params=FORMAT_OF_SUFFIX)
def model(request, originals, tmp_path):
    """A converted file of each format, with all that belongs to it, free to be damaged."""
    return copy_whole(originals[request.param], tmp_path / "out")


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run_command(*files):
    return CliRunner().invoke(command, [str(file) for file in files])


def test_every_engine_here_is_asked(model):
    verdicts = validate(model)
    here = [engine for engine in engines(model) if unavailable_reason(model, engine) is None]
    assert len(verdicts) == len(here) > 0
    assert all(verdict.passed for verdict in verdicts)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_truncated_file_is_refused(model, share):
    manifest_path(model).unlink()
    for part in list_parts(model):
        whole = part.read_bytes()
        part.write_bytes(whole[: int(len(whole) * share)])
        before = snapshot(model.parent)
        with pytest.raises(ModelLoadError, match=str(model)):
            open_session(model)
        assert snapshot(model.parent) == before
        part.write_bytes(whole)


def test_something_else_is_refused(model):
    manifest_path(model).unlink()
    shutil.rmtree(model) if model.is_dir() else model.unlink()
    model.write_text("This is a letter, not a model.")
    with pytest.raises(ModelLoadError, match=str(model)):
        open_session(model)
    with pytest.raises(ModelLoadError, match=str(model)):
        count_operators(model)


def test_changed_file_does_not_match_its_manifest(model):
    part = list_parts(model)[0]
    part.write_bytes(part.read_bytes() + b"\0")
    with pytest.raises(ManifestError, match="belongs to another file"):
        open_session(model)


def test_manifest_of_another_file_is_refused(model, originals):
    other = next(path for suffix, path in originals.items() if suffix != model.suffix)
    shutil.copy(manifest_path(other), manifest_path(model))
    with pytest.raises(ManifestError, match=f"describes {other.name}"):
        open_session(model)


def test_missing_manifest_is_needed_only_to_validate(model):
    manifest_path(model).unlink()
    assert open_session(model).model.scale == 2
    with pytest.raises(ManifestError, match="cannot be read"):
        validate(model)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"file": 1}', "null", "\xff", "[" * 99999])
def test_malformed_manifest_is_refused(model, text):
    manifest_path(model).write_text(text, encoding="latin-1")
    with pytest.raises(ManifestError, match="is not a manifest"):
        read_manifest(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": "../outside.f32"}, "lies outside"),
        ({"input": "/etc/hostname"}, "lies outside"),
        ({"input": "golden/nowhere.f32"}, "is missing"),
        ({"input": "nul\0"}, "cannot be read"),
        ({"input": "long" * 999}, "cannot be read"),
        (
            {"input_shape": [1, 3, 9999, 9999], "output_shape": [1, 3, 19998, 19998]},
            "or not of shape",
        ),
        (
            {"input_shape": [1, 3, 2**62, 2**40], "output_shape": [1, 3, 2**63, 2**41]},
            "or not of shape",
        ),
        ({"output_shape": [1, 3, 16, 20]}, "was edited"),
        ({"input_shape": [1, 1, 16, 60]}, "was edited"),
        ({"input_sha256": "0" * 64}, "was changed"),
        ({"output_sha256": "0" * 64}, "was changed"),
        ({"input_dtype": "float32"}, "or not of shape"),
        ({"input_dtype": "float16"}, "is not a manifest"),
        ({"output_stride": 1}, "or not of shape"),
        ({"output_stride": 2}, "was edited"),
        ({"output_stride": 0}, "is not a manifest"),
        ({"output_stride": 5}, "is not a manifest"),
    ],
)
def test_golden_samples_are_checked(model, change, message):
    edit_manifest(model, lambda text: text["golden"][0].update(change))
    (model.parent.parent / "outside.f32").write_bytes(bytes(3 * SIZE[0] * SIZE[1]))
    with pytest.raises(ManifestError, match=message):
        read_golden(read_manifest(model), model.parent)


def test_other_engine_is_named(model):
    with pytest.raises(EngineUnavailableError, match="abacus"):
        open_session(model, engine="abacus")


def test_image_of_another_kind_is_refused(model, photograph):
    with pytest.raises(ImageError):
        open_session(model).run(photograph[:, :2])


def test_unknown_and_missing_files_are_refused(tmp_path):
    with pytest.raises(ModelLoadError, match="does not exist"):
        open_session(tmp_path / "model.onnx")
    with pytest.raises(ModelLoadError, match="not a model file"):
        open_session(tmp_path / "model.h5")


def test_files_of_one_name_have_manifests_of_their_own(tmp_path):
    names = {manifest_path(tmp_path / f"net{suffix}").name for suffix in FORMAT_OF_SUFFIX}
    assert names == {"net.mlpackage.json", "net.tflite.json", "net.onnx.json"}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text["golden"].clear(), "is not a manifest"),
        (lambda text: text["model"].update(scale=5), "Scale 5 is not one of"),
        (lambda text: text["model"].update(halo=4097), "is not a manifest"),
        (lambda text: text["model"].update(halo_8bit=99), "is more than the exact"),
        (lambda text: text["model"].update(sizes=[]), "is not a manifest"),
        (lambda text: text["model"].update(sizes=[[16, 16385]]), "is not a manifest"),
        (lambda text: text["model"].update(head="mlp"), "describes another model"),
        (lambda text: text["tolerance"].update(max_abs=1.0), "is looser than"),
        (lambda text: text["tolerance"].update(max_abs=None), "is looser than"),
        (lambda text: text["tolerance"].update(psnr_db=10), "is looser than"),
    ],
)
def test_edited_manifest_is_refused(model, edit, message):
    edit_manifest(model, edit)
    with pytest.raises(ManifestError, match=message):
        validate(model)


def test_output_of_another_shape_is_refused(model, monkeypatch):
    monkeypatch.setattr(
        "mobile_runtime.validation.validate.open_session",
        lambda *_, **__: Shrunk(open_session(model)),
    )
    with pytest.raises(ModelLoadError, match="instead of"):
        validate(model)


class Shrunk:
    """A session that gives less than it should."""

    def __init__(self, session):
        self.session, self.model, self.engine = session, session.model, session.engine

    def run(self, image):
        return self.session.run(image)[..., 1:]


def test_figures_of_a_broken_file_can_be_read_again(model):
    manifest = read_manifest(model)
    image = np.zeros((1, 3, 4, 4), np.float32)
    for value in (np.nan, np.inf):
        figures = worst([compare(image, image), compare(image, image + np.float32(value))])
        verdict = replace(manifest.verified[0], worst=figures, passed=False)
        write_manifest(replace(manifest, verified=(verdict,)), model.parent)
        assert read_manifest(model).verified == (verdict,)


def test_manifest_is_written_whole_or_not_at_all(model, monkeypatch):
    manifest, before = read_manifest(model), snapshot(model.parent)
    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(ManifestError, match="cannot be written: disk full"):
        write_manifest(manifest, model.parent)
    assert snapshot(model.parent) == before


def refuse(*_):
    raise OSError(28, "disk full")


METADATA = {
    "scale": "[" * 99999,
    "halo": "-1",
    "halo_8bit": "4096",
    "sizes": "[[0, 8]]",
    "weights": "{}",
}


@pytest.mark.parametrize("name", METADATA)
def test_forged_metadata_is_refused(originals, name):
    metadata = read_manifest(originals[".onnx"]).model.to_metadata()
    with pytest.raises(ManifestError, match="metadata inside the file is malformed"):
        Model.from_metadata(metadata | {name: METADATA[name]})


def test_files_from_before_there_was_a_halo_for_8_bits_still_open(originals):
    model = read_manifest(originals[".onnx"]).model
    metadata = model.to_metadata()
    assert metadata.pop("halo_8bit") == str(model.halo_8bit)
    assert Model.from_metadata(metadata) == replace(model, halo_8bit=None)


def test_one_bad_file_hides_no_verdict(model, tmp_path):
    strict = shutil.copytree(model.parent, tmp_path / "strict") / model.name
    edit_manifest(strict, lambda text: text["tolerance"].update(psnr_db=1000.0))
    missing = tmp_path / "missing.onnx"
    assert run_command(model).exit_code == 0
    assert run_command(model, strict).exit_code == 1
    result = run_command(missing, strict, model)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {missing}")
    assert result.stdout.count(f"{model.suffix} |") == 2  # what all names begin with stands above


def test_onnx_that_is_not_one_picture_in_and_one_out_is_refused(tmp_path):
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "abc"]
    node = helper.make_node("Add", ["a", "b"], ["c"])
    graph = helper.make_graph([node], "sum", ports[:2], ports[2:])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "sum.onnx")
    with pytest.raises(ModelLoadError, match=r"takes tensor\(float\) a and tensor\(float\) b"):
        open_session(tmp_path / "sum.onnx")


@pytest.mark.parametrize("ports", ["inputs", "outputs"])
def test_tflite_that_is_not_one_picture_in_and_one_out_is_refused(originals, tmp_path, ports):
    path = tmp_path / "two.tflite"
    path.write_bytes(forge_tflite(originals[".tflite"].read_bytes(), ports))
    with pytest.raises(ModelLoadError, match="expected one picture in and one out"):
        open_session(path)


def forge_tflite(content, ports):
    """Name one input or output twice."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    proto = schema.ModelT.InitFromPackedBuf(content, 0)
    proto.signatureDefs = []
    graph = proto.subgraphs[0]
    setattr(graph, ports, list(getattr(graph, ports)) * 2)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(proto.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_end_in_a_sentence_or_in_nothing(model, seed):
    """Three files each: whatever they hold, only our own errors come out."""
    manifest_path(model).unlink()
    image = np.zeros((1, 3, *SIZE), np.float32)
    generator = random.Random(seed)
    for _ in range(3):
        part = generator.choice(list_parts(model))
        whole = part.read_bytes()
        part.write_bytes(corrupt(whole, generator))
        before = snapshot(model.parent)
        for action in (lambda: open_session(model).run(image), lambda: count_operators(model)):
            with contextlib.suppress(ScnetError):
                action()
        assert snapshot(model.parent) == before
        part.write_bytes(whole)
