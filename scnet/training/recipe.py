"""The recipe of a training run: equal recipes on equal pictures give equal weights."""

from dataclasses import dataclass
from math import cos, pi
from typing import Literal

from scnet.config import SCNetConfig
from scnet.training.degradation import PhotoRecipe

Precision = Literal["32-true", "bf16-mixed"]


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run, without the folders of its pictures and weights."""

    network: SCNetConfig
    """What is trained."""
    steps: int = 20_000
    """Updates of the weights."""
    batch: int = 16
    """Patches per step and process."""
    patch: int = 48
    """Side of a low-resolution patch in pixels."""
    rate: float = 4e-3
    """The largest learning rate. 1e-2 was worse in 1,500 steps from random weights (27.45 against
    27.58 dB; see `optimizer`). Weights that were trained before want less: in 1,500 steps of 4
    patches of 72x72, 1e-3 kept what they had, and 4e-3 lost 0.1 dB."""
    warmup_steps: int = 100
    """Steps over which the rate climbs to `rate`, before it falls by a cosine to zero."""
    degradation: PhotoRecipe | None = None
    """How low-resolution pictures are made; None is MATLAB's bicubic and nothing else."""
    epsilon: float = 0.03
    """Of Charbonnier's loss: where it turns from L2 to L1; 1.0 is white."""
    luma_weight: float = 4
    """How much the loss on Y counts, beside that on R, G and B."""
    ema_decay: float = 0.999
    """The weights that are kept are the running mean with this decay, as the author's are."""
    precision: Precision = "bf16-mixed"
    """Arithmetic of the forward and backward pass. The fused kernels use fp16 for bf16: sums are
    float32 in both, and fp16 follows PyTorch's gradients more closely."""
    seed: int = 0
    """Of the initial weights and of every patch."""
    start: str | None = None
    """Name and sha256 of the weights that the run begins from; random ones if None."""
    qat: bool = False
    """Round features to 8 bits, in training and in validation: see `fake_quantization`."""
    compiled: bool = False
    """Use torch.compile, for GPUs. On a CPU core a step took 1.8 times as long."""

    def __str__(self) -> str:
        """Return the settings in words, as the header of the weights has them."""
        parts = [
            f"{self.steps:,} steps",
            f"batch {self.batch}",
            f"{self.patch}x{self.patch} low-resolution patches",
            f"degradation {'photo' if self.degradation else 'clean'}",
            f"Charbonnier (epsilon {self.epsilon:g}) on RGB plus {self.luma_weight:g} times that "
            "on Y",
            f"Muon {self.rate:g} with a warm-up of {self.warmup_steps} steps and cosine decay",
            self.precision,
            f"running mean {self.ema_decay:g}",
            f"seed {self.seed}",
        ]
        parts += ["features rounded to 8 bits"] if self.qat else []
        parts += [f"start {self.start}"] if self.start else []
        return ", ".join(parts)

    def rate_at(self, step: int) -> float:
        """Return the learning rate of one step, counted from 0."""
        if step < self.warmup_steps:
            return self.rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.rate * (1 + cos(pi * done)) / 2
