"""Baselines made for phones, on RGB: QuickSRNet and XLSR."""

import torch
from torch import Tensor, nn


class Clip(nn.Module):
    """The clipped ReLU that ends both networks."""

    def forward(self, image: Tensor) -> Tensor:
        """Clip to [0, 1]."""
        return image.clamp(0, 1)


def quicksrnet(scale: int, width: int, depth: int) -> nn.Module:
    """Build QuickSRNet: arXiv 2303.04336, figure 3; its identity skips are folded into weights."""
    inner = [
        layer
        for _ in range(depth)
        for layer in (nn.Conv2d(width, width, 3, 1, 1), nn.Hardtanh(0, 1))
    ]
    return nn.Sequential(
        *(nn.Conv2d(3, width, 3, 1, 1), nn.Hardtanh(0, 1)),
        *inner,
        *(nn.Conv2d(width, 3 * scale**2, 3, 1, 1), nn.PixelShuffle(scale), Clip()),
    )


class XLSR(nn.Module):
    """XLSR: arXiv 2105.10288, figure 3."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.skip = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU())
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU()) for _ in range(4)
        )
        self.mix = nn.Sequential(nn.Conv2d(32, 32, 1), nn.ReLU())
        self.blocks = nn.Sequential(*(_grouped_block(32, 4) for _ in range(3)))
        self.narrow = nn.Sequential(nn.Conv2d(48, 32, 1), nn.ReLU())
        self.last = nn.Sequential(
            nn.Conv2d(32, 3 * scale**2, 3, 1, 1), nn.PixelShuffle(scale), Clip()
        )

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H * scale, W * scale)."""
        joined = torch.cat([branch(image) for branch in self.branches], 1)
        features = self.blocks(self.mix(joined))
        enlarged: Tensor = self.last(self.narrow(torch.cat([features, self.skip(image)], 1)))
        return enlarged


def _grouped_block(width: int, groups: int) -> nn.Module:
    grouped = nn.Conv2d(width, width, 3, 1, 1, groups=groups)
    return nn.Sequential(grouped, nn.ReLU(), nn.Conv2d(width, width, 1))
