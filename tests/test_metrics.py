import numpy as np
import pytest
from PIL import Image as Pillow

from converters.golden_samples import PHOTOGRAPHS
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.metrics import bicubic, compare, evaluate, luma, mean, resize_bicubic
from mobile_runtime.imaging.pictures import to_image, to_pixels
from mobile_runtime.model_file.parity import compare as distance
from mobile_runtime.model_file.parity import find_wrong_rounding, over_samples, worst
from mobile_runtime.model_file.precision import PRECISIONS, Tolerance


@pytest.fixture(params=PHOTOGRAPHS, ids=lambda path: path.stem)
def pixels(request):
    with Pillow.open(request.param) as photograph:
        return np.asarray(photograph)


@pytest.mark.parametrize("factor", [1 / 2, 1 / 4, 2, 4])
def test_bicubic_agrees_with_pillow_away_from_the_border(pixels, factor):
    """The same kernel in another program, which takes columns first (so nothing may clip)."""
    pixels = pixels // 2 + 64
    side = int(256 * factor)
    theirs = np.asarray(Pillow.fromarray(pixels).resize((side, side), Pillow.Resampling.BICUBIC))
    inside = (slice(8, -8), slice(8, -8))
    difference = np.abs(resize_bicubic(pixels, factor)[inside].astype(int) - theirs[inside])
    assert difference.max() <= 2
    assert difference.mean() < 0.5


@pytest.mark.parametrize("factor", [1 / 2, 1 / 3, 1 / 4, 2, 3, 4])
def test_bicubic_keeps_a_flat_picture(factor):
    flat = np.full((24, 36, 3), 77, np.uint8)
    assert (resize_bicubic(flat, factor) == 77).all()
    assert resize_bicubic(flat, factor).shape == (24 * factor, 36 * factor, 3)


def test_bicubic_is_mirror_symmetric(pixels):
    mirrored = resize_bicubic(np.ascontiguousarray(pixels[:, ::-1]), 1 / 4)
    assert np.abs(mirrored[:, ::-1].astype(int) - resize_bicubic(pixels, 1 / 4)).max() <= 1


def test_luma_of_white_and_black_is_studio_range():
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert np.allclose(luma(ends), [[16, 235]])
    assert np.allclose(luma(ends, gray=True), [[0, 255]])


def test_psnr_of_a_known_error(pixels):
    """One 8-bit step on every value is 219/255 of a step on Y."""
    dim = np.clip(pixels, 0, 254)
    score = compare(dim, dim + np.uint8(1), border=4)
    assert score.psnr_db == pytest.approx(20 * np.log10(255 / (219 / 255)), abs=1e-6)


def test_ssim_is_one_only_for_equal_pictures(pixels):
    assert compare(pixels, pixels, border=4).ssim == pytest.approx(1)
    noisy = np.clip(pixels + np.random.default_rng(0).normal(0, 9, pixels.shape), 0, 255)
    assert 0.3 < compare(pixels, noisy.astype(np.uint8), border=4).ssim < 0.98


def test_border_does_not_count(pixels):
    framed = pixels.copy()
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = 0, 0, 0, 0
    assert compare(pixels, framed, border=4).psnr_db == 999
    assert compare(pixels, framed, border=3).psnr_db < 40


def test_folder_is_evaluated_picture_by_picture():
    scores = list(evaluate(bicubic(3), PHOTOGRAPHS[0].parent, 3))
    assert [score.name for score in scores] == [path.stem for path in PHOTOGRAPHS]
    assert 20 < mean(scores).psnr_db < 40


def test_folder_without_pictures_is_an_error(tmp_path):
    with pytest.raises(ImageError, match="holds no picture"):
        list(evaluate(bicubic(2), tmp_path, 2))
    with pytest.raises(ImageError, match="not a folder"):
        list(evaluate(bicubic(2), tmp_path / "nowhere", 2))


def test_image_and_pixels_are_the_same_picture(pixels):
    assert (to_pixels(to_image(pixels)) == pixels).all()


