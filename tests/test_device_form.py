import pytest
import torch
from networks import NETWORKS, blow_up, make_net
from torch import nn

from scnet.channel_scaling import FP16_PEAK, scale_to_fp16_range
from scnet.config import SCNetConfig
from scnet.device_form import (
    PASSES,
    DepthToSpace,
    DepthwiseShift,
    depth_to_space,
    fold_range,
    layers_of,
    leaky_as_relu,
    shift_as_convolution,
    to_device_form,
)
from scnet.network import SpatialShift, Upsample

SIZES = [(9, 7), (1, 1), (2, 12)]


def differ(net, graph, white=1.0):
    """The largest difference over several sizes, relative to the largest value."""
    with torch.no_grad():
        pairs = [
            (net(image), graph(image * white) / white)
            for image in (torch.rand(1, 3, *size) for size in SIZES)
        ]
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in pairs)


def kinds(graph):
    return {
        type(graph.get_submodule(node.target)) if node.op == "call_module" else node.op
        for node in graph.graph.nodes
    }


@pytest.mark.parametrize("count", range(len(PASSES) + 1))
@pytest.mark.parametrize("config", NETWORKS)
def test_every_rewrite_is_an_identity(config, count):
    net = make_net(config)
    assert differ(net, to_device_form(net, PASSES[:count])) < 2e-6


@pytest.mark.parametrize("config", NETWORKS)
def test_shift_as_convolution_is_an_identity(config):
    net = make_net(config)
    graph = to_device_form(net)
    shift_as_convolution(graph)
    assert SpatialShift not in kinds(graph)
    assert DepthwiseShift in kinds(graph)
    assert differ(net, graph) < 2e-6


@pytest.mark.parametrize("config", NETWORKS)
def test_leaky_as_relu_is_an_identity(config):
    net = make_net(config)
    assert differ(net, to_device_form(net, (*PASSES, leaky_as_relu))) < 2e-6


def test_leaky_as_relu_leaves_a_relu_behind_every_convolution_but_the_first():
    net = make_net(SCNetConfig(2, "direct", 16, 2))
    graph = to_device_form(net, (*PASSES, leaky_as_relu))
    sources = [node.all_input_nodes[0].target for node in layers_of(graph, nn.ReLU)]
    assert sources == ["body.0.conv1", "body.1.conv1", "conv_up", "conv_hr"]
    assert [node.name for node in layers_of(graph, nn.LeakyReLU)] == ["activation"]


@pytest.mark.parametrize("config", NETWORKS)
def test_range_folds_into_the_weights(config):
    net = make_net(config)
    graph = to_device_form(net)
    fold_range(graph, 255)
    assert differ(net, graph, white=255) < 2e-6


@pytest.mark.parametrize("config", NETWORKS)
def test_device_form_holds_nothing_else(config):
    allowed = {nn.Conv2d, nn.ReLU, nn.LeakyReLU, SpatialShift, DepthToSpace, Upsample}
    allowed |= {"placeholder", "call_function", "output"}
    assert kinds(to_device_form(make_net(config))) <= allowed


def test_widest_tensor_never_exists():
    """With the pixel-shuffle head nothing at full resolution has more than 3 channels."""
    graph = to_device_form(make_net(SCNetConfig(4, "pixelshuffle", 16, 2)))
    largest = 0

    class Watch(torch.fx.Interpreter):
        def run_node(self, n):
            nonlocal largest
            value = super().run_node(n)
            if isinstance(value, torch.Tensor) and value.shape[-1] == 32:
                largest = max(largest, value.shape[1])
            return value

    Watch(graph).run(torch.rand(1, 3, 8, 8))
    assert largest == 3


def test_network_itself_is_left_alone():
    net = make_net(SCNetConfig(4, "pixelshuffle", 16, 2))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    fold_range(to_device_form(net), 255)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("block", [2, 3, 4])
def test_depth_to_space_is_pixel_shuffle_in_another_channel_order(block, channels):
    features = torch.randn(2, channels * block**2, 3, 4)
    order = torch.arange(channels * block**2).view(channels, -1).t().reshape(-1)
    expected = nn.functional.pixel_shuffle(features, block)
    assert torch.equal(depth_to_space(features[:, order], block), expected)


@pytest.mark.parametrize("config", NETWORKS)
def test_features_that_fp16_cannot_hold_become_smaller_exactly(config):
    net = blow_up(make_net(config), 2.0**16)
    graph, image = to_device_form(net), torch.rand(1, 3, 9, 11)
    with torch.no_grad():
        expected = graph(image)
    scale_to_fp16_range(graph, [image])
    sizes = []
    for layer in graph.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, __, made: sizes.append(float(made.abs().max())))
    with torch.no_grad():
        actual = graph(image)

    assert torch.equal(actual, expected)
    assert max(sizes) <= FP16_PEAK


def test_features_of_usual_size_stay_as_they_are():
    net = make_net(SCNetConfig(4, "pixelshuffle", 16, 2))
    graph = to_device_form(net)
    before = [parameter.clone() for parameter in graph.parameters()]
    scale_to_fp16_range(graph, [torch.rand(1, 3, 9, 11)])
    assert all(torch.equal(a, b) for a, b in zip(before, graph.parameters(), strict=True))
