"""`python -m scnet.training.fused`: patches per second of PyTorch, compiled PyTorch and ours."""

from collections.abc import Callable
from time import perf_counter

import click
import numpy as np
import torch

from scnet.config import SCNetConfig
from scnet.network import SCNet
from scnet.training.fused.step import FusedStep
from scnet.training.loss import charbonnier_loss
from scnet.training.optimizer import Optimizer
from scnet.training.patches import Pair, sample_batch
from scnet.training.recipe import Recipe

WARM_UP_STEPS = 5


@click.command()
@click.option("--scale", type=click.IntRange(2, 4), default=4, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True)
@click.option("--patch", type=click.IntRange(8), default=64, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=50, show_default=True)
def main(scale: int, batch: int, patch: int, steps: int) -> None:
    """Time whole training steps of SCNet-T `direct` on this machine's GPU, on random pictures."""
    if not torch.cuda.is_available():
        raise click.ClickException("PyTorch finds no CUDA device: this compares kernels for GPUs.")
    recipe = Recipe(SCNetConfig(scale, "direct"), batch=batch, patch=patch)
    random = np.random.default_rng(0)
    side = 2 * patch
    pairs = [
        Pair(
            random.integers(0, 256, (side, side, 3), dtype=np.uint8),
            random.integers(0, 256, (side * scale, side * scale, 3), dtype=np.uint8),
        )
        for _ in range(16)
    ]
    fused = FusedStep(SCNet(recipe.network), recipe, pairs, torch.device("cuda"))
    click.echo(f"{torch.cuda.get_device_name()}, x{scale}, {batch} patches of {patch}x{patch}")
    for name, step in (
        ("PyTorch, bf16", _plain(recipe, pairs, compiled=False)),
        ("torch.compile, bf16", _plain(recipe, pairs, compiled=True)),
        ("our kernels, fp16", lambda: fused.step(0.0, pairs)),
    ):
        seconds = _time(step, steps)
        click.echo(f"{name}: {1e3 * seconds:.2f} ms a step, {batch / seconds:.0f} patches/s")


def _plain(recipe: Recipe, pairs: list[Pair], *, compiled: bool) -> Callable[[], None]:
    net = SCNet(recipe.network).to("cuda", memory_format=torch.channels_last)  # type: ignore[call-overload]
    run, optimizer = torch.compile(net) if compiled else net, Optimizer(net)
    batch = sample_batch(pairs, patch=recipe.patch, batch=recipe.batch, seed=(0,))
    low_res, high_res = (side.to("cuda", memory_format=torch.channels_last) for side in batch)

    def step() -> None:
        with torch.autocast("cuda", torch.bfloat16):
            output = run(low_res)
        loss = charbonnier_loss(
            output.float(), high_res, epsilon=recipe.epsilon, luma_weight=recipe.luma_weight
        )
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step(0.0)

    return step


def _time(step: Callable[[], None], steps: int) -> float:
    for _ in range(WARM_UP_STEPS):
        step()
    torch.cuda.synchronize()
    start = perf_counter()
    for _ in range(steps):
        step()
    torch.cuda.synchronize()
    return (perf_counter() - start) / steps


if __name__ == "__main__":
    main()
