"""A compressed file may lose a little in pictures, and is not kept if it loses more."""

import numpy as np
import pytest

from converters.calibration import MOST, calibration_images
from converters.conversion import convert
from converters.errors import UnsupportedOptionError, VerificationError
from converters.golden import PHOTOGRAPHS
from converters.options import FORMATS, PRECISIONS, PRECISIONS_OF, ConversionOptions
from converters.quality_gate import LOSSES_DB, measure_loss_db
from mobile_runtime.errors import ImageError
from mobile_runtime.manifest import read_manifest
from scnet.checkpoint import open_checkpoint
from scnet.weights import DEFAULT, find_weights

SIZE = (20, 28)


def ask(format_, precision, **fields):
    return ConversionOptions(
        format_, "depthwise", precision, None if format_ == "onnx" else (SIZE,), **fields
    )


def test_every_precision_but_the_exact_one_has_a_limit():
    assert set(LOSSES_DB) == set(PRECISIONS) - {"fp32"}


def test_the_loss_stands_in_the_manifest(tmp_path, checkpoint):
    wanted = [ask("onnx", "fp32"), ask("onnx", "fp16")]
    exact, half = (read_manifest(path) for path in convert(checkpoint(), wanted, tmp_path))
    assert exact.psnr_loss_db is None
    assert half.psnr_loss_db == pytest.approx(0, abs=LOSSES_DB["fp16"])


def test_a_file_that_loses_too_much_is_not_kept(tmp_path, checkpoint, monkeypatch):
    monkeypatch.setitem(LOSSES_DB, "fp16", -1.0)  # no file is better than the network
    with pytest.raises(VerificationError, match=r"loses -?0\.\d+ dB .* fp16 may lose -1 dB"):
        convert(checkpoint(), [ask("onnx", "fp16")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_loss_is_that_of_the_pictures(tmp_path, checkpoint):
    """A file made of other weights loses what those weights lack."""
    good, poor = open_checkpoint(find_weights(None)), checkpoint()
    assert str(good.path).find(DEFAULT) > 0
    (path,) = convert(poor, [ask("onnx", "fp32")], tmp_path)
    assert measure_loss_db(good.net, path) > 1
    assert measure_loss_db(poor.net, path) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_a_format_cannot_do_is_refused(format_, precision):
    if precision in PRECISIONS_OF[format_]:
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
    assert len(PHOTOGRAPHS) <= len(images) <= MOST
    assert {image.shape for image in images} == {(1, 3, *size)}
    assert all(
        image.dtype == np.float32 and 0 <= image.min() < image.max() <= 1 for image in images
    )
    assert len({image.tobytes() for image in images}) == len(images)


def test_calibration_takes_a_folder(tmp_path):
    (tmp_path / PHOTOGRAPHS[0].name).write_bytes(PHOTOGRAPHS[0].read_bytes())
    ours = {image.tobytes() for image in calibration_images(tmp_path, SIZE)}
    assert ours
    assert ours != {image.tobytes() for image in calibration_images(None, SIZE)}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="holds no picture"):
        list(calibration_images(tmp_path / "empty", SIZE))
