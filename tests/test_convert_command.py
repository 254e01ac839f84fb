"""`scnet convert` on the command line: its options decide which files are made."""

import pytest
from click.testing import CliRunner
from networks import make_net

from converters.cli.convert import command
from converters.errors import ConversionError
from converters.options import SHIFTS
from mobile_runtime.cli.validate import command as validate_command
from mobile_runtime.engines.registry import ENGINES
from mobile_runtime.formats.reader import read_graph
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.manifest import read_manifest
from mobile_runtime.model_file.precision import PRECISIONS
from scnet.checkpoint import save_weights
from scnet.config import SCNetConfig

SMALL = ("--height", "16", "--width", "24")
SIZE = (16, 24)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.safetensors"
    save_weights(make_net(SCNetConfig(2, "direct", 8, 1), strength=0.125), path, {})
    return path


def convert(net, folder, *options):
    result = CliRunner().invoke(command, [str(net), "-o", str(folder), *options])
    if isinstance(result.exception, Exception):
        raise result.exception
    return result


def read_models(folder):
    """What each file in a folder says it is, by name."""
    found = [p for p in folder.iterdir() if p.suffix in (".mlpackage", ".tflite", ".onnx")]
    manifests = {path.name: read_manifest(path) for path in sorted(found)}
    assert all(m.verified and all(v.passed for v in m.verified) for m in manifests.values())
    return {name: manifest.model for name, manifest in manifests.items()}


def test_without_options_every_format_is_made_in_its_usual_precision(net, tmp_path):
    convert(net, tmp_path / "out")
    models = read_models(tmp_path / "out")
    assert {(m.format, m.precision, m.shift, m.sizes) for m in models.values()} == {
        ("coreml", "fp16", "slice_concat", ((128, 128),)),
        ("tflite", "fp32", "slice_concat", ((128, 128),)),
        ("onnx", "fp32", "slice_concat", None),
    }
    assert {m.format: m.input.dtype for m in models.values()} == {
        "coreml": "uint8",
        "tflite": "float32",
        "onnx": "float32",
    }


def test_all_formats_are_made_in_the_precision_and_size_asked_for(net, tmp_path):
    convert(net, tmp_path / "out", "--format", "all", *SMALL, "--precision", "fp16")
    models = read_models(tmp_path / "out").values()
    assert {m.format: (m.precision, m.sizes) for m in models} == {
        "coreml": ("fp16", (SIZE,)),
        "tflite": ("fp16", (SIZE,)),
        "onnx": ("fp16", (SIZE,)),
    }


def test_onnx_of_one_size_and_another_operator_set(net, tmp_path):
    options = ("--format", "onnx", *SMALL, "--opset", "13", "--precision", "all")
    convert(net, tmp_path / "out", *options)
    for name, model in read_models(tmp_path / "out").items():
        assert name.endswith("-opset13-16x24.onnx")
        assert (model.input.shape, model.output.shape) == ((1, 3, 16, 24), (1, 3, 32, 48))
        graph = read_graph(tmp_path / "out" / name)
        assert [port.shape for port in (*graph.inputs, *graph.outputs)] == [
            model.input.shape,
            model.output.shape,
        ]
        assert graph.release == "opset 13"


def test_the_case_of_names_does_not_matter(net, tmp_path):
    convert(net, tmp_path / "out", "--format", "ONNX", "--precision", "FP16")
    (model,) = read_models(tmp_path / "out").values()
    assert (model.format, model.precision) == ("onnx", "fp16")


def test_help_names_all_that_options_take():
    shown = CliRunner().invoke(command, ["--help"]).output
    assert all(name in shown for name in (*FORMATS, *PRECISIONS, *SHIFTS))
    words = " ".join(CliRunner().invoke(validate_command, ["--help"]).output.split())
    assert all(name in words for engines in ENGINES.values() for name in engines)
    assert "May be given more than once" in words


def test_several_formats_precisions_and_shifts_are_made_at_once(net, tmp_path):
    formats, precisions = ("coreml", "tflite"), ("fp32", "w8")
    asked = [("--format", name) for name in formats]
    asked += [("--precision", name) for name in precisions]
    asked += [("--shift", name) for name in SHIFTS]
    convert(net, tmp_path / "out", *SMALL, *sum(asked, ()))
    models = read_models(tmp_path / "out").values()
    assert sorted((m.format, m.precision, m.shift) for m in models) == sorted(
        (format_, precision, shift)
        for format_ in formats
        for precision in precisions
        for shift in SHIFTS
    )
    assert {m.sizes for m in models} == {(SIZE,)}


def test_a_core_ml_file_takes_further_sizes_and_tensors(net, tmp_path):
    options = ("--format", "coreml", *SMALL, "--other-size", "32x16", "--interface", "tensor")
    convert(net, tmp_path / "out", *options)
    (model,) = read_models(tmp_path / "out").values()
    assert model.sizes == (SIZE, (32, 16))
    assert (model.input.dtype, model.output.dtype) == ("float32", "float32")


def test_calibration_on_other_photographs_gives_another_file_with_the_same_interface(
    net, tmp_path, two_photographs
):
    options = ("--format", "tflite", *SMALL, "--precision", "w8a8", "--interface", "image")
    hashes = set()
    for name, calibration in {
        "bundled": (),
        "ours": ("--calibration", str(two_photographs)),
    }.items():
        convert(net, tmp_path / name, *options, *calibration)
        ((file, model),) = read_models(tmp_path / name).items()
        assert (model.precision, model.input.dtype, model.output.dtype) == (
            *("w8a8", "uint8", "uint8"),
        )
        hashes.add(hash_file(tmp_path / name / file))
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--format", "coreml", "--other-size", "32x16"), "comes with --height and --width"),
        (("--format", "tflite", *SMALL, "--other-size", "32x16"), "Only Core ML takes several"),
        (("--format", "coreml", "--width", "24"), "go together"),
        (("--format", "coreml", "--height", "0", "--width", "24"), "1 to 4096 pixels, not 0"),
        (("--format", "onnx", *SMALL, "--other-size", "32x16"), "Only Core ML takes several"),
        (("--format", "tflite", "--opset", "17"), "--opset is about onnx files"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_fit_are_refused_before_the_work(net, tmp_path, options, words):
    with pytest.raises(ConversionError, match=words):
        convert(net, tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", ["32", "32x", "ax16", "32x16x8"])
def test_a_size_that_is_none_is_a_usage_error(net, tmp_path, size):
    result = convert(net, tmp_path / "out", *SMALL, "--other-size", size)
    assert result.exit_code == 2
    assert "HEIGHTxWIDTH, such as 128x256" in result.stderr
