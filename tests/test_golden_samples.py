"""Golden samples: of an output a tenth is kept, and still every fault is found."""

from itertools import pairwise

import numpy as np
import pytest
from model_files import SMALLEST, options_for

from mobile_runtime.engines import session
from mobile_runtime.errors import ManifestError, ModelLoadError
from mobile_runtime.model_file.golden_samples import (
    GoldenImages,
    choose_stride,
    kept_positions,
    write_golden,
)
from mobile_runtime.model_file.model import SCALES
from mobile_runtime.model_file.precision import tolerance_for
from mobile_runtime.validation.validate import validate_on_engine
from scnet.network import SCNetConfig

SIDES = range(1, 14)
"""Heights and widths of inputs: with every remainder that a stride can leave."""

BORDERS = {
    "first row": np.s_[:, :, :1],
    "last row": np.s_[:, :, -1:],
    "first column": np.s_[..., :1],
    "last column": np.s_[..., -1:],
}


def swap_phases(output, scale):
    """Exchange two output pixels of each input pixel, as a wrong `depth_to_space` does."""
    swapped = output.copy()
    swapped[:, :, ::scale, ::scale] = output[:, :, ::scale, 1::scale]
    swapped[:, :, ::scale, 1::scale] = output[:, :, ::scale, ::scale]
    return swapped


FAULTS = {
    "two phases swapped": swap_phases,
    "wrong phases along the top": lambda output, scale: np.concatenate(
        [np.roll(output[:, :, :scale], 1, axis=2), output[:, :, scale:]], axis=2
    ),
    "red and blue swapped": lambda output, scale: output[:, ::-1],
    "a row too low": lambda output, scale: np.roll(output, 1, axis=2),
    "a column too far right": lambda output, scale: np.roll(output, 1, axis=3),
    **{
        f"a wrong {side}": lambda output, scale, place=place: changed(output, place)
        for side, place in BORDERS.items()
    },
}


def changed(output, place):
    wrong = output.copy()
    wrong[place] += np.float32(0.01)
    return wrong


def make_sample(height, width, scale):
    """A sample of noise, and its whole output."""
    random = np.random.default_rng(0)
    image = random.random((1, 3, height, width), np.float32)
    output = random.random((1, 3, height * scale, width * scale), np.float32)
    return GoldenImages.keep("noise", image, output, scale), output


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_kept_has_every_phase_and_the_outermost_pixels(scale):
    stride = choose_stride(scale)
    for side in SIDES:
        length = side * scale
        kept = kept_positions(length, stride)
        assert kept == sorted(set(kept))
        assert {0, length - 1} <= set(kept) <= set(range(length))
        assert all(after - before <= stride for before, after in pairwise(kept))
        if side >= stride:
            assert {position % scale for position in kept} == set(range(scale))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_fault_fails_every_precision_that_it_failed_before(scale, fault):
    """Its PSNR is that of the whole output; an error of the border alone counts for more."""
    golden, output = make_sample(61, 37, scale)
    wrong = FAULTS[fault](output, scale)
    found = golden.compare(wrong, clipped=False)
    assert not tolerance_for("onnx", "fp32").allows(found)
    whole = GoldenImages("whole", golden.image, output, golden.output_shape, 1)
    exact = whole.compare(wrong, clipped=False)
    more_db = 10 * np.log10(golden.stride) if "wrong" in fault else 0
    assert exact.psnr_db - more_db - 0.5 <= found.psnr_db <= exact.psnr_db + 0.5
    assert found.max_abs <= exact.max_abs


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("side", BORDERS)
def test_a_wrong_border_is_found_at_every_size(scale, side):
    for height in SIDES:
        for width in (1, 12, 13):
            golden, output = make_sample(height, width, scale)
            found = golden.compare(changed(output, BORDERS[side]), clipped=False)
            assert found.max_abs == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("scale", SCALES)
def test_the_right_output_is_equal_and_a_short_one_is_refused(scale):
    golden, output = make_sample(5, 7, scale)
    assert golden.compare(output, clipped=False).max_abs == 0
    for short in (output[:, :, 1:], output[..., :-1], golden.output):
        with pytest.raises(ValueError, match="Expected an output of"):
            golden.compare(short, clipped=False)


def test_only_8_bit_pictures_are_written(tmp_path):
    golden, _ = make_sample(5, 7, 2)
    with pytest.raises(ManifestError, match="not an 8-bit picture"):
        write_golden(tmp_path, golden)


class Faulty:
    """A real session whose output is changed."""

    def __init__(self, path, change):
        self.session, self.change = session.open_session(path), change
        self.engine, self.model = self.session.engine, self.session.model
        self.placement = self.session.placement

    def run(self, image):
        return self.change(self.session.run(image), self.model.scale)


@pytest.mark.parametrize("scale", SCALES)
def test_validation_finds_what_is_planted_in_a_real_file(converted, monkeypatch, scale):
    """Of each scale; the file itself passes."""
    config = SCNetConfig(scale, SMALLEST.head, SMALLEST.width, SMALLEST.depth)
    (path,) = converted(options_for("onnx", None), config=config)
    assert validate_on_engine(path, "onnxruntime").passed
    for change in FAULTS.values():
        plant(monkeypatch, path, change)
        result = validate_on_engine(path, "onnxruntime")
        assert not result.passed
        assert result.worst.psnr_db < 90
    plant(monkeypatch, path, lambda output, _: output[:, :, :-1])
    with pytest.raises(ModelLoadError, match="instead of"):
        validate_on_engine(path, "onnxruntime")


def plant(monkeypatch, path, change):
    monkeypatch.setattr(
        "mobile_runtime.validation.validate.open_session", lambda *_, **__: Faulty(path, change)
    )
