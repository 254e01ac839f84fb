"""Small random networks: every head at every scale."""

import itertools

import pytest
import torch

from scnet.config import HEADS, STAGES, SCNetConfig
from scnet.network import SCNet

REPRESENTATIVE = {("direct", 2), ("mlp", 3), ("pixelshuffle", 4), ("direct", 8)}
"""Every head and every scale at least once."""


def _networks(usual=REPRESENTATIVE, *marks):
    """All twelve; those that are not usual get the marks."""
    return [
        pytest.param(
            SCNetConfig(scale, head, width=16, depth=2),
            id=f"{head}-x{scale}",
            marks=() if (head, scale) in usual else marks,
        )
        for head, scale in itertools.product(HEADS, STAGES)
    ]


NETWORKS = _networks()
"""Every head at every scale, small: for what takes milliseconds."""

CONVERTED_NETWORKS = _networks(REPRESENTATIVE, pytest.mark.full)
"""The same for what takes seconds: `REPRESENTATIVE` always, the others in `nox -s full`."""

ONE_NETWORK = _networks({("mlp", 3)}, pytest.mark.full)
"""The same for what takes many seconds: the one with every kind of layer always."""


def make_net(config, seed=0, strength=0.25):
    """A network that computes something in every layer: no small initial weights, no zero bias."""
    torch.manual_seed(seed)
    net = SCNet(config).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn_like(parameter) * strength)
        net.conv_last.weight.mul_(0.2)
    return net


def blow_up(net, factor):
    """Let all features be larger, as long training may; the pictures stay what they are."""
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.startswith("conv_first") or name.endswith("bias"):
                parameter.mul_(factor)
        net.conv_last.weight.div_(factor)
        net.conv_last.bias.div_(factor)
    return net
