"""The training loop: Lightning Fabric, a running mean of the weights, resumable state."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from os import environ
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from mobile_runtime.atomic_write import atomic_write
from mobile_runtime.imaging.metrics import compare
from mobile_runtime.imaging.pictures import Image, to_image, to_pixels
from scnet.channel_scaling import rebalance_weights, root_mean_square
from scnet.checkpoint import Checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.device_form import to_device_form
from scnet.errors import CheckpointError, TrainingError
from scnet.network import SCNet
from scnet.training.epochs import Epochs
from scnet.training.fake_quantization import enable_fake_quant
from scnet.training.fused import has_kernels
from scnet.training.loss import charbonnier_loss
from scnet.training.optimizer import Optimizer
from scnet.training.patches import Dataset, Pair, sample_batch
from scnet.training.plot import plot_run
from scnet.training.recipe import Recipe
from scnet.training.state import Progress, Run, restore

Tensors = tuple[Tensor, ...] | list[Tensor]

VALIDATE_EVERY = 500
"""Steps between two validations; each also saves the state."""

VALIDATION_CROP = 96
"""Side of the low-resolution center crop that a validation picture is scored on."""


def train(
    recipe: Recipe,
    dataset: Dataset,
    output: Path,
    *,
    start: Checkpoint | None = None,
    notes: Mapping[str, str] = MappingProxyType({}),
    on_step: Callable[[int, float], None] = lambda step, loss: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Train from `output/state.pth` if it is there, else from random weights.

    Writes `state.pth` (resume point), `log.csv` and `weights.safetensors` (the best running-mean
    weights so far) into `output`, and at the end `curve.png`, each atomically. A run that was
    stopped or killed and started again, by as many processes, gives the same weights as an unbroken
    one.

    Args:
        recipe: The settings of the run.
        dataset: The pictures.
        output: An existing folder.
        start: Whose weights a new run begins from, wherever they fit; `recipe.start` names it.
        notes: What goes into the header of the weights: `licence`, `source`; a resumed run knows
            those that it began with.
        on_step: Called with (steps done, loss) after every step.
        on_progress: Called after every validation.
        should_stop: Called after every step; as soon as it returns True in any process, the state
            is saved and no further step is taken.

    Returns:
        The number of steps that are done: all of `recipe.steps`, or fewer if it was stopped.

    Raises:
        CheckpointError: `state.pth` is damaged, or belongs to another recipe, other pictures,
            another number of processes or other notes; or `start` has another body.
        TrainingError: The loss is no finite number.
        OSError: `output` cannot be written to.
    """
    fabric = Fabric(accelerator="auto", devices="auto", precision=recipe.precision)
    if "LT_CLI_USED" not in environ:  # `fabric run` has launched all processes itself
        fabric.launch()
    resumed = (output / "state.pth").exists()
    pictures = {"pictures": dataset.fingerprint(), "processes": fabric.world_size}
    terms = {**asdict(recipe), **pictures, "fused": can_fuse(recipe, fabric)}
    begun = _begin(recipe, fabric, None if resumed else start, dataset.training)
    run = Run(terms, dict(notes), fabric, *begun)
    if resumed:
        restore(run, output / "state.pth")
    with Epochs(dataset.training, recipe) as epochs:
        for step in range(run.step, recipe.steps):
            loss = _advance(run, recipe, epochs.pairs(step))
            _refuse_diverged(loss, run.step, output)
            run.losses.append(loss)
            on_step(run.step, loss)
            if run.step % VALIDATE_EVERY == 0 or run.step == recipe.steps:
                on_progress(_validate_and_save(run, recipe, dataset, output))
            if run.step < recipe.steps and _is_any(fabric, should_stop()):
                _unload_kernels(run)
                if fabric.is_global_zero:
                    _save_state(run, output)
                return run.step
    if fabric.is_global_zero:
        plot_run(run.history, output / "curve.png")
    return run.step


def load_matching_weights(net: SCNet, start: Checkpoint) -> None:
    """Copy the weights of every layer that has the same name and shape in both networks.

    Another scale or head keeps the body, which is where most of what was learned lies. Features
    may become larger or smaller by powers of two, so that weights have sizes to train at:
    `rebalance_weights`.

    Raises:
        CheckpointError: The bodies differ, so that nothing worth keeping fits.
    """
    check_body(net.config, start)
    fitting = net.state_dict()
    for name, tensor in start.net.state_dict().items():
        if name in fitting and fitting[name].shape == tensor.shape:
            fitting[name] = tensor
    usual = {
        name: root_mean_square(layer.weight)
        for name, layer in net.named_modules()
        if isinstance(layer, torch.nn.Conv2d)
    }
    net.load_state_dict(fitting)
    graph = to_device_form(net, passes=())
    rebalance_weights(graph, usual)
    net.load_state_dict(graph.state_dict())


def check_body(ours: SCNetConfig, start: Checkpoint) -> None:
    """Refuse a start with another body: of its weights, none worth keeping fits.

    Raises:
        CheckpointError: Width or depth differ.
    """
    theirs = start.net.config
    if (ours.width, ours.depth) != (theirs.width, theirs.depth):
        raise CheckpointError(
            f"{start.path} has width {theirs.width} and depth {theirs.depth}, the new network "
            f"{ours.width} and {ours.depth}: start from one with the same body."
        )


@torch.no_grad()
def validate(net: torch.nn.Module, dataset: Dataset) -> float:
    """Return the mean PSNR on Y in dB over the centers of the validation pictures."""
    device = next(net.parameters()).device

    def upscale(image: Image) -> Image:
        output: Image = net(torch.from_numpy(image).to(device)).float().cpu().numpy()
        return output

    return score(upscale, dataset)


