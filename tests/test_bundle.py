"""`scnet bundle`: a folder that proves a file by itself, or no folder at all."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from model_files import copy_whole, edit_manifest, exact_files, list_parts

import mobile_runtime
from converters.options import ConversionOptions
from mobile_runtime.cli.bundle import command
from mobile_runtime.device.app_packages import APP_LIBRARIES, LIMITS, find_library
from mobile_runtime.device.bundle import APP, PROTOCOL
from mobile_runtime.device.test_templates import TESTS
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import manifest_path, read_manifest
from mobile_runtime.validation.validate import validate

SIZE = (16, 20)
SOURCES = Path(mobile_runtime.__file__).parent
PAGES = [(*kind, "one size") for kind in TESTS]
PACKAGES = [(*kind, "any size" if kind[0] == "onnx" else "one size") for kind in APP_LIBRARIES]


@pytest.fixture(scope="module")
def originals(converted):
    """A converted file for each kind of bundle."""
    images = [
        ConversionOptions(name, precision=precision, sizes=(SIZE,), interface="image")
        for name, precision in (("coreml", "fp16"), ("tflite", "w8a8"))
    ]
    fixed = ConversionOptions("onnx", sizes=(SIZE,))
    paths = converted(*exact_files(SIZE), *images, fixed)
    return {kind_of(read_manifest(path)): path for path in paths}


def kind_of(manifest):
    sizes = "any size" if manifest.model.sizes is None else "one size"
    return manifest.model.format, manifest.model.input.dtype, sizes


@pytest.fixture(params=(*PAGES, *PACKAGES), ids=" ".join)
def model(request, originals, tmp_path):
    """One of them among the others, with all that belongs to it, free to be damaged."""
    copies = {kind: copy_whole(path, tmp_path / "out") for kind, path in originals.items()}
    return copies[request.param]


@pytest.fixture
def onnx(originals, tmp_path):
    return copy_whole(originals["onnx", "float32", "one size"], tmp_path / "out")


def bundle(model, name="bundle", *options):
    folder = model.parent.parent / name
    result = CliRunner().invoke(command, [str(model), "-o", str(folder), *options])
    if result.exception is not None:
        raise result.exception
    return folder


def refusal(model, name="bundle", *options):
    """Why there is no bundle; nothing has changed."""
    before = snapshot(model.parent.parent)
    with pytest.raises(ScnetError) as refused:
        bundle(model, name, *options)
    assert snapshot(model.parent.parent) == before
    return str(refused.value)


def snapshot(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def test_bundle_validates_by_itself(model):
    """In a package, model and samples lie apart: an app holds the one, its tests the others."""
    folder = bundle(model)
    shutil.rmtree(model.parent)
    home, samples = places(folder, model)
    if home != samples:
        shutil.copytree(samples / "golden", home / "golden")
    assert all(verdict.passed for verdict in validate(home / model.name))


def places(folder, model):
    """Folders of the model and of its samples in a bundle."""
    (manifest,) = folder.rglob(f"{model.name}.json")
    library = find_library(read_manifest(manifest.with_suffix("")))
    return (folder / library.model, folder / library.samples) if library else (folder, folder)


def test_bundle_holds_file_page_and_samples_once(model):
    folder = bundle(model)
    home, samples = places(folder, model)
    manifest = read_manifest(model)
    wanted = {
        samples / path for sample in manifest.golden for path in (sample.input, sample.output)
    }
    wanted |= {*list_parts(home / model.name), manifest_path(home / model.name)}
    if library := find_library(manifest):
        wanted |= {folder / APP, samples / LIMITS}
        wanted |= {folder / name for name in snapshot_of(SOURCES / library.folder)}
    else:
        wanted.add(folder / PROTOCOL)
    assert {path for path in folder.rglob("*") if path.is_file()} == wanted


@pytest.mark.parametrize("model", PAGES, ids=" ".join, indirect=True)
def test_page_names_what_is_there(model):
    """Every path in the page exists, with the hash beside it, and nothing is left to fill in."""
    folder = bundle(model)
    page = (folder / PROTOCOL).read_text()
    rows = re.findall(
        r"^\| `(.+)` \| `(.+)` \| \d+x\d+ \| 3 \| `(\w+)`, `(\w+)` \|$", page, re.MULTILINE
    )
    assert len(rows) == len(read_manifest(model).golden)
    for source, target, *hashes in rows:
        assert [hash_file(folder / source), hash_file(folder / target)] == hashes
        assert page.count(f'"{source}"') == page.count(f'"{target}"') == 1
    assert f"/{model.name}" in page or f'("{model.name}")' in page
    assert hash_file(folder / model.name) in page
    assert "${" not in page


def test_samples_are_what_the_page_says(model):
    """Bytes by planes, and floats of every third row and column and the last."""
    home, samples = places(bundle(model), model)
    manifest = read_manifest(home / model.name)
    for sample, golden in zip(manifest.golden, read_golden(manifest, samples), strict=True):
        height, width = sample.input_shape[2:]
        pixels = np.fromfile(samples / sample.input, np.uint8).reshape(1, 3, height, width)
        np.testing.assert_array_equal(pixels.astype(np.float32) / np.float32(255), golden.image)
        scale = manifest.model.scale
        rows = [*range(0, height * scale - 1, 3), height * scale - 1]
        columns = [*range(0, width * scale - 1, 3), width * scale - 1]
        kept = np.fromfile(samples / sample.output, "<f4").reshape(1, 3, len(rows), len(columns))
        np.testing.assert_array_equal(kept, golden.output)
        if manifest.model.precision == "fp32":
            whole = open_session(home / model.name).run(golden.image)
            np.testing.assert_allclose(whole[:, :, rows][..., columns], kept, atol=1e-5)


def test_samples_of_an_older_file_get_smaller(onnx):
    """Inputs of float32 become bytes; an output of which all was kept stays whole."""
    manifest = read_manifest(onnx)
    session, older = open_session(onnx), []
    for sample, golden in zip(manifest.golden, read_golden(manifest, onnx.parent), strict=True):
        whole = session.run(golden.image)
        hashes = []
        for end, array in (("input", golden.image), ("output", whole)):
            path = onnx.parent / f"golden/{sample.name}.{end}.f32"
            path.write_bytes(array.astype("<f4").tobytes())
            hashes.append(hash_file(path))
        older.append(
            {
                "name": sample.name,
                "input": f"golden/{sample.name}.input.f32",
                "input_shape": golden.image.shape,
                "input_sha256": hashes[0],
                "output": f"golden/{sample.name}.output.f32",
                "output_shape": whole.shape,
                "output_sha256": hashes[1],
            }
        )
    edit_manifest(onnx, lambda text: text.update(golden=older))
    assert all(verdict.passed for verdict in validate(onnx))
    folder = bundle(onnx)
    samples = read_manifest(folder / onnx.name).golden
    assert {(sample.input_dtype, sample.output_stride) for sample in samples} == {("uint8", 1)}
    assert all(verdict.passed for verdict in validate(folder / onnx.name))


def test_javascript_names_each_file_of_the_model(originals, tmp_path):
    """By its whole address, which is how bundlers of web pages find it."""
    model = copy_whole(originals["onnx", "float32", "any size"], tmp_path / "out")
    folder = bundle(model)
    text = (folder / "bundled.js").read_text()
    named = re.findall(r"new URL\('\./(.+?)', import\.meta\.url\)", text)
    files = {path.relative_to(folder).as_posix() for path in (folder / "model").rglob("*.*")}
    assert {*named} == files - {f"model/{LIMITS}"}
    assert "${" not in text


@pytest.mark.parametrize("model", PACKAGES, ids=" ".join, indirect=True)
def test_package_is_the_library_as_its_tests_compile_it(model):
    """And its page, of one screen, names the file as it is."""
    folder = bundle(model)
    library = find_library(read_manifest(model))
    page = (folder / APP).read_text()
    assert model.name in page
    assert "${" not in page
    assert len(page.splitlines()) <= 45
    sources = snapshot_of(SOURCES / library.folder)
    sources.pop(Path(library.index or ""), None)  # written for the file
    sources.pop(Path(APP), None)
    assert sources.items() <= snapshot_of(folder).items()
    assert not (folder / PROTOCOL).exists()


def snapshot_of(folder):
    """Contents by paths, without what builds leave."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if ".build" not in name.parts}


