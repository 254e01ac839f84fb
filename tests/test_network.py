import pytest
import torch
from networks import NETWORKS, make_net
from torch.nn import functional as F

from scnet.config import SCNetConfig, halo, macs_per_pixel
from scnet.network import SCNet, Upsample, count_parameters

PUBLISHED = [
    # scale, head, parameters, MACs in G for 1280x720: shared facts of the author's T variant
    (2, "mlp", 146_051, 41.7),
    (3, "mlp", 146_051, 24.9),
    (4, "mlp", 154_371, 20.95),
    (2, "pixelshuffle", 158_531, 38.9),
    (3, "pixelshuffle", 179_331, 21.6),
    (4, "pixelshuffle", 179_331, 17.4),
]


@pytest.mark.parametrize(("scale", "head", "parameters", "giga_macs"), PUBLISHED)
def test_sizes_are_the_published_ones(scale, head, parameters, giga_macs):
    config = SCNetConfig(scale, head)
    assert count_parameters(SCNet(config)) == parameters
    macs = macs_per_pixel(config) * 1280 * 720 / scale**2
    assert macs / 1e9 == pytest.approx(giga_macs, abs=0.05)


def test_variant_b_has_the_published_557_thousand_parameters():
    assert count_parameters(SCNet(SCNetConfig(2, "pixelshuffle", 64, 64))) == 557_891


@pytest.mark.parametrize("config", NETWORKS)
def test_output_is_scale_times_larger(config):
    assert SCNet(config)(torch.rand(2, 3, 5, 7)).shape == (2, 3, 5 * config.scale, 7 * config.scale)


@pytest.mark.parametrize("config", NETWORKS)
def test_fresh_network_is_near_bilinear(config):
    image = torch.rand(1, 3, 8, 8)
    net = SCNet(config)
    with torch.no_grad():
        assert (net(image) - net.skip(image)).abs().mean() < 0.5


@pytest.mark.parametrize("config", NETWORKS)
def test_halo_is_how_far_a_pixel_sees(config):
    """The gradient of one output block reaches exactly as far as `halo` says."""
    net, center = make_net(config), 12
    image = torch.rand(1, 3, 2 * center + 1, 2 * center + 1, requires_grad=True)
    block = slice(center * config.scale, (center + 1) * config.scale)
    net(image)[..., block, block].abs().sum().backward()
    rows, columns = image.grad[0].abs().sum(0).nonzero(as_tuple=True)
    reach = max(int((rows - center).abs().max()), int((columns - center).abs().max()))
    assert reach == halo(config)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 5}, "Scale 5"),
        ({"head": "transposed"}, "Head 'transposed'"),
        ({"width": 60}, "Width 60"),
        ({"width": 0}, "Width 0"),
        ({"depth": 0}, "Depth 0"),
    ],
)
def test_impossible_shapes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SCNetConfig(**arguments)


def test_variants_have_names():
    assert SCNetConfig().variant == "t"
    assert SCNetConfig(depth=64).variant == "b"
    assert SCNetConfig(width=48, depth=10).variant == "d48b10"


@pytest.mark.parametrize("factor", [2, 3, 5])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (6, 5)])
def test_upsampling_is_bilinear_by_even_and_odd_factors(factor, size):
    image = torch.rand(1, 3, *size, dtype=torch.float64)
    expected = F.interpolate(image, scale_factor=factor, mode="bilinear", align_corners=False)
    assert (Upsample(factor)(image) - expected).abs().max() < 1e-12