def score(upscale: Callable[[Image], Image], dataset: Dataset) -> float:
    """Return the mean PSNR on Y in dB over the centers of the validation pictures."""
    scores = []
    for pair in dataset.validation:
        low_res, high_res = _center(pair)
        scale = high_res.shape[0] // low_res.shape[0]
        output = to_pixels(upscale(to_image(low_res)))
        scores.append(compare(high_res, output, border=scale).psnr_db)
    return float(np.mean(scores))


def can_fuse(recipe: Recipe, fabric: Fabric) -> bool:
    """Check whether the fused kernels take the steps: on one GPU, in half precision."""
    alone = fabric.device.type == "cuda" and fabric.world_size == 1
    half = recipe.precision == "bf16-mixed" and not recipe.compiled
    return alone and half and has_kernels(recipe.network)


def _begin(
    recipe: Recipe, fabric: Fabric, start: Checkpoint | None, pairs: Sequence[Pair]
) -> tuple[Any, AveragedModel, Any]:
    torch.manual_seed(recipe.seed)
    net = SCNet(recipe.network)
    if start is not None:
        load_matching_weights(net, start)
    if recipe.qat:
        enable_fake_quant(net)
    net = net.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean_net = AveragedModel(net, multi_avg_fn=_running_mean(recipe.ema_decay))
    if can_fuse(recipe, fabric):
        from scnet.training.fused.step import FusedStep  # needs Triton

        return net, mean_net, FusedStep(net, recipe, pairs, fabric.device)
    if recipe.compiled:
        net = torch.compile(net)  # type: ignore[assignment]
    net = fabric.setup(net)
    return net, mean_net, Optimizer(net)


def _running_mean(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """Average with a short memory at first, or a short run ends with what it began with.

    At `decay` 0.999 alone the mean was 1.7 dB behind the weights after 1,500 steps.
    """

    @torch.no_grad()
    def update(mean: Tensors, current: Tensors, averaged: Tensor | int) -> None:
        newest = max(1 - decay, 9 / (10 + int(averaged)))
        torch._foreach_lerp_(mean, current, newest)

    return update


def _advance(run: Run, recipe: Recipe, pairs: Sequence[Pair]) -> float:
    if run.terms["fused"]:
        run.optimizer.step(recipe.rate_at(run.step), pairs)
        run.step += 1
        mean_loss: float = run.optimizer.take_loss()
        return mean_loss
    low_res, high_res = sample_batch(
        pairs,
        patch=recipe.patch,
        batch=recipe.batch,
        seed=(recipe.seed, run.step, run.fabric.global_rank),
    )
    low_res, high_res = run.fabric.to_device((low_res, high_res))
    output = run.net(low_res.to(memory_format=torch.channels_last))
    loss = charbonnier_loss(
        output.float(), high_res, epsilon=recipe.epsilon, luma_weight=recipe.luma_weight
    )
    run.fabric.backward(loss)
    run.optimizer.step(recipe.rate_at(run.step))
    run.mean_net.update_parameters(run.net)
    run.step += 1
    return loss.item()


def _refuse_diverged(loss: float, step: int, output: Path) -> None:
    """Raise TrainingError before NaN weights overwrite better ones."""
    if not isfinite(loss):
        raise TrainingError(
            f"Training has diverged: at step {step} the loss is {loss}. What {output} holds is of "
            "an earlier step; begin anew in another folder, with a lower --rate."
        )


def _is_any(fabric: Fabric, wish: bool) -> bool:
    """Return whether any process has a wish: all must stop at one step, or they would hang."""
    if fabric.world_size == 1:
        return wish
    return bool(fabric.all_reduce(torch.tensor(float(wish)), reduce_op="sum"))


def _validate_and_save(run: Run, recipe: Recipe, dataset: Dataset, output: Path) -> Progress:
    _unload_kernels(run)
    mean_db = validate(run.mean_net, dataset)
    progress = Progress(run.step, float(np.mean(run.losses)), mean_db)
    run.losses.clear()
    run.history.append(progress)
    if run.fabric.is_global_zero:
        _save(run, recipe, output)
    return progress


def _save(run: Run, recipe: Recipe, output: Path) -> None:
    best = max(run.history, key=lambda progress: progress.psnr_db)
    if best is run.history[-1]:
        made = {"recipe": str(recipe), "steps": str(run.step), "psnr_db": f"{best.psnr_db:.3f}"}
        if recipe.degradation is not None:
            made["degradation"] = "photo"
        assert isinstance(run.mean_net.module, SCNet)
        save_weights(run.mean_net.module, output / "weights.safetensors", {**run.notes, **made})
    with atomic_write(output / "log.csv") as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=["step", "loss", "psnr_db"])
        writer.writeheader()
        writer.writerows(asdict(progress) for progress in run.history)
    _save_state(run, output)


def _unload_kernels(run: Run) -> None:
    """Copy the weights that the fused kernels hold into the networks."""
    if run.terms["fused"]:
        run.optimizer.store(run.net, run.mean_net.module)


def _save_state(run: Run, output: Path) -> None:
    with atomic_write(output / "state.pth") as path:
        torch.save(run.state_dict(), path)


def _center(pair: Pair) -> tuple[Any, Any]:
    scale = pair.high_res.shape[0] // pair.low_res.shape[0]
    height, width = (min(VALIDATION_CROP, size) for size in pair.low_res.shape[:2])
    y = (pair.low_res.shape[0] - height) // 2
    x = (pair.low_res.shape[1] - width) // 2
    return (
        pair.low_res[y : y + height, x : x + width],
        pair.high_res[y * scale : (y + height) * scale, x * scale : (x + width) * scale],
    )
