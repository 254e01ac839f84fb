"""The picture of before and after shows what enlarging the whole photo would."""

import sys

import numpy as np
import pytest
from PIL import Image

from mobile_runtime.benchmark.cold_start import reset_peak_rss, resident_bytes
from mobile_runtime.imaging.color_space import ColorSpace
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.side_by_side import SIDE, STRIP, compare_side_by_side


def enlarge(photo, scale, method):
    height, width = photo.shape[:2]
    return np.asarray(Image.fromarray(photo).resize((width * scale, height * scale), method))


def middle(picture):
    shown = [min(SIDE, side) for side in picture.shape[:2]]
    top, left = (
        (side - length) // 2 for side, length in zip(picture.shape[:2], shown, strict=True)
    )
    return picture[top : top + shown[0], left : left + shown[1]]


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (30, 21), (133, 400), (301, 50), (207, 155)])
def test_panels_are_the_centre_of_the_whole_enlarged(size, scale):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    upscaled = enlarge(255 - photo, scale, Image.Resampling.LANCZOS)
    wanted = (
        enlarge(photo, scale, Image.Resampling.NEAREST),
        enlarge(photo, scale, Image.Resampling.BICUBIC),
        upscaled,
    )
    shown = compare_side_by_side(Picture(photo), Picture(upscaled)).pixels
    assert max(shown.shape[0] - STRIP, shown.shape[1] // 3) <= SIDE
    assert np.array_equal(shown[STRIP:], np.hstack([middle(picture) for picture in wanted]))


def test_hidden_colours_are_shown_as_white_and_the_profile_is_kept():
    colors = ColorSpace(b"profile")
    alpha = np.full((4, 4), 255, np.uint8)
    alpha[:, :2] = 0
    photo = Picture(np.full((4, 4, 3), 9, np.uint8), alpha, colors=colors)
    upscaled = Picture(np.full((8, 8, 3), 9, np.uint8), alpha.repeat(2, 0).repeat(2, 1))
    shown = compare_side_by_side(photo, upscaled)
    for panel in np.split(shown.pixels[STRIP:], 3, axis=1):
        assert (panel[:, :2] == 255).all()
        assert (panel[:, 7] == 9).all()
    assert shown.colors == colors


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak above a baseline")
def test_a_large_picture_is_not_enlarged_for_its_centre():
    """Pillow's own memory counts, which Python does not see."""
    photo, upscaled = (np.ones((side, side, 3), np.uint8) for side in (1000, 4000))
    before = reset_peak_rss()
    if before is None:
        pytest.skip("this system does not forget the peak of a process")
    compare_side_by_side(Picture(photo), Picture(upscaled))
    assert resident_bytes("VmHWM") - before < upscaled.nbytes
