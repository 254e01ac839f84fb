"""Larger baselines, on RGB: IMDN, SAFMN, SPAN."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _ContrastAttention(nn.Module):
    """Contrast-aware channel attention: standard deviation plus mean of each channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            *(nn.Conv2d(width, width // 16, 1), nn.ReLU()),
            *(nn.Conv2d(width // 16, width, 1), nn.Sigmoid()),
        )

    def forward(self, features: Tensor) -> Tensor:
        mean = features.mean((2, 3), keepdim=True)
        deviation = (features - mean).square().mean((2, 3), keepdim=True).sqrt()
        return features * self.gate(deviation + mean)  # type: ignore[no-any-return]


class _Distillation(nn.Module):
    """Information multi-distillation: a quarter of the channels is kept after each convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kept, self.passed = width // 4, width - width // 4
        self.first = nn.Conv2d(width, width, 3, 1, 1)
        self.middle = nn.ModuleList(nn.Conv2d(self.passed, width, 3, 1, 1) for _ in range(2))
        self.final = nn.Conv2d(self.passed, self.kept, 3, 1, 1)
        self.activation = nn.LeakyReLU(0.05)
        self.attention = _ContrastAttention(width)
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        distilled, passed = [], features
        for conv in (self.first, *self.middle):
            kept, passed = self.activation(conv(passed)).split((self.kept, self.passed), 1)
            distilled.append(kept)
        joined = torch.cat([*distilled, self.final(passed)], 1)
        return features + self.mix(self.attention(joined))  # type: ignore[no-any-return]


class IMDN(nn.Module):
    """IMDN: arXiv 1909.11856, figure 2."""

    def __init__(self, scale: int, width: int = 64, blocks: int = 6) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, 1, 1)
        self.blocks = nn.ModuleList(_Distillation(width) for _ in range(blocks))
        self.fuse = nn.Sequential(nn.Conv2d(width * blocks, width, 1), nn.LeakyReLU(0.05))
        self.body_end = nn.Conv2d(width, width, 3, 1, 1)
        self.last = nn.Sequential(nn.Conv2d(width, 3 * scale**2, 3, 1, 1), nn.PixelShuffle(scale))

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H * scale, W * scale)."""
        shallow = self.first(image)
        found = [shallow]
        for block in self.blocks:
            found.append(block(found[-1]))
        deep = self.body_end(self.fuse(torch.cat(found[1:], 1)))
        enlarged: Tensor = self.last(deep + shallow)
        return enlarged


class _ChannelNorm(nn.Module):
    """Layer normalization over the channels of each pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.ones(width, 1, 1)) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        centered = features - features.mean(1, keepdim=True)
        variance = centered.square().mean(1, keepdim=True)
        return self.weight * (centered / (variance + 1e-6).sqrt()) + self.bias


class _Modulation(nn.Module):
    """Spatially-adaptive feature modulation: four parts of the channels at four sizes."""

    def __init__(self, width: int, levels: int = 4) -> None:
        super().__init__()
        part = width // levels
        self.depthwise = nn.ModuleList(
            nn.Conv2d(part, part, 3, 1, 1, groups=part) for _ in range(levels)
        )
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[2:]
        seen = []
        for level, (part, conv) in enumerate(
            zip(features.chunk(len(self.depthwise), 1), self.depthwise, strict=True)
        ):
            if level:
                # Published as adaptive pooling; where a side can be divided it is this.
                part = conv(F.max_pool2d(part, 1 << level))
                seen.append(F.interpolate(part, (height, width)))
            else:
                seen.append(conv(part))
        return F.gelu(self.mix(torch.cat(seen, 1))) * features


class _ModulationBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _ChannelNorm(width), _ChannelNorm(width)
        self.modulation = _Modulation(width)
        self.mixer = nn.Sequential(
            *(nn.Conv2d(width, 2 * width, 3, 1, 1), nn.GELU(), nn.Conv2d(2 * width, width, 1))
        )

    def forward(self, features: Tensor) -> Tensor:
        features = self.modulation(self.norm1(features)) + features
        return self.mixer(self.norm2(features)) + features  # type: ignore[no-any-return]


class SAFMN(nn.Module):
    """SAFMN: arXiv 2302.13800, figure 2; for sides that are multiples of 8."""

    def __init__(self, scale: int, width: int = 36, blocks: int = 8) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, 1, 1)
        self.body = nn.Sequential(*(_ModulationBlock(width) for _ in range(blocks)))
        self.last = nn.Sequential(nn.Conv2d(width, 3 * scale**2, 3, 1, 1), nn.PixelShuffle(scale))

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H * scale, W * scale)."""
        features = self.first(image)
        enlarged: Tensor = self.last(self.body(features) + features)
        return enlarged


class _ParameterFree(nn.Module):
    """Parameter-free attention: three convolutions, gated by what the last one found."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, 1, 1) for _ in range(3))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        first = self.convs[0](features)
        found = self.convs[2](F.silu(self.convs[1](F.silu(first))))
        return (found + features) * (found.sigmoid() - 0.5), first


class SPAN(nn.Module):
    """SPAN, re-parameterised: arXiv 2311.12770, figure 2, with the 52 channels of its paper."""

    def __init__(self, scale: int, width: int = 52) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, 1, 1)
        self.blocks = nn.ModuleList(_ParameterFree(width) for _ in range(6))
        self.body_end = nn.Conv2d(width, width, 3, 1, 1)
        self.fuse = nn.Conv2d(4 * width, width, 1)
        self.last = nn.Sequential(nn.Conv2d(width, 3 * scale**2, 3, 1, 1), nn.PixelShuffle(scale))

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H * scale, W * scale)."""
        shallow = self.first(image)
        found = [shallow]
        for block in self.blocks:
            features, middle = block(found[-1])
            found.append(features)
        deep = self.body_end(found[-1])
        enlarged: Tensor = self.last(self.fuse(torch.cat([shallow, deep, found[1], middle], 1)))
        return enlarged
