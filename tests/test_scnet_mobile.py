"""The public Python package: what it exports, what it imports, and what each function does."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch
from model_files import options_for
from networks import make_net
from PIL import Image as Pillow

import scnet_mobile as sm
from converters.golden_samples import PHOTOGRAPHS
from mobile_runtime.errors import ImageError, MissingDependencyError
from mobile_runtime.imaging.pictures import to_image, to_pixels
from scnet.config import SCNetConfig

HEAVY = ("torch", "safetensors", "coremltools", "onnx", "onnxruntime", "ai_edge_litert")


@pytest.fixture(scope="module")
def path(converted):
    """A small x2 network as `.onnx`."""
    (path,) = converted(options_for("onnx", (16, 20)))
    return path


def test_every_public_function_is_documented():
    for name in sm.__all__:
        text = inspect.getdoc(getattr(sm, name))
        assert text, name
        if inspect.isfunction(getattr(sm, name)):
            assert ("Args:" in text and "Returns:" in text) or name.startswith("open"), name
            assert "Raises:" in text, name


def test_importing_it_imports_no_heavy_library():
    code = f"import sys, scnet_mobile; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pixels_and_images_come_back_in_their_own_type(path, photograph):
    model = sm.open_model(path)
    image = model.upscale(photograph)
    pixels = model.upscale(to_pixels(photograph))
    assert (image.dtype, pixels.dtype) == (np.float32, np.uint8)
    height, width = (model.scale * side for side in photograph.shape[2:])
    assert image.shape == (1, 3, height, width)
    np.testing.assert_array_equal(pixels, to_pixels(model.upscale(to_image(to_pixels(photograph)))))


@pytest.mark.parametrize(
    "picture",
    [np.zeros((8, 8)), np.zeros((8, 8, 4), np.uint8), np.zeros((3, 8, 8), np.float32)],
    ids=["float64", "four channels", "no batch"],
)
def test_another_type_or_shape_is_refused(path, picture):
    with pytest.raises(ImageError, match="expected uint8"):
        sm.open_model(path).upscale(picture)


def test_a_name_an_open_model_and_a_path_upscale_alike(path, tmp_path):
    photo = PHOTOGRAPHS[0]
    for number, model in enumerate((path, str(path), sm.open_model(path))):
        done = sm.upscale_picture(photo, tmp_path / f"{number}.png", model=model)
        assert done.output_size == tuple(2 * side for side in done.input_size)
    assert len({(tmp_path / f"{number}.png").read_bytes() for number in range(3)}) == 1
    with pytest.raises(ImageError, match="exists"):
        sm.upscale_picture(photo, tmp_path / "0.png", model=path)


def test_validate_check_benchmark_and_evaluate_say_what_the_commands_say(path, tmp_path):
    assert all(result.passed for result in sm.validate(path))
    (result,) = sm.validate(path, engine="onnxruntime")
    assert result.engine == "onnxruntime"
    assert {report.target for report in sm.check(path)} > {"webgpu", "wasm"}
    (measured,) = sm.benchmark([path], size=(16, 20), runs=2, warmup_runs=1).files
    assert len(measured.warm.samples_ms) == 2
    with Pillow.open(PHOTOGRAPHS[0]) as photo:
        photo.crop((0, 0, 48, 40)).save(tmp_path / "truth.png")
    rows = sm.evaluate([path], tmp_path)
    assert [row.method for row in rows] == ["bicubic", path.name]


def test_convert_takes_the_defaults_of_the_format(checkpoint, tmp_path):
    opened = checkpoint(SCNetConfig(2, "direct", 8, 1))
    (path,) = sm.convert(opened, format="tflite", output_dir=tmp_path, verify=False)
    assert path.name == "scnet-d8b1-x2-direct-fp32-slice_concat-128x128.tflite"
    assert path.exists()
    (onnx,) = sm.convert(str(opened.path), format="onnx", output_dir=tmp_path)
    assert sm.validate(onnx)[0].passed


def test_bundled_weights_open_by_name():
    assert sm.open_checkpoint("scnet-t-x2-direct").net.config.scale == 2


def test_bundled_weights_upscale_without_pytorch_and_agree_with_it(photograph, monkeypatch):
    pixels = to_pixels(photograph)[:40, :32]
    exact = sm.open_model("scnet-t-x2-direct-photo", engine="pytorch").upscale(pixels)
    monkeypatch.setitem(sys.modules, "torch", None)
    model = sm.open_model("scnet-t-x2-direct-photo")
    assert model.engine.startswith("onnxruntime")
    upscaled = model.upscale(pixels)
    assert upscaled.shape == (80, 64, 3)
    assert np.abs(upscaled.astype(int) - exact).max() <= 1


def test_a_picture_is_upscaled_with_nothing_but_its_path(tmp_path):
    target = str(tmp_path / "large.png")
    done = sm.upscale_picture(str(PHOTOGRAPHS[0]), target)
    with Pillow.open(target) as large:
        assert large.size == (done.output_size[1], done.output_size[0])
        assert large.width == 4 * done.input_size[1]


def test_a_path_of_a_checkpoint_is_converted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = make_net(SCNetConfig(2, "pixelshuffle", 8, 1))
    torch.save({"params_ema": net.state_dict()}, "x.pth")
    (path,) = sm.convert("x.pth", format="onnx")
    assert sm.open_model(str(path)).upscale(np.zeros((5, 7, 3), np.uint8)).shape == (10, 14, 3)


def test_an_engine_chooses_among_the_finished_files():
    assert sm.open_model("scnet-t-x2-direct", engine="xnnpack").engine.startswith("xnnpack")


def test_without_pytorch_the_message_has_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "converters.pytorch_session", raising=False)
    checkpoint = "scnet-t-x2-pixelshuffle"  # which has no finished file
    for use in (lambda: sm.open_model(checkpoint), lambda: sm.open_checkpoint(checkpoint)):
        with pytest.raises(MissingDependencyError, match=r"pip install 'scnet-mobile\[pytorch\]'"):
            use()
