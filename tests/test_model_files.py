"""Files that are damaged, forged, or do not belong together."""

import json
import shutil

import pytest

from converters.conversion import convert
from converters.options import FORMATS, ConversionOptions
from mobile_runtime.errors import BackendUnavailableError, ImageError, ManifestError, ModelLoadError
from mobile_runtime.manifest import manifest_path, read_golden, read_manifest
from mobile_runtime.session import RUNNERS, count_operators, engines, open_session
from mobile_runtime.validate import validate
from scnet.network import SCNetConfig

SIZE = (16, 20)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """One converted file of each format, by suffix."""
    from networks import make_net

    from scnet.checkpoint import open_checkpoint, save_weights

    folder = tmp_path_factory.mktemp("originals")
    save_weights(make_net(SCNetConfig(2, "direct", 8, 1)), folder / "net.safetensors", {})
    wanted = [
        ConversionOptions(name, sizes=None if name == "onnx" else (SIZE,)) for name in FORMATS
    ]
    paths = convert(open_checkpoint(folder / "net.safetensors"), wanted, folder / "out")
    return {path.suffix: path for path in paths}


@pytest.fixture(params=RUNNERS)
def model(request, originals, tmp_path):
    """A converted file of each format, with all that belongs to it, free to be damaged."""
    shutil.copytree(originals[request.param].parent, tmp_path / "out")
    return tmp_path / "out" / originals[request.param].name


def parts(path):
    """The file, or every file of the folder."""
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_engine_is_asked(model):
    verdicts = validate(model)
    assert len(verdicts) == len(engines(model))
    assert all(verdict.passed for verdict in verdicts)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_truncated_file_is_refused(model, share):
    manifest_path(model).unlink()
    for part in parts(model):
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
    part = parts(model)[0]
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


@pytest.mark.parametrize("text", ["", "{", "[]", '{"file": 1}', "null", "\xff"])
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
        ({"input_shape": [1, 3, 9999, 9999]}, "or not of shape"),
        ({"input_sha256": "0" * 64}, "was changed"),
    ],
)
def test_golden_samples_are_checked(model, change, message):
    text = json.loads(manifest_path(model).read_text())
    text["golden"][0] |= change
    manifest_path(model).write_text(json.dumps(text))
    (model.parent.parent / "outside.f32").write_bytes(bytes(4 * 3 * SIZE[0] * SIZE[1]))
    with pytest.raises(ManifestError, match=message):
        read_golden(read_manifest(model), model.parent)


def test_other_engine_is_named(model):
    with pytest.raises(BackendUnavailableError, match="abacus"):
        open_session(model, engine="abacus")


def test_image_of_another_kind_is_refused(model, photograph):
    with pytest.raises(ImageError):
        open_session(model).run(photograph[:, :2])


def test_unknown_and_missing_files_are_refused(tmp_path):
    with pytest.raises(ModelLoadError, match="does not exist"):
        open_session(tmp_path / "model.onnx")
    with pytest.raises(ModelLoadError, match="not a model file"):
        open_session(tmp_path / "model.h5")
