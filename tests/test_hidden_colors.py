"""Colors of hidden pixels: what the page does, pixel by pixel, and on pictures of any shape."""

import json
from pathlib import Path

import numpy as np
import pytest

from mobile_runtime.imaging.hidden_colors import REACH, spread_colors

SHARED = json.loads((Path(__file__).parent / "web/unit/hidden_colors.json").read_text())


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case["name"])
def test_the_page_gives_the_same(case):
    stored, spread = (
        np.array(case[name], np.uint8).reshape(-1, case["width"], 4)
        for name in ("pixels", "spread")
    )
    noise = np.where(stored[..., 3:] == 0, np.uint8(77), stored[..., :3])  # a canvas makes it black
    assert np.array_equal(spread_colors(noise, stored[..., 3]), spread[..., :3])


@pytest.mark.parametrize("share", [0.01, 0.1, 0.9])
@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (23, 31)])
def test_each_hidden_pixel_has_a_color_that_is_nearest(shape, share):
    random = np.random.default_rng(0)
    alpha = np.where(random.random(shape) < share, random.integers(1, 256, shape), 0)
    alpha[shape[0] // 2, shape[1] // 2] = 255
    pixels = random.integers(1, 256, (*shape, 3), dtype=np.uint8)
    spread = spread_colors(pixels, alpha.astype(np.uint8))
    visible = np.argwhere(alpha)
    for place in np.ndindex(shape):
        distance = np.abs(visible - place).sum(axis=1)
        near = [pixels[tuple(other)] for other in visible[distance == distance.min()]]
        allowed = near if distance.min() <= REACH else [np.zeros(3, np.uint8)]
        assert any(np.array_equal(spread[place], color) for color in allowed)


def test_nothing_hidden_nothing_to_do():
    pixels = np.ones((2, 3, 3), np.uint8)
    assert np.array_equal(spread_colors(pixels, np.full((2, 3), 1, np.uint8)), pixels)