def test_gates_are_those_of_the_manifest(originals, tmp_path):
    """8-bit outputs and GPUs in fp16 cannot be nearer than fp16 allows, w8a8 not than it does."""
    folders = {
        kind: bundle(copy_whole(path, tmp_path / "-".join(kind) / "out"))
        for kind, path in originals.items()
    }
    for kind in PAGES:
        page = (folders[kind] / PROTOCOL).read_text()
        assert "PSNR at least 90 dB, and no |d| over 1.0e-05" in page
    exact, fp16, w8a8 = (
        {"max_abs": 1e-5, "psnr_db": 90},
        {"max_abs": None, "psnr_db": 50},
        {"max_abs": None, "psnr_db": 40},
    )
    rounding = {"signed_error_levels": 0.2}
    limits = {
        kind[:2]: json.loads((folders[kind] / library.samples / LIMITS).read_text())
        for kind, library in zip(PACKAGES, APP_LIBRARIES.values(), strict=True)
    }
    assert limits == {
        ("coreml", "uint8"): {"own": fp16, "fp16": fp16, **rounding},
        ("tflite", "float32"): {"own": exact, "fp16": fp16, **rounding},
        ("tflite", "uint8"): {"own": w8a8, "fp16": w8a8, **rounding},
        ("onnx", "float32"): {"own": exact, "fp16": fp16, **rounding},
    }


