"""The vectors that other languages reproduce are what Python does now, and show planted faults."""

from collections import Counter

import numpy as np
import pytest
from vectors.make import make_vectors
from vectors.store import FILE, encode

from mobile_runtime.upscaling import upscale
from mobile_runtime.upscaling.tiling import Tile, plan_tiles


@pytest.fixture(scope="module")
def vectors():
    return make_vectors()


def test_vectors_are_current(vectors):
    assert FILE.read_text() == encode(vectors), "PYTHONPATH=tests python -m vectors writes them"


def test_vectors_hold_every_kind_of_case(vectors):
    kinds = Counter()
    for case in vectors["tilings"]:
        kinds[case.get("refused", "result")] += 1
        kinds["any size"] += case["sizes"] is None
        kinds["several sizes"] += len(case["sizes"] or ()) > 1
        kinds["one pixel"] += case["height"] == case["width"] == 1
        kinds["mirrored"] += any(case.get("mirrored", ()))
        kinds["several tiles"] += len(case.get("rows", ())) * len(case.get("columns", ())) > 1
    assert min(kinds.values()) >= 1, kinds
    assert kinds["mirrored"] >= 20
    assert kinds["several tiles"] >= 40


def shorten_halo(monkeypatch):
    def plan(height, width, *, halo, **choice):
        return plan_tiles(height, width, halo=max(halo - 1, 0), **choice)

    monkeypatch.setattr(upscale, "plan_tiles", plan)


def mirror_without_the_border(monkeypatch):
    def mirror(image, size):
        height, width = image.shape[2:]
        rows, columns = (
            [min(index, 2 * length - 2 - index) % length for index in range(side)]
            for side, length in zip(size, (height, width), strict=True)
        )
        return np.ascontiguousarray(image[:, :, rows][..., columns])

    monkeypatch.setattr(upscale, "_mirror", mirror)


def paste_one_pixel_off(monkeypatch):
    source = Tile.source

    def shifted(tile, scale):
        rows, columns = source(tile, scale)
        start = max(columns.start - 1, 0)
        return rows, slice(start, start + columns.stop - columns.start)

    monkeypatch.setattr(Tile, "source", shifted)


@pytest.mark.parametrize("plant", [shorten_halo, mirror_without_the_border, paste_one_pixel_off])
def test_vectors_show_a_planted_fault(vectors, monkeypatch, plant):
    plant(monkeypatch)
    wrong = make_vectors()["tilings"]
    assert sum(one != other for one, other in zip(vectors["tilings"], wrong, strict=True)) >= 10
