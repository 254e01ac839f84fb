import pytest
import torch
from networks import NETWORKS, make_net
from torch import nn

from converters.conversion import rewrite
from converters.options import ConversionOptions
from converters.quantization.qdq import SAME_SCALE, Quantize, insert_qdq
from scnet.config import SCNetConfig
from scnet.device_form import layer_of, layers_of
from scnet.training.fake_quantization import enable_fake_quant

IMAGE = torch.rand(1, 3, 24, 24)


def results(net):
    """What each layer gives, in the order of the calls."""
    seen = []
    for name, layer in net.named_modules():
        layer.register_forward_hook(lambda _, __, made, name=name: seen.append((name, made)))
    with torch.no_grad():
        net(IMAGE)
    return seen


@pytest.mark.parametrize("config", NETWORKS)
def test_what_is_stored_has_256_values_at_most(config):
    net = make_net(config)
    enable_fake_quant(net)
    for name, made in results(net):
        if name.endswith(("activation", "conv2", "conv_last")):
            assert len(made.unique()) <= 256, name


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_as_much_is_rounded_as_in_a_file(scale):
    net = make_net(SCNetConfig(scale, "direct", 16, 2))
    graph = rewrite(net, ConversionOptions("onnx", "slice_concat", "w8a8", None))
    insert_qdq(graph, [IMAGE])
    in_file = [
        n for n in layers_of(graph, Quantize) if not isinstance(layer_of(n.args[0]), SAME_SCALE)
    ]
    enable_fake_quant(net)
    moved = ("body", "shift", "pixel_shuffle")
    stored = [name for name, made in results(net) if len(made.unique()) <= 256]
    assert len([name for name in stored if not name.endswith(moved)]) == len(in_file)


@pytest.mark.parametrize("config", NETWORKS)
def test_gradients_are_those_of_the_exact_network(config):
    found = []
    for rounded in (False, True):
        net = make_net(config)
        if rounded:
            enable_fake_quant(net)
        net(IMAGE).square().mean().backward()
        found.append(torch.cat([p.grad.flatten() for p in net.parameters()]))
    assert float(nn.functional.cosine_similarity(*found, dim=0)) > 0.98
    assert not torch.equal(*found)