def test_existing_folder_stays(onnx):
    folder = bundle(onnx)
    assert "exists" in refusal(onnx)
    (folder / "note.txt").write_text("old")
    assert not (bundle(onnx, "bundle", "--overwrite") / "note.txt").exists()


def test_folder_of_something_else_is_never_replaced(onnx):
    (onnx.parent.parent / "photos").mkdir()
    assert "is no bundle" in refusal(onnx, "photos", "--overwrite")


def test_page_of_somebody_else_makes_no_bundle(onnx):
    (onnx.parent.parent / "lab").mkdir()
    (onnx.parent.parent / "lab" / "PROTOCOL.md").write_text("What we did on Monday.")
    assert "is no bundle" in refusal(onnx, "lab", "--overwrite")


def test_bundle_is_not_replaced_by_a_file_out_of_it(onnx):
    """All else that lies there would go."""
    folder = bundle(onnx)
    (folder / "another.onnx").write_text("mine")
    assert re.search("holds .* itself", refusal(folder / onnx.name, "bundle", "--overwrite"))


def test_bundle_inside_its_model(model):
    why = refusal(model, f"out/{model.name}/bundle")
    assert re.search("lies inside|cannot be written", why)


DAMAGE = {
    "changed sample": lambda path: path.write_bytes(b"\1" + path.read_bytes()[1:]),
    "short sample": lambda path: path.write_bytes(path.read_bytes()[:-4]),
    "no sample": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_sample(onnx, damage):
    damage(onnx.parent / read_manifest(onnx).golden[-1].output)
    assert "golden sample" in refusal(onnx)


def loosen(manifest):
    manifest["tolerance"] = {"max_abs": None, "psnr_db": 1}


def point_outside(manifest):
    manifest["golden"][0]["input"] = "../net.safetensors"


def name_a_sample_elsewhere(manifest):
    manifest["golden"][0]["name"] = "../../sample"


def end_a_name_early(manifest):
    manifest["golden"][0]["name"] = "sample\0"


def end_a_string(manifest):
    manifest["model"]["input"]["name"] = 'image"); reboot("'


def begin_an_expression(manifest):
    manifest["model"]["output"]["name"] = "${System.exit(0)}"


def name_no_known_type(manifest):
    manifest["model"]["input"]["dtype"] = "float16"


EDITS = {
    loosen: "looser",
    point_outside: "outside",
    name_a_sample_elsewhere: "is not a manifest of this project",
    end_a_name_early: "is not a manifest of this project",
    end_a_string: "cannot stand in a test",
    begin_an_expression: "cannot stand in a test",
    name_no_known_type: "no test for a onnx file",
}


@pytest.mark.parametrize(
    ("edit", "words"), EDITS.items(), ids=lambda it: getattr(it, "__name__", "")
)
def test_edited_manifest(onnx, edit, words):
    edit_manifest(onnx, edit)
    assert words in refusal(onnx)


def test_licence_cannot_break_out_of_the_page(onnx):
    def edit(manifest):
        manifest["model"]["weights"]["licence"] = "free\n```\n<script>`|$x"

    edit_manifest(onnx, edit)
    page = (bundle(onnx) / PROTOCOL).read_text()
    assert page.count("```") == 2
    assert "<script>" not in page


def test_folder_whose_name_is_code(onnx):
    assert "cannot stand in a test" in refusal(onnx, 'a"b')