def test_one_tenth_everywhere_is_twenty_decibels():
    expected = np.full((1, 3, 4, 4), 0.5, np.float32)
    found = distance(expected, expected + np.float32(0.1))
    assert found.psnr_db == pytest.approx(20, abs=1e-4)
    assert found.max_abs == pytest.approx(0.1, abs=1e-6)
    assert found.snr_db == pytest.approx(20 * np.log10(5), abs=1e-4)
    assert found.pixels_off_percent == 100


def test_truncation_to_8_bits_is_told_from_rounding():
    expected = np.random.default_rng(0).random((1, 3, 64, 64)).astype(np.float32)
    found = {
        how: distance(expected, (how(expected * 255) / 255).astype(np.float32))
        for how in (np.rint, np.floor, np.ceil)
    }
    assert found[np.rint].mean_signed_error_levels == pytest.approx(0, abs=0.02)
    assert found[np.floor].mean_signed_error_levels == pytest.approx(-0.5, abs=0.02)
    assert found[np.floor].psnr_db > 50
    assert find_wrong_rounding(found[np.rint], "uint8") is None
    assert "the system truncates instead of rounding" in find_wrong_rounding(
        found[np.floor], "uint8"
    )
    assert "rounds up" in find_wrong_rounding(found[np.ceil], "uint8")
    assert find_wrong_rounding(found[np.floor], "float32") is None
    for precision in PRECISIONS.values():  # found at the limit of each
        assert find_wrong_rounding(found[np.floor], "uint8", precision.signed_error_levels)


def test_weights_in_4_bits_may_be_too_bright_themselves():
    """x4 direct in Core ML: by 0.25 levels, the median of its samples."""
    image = np.full((1, 3, 4, 4), 0.5, np.float32)
    brighter = distance(image, image + np.float32(0.25 / 255))
    assert find_wrong_rounding(brighter, "uint8", PRECISIONS["w6"].signed_error_levels)
    assert find_wrong_rounding(brighter, "uint8", PRECISIONS["w4"].signed_error_levels) is None


def test_one_sample_that_is_too_bright_is_no_rounding():
    """The worst of engines counts, but the median of samples: coarse weights miss single ones."""
    image = np.full((1, 3, 4, 4), 0.5, np.float32)
    samples = [distance(image, image + np.float32(levels / 255)) for levels in (0.01, 0.02, 0.6)]
    assert over_samples(samples).mean_signed_error_levels == pytest.approx(0.02, abs=1e-4)
    assert over_samples(samples).max_abs == worst(samples).max_abs
    assert worst(samples).mean_signed_error_levels == pytest.approx(0.6, abs=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_finite_figures_and_never_passes(value):
    expected = np.zeros((1, 3, 4, 4), np.float32)
    broken = expected.copy()
    broken[0, 0, 0, 0] = value
    found = worst([distance(expected, expected), distance(expected, broken)])
    assert (found.max_abs, found.mean_abs) == (1e30, 1e30)
    assert (found.psnr_db, found.snr_db, found.pixels_off_percent) == (-999, -999, 100)
    assert found.mean_signed_error_levels == 1e30
    assert not Tolerance(max_abs=None, psnr_db=-1e9).allows(found)
    assert not Tolerance(max_abs=1e9, psnr_db=-1e9).allows(found)


def test_picture_without_room_for_a_window_is_refused():
    tiny = np.zeros((18, 40, 3), np.uint8)
    with pytest.raises(ImageError, match="too small to score"):
        compare(tiny, tiny, border=4)


def test_looser_is_what_lets_more_pass():
    allowed = PRECISIONS["fp32"].tolerance
    assert not allowed.is_looser_than(allowed)
    assert not Tolerance(max_abs=0, psnr_db=1000).is_looser_than(allowed)
    assert not allowed.is_looser_than(PRECISIONS["fp16"].tolerance)
    assert PRECISIONS["fp16"].tolerance.is_looser_than(allowed)
    assert Tolerance(max_abs=1e-5, psnr_db=89).is_looser_than(allowed)
    assert Tolerance(max_abs=2e-5, psnr_db=90).is_looser_than(allowed)
