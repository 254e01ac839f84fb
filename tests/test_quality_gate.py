"""A compressed file may lose a little in pictures, and is not kept if it loses more."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from model_files import CALM
from networks import make_net
from PIL import Image as Pillow

from converters.conversion import convert
from converters.errors import UnsupportedOptionError, VerificationError
from converters.golden_samples import PHOTOGRAPHS
from converters.options import ConversionOptions
from converters.quality_gate import measure_loss_db
from converters.quantization.calibration import MAX_IMAGES, calibration_images
from converters.quantization.quant_params import compute_quant_params
from mobile_runtime.bundled_models import DEFAULT
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ImageError
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.manifest import read_manifest
from mobile_runtime.model_file.precision import PRECISIONS
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.weights import find_weights

SIZE = (20, 28)


def ask(format_, precision, **fields):
    return ConversionOptions(
        format_, "depthwise", precision, None if format_ == "onnx" else (SIZE,), **fields
    )


def test_every_precision_but_the_exact_one_has_a_limit():
    exact = [name for name, row in PRECISIONS.items() if row.allowed_loss_db is None]
    assert exact == ["fp32"]


def test_the_loss_stands_in_the_manifest(tmp_path, checkpoint):
    wanted = [ask("onnx", "fp32"), ask("onnx", "fp16")]
    exact, half = (read_manifest(path) for path in convert(checkpoint(), wanted, tmp_path))
    assert exact.psnr_loss_db is None
    assert half.psnr_loss_db == pytest.approx(0, abs=PRECISIONS["fp16"].allowed_loss_db)


def test_a_file_that_loses_too_much_is_not_kept(tmp_path, checkpoint, monkeypatch):
    strict = replace(PRECISIONS["fp16"], allowed_loss_db=-1.0)  # no file beats the network
    monkeypatch.setitem(PRECISIONS, "fp16", strict)
    with pytest.raises(VerificationError, match=r"loses -?0\.\d+ dB .* fp16 may lose -1 dB"):
        convert(checkpoint(), [ask("onnx", "fp16")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_that_a_precision_is_too_coarse_for_are_refused(tmp_path):
    net = make_net(SCNetConfig(2, "direct", 16, 2))
    with torch.no_grad():
        net.body[0].conv2.weight[0, 0] = 1e3  # one step of it is more than all others
    path = tmp_path / "net.safetensors"
    save_weights(net, path, {})
    with pytest.raises(VerificationError, match="w8 is too coarse for these weights"):
        convert(open_checkpoint(path), [ask("tflite", "w8")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_loss_is_that_of_the_pictures(tmp_path, checkpoint):
    """A file made of other weights loses what those weights lack."""
    good, poor = open_checkpoint(find_weights(None)), checkpoint()
    assert str(good.path).find(DEFAULT) > 0
    (path,) = convert(poor, [ask("onnx", "fp32")], tmp_path)
    assert measure_loss_db(good.net, read_model_file(path)) > 1
    assert measure_loss_db(poor.net, read_model_file(path)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    "format_", [name for name, row in FORMATS.items() if "w8a8" in row.precisions]
)
def test_channels_of_unlike_size_cost_nothing(tmp_path, photograph, format_):
    """The same function, but half of the channels of a block are 200 times as large."""
    image = photograph[..., : SIZE[0], : SIZE[1]]
    plain, unlike = (make_net(SCNetConfig(2, "direct", 16, 2), strength=CALM) for _ in range(2))
    with torch.no_grad():
        for net in (plain, unlike):
            net.body[0].conv2.weight.mul_(10)  # what the block adds decides the picture
        unlike.body[0].conv1.weight[::2].mul_(200)
        unlike.body[0].conv1.bias[::2].mul_(200)
        unlike.body[0].conv2.weight[:, ::2].div_(200)
        expected = plain(torch.from_numpy(image)).numpy()
    errors = []
    for name, net in {"plain": plain, "unlike": unlike}.items():
        save_weights(net, tmp_path / f"{name}.safetensors", {})
        checkpoint = open_checkpoint(tmp_path / f"{name}.safetensors")
        (path,) = convert(checkpoint, [ask(format_, "w8a8")], tmp_path / name)
        errors.append(np.abs(open_session(path).run(image) - expected).mean())
    assert errors[1] < 1.5 * errors[0]


def test_a_single_outlier_widens_nobodys_steps():
    values = np.random.default_rng(0).normal(size=3_000_000).astype(np.float32)
    strayed = np.append(values, np.float32(100))
    steps = compute_quant_params({"calm": [values], "strayed": [strayed]}, {})
    assert steps["strayed"].scale < 1.05 * steps["calm"].scale


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_a_format_cannot_do_is_refused(format_, precision):
    if precision in FORMATS[format_].precisions:
        assert ask(format_, precision).precision == precision
    else:
        with pytest.raises(UnsupportedOptionError, match=f"{format_} files come in fp32, fp16"):
            ask(format_, precision)


def test_only_what_is_calibrated_takes_photographs(tmp_path):
    assert ask("onnx", "w8a8", calibration=tmp_path).calibration == tmp_path
    with pytest.raises(UnsupportedOptionError, match="Only w8a8 is calibrated"):
        ask("onnx", "fp16", calibration=tmp_path)


@pytest.mark.parametrize("size", [SIZE, (300, 40)])
def test_calibration_images_have_the_size_and_differ(size):
    images = list(calibration_images(None, size))
    assert len(PHOTOGRAPHS) <= len(images) <= MAX_IMAGES
    assert {image.shape for image in images} == {(1, 3, *size)}
    assert all(
        image.dtype == np.float32 and 0 <= image.min() < image.max() <= 1 for image in images
    )
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize("count", [20, 40])
def test_calibration_looks_at_all_of_many_photographs(tmp_path, count):
    """The corner of each is black, and the last is the brightest."""
    for number in range(count):
        pixels = np.full((4 * SIZE[0], 4 * SIZE[1], 3), 100 + number, np.uint8)
        pixels[: 2 * SIZE[0], : 2 * SIZE[1]] = 0
        Pillow.fromarray(pixels).save(tmp_path / f"{number:02}.png")
    images = list(calibration_images(tmp_path, SIZE))
    assert len(images) == min(count, MAX_IMAGES)
    bright = [image for image in images if image.max() > 0]
    assert len(bright) > len(images) / 2
    assert max(image.max() for image in bright) == np.float32((99 + count) / 255)


def test_calibration_takes_a_folder(tmp_path):
    (tmp_path / PHOTOGRAPHS[0].name).write_bytes(PHOTOGRAPHS[0].read_bytes())
    ours = {image.tobytes() for image in calibration_images(tmp_path, SIZE)}
    assert ours
    assert ours != {image.tobytes() for image in calibration_images(None, SIZE)}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="holds no picture"):
        list(calibration_images(tmp_path / "empty", SIZE))
