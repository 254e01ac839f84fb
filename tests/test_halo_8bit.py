"""Tiles that overlap by the halo for 8 bits show it in no value by more than one level."""

import numpy as np
import pytest
import torch
from networks import make_net

from converters.conversion import describe_model, import_converter
from converters.golden_samples import inputs
from converters.halo_8bit import ALLOWED_LEVELS, measure_halo_8bit
from converters.options import ConversionOptions
from mobile_runtime.upscaling.tiling import plan_tiles
from scnet.config import SCNetConfig, halo
from scnet.network import SCNet

FAINT = SCNetConfig(2, "direct", width=16, depth=8)
SIZE = (75, 60)


@pytest.fixture(scope="module")
def faint():
    """A network whose blocks change features little, as those of trained ones do."""
    torch.manual_seed(0)
    net = SCNet(FAINT).eval()
    with torch.no_grad():
        net.conv_last.weight.mul_(5)
    return net


def levels_moved(net, image, overlap):
    """The most that a value in tiles is from that of the whole picture, in 8-bit levels."""

    def run(pixels):
        with torch.inference_mode():
            return net(torch.from_numpy(np.ascontiguousarray(pixels))).clamp(0, 1).numpy()

    whole, scale, worst = run(image), net.config.scale, 0.0
    for tile in plan_tiles(*SIZE, halo=overlap, side=2 * halo(net.config) + 4):
        output = run(image[..., tile.rows.read, tile.columns.read])
        moved = output[(..., *tile.source(scale))] - whole[(..., *tile.target(scale))]
        worst = max(worst, 255 * float(np.abs(moved).max()))
    return worst


def test_no_value_moves_by_a_level_and_at_a_smaller_halo_some_do(faint):
    enough = measure_halo_8bit(faint)
    assert 2 < enough < halo(FAINT)
    images = [image for _, image in inputs(SIZE)]
    assert max(levels_moved(faint, image, enough) for image in images) < 1
    assert max(levels_moved(faint, image, enough - 2) for image in images) > ALLOWED_LEVELS


def test_the_exact_halo_is_taken_where_none_is_smaller_or_values_are_not_numbers(faint):
    strong = make_net(SCNetConfig(2, "direct", width=16, depth=1))
    assert measure_halo_8bit(strong) == halo(strong.config)
    broken = make_net(FAINT)
    with torch.no_grad():
        broken.conv_first.bias[0] = torch.nan
    assert measure_halo_8bit(broken) == halo(FAINT)


@pytest.mark.parametrize(
    ("precision", "is_exact"), [("fp32", False), ("w8", False), ("w8a8", True)]
)
def test_files_that_compute_in_integers_name_the_exact_halo(checkpoint, faint, precision, is_exact):
    own = checkpoint(FAINT)
    own.net.load_state_dict(faint.state_dict())
    options = ConversionOptions("tflite", sizes=(SIZE,), precision=precision)
    model = describe_model(own, options, import_converter("tflite"))
    assert model.halo_8bit == (halo(FAINT) if is_exact else measure_halo_8bit(faint))
