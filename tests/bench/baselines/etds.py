"""FSRCNN, ESPCN and ECBSR for RGB, as ETDS's authors trained and published them.

Their papers enlarge luma; the weights that can be had, and were measured (docs/results/peers.json),
take and give all three colors: ECNUSR/ETDS@64ad1b8539, core/archs/ir.
"""

import torch
from torch import Tensor, nn


def fsrcnn(scale: int) -> nn.Module:
    """Build FSRCNN(56, 12, 4): arXiv 1608.00367, section 3.2, with 3 colors at both ends."""
    mapping = [layer for _ in range(4) for layer in (nn.Conv2d(12, 12, 3, 1, 1), nn.PReLU(12))]
    return nn.Sequential(
        *(nn.Conv2d(3, 56, 5, 1, 2), nn.PReLU(56), nn.Conv2d(56, 12, 1), nn.PReLU(12)),
        *mapping,
        *(nn.Conv2d(12, 56, 1), nn.PReLU(56)),
        nn.ConvTranspose2d(56, 3, 9, scale, padding=4, output_padding=scale - 1),
    )


def espcn(scale: int) -> nn.Module:
    """Build ESPCN: arXiv 1609.05158, section 3.2, with 3 colors, tanh inside and a sigmoid last."""
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 5, 1, 2), nn.Tanh(), nn.Conv2d(64, 32, 3, 1, 1), nn.Tanh()),
        *(nn.Conv2d(32, 3 * scale**2, 3, 1, 1), nn.PixelShuffle(scale), nn.Sigmoid()),
    )


class ECBSR(nn.Module):
    """ECBSR, re-parameterized: plain 3x3 convolutions and one skip (ACM MM 2021, section 3)."""

    def __init__(self, scale: int, blocks: int, width: int) -> None:
        super().__init__()
        self.repeats = scale**2
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, 1, 1), nn.PReLU(width)]
        for _ in range(blocks):
            layers += [nn.Conv2d(width, width, 3, 1, 1), nn.PReLU(width)]
        self.body = nn.Sequential(*layers, nn.Conv2d(width, 3 * scale**2, 3, 1, 1))
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H * scale, W * scale)."""
        colors = [image[:, i : i + 1] for i in range(3) for _ in range(self.repeats)]
        shuffled: Tensor = self.shuffle(self.body(image) + torch.cat(colors, 1))
        return shuffled
