"""Fake quantization: training with features rounded as in `w8a8` files.

The forward pass rounds and the backward pass passes gradients through, the straight-through
estimator (Bengio et al., arXiv 1308.3432; for integer inference: Jacob et al., arXiv 1712.05877).
Ranges are those of each batch, so that there is no state. Weights stay in float: SCNet-T x2
pixelshuffle loses 0.12 dB in `w8a8` on crops of Set5, 0.005 by its weights alone (2026-11-26).

Long runs with it make features grow: within 28,000 steps of Muon at 8e-4, falling to zero, the
largest rose from 250 to over 8,000 in five networks, and past what fp16 holds in two (H200,
2026-11-28). Keep the weights from before.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from scnet.network import ResidualBlock, SCNet

UINT8_MAX = 255


def enable_fake_quant(net: SCNet) -> None:
    """Round to 8 bits, from now on, the features that are quantized in `w8a8` files."""
    for layer in _quantized_layers(net):
        layer.register_forward_hook(_fake_quantize)


def _quantized_layers(net: SCNet) -> Iterator[nn.Module]:
    """Yield the layers whose results files quantize: no convolution into which ReLU fuses.

    In `direct` that is every one before an activation: `scnet.device_form.leaky_as_relu`.
    """
    fused = {net.conv_first, *(m.conv1 for m in net.modules() if isinstance(m, ResidualBlock))}
    if net.config.head == "direct":
        fused |= {net.conv_up, net.conv_hr}
    quantized = (nn.Conv2d, nn.ReLU, nn.LeakyReLU, ResidualBlock)
    yield from (m for m in net.modules() if isinstance(m, quantized) and m not in fused)


def _fake_quantize(_layer: nn.Module, _inputs: Any, features: Tensor) -> Tensor:
    exact = features.float()
    with torch.no_grad():
        span = exact.amax().clamp_min(0) - exact.amin().clamp_max(0)
        scale = (span / UINT8_MAX).clamp_min(torch.finfo().tiny)
        error = (exact / scale).round() * scale - exact
    return (exact + error).to(features.dtype)
