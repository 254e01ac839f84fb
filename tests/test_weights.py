"""The weights that a user gets without asking for any."""

from pathlib import Path

import numpy as np
import pytest
from docs_tables.models import TABULATED
from PIL import Image as Pillow

from converters.golden_samples import PHOTOGRAPHS
from converters.pytorch_session import open_session
from mobile_runtime.bundled_models import DEFAULT
from mobile_runtime.imaging.metrics import bicubic, compare, resize_bicubic
from mobile_runtime.imaging.pictures import to_image, to_pixels
from scnet.checkpoint import open_checkpoint
from scnet.weights import WEIGHTS, find_weights


@pytest.mark.parametrize("name", WEIGHTS)
def test_bundled_weights_are_what_their_name_card_and_header_say(name):
    checkpoint = open_checkpoint(WEIGHTS[name])
    config = checkpoint.net.config
    assert name.removesuffix("-photo") == f"scnet-{config.variant}-x{config.scale}-{config.head}"
    assert checkpoint.notes["licence"] == "Apache-2.0"
    card = WEIGHTS[name].with_suffix(".md").read_text()
    assert f"SCNet-{config.variant.upper()} x{config.scale}" in card
    assert f"{int(checkpoint.notes['steps']):,} steps" in card


@pytest.mark.parametrize("name", WEIGHTS)
def test_bundled_weights_beat_bicubic_by_far(name):
    session = open_session(WEIGHTS[name])
    scale = session.model.scale
    gains_db = []
    for path in PHOTOGRAPHS:
        with Pillow.open(path) as photograph:
            high_res = np.asarray(photograph)[: 240 // scale * scale, : 240 // scale * scale]
        image = to_image(resize_bicubic(high_res, 1 / scale))
        ours, theirs = (
            compare(high_res, to_pixels(upscale(image)), border=scale).psnr_db
            for upscale in (session.run, bicubic(scale))
        )
        gains_db.append(ours - theirs)
    assert np.mean(gains_db) > 0.8


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_found_by_name(name):
    assert find_weights(Path(name)) == WEIGHTS[name]


def test_a_file_comes_before_weights_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(DEFAULT).touch()
    assert find_weights(Path(DEFAULT)) == Path(DEFAULT)


NOXFILE = (Path(__file__).parent.parent / "noxfile.py").read_text()


def test_what_the_tables_show_is_what_developers_convert():
    assert f'TABULATED = "{TABULATED}"' in NOXFILE
