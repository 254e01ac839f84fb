"""The configuration of a network, and what follows from it; needs no PyTorch."""

from dataclasses import dataclass
from math import ceil, prod
from typing import Literal, get_args

GROUPS = 8
"""Of channels, each shifted in its own direction; the number of channels is a multiple of this."""

Head = Literal["mlp", "pixelshuffle", "direct"]
HEADS: tuple[Head, ...] = get_args(Head)

STAGES = {2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}
"""Scale -> the factors of its upsampling stages, in order."""

VARIANTS = {"t": (64, 16), "b": (64, 64)}
"""Name -> (width, depth). The depth of B follows from its published 557 K parameters at x2."""


@dataclass(frozen=True)
class SCNetConfig:
    """What determines the shapes of a network."""

    scale: int = 4
    """Output pixels per input pixel and side: 2, 3, 4 or 8."""
    head: Head = "pixelshuffle"
    """How features become pixels: the author's `mlp` or `pixelshuffle`, or our `direct`."""
    width: int = 64
    """Channels of every feature map (the paper's D), a multiple of 8."""
    depth: int = 16
    """Residual blocks (the paper's B)."""

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            ValueError: A field is out of range; the message says what it may be.
        """
        if self.scale not in STAGES:
            raise ValueError(f"Scale {self.scale} is not one of {sorted(STAGES)}.")
        if self.head not in HEADS:
            raise ValueError(f"Head {self.head!r} is not one of {', '.join(HEADS)}.")
        if self.width < GROUPS or self.width % GROUPS:
            raise ValueError(f"Width {self.width} is not a positive multiple of {GROUPS}.")
        if self.depth < 1:
            raise ValueError(f"Depth {self.depth} is not at least 1.")

    @property
    def variant(self) -> str:
        """The published name (`t`, `b`), or width and depth, such as `d48b10`."""
        for name, shape in VARIANTS.items():
            if shape == (self.width, self.depth):
                return name
        return f"d{self.width}b{self.depth}"

    @property
    def stages(self) -> tuple[int, ...]:
        """The factors of the author's upsampling stages; `direct` has a single one."""
        return (self.scale,) if self.head == "direct" else STAGES[self.scale]


def macs_per_pixel(config: SCNetConfig) -> float:
    """Return the multiply-accumulates of the paper form's convolutions per low-resolution pixel."""
    width = config.width
    macs = 3.0 * width + 2 * config.depth * width**2  # conv_first, body
    if config.head == "direct":
        return macs + 2 * width**2 + 3 * width * config.scale**2
    for number, factor in enumerate(config.stages):
        pixels = prod(config.stages[:number]) ** 2
        if config.head == "mlp":
            macs += 2 * width**2 * pixels * factor**2
        else:
            macs += (width**2 + width**2 * factor**2) * pixels
    return macs + (width**2 + 3 * width) * config.scale**2


def halo(config: SCNetConfig) -> int:
    """Return the radius of the receptive field, in low-resolution pixels on each side.

    Exact: traced back from the `scale` sub-pixels of one low-resolution pixel. A shift reads one
    pixel away at its own resolution, interpolation the two nearest pixels, PixelShuffle one.
    """
    return max(_reach(config, phase) for phase in range(config.scale))


def _reach(config: SCNetConfig, phase: int) -> int:
    low, high = phase, phase
    for factor in reversed(config.stages):
        if config.head == "mlp":
            low, high = low - 1, high + 1
            low, high = _pixel_before(low, factor), _pixel_after(high, factor)
        else:
            low, high = low // factor - 1, high // factor + 1
    skip_low, skip_high = _pixel_before(phase, config.scale), _pixel_after(phase, config.scale)
    return max(config.depth - low, config.depth + high, -skip_low, skip_high)


def _pixel_before(position: int, factor: int) -> int:
    """Return the nearest input pixel at or before an output pixel of bilinear upsampling."""
    return (2 * position + 1 - factor) // (2 * factor)


def _pixel_after(position: int, factor: int) -> int:
    """Return the nearest input pixel at or after an output pixel of bilinear upsampling."""
    return ceil((2 * position + 1 - factor) / (2 * factor))
