"""One photograph through every kind of file: the same larger photograph comes out."""

import numpy as np
import pytest
from click.testing import CliRunner
from networks import NETWORKS
from PIL import Image as Pillow

from converters.__main__ import program
from converters.conversion import convert
from converters.golden_samples import PHOTOGRAPHS
from converters.options import ConversionOptions
from converters.pytorch_session import open_session as open_checkpoint_session
from mobile_runtime.bundled_models import DEFAULT
from mobile_runtime.upscaling.upscale import upscale_image
from scnet.checkpoint import open_checkpoint
from scnet.weights import WEIGHTS

SIZE = (96, 80)
"""Of the files of fixed size: the photograph takes several tiles of it."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The bundled weights as themselves and in every format."""
    wanted = [
        ConversionOptions("coreml", "depthwise", "fp16", (SIZE,), "image"),
        ConversionOptions("tflite", "slice_concat", "fp32", (SIZE,)),
        ConversionOptions("onnx", "slice_concat", "fp32", None),
    ]
    folder = tmp_path_factory.mktemp("models")
    paths = convert(open_checkpoint(WEIGHTS[DEFAULT]), wanted, folder, verify=False)
    return {"pytorch": WEIGHTS[DEFAULT], **{path.suffix[1:]: path for path in paths}}


@pytest.fixture(scope="module")
def upscaled(models, tmp_path_factory):
    """A photograph with transparency, upscaled by the command line with each file."""
    folder = tmp_path_factory.mktemp("pictures")
    with Pillow.open(PHOTOGRAPHS[1]) as photograph:
        photo = photograph.crop((40, 40, 190, 160))
    photo.putalpha(Pillow.linear_gradient("L").resize(photo.size))
    photo.save(folder / "photo.png")
    outputs = {}
    for name, model in models.items():
        arguments = ["upscale", str(folder / "photo.png"), "--model", str(model)]
        result = CliRunner().invoke(program, [*arguments, "-o", str(folder / f"{name}.png")])
        assert result.exit_code == 0, result.output
        with Pillow.open(folder / f"{name}.png") as picture:
            outputs[name] = np.asarray(picture).astype(int)
    return outputs


def test_result_is_four_times_larger_and_keeps_its_transparency(upscaled):
    assert {output.shape for output in upscaled.values()} == {(480, 600, 4)}


@pytest.mark.parametrize(("name", "steps"), [("tflite", 1), ("onnx", 1), ("mlpackage", 2)])
def test_every_file_gives_pytorchs_picture(upscaled, name, steps):
    """Within one 8-bit step, where fp32 rounds the other way; two for fp16 arithmetic."""
    difference = np.abs(upscaled[name] - upscaled["pytorch"])
    assert difference.max() <= steps
    assert (difference > 0).mean() < 0.05


@pytest.mark.parametrize("config", NETWORKS)
def test_tiles_of_a_real_network_equal_the_whole(checkpoint, photograph, config):
    """To float rounding, x3 included: it interpolates without coordinates."""
    session = open_checkpoint_session(checkpoint(config).path)
    whole = session.run(photograph)
    tiled = upscale_image(session, photograph, tile=2 * session.model.halo + 11)
    assert np.abs(tiled - whole).max() <= 1e-6
