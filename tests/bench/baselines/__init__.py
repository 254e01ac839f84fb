"""Published networks to compare with: their architecture, with random weights.

Parameters and MACs are counted here, of the network itself; a network for luma alone is measured
with what a picture needs around it (`bench.baselines.luma.Colors`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from bench.baselines.attention import IMDN, SAFMN, SPAN
from bench.baselines.etds import ECBSR, espcn, fsrcnn
from bench.baselines.luma import SESR, Colors
from bench.baselines.mobile import XLSR, quicksrnet


@dataclass(frozen=True)
class Baseline:
    """A published network."""

    name: str
    build: Callable[[int], nn.Module]
    """Scale -> network, its weights random."""
    paper: str
    published_k: Mapping[int, float] = field(default_factory=dict)
    """Scale -> parameters in thousands, as the paper says, or its makers' model card; none where
    docs/results/peers.json has the network, which says more.

    Those of SESR-M5, QuickSRNet-large and SPAN are recalled, not looked up: no text of theirs was
    at hand. That the count of what is built here agrees is all that stands for them."""
    luma: bool = False
    """It enlarges luma only."""
    counted_by: str = "weights and biases"
    """What its paper counts as parameters."""


BASELINES = (
    Baseline("FSRCNN", fsrcnn, "arXiv 1608.00367"),
    Baseline("ESPCN", espcn, "arXiv 1609.05158"),
    Baseline(
        "ECBSR-M4C16",
        lambda scale: ECBSR(scale, 4, 16),
        "ACM MM 2021, 10.1145/3474085.3475291",
    ),
    Baseline(
        "SESR-M5",
        lambda scale: SESR(scale, 5),
        "arXiv 2103.09404",
        {2: 13.52, 4: 18.32},
        luma=True,
        counted_by="weights of convolutions",
    ),
    Baseline("XLSR", XLSR, "arXiv 2105.10288", {3: 22.0, 4: 28.0}),
    Baseline(
        "QuickSRNet-medium",
        lambda scale: quicksrnet(scale, 32, 5),
        "arXiv 2303.04336",
        {2: 50.604, 3: 55.0},
    ),
    Baseline(
        "QuickSRNet-large", lambda scale: quicksrnet(scale, 64, 11), "arXiv 2303.04336", {4: 436}
    ),
    Baseline("SAFMN", SAFMN, "arXiv 2302.13800", {2: 228, 4: 240}),
    Baseline("SPAN", SPAN, "arXiv 2311.12770", {2: 481, 4: 498}),
    Baseline("IMDN", IMDN, "arXiv 1909.11856", {2: 694, 4: 715}),
)


def build(baseline: Baseline, scale: int) -> nn.Module:
    """Build a baseline that takes a picture and returns one."""
    torch.manual_seed(0)
    net = baseline.build(scale)
    return (Colors(net, scale) if baseline.luma else net).eval()


def count_macs(net: nn.Module, *shape: int) -> int:
    """Count the multiply-accumulates of convolutions for one input.

    Args:
        net: Of convolutions, transposed ones too; its weights are forgotten.
        shape: Channels, height and width of the input.
    """
    counted = []

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
        # Each weight is used once per pixel of the output, or of the input where it is transposed.
        pixels = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        counted.append(layer.weight.numel() * pixels.shape[2] * pixels.shape[3])

    hooks = [
        layer.register_forward_hook(count)
        for layer in net.modules()
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    ]
    net.to("meta")(torch.zeros(1, *shape, device="meta"))  # shapes alone: nothing is computed
    for hook in hooks:
        hook.remove()
    return sum(counted)
