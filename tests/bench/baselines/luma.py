"""Baselines that enlarge luma only, as published: FSRCNN, ESPCN, ECBSR, SESR.

`Colours` makes them take and give pictures, as an app would have to.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BT601 = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""RGB to Y, Cb and Cr (around 0): ITU-T T.871, section 7."""


class Colours(nn.Module):
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


def fsrcnn(scale: int) -> nn.Module:
    """Build FSRCNN(56, 12, 4): arXiv 1608.00367, section 3.2."""
    mapping = [layer for _ in range(4) for layer in (nn.Conv2d(12, 12, 3, 1, 1), nn.PReLU(12))]
    return nn.Sequential(
        *(nn.Conv2d(1, 56, 5, 1, 2), nn.PReLU(56), nn.Conv2d(56, 12, 1), nn.PReLU(12)),
        *mapping,
        *(nn.Conv2d(12, 56, 1), nn.PReLU(56)),
        _Deconvolution(56, scale),
    )


class _Deconvolution(nn.Module):
    """FSRCNN's last layer: 9x9, cropped to the size of the result, as TFLite can have it."""

    def __init__(self, width: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.conv = nn.ConvTranspose2d(width, 1, 9, scale)

    def forward(self, features: Tensor) -> Tensor:
        height, width = (side * self.scale for side in features.shape[2:])
        return self.conv(features)[:, :, 4 : 4 + height, 4 : 4 + width]  # type: ignore[no-any-return]


def espcn(scale: int) -> nn.Module:
    """Build ESPCN: arXiv 1609.05158, section 3.2, with its tanh."""
    return nn.Sequential(
        *(nn.Conv2d(1, 64, 5, 1, 2), nn.Tanh(), nn.Conv2d(64, 32, 3, 1, 1), nn.Tanh()),
        *(nn.Conv2d(32, scale**2, 3, 1, 1), nn.PixelShuffle(scale)),
    )


class ECBSR(nn.Module):
    """ECBSR, re-parameterised: plain 3x3 convolutions and one skip (ACM MM 2021, section 3)."""

    def __init__(self, scale: int, blocks: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, width, 3, 1, 1), nn.PReLU(width)]
        for _ in range(blocks):
            layers += [nn.Conv2d(width, width, 3, 1, 1), nn.PReLU(width)]
        self.body = nn.Sequential(*layers, nn.Conv2d(width, scale**2, 3, 1, 1))
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, luma: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 1, H * scale, W * scale)."""
        shuffled: Tensor = self.shuffle(self.body(luma) + luma)
        return shuffled


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
