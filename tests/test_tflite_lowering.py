import pytest
import torch
from networks import NETWORKS, make_net

from converters.options import SHIFTS
from converters.to_tflite import to_channels_last
from scnet.device_form import to_device_form


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("config", NETWORKS)
def test_channel_last_twins_compute_the_same(config, shift):
    net = make_net(config)
    graph = to_device_form(net)
    to_channels_last(graph, shift)
    image = torch.rand(1, 3, 7, 9)
    with torch.no_grad():
        expected, actual = net(image), graph(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    assert float((actual - expected).abs().max() / expected.abs().max()) < 2e-6
