"""What `convert` leaves behind, when all goes well and when it does not."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from model_files import all_precisions
from networks import blow_up, make_net

from converters.cli.convert import command
from converters.conversion import convert, default_size, file_name
from converters.errors import OutputError, UnsupportedOptionError, VerificationError
from converters.options import SHIFTS, ConversionOptions
from converters.output_folder import publish
from mobile_runtime.check.placement import check
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ImageError
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import Manifest, manifest_path, read_manifest
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.network import SCNet
from scnet.weights import WEIGHTS

ONNX = ConversionOptions("onnx", sizes=None)


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_file_manifest_and_samples_appear_together(tmp_path, checkpoint):
    (path,) = convert(checkpoint(), [ONNX], tmp_path / "out")
    assert path.name == "scnet-d16b2-x4-direct-fp32-slice_concat.onnx"
    manifest = read_manifest(path)
    assert isinstance(manifest, Manifest)
    samples = read_golden(manifest, path.parent)
    assert len(samples) == 8
    assert all(sample.output_shape[2] == 4 * sample.image.shape[2] for sample in samples)
    expected = {path.name, manifest_path(path).name}
    expected |= {name for s in manifest.golden for name in (s.input, s.output)}
    assert set(files(tmp_path / "out")) == expected


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """A network without training in every format and precision, all in one folder."""
    folder, net = tmp_path_factory.mktemp("untrained"), SCNet(SCNetConfig(2, "direct", 16, 2))
    net.body[0].conv1.weight.data[3].zero_()
    net.body[1].conv1.bias.data.fill_(-30)
    save_weights(net, folder / "net.safetensors", {})
    return convert(
        open_checkpoint(folder / "net.safetensors"), all_precisions((24, 24)), folder / "out"
    )


def test_network_without_training_converts(untrained):
    """Biases of zero may be left out; 8 bits may scale by them, and by what a dead block gives."""
    verified = {path.name: read_manifest(path).verified for path in untrained}
    assert all(verified.values())
    assert [name for name, each in verified.items() if not all(v.passed for v in each)] == []


def test_all_formats_and_precisions_fit_into_one_folder(untrained):
    assert len({path.parent for path in untrained}) == 1
    assert len({manifest_path(path) for path in untrained}) == len(untrained)
    assert all(read_manifest(path).file == path.name for path in untrained)
    assert len(untrained) == sum(len(format_.precisions) for format_ in FORMATS.values())


def test_files_of_one_network_share_their_golden_samples(untrained):
    """Calibrated ones too, which leave out the stress image."""
    samples = [sample for path in untrained for sample in read_manifest(path).golden]
    names = {sample.name for sample in samples}
    assert len(set(samples)) == len(names) < len(samples)
    assert {"worst-case-24x24", "astronaut-24x24", "astronaut-61x37"} <= names
    wanted = {path for s in samples for path in (s.input, s.output)}
    assert {name for name in files(untrained[0].parent) if name.startswith("golden/")} == wanted


def test_features_that_fp16_cannot_hold_convert_to_it(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(blow_up(make_net(SCNetConfig(2, "direct", 16, 2)), 2.0**16), path, {})
    wanted = [ConversionOptions("coreml", precision="fp16", sizes=((24, 24),))]
    (made,) = convert(open_checkpoint(path), wanted, tmp_path / "out")
    assert all(verdict.passed for verdict in read_manifest(made).verified)


def test_a_format_is_imported_only_when_it_is_wanted():
    code = "import sys, converters.conversion; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tools = {"ai_edge_litert", "ai_edge_quantizer", "coremltools", "litert_torch", "onnx"}
    assert not tools & set(done.stdout.split())


def test_weights_are_named_by_what_was_read(tmp_path, checkpoint):
    opened = checkpoint()
    read = hash_file(opened.path)
    opened.path.write_bytes(b"written over by a training run")
    (path,) = convert(opened, [ONNX], tmp_path / "out", verify=False)
    assert read_manifest(path).model.weights.sha256 == read


def test_nothing_is_made_if_the_photographs_are_missing(tmp_path, checkpoint):
    (tmp_path / "empty").mkdir()
    calibrated = ConversionOptions(
        "onnx", precision="w8a8", sizes=None, calibration=tmp_path / "empty"
    )
    with pytest.raises(ImageError, match="holds no picture"):
        convert(checkpoint(), [ONNX, calibrated], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_existing_file_is_replaced_only_when_told(tmp_path, checkpoint):
    (path,) = convert(checkpoint(seed=1), [ONNX], tmp_path / "out")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        convert(checkpoint(seed=2), [ONNX], tmp_path / "out")
    assert path.read_bytes() == before
    convert(checkpoint(seed=2), [ONNX], tmp_path / "out", overwrite=True)
    assert path.read_bytes() != before
    assert all(verdict.passed for verdict in read_manifest(path).verified)


def test_replaced_package_leaves_no_old_parts(tmp_path, checkpoint):
    options = ConversionOptions("coreml", sizes=((16, 16),))
    (path,) = convert(checkpoint(seed=1), [options], tmp_path / "out")
    (path / "stray").touch()
    convert(checkpoint(seed=2), [options], tmp_path / "out", overwrite=True)
    assert not (path / "stray").exists()
    assert not [name for name in files(tmp_path / "out") if name.startswith(".")]


@pytest.mark.parametrize("suffix", [".onnx", ".mlpackage"])
def test_what_cannot_take_its_place_leaves_the_old_file_whole(tmp_path, suffix):
    old = tmp_path / f"net{suffix}"
    old.mkdir() if suffix == ".mlpackage" else old.touch()
    manifest_path(old).write_text("{}")
    (tmp_path / "aside").mkdir()  # and nothing in it
    with pytest.raises(FileNotFoundError):
        publish(tmp_path / "aside", old)
    assert old.exists()
    assert manifest_path(old).read_text() == "{}"


def test_wrong_file_is_never_kept(tmp_path):
    """Weights beyond fp16's range convert well and compute nonsense: the harness must notice."""
    net = make_net(SCNetConfig(4, "direct", 16, 2))
    with torch.no_grad():
        net.conv_first.weight.mul_(1e6)
        net.body[0].conv1.weight.mul_(1e-6)
    save_weights(net, tmp_path / "net.safetensors", {})
    options = ConversionOptions("coreml", "depthwise", "fp16", ((16, 16),))
    with pytest.raises(VerificationError, match="does not compute what PyTorch does") as caught:
        convert(open_checkpoint(tmp_path / "net.safetensors"), [options], tmp_path / "out")
    assert not caught.value.results[0].passed
    assert not (tmp_path / "out").exists()


