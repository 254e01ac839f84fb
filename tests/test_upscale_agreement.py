"""One photograph through every kind of file: the same larger photograph comes out."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from networks import NETWORKS
from PIL import Image as Pillow

from converters.__main__ import program
from converters.golden_samples import PHOTOGRAPHS
from converters.pytorch_session import open_session as open_checkpoint_session
from mobile_runtime.bundled_models import DEFAULT, MODELS
from mobile_runtime.upscaling.upscale import upscale_image
from scnet.weights import WEIGHTS

FILES = {model.path.suffix[1:]: model.path for model in MODELS if model.weights == DEFAULT}


@pytest.fixture(scope="module")
def upscaled(tmp_path_factory):
    """A photograph with transparency, upscaled by the command line with weights and files."""
    folder = tmp_path_factory.mktemp("pictures")
    with Pillow.open(PHOTOGRAPHS[1]) as photograph:
        photo = photograph.crop((40, 40, 200, 180))
    photo.putalpha(Pillow.linear_gradient("L").resize(photo.size))
    photo.save(folder / "photo.png")
    outputs = {}
    for name, model in {"pytorch": WEIGHTS[DEFAULT], **FILES}.items():
        arguments = ["upscale", str(folder / "photo.png"), "--model", str(model)]
        result = CliRunner().invoke(program, [*arguments, "-o", str(folder / f"{name}.png")])
        assert result.exit_code == 0, result.output
        with Pillow.open(folder / f"{name}.png") as picture:
            outputs[name] = np.asarray(picture).astype(int)
    return outputs


def test_result_is_four_times_larger_and_keeps_its_transparency(upscaled):
    assert {output.shape for output in upscaled.values()} == {(560, 640, 4)}


@pytest.mark.parametrize("name", FILES)
def test_every_file_gives_pytorchs_picture(upscaled, name):
    """Within two 8-bit steps: the files have weights in fp16, and one computes in it."""
    difference = np.abs(upscaled[name] - upscaled["pytorch"])
    assert difference.max() <= 2
    assert (difference > 0).mean() < 0.05


@pytest.mark.parametrize("config", NETWORKS)
def test_tiles_of_a_real_network_equal_the_whole(checkpoint, photograph, config):
    """To float rounding, x3 included: it interpolates without coordinates."""
    session = open_checkpoint_session(checkpoint(config).path)
    whole = session.run(photograph)
    tiled = upscale_image(session, photograph, tile=2 * session.model.halo + 11)
    assert np.abs(tiled - whole).max() <= 1e-6


def test_threads_of_a_checkpoints_session_are_its_own(checkpoint, photograph):
    """PyTorch has one number for the whole process, which others compute in as well."""
    before = torch.get_num_threads()
    session = open_checkpoint_session(checkpoint().path, threads=before + 1)
    session.run(photograph)
    assert session.engine.threads == before + 1
    assert torch.get_num_threads() == before
