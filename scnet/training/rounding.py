"""Quantization-aware training: features are rounded as `w8a8` files round them.

The forward pass rounds, the backward pass does as if it had not (straight-through: Bengio et al.,
arXiv 1308.3432; for integer networks: Jacob et al., arXiv 1712.05877). Ranges are those of the
batch at hand, so that there is no state to keep. Weights stay as they are: SCNet-T x2 pixelshuffle
loses 0.12 dB in 8 bits on crops of Set5, and 0.005 with its weights alone in them (2026-11-26).

Rounding makes features grow: within 28,000 steps of Muon at 8e-4, falling to zero, the largest rose
from 250 to 8,000 and more in five networks, and past what fp16 holds in two (H200, 2026-11-28). A
likely cause is that values below half a step vanish, and that gradients, passed straight through,
then ask for larger ones, while the step grows with them. Keep the weights from before.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from scnet.network import ResidualBlock, SCNet

LEVELS = 255
"""Steps from the lowest to the highest byte."""


def round_features(net: SCNet) -> None:
    """Let a network round to 8 bits, from now on, what becomes bytes in its `w8a8` files."""
    for layer in _rounded_layers(net):
        layer.register_forward_hook(_round)


def _rounded_layers(net: SCNet) -> Iterator[nn.Module]:
    """List the layers whose results files store: not those of a convolution that ReLU fuses into.

    In `direct` that is every one before an activation: `scnet.device_form.leaky_as_relu`.
    """
    fused = {net.conv_first, *(m.conv1 for m in net.modules() if isinstance(m, ResidualBlock))}
    if net.config.head == "direct":
        fused |= {net.conv_up, net.conv_hr}
    stored = (nn.Conv2d, nn.ReLU, nn.LeakyReLU, ResidualBlock)
    yield from (m for m in net.modules() if isinstance(m, stored) and m not in fused)


def _round(_layer: nn.Module, _read: Any, features: Tensor) -> Tensor:
    exact = features.float()
    with torch.no_grad():
        span = exact.amax().clamp_min(0) - exact.amin().clamp_max(0)
        step = (span / LEVELS).clamp_min(torch.finfo().tiny)
        change = (exact / step).round() * step - exact
    return (exact + change).to(features.dtype)