def test_unverified_file_says_so(tmp_path, checkpoint):
    (path,) = convert(checkpoint(), [ONNX], tmp_path / "out", verify=False)
    assert read_manifest(path).verified == ()


def test_all_precisions_of_a_format_are_one_word(tmp_path, checkpoint):
    path, out = checkpoint().path, tmp_path / "out"
    options = ["--format", "onnx", "--precision", "all", "--no-verify", "-o", str(out)]
    assert CliRunner().invoke(command, [str(path), *options]).exit_code == 0
    made = [read_manifest(file).model.precision for file in out.glob("*.onnx")]
    assert sorted(made) == sorted(FORMATS["onnx"].precisions)


def test_folder_that_cannot_be_made_is_refused(tmp_path, checkpoint):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written to"):
        convert(checkpoint(), [ONNX], tmp_path / "file" / "out")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_conversion_leaves_nothing(tmp_path, checkpoint, number, code):
    """Ctrl-C, or an end from outside, in the middle: the folder is as it was."""
    path, out = checkpoint().path, tmp_path / "out"
    command = [sys.executable, "-m", "converters", "convert", str(path), "--output-dir", str(out)]
    process = subprocess.Popen([*command, "--format", "tflite"], stderr=subprocess.PIPE)
    while process.poll() is None and not list(out.glob(".scnet-*")):
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == code
    assert not out.exists()


@pytest.mark.full
@pytest.mark.parametrize(
    "options", all_precisions((8, 8)), ids=lambda o: f"{o.format}-{o.precision}"
)
def test_every_kind_of_file_may_be_of_8_pixels_a_side(tmp_path, checkpoint, options):
    (path,) = convert(checkpoint(), [replace(options, shift="depthwise")], tmp_path / "out")
    assert all(verdict.passed for verdict in read_manifest(path).verified)


def test_manifest_alone_is_not_replaced_either(tmp_path, checkpoint):
    path = tmp_path / file_name(checkpoint().net.config, ONNX)
    manifest_path(path).write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        convert(checkpoint(), [ONNX], tmp_path)
    assert manifest_path(path).read_text() == "mine"


def test_folder_of_something_else_is_never_replaced(tmp_path, checkpoint):
    path = tmp_path / file_name(checkpoint().net.config, ONNX)
    path.mkdir()
    (path / "diary.txt").touch()
    with pytest.raises(OutputError, match="folder of something else"):
        convert(checkpoint(), [ONNX], tmp_path, overwrite=True)
    assert (path / "diary.txt").exists()


