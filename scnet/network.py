"""SCNet in paper form: the form that the paper draws and checkpoints load into.

arXiv 2307.16140. Every learned layer is a 1x1 convolution with bias; the only spatial operation is
the parameter-free shift. Module names are those of the author's state dicts, so that they load
strictly; the `direct` head is this project's own.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scnet.config import Head, SCNetConfig


class SpatialShift(nn.Module):
    """`spatial_shift` as a layer."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        shifted: Tensor = torch.ops.scnet.spatial_shift.default(features)
        return shifted


class Upsample(nn.Module):
    """Bilinear upsampling on half-pixel centers.

    An odd factor is computed as nearest-neighbor upsampling and an average pool of that side: the
    same function, borders included. Interpolation would compute coordinates in thirds, which every
    engine rounds in its own way, with an error that grows with the distance from the corner: TFLite
    was 3.1e-5 from the exact result at 256 pixels.
    """

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, image: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H * factor, W * factor)."""
        if self.factor % 2 == 0:
            return F.interpolate(
                image, scale_factor=self.factor, mode="bilinear", align_corners=False
            )
        large = F.interpolate(image, scale_factor=self.factor, mode="nearest")
        margin = self.factor // 2
        return F.avg_pool2d(large, self.factor, 1, margin, count_include_pad=False)


class ResidualBlock(nn.Module):
    """x + conv2(ReLU(shift(conv1(x)))): section 3.2, figure 3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 1)
        self.conv2 = nn.Conv2d(width, width, 1)
        self.shift = SpatialShift()
        self.activation = nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D, H, W)."""
        change: Tensor = self.conv2(self.activation(self.shift(self.conv1(features))))
        return features + change


class Upsampler(nn.Module):
    """One stage of upsampling, with the author's two heads.

    `mlp`, the default, interpolates before its 1x1 convolutions. `pixelshuffle` computes them at
    low resolution and ends in PixelShuffle: section 4.3, table 7.
    """

    def __init__(self, head: Head, width: int, factor: int) -> None:
        super().__init__()
        mlp = head == "mlp"
        self.up_layer = nn.Sequential(
            *([Upsample(factor)] if mlp else []),
            nn.Conv2d(width, width, 1),
            nn.LeakyReLU(0.02),
            SpatialShift(),
            nn.Conv2d(width, width if mlp else width * factor**2, 1),
            *([] if mlp else [nn.PixelShuffle(factor)]),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, D, H, W) -> (N, D, H * factor, W * factor)."""
        return self.up_layer(features)  # type: ignore[no-any-return]


class SCNet(nn.Module):
    """SCNet in paper form, with random initial weights: see `reset_parameters`."""

    def __init__(self, config: SCNetConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.conv_first = nn.Conv2d(3, width, 1)
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(config.depth)))
        if config.head == "direct":
            self.conv_up = nn.Conv2d(width, width, 1)
            self.activation_up = nn.LeakyReLU(0.02)
            self.shift = SpatialShift()
        else:
            for number, factor in enumerate(config.stages, start=1):
                self.add_module(f"upconv{number}", Upsampler(config.head, width, factor))
        self.conv_hr = nn.Conv2d(width, width, 1)
        if config.head == "direct":
            self.conv_last = nn.Conv2d(width, 3 * config.scale**2, 1)
            self.pixel_shuffle = nn.PixelShuffle(config.scale)
        else:
            self.conv_last = nn.Conv2d(width, 3, 1)
        self.activation = nn.LeakyReLU(0.1)
        self.skip = Upsample(config.scale)
        self.reset_parameters()

    def forward(self, image: Tensor) -> Tensor:
        """Return the upscaled image.

        Args:
            image: (N, 3, H, W), RGB in [0, 1].

        Returns:
            (N, 3, H * scale, W * scale), RGB; values may overshoot [0, 1] slightly.
        """
        features = self.body(self.activation(self.conv_first(image)))  # (N, D, H, W)
        if self.config.head == "direct":
            features = self.shift(self.activation_up(self.conv_up(features)))
        else:
            for number in range(1, len(self.config.stages) + 1):
                features = self.activation(self.get_submodule(f"upconv{number}")(features))
        detail = self.conv_last(self.activation(self.conv_hr(features)))
        if self.config.head == "direct":
            detail = self.pixel_shuffle(detail)
        return detail + self.skip(image)  # type: ignore[no-any-return]

    def reset_parameters(self) -> None:
        """Start at bilinear upsampling with a healthy signal.

        Kaiming-normal weights and zero biases; what adds to a residual path is scaled by 0.1. With
        the author's 0.1 on every layer the signal through the tail vanishes: after 15 minutes of
        training the network still equals bilinear (27.56 dB on Set5 x4 against 30.88).
        """
        if self.conv_first.weight.is_meta:
            return  # shapes alone: PyTorch imports its compiler for 2 s to fill nothing
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                if name.endswith("conv2") or name == "conv_last":
                    layer.weight.data.mul_(0.1)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)


def count_parameters(net: nn.Module) -> int:
    """Return the number of weights and biases."""
    return sum(parameter.numel() for parameter in net.parameters())
