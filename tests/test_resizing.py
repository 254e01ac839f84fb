"""Sizes that are asked for, and pictures reduced to them."""

import numpy as np
import pytest
from PIL import Image

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.resizing import (
    Times,
    Within,
    parse_size,
    reduce_picture,
    target_size,
)

SIZES = {
    "both, wide": (Within(1920, 1080), (480, 640), (1080, 1440)),
    "both, high": (Within(1920, 1080), (640, 480), (1080, 810)),
    "width": (Within(1920, None), (480, 640), (1440, 1920)),
    "height": (Within(None, 1000), (480, 640), (1000, 1333)),
    "factor": (Times(1.5), (481, 641), (722, 962)),
    "network's own": (Times(4), (481, 641), (1924, 2564)),
    "as it is": (Times(1), (481, 641), (481, 641)),
    "very flat": (Within(1000, None), (1, 500), (2, 1000)),
}


@pytest.mark.parametrize("kind", SIZES)
def test_a_result_keeps_its_proportions(kind):
    target, size, expected = SIZES[kind]
    assert target_size(target, *size, scale=4) == expected


@pytest.mark.parametrize("text", ["1920x1080", "1920x", "x1080"])
def test_a_size_is_read_as_it_is_written(text):
    assert str(parse_size(text)) == text


@pytest.mark.parametrize("text", ["", "x", "1920", "0x5", "5x0", "-3x4", "1.5x2", "4x4x4"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="is no size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (Within(100, None), "would make 640 x 480 smaller, 100 x 75"),
        (Within(None, 2000), "ask for 2560x1920 at most"),
        (Times(4.01), "ask for 2560x1920 at most"),
    ],
)
def test_what_the_network_does_not_give_is_refused(target, reason):
    with pytest.raises(ImageError, match=reason):
        target_size(target, 480, 640, scale=4)


def test_reducing_does_not_alias():
    """Stripes finer than the result become even gray, and a plain picture stays what it is."""
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    reduced = reduce_picture(Picture(stripes), 24, 24).pixels
    assert np.abs(reduced[4:-4, 4:-4].astype(int) - 127).max() <= 3
    plain = reduce_picture(Picture(np.full((64, 64, 3), 200, np.uint8)), 24, 24)
    assert (plain.pixels == 200).all()


def test_transparency_is_reduced_with_the_pixels():
    alpha = np.asarray(Image.linear_gradient("L").resize((64, 64)))
    reduced = reduce_picture(Picture(np.zeros((64, 64, 3), np.uint8), alpha), 32, 16)
    assert reduced.alpha.shape == reduced.pixels.shape[:2] == (32, 16)
    assert np.abs(reduced.alpha.astype(int) - alpha[1::2, :1]).max() <= 4