def test_two_relus_are_the_leaky_relu_in_every_bit(converted, photograph):
    usual = ConversionOptions("coreml", precision="fp16", sizes=((16, 20),), interface="image")
    paths = converted(usual, replace(usual, split_leaky_relu=True))
    counts = [read_manifest(path).operators for path in paths]
    leaky = counts[0].pop("leaky_relu")
    expected = Counter(counts[0]) + Counter({"relu": 2 * leaky, "mul": 2 * leaky, "sub": leaky})
    assert counts[1] == expected
    results = [open_session(path).run(photograph[..., :16, :20]) for path in paths]
    assert np.array_equal(*results)
    one, two = (report for path in paths for report in check(path))
    assert (one.resident, two.resident) == (one.total, two.total)
    rules = [{finding.rule for finding in report.findings} for report in (one, two)]
    assert rules[0] - rules[1] == {"ANE017"}
    assert rules[1] <= rules[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "onnx", "opset": 12}, "operator sets 13 to 21, not 12"),
        ({"format": "onnx", "opset": 22}, "operator sets 13 to 21, not 22"),
        ({"format": "tflite", "sizes": ((8, 8),), "opset": 18}, "have no operator set"),
        ({"format": "tflite", "sizes": None}, "need --height"),
        ({"format": "tflite", "sizes": ((8, 8), (9, 9))}, "Only Core ML takes several"),
        ({"format": "tflite", "sizes": ((8, 8),), "interface": "image"}, "Only Core ML has image"),
        ({"format": "coreml", "sizes": ((0, 8),)}, r"1 to 4096 pixels, not 0\.$"),
        ({"format": "tflite", "sizes": ((8, 20000),)}, "not 20000: tile larger pictures"),
        ({"format": "onnx", "sizes": None, "split_leaky_relu": True}, "Only Core ML files have"),
    ],
)
def test_formats_refuse_what_they_cannot_do(arguments, message):
    with pytest.raises(UnsupportedOptionError, match=message):
        ConversionOptions(**arguments)


def test_deep_networks_get_a_larger_default_size():
    assert default_size(SCNetConfig()) == (128, 128)
    assert default_size(SCNetConfig(depth=64)) == (320, 320)


FULL_SIZE = {
    # SCNet-T x4, head pixelshuffle: 48 convolutions (the tail runs once per sub-pixel), 18 shifts
    ("tflite", "slice_concat"): {"CONV_2D": 48, "PAD": 18, "SLICE": 144, "CONCATENATION": 19},
    ("tflite", "depthwise"): {"CONV_2D": 48, "DEPTHWISE_CONV_2D": 18, "CONCATENATION": 1},
    ("onnx", "slice_concat"): {"Conv": 48, "Pad": 18, "Slice": 144, "Concat": 19, "Relu": 16},
    ("onnx", "depthwise"): {"Conv": 66, "Concat": 1, "Relu": 16},
    ("coreml", "slice_concat"): {"conv": 48, "pad": 18, "slice_by_size": 144, "concat": 19},
    ("coreml", "depthwise"): {"conv": 66, "concat": 1},
}


USUAL = (("coreml", "slice_concat"), ("tflite", "depthwise"), ("onnx", "slice_concat"))
"""What is converted at full size in the usual run; the rest is left to `nox -s full`."""


@pytest.fixture(scope="module")
def full_size():
    """Opened once: how far its pixels see takes 9 s to measure."""
    return open_checkpoint(WEIGHTS["scnet-t-x4-pixelshuffle"])


@pytest.mark.parametrize("format_", ["tflite", "onnx"])
def test_bundled_weights_convert_to_half_precision(tmp_path, full_size, format_):
    """At full size the quantizer lays out a .tflite in another way than at small ones."""
    sizes = None if format_ == "onnx" else ((128, 128),)
    options = ConversionOptions(format_, "depthwise", "fp16", sizes)
    (path,) = convert(full_size, [options], tmp_path)
    assert all(verdict.worst.psnr_db > 60 for verdict in read_manifest(path).verified)
    assert path.stat().st_size < 550_000


@pytest.mark.parametrize(
    ("format_", "shift"),
    [
        pytest.param(*key, marks=() if key in USUAL else pytest.mark.full)
        for key in product(FORMATS, SHIFTS)
    ],
)
def test_bundled_weights_convert_at_full_size(tmp_path, full_size, format_, shift):
    sizes = None if format_ == "onnx" else ((128, 128),)
    precision = "fp16" if format_ == "coreml" else "fp32"
    interface = "image" if format_ == "coreml" else "tensor"
    options = ConversionOptions(format_, shift, precision, sizes, interface)
    (path,) = convert(full_size, [options], tmp_path)
    manifest = read_manifest(path)
    counts = Counter(manifest.operators)
    expected = FULL_SIZE[format_, shift]
    assert {name: counts[name] for name in expected} == expected
    assert sum(counts.values()) < 285
    assert all(verdict.passed for verdict in manifest.verified)
    assert json.loads(manifest_path(path).read_text())["model"]["scale"] == 4
