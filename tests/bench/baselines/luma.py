"""SESR, which enlarges luma only, as published.

`Colors` makes it take and give pictures, as an app would have to.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BT601 = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""RGB to Y, Cb and Cr (around 0): ITU-T T.871, section 7."""


class Colors(nn.Module):
    """A network for luma, with bilinear chroma around it: a picture in, a picture out."""

    def __init__(self, luma: nn.Module, scale: int) -> None:
        super().__init__()
        self.luma, self.scale = luma, scale
        to_ycc = torch.tensor(BT601)
        self.split, self.join = nn.Conv2d(3, 3, 1, bias=False), nn.Conv2d(3, 3, 1, bias=False)
        self.split.weight.data = to_ycc[:, :, None, None].clone()
        self.join.weight.data = torch.linalg.inv(to_ycc)[:, :, None, None].contiguous()

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H * scale, W * scale)."""
        ycc = self.split(image)
        chroma = F.interpolate(
            ycc[:, 1:], scale_factor=self.scale, mode="bilinear", align_corners=False
        )
        joined: Tensor = self.join(torch.cat([self.luma(ycc[:, :1]), chroma], 1))
        return joined


class SESR(nn.Module):
    """SESR, collapsed: arXiv 2103.09404, figure 2d. Without biases, as its paper counts."""

    def __init__(self, scale: int, blocks: int, width: int = 16) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, width, 5, 1, 2, bias=False)
        self.body = nn.Sequential(
            *(
                nn.Sequential(nn.PReLU(width), nn.Conv2d(width, width, 3, 1, 1, bias=False))
                for _ in range(blocks)
            ),
            nn.PReLU(width),
        )
        self.last = nn.Conv2d(width, scale**2, 5, 1, 2, bias=False)
        self.shuffles = nn.Sequential(*(nn.PixelShuffle(2) for _ in range(scale // 2)))

    def forward(self, luma: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 1, H * scale, W * scale)."""
        features = self.first(luma)
        enlarged: Tensor = self.shuffles(self.last(self.body(features) + features) + luma)
        return enlarged
