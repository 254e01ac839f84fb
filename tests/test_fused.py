"""The kernels for GPUs, interpreted on the CPU: PyTorch's forward pass, gradients and updates."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import make_net

from scnet.config import SCNetConfig
from scnet.training import loop
from scnet.training.fake_quantization import enable_fake_quant
from scnet.training.fused import has_kernels
from scnet.training.fused.step import FusedStep, Tiling, layers_of
from scnet.training.loop import train
from scnet.training.loss import charbonnier_loss
from scnet.training.patches import Dataset, Pair
from scnet.training.recipe import Recipe

SMALL = Tiling(32, 4, 32, 4, 3)
"""Three patches of 8x8 are six tiles for three programs."""


def make_pairs(scale, count=2):
    random = np.random.default_rng(0)
    shape = np.array([12, 14])
    return [
        Pair(
            random.integers(0, 256, (*shape, 3), dtype=np.uint8),
            random.integers(0, 256, (*shape * scale, 3), dtype=np.uint8),
        )
        for _ in range(count)
    ]


def make_step(scale, dtype=torch.float32, **changes):
    net = make_net(SCNetConfig(scale, "direct", 16, 2))
    recipe = replace(Recipe(net.config, batch=3, patch=8), **changes)
    pairs = make_pairs(scale)
    device = torch.device("cpu")
    return net, FusedStep(net, recipe, pairs, device, dtype=dtype, tiling=SMALL), pairs


def read_patches(step):
    """Cut in NumPy what `step.cuts` says."""
    sides = []
    for buffer, first, side in (
        (step.pictures.low_res, 0, step.recipe.patch),
        (step.pictures.high_res, 2, step.recipe.patch * step.config.scale),
    ):
        patches = []
        for cut in step.cuts.tolist():
            start, stride, orientation = cut[first], cut[first + 1], cut[4]
            rows = [buffer[start + y * stride :][: side * 3] for y in range(side)]
            patch = np.stack([row.numpy().reshape(side, 3) for row in rows])
            if orientation & 8:
                y = np.floor(patch @ np.float32([0.299, 0.587, 0.114]) + 0.5)
                patch = np.repeat(y[..., None], 3, axis=2)
            patch = patch[::-1] if orientation & 2 else patch
            patch = patch[:, ::-1] if orientation & 4 else patch
            patches.append(patch.transpose(1, 0, 2) if orientation & 1 else patch)
        sides.append(torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float() / 255)
    return sides


def compare_gradients(net, step, low_res, high_res):
    """Loss by PyTorch, and the largest relative error of any layer's gradient."""
    recipe = step.recipe
    loss = charbonnier_loss(
        net(low_res), high_res, epsilon=recipe.epsilon, luma_weight=recipe.luma_weight
    )
    loss.backward()
    errors = []
    for number, rows, layer in layers_of(net):
        for ours, theirs in (
            (step.gradients[number, rows, : layer.in_channels], layer.weight.grad[..., 0, 0]),
            (step.gradients[number, step.side, rows], layer.bias.grad),
        ):
            errors.append(float((ours - theirs).norm() / theirs.norm()))
    return float(loss.detach()), max(errors)


@pytest.mark.parametrize("gray", [False, True], ids=["color", "gray"])
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float32, 2e-6), (torch.float16, 0.03)], ids=["fp32", "fp16"]
)
def test_loss_and_every_gradient_are_pytorchs(scale, dtype, bound, gray):
    net, step, _ = make_step(scale, dtype)
    step.pictures.table[:, 4] = int(gray)
    step.state[1] = 5
    step.launch()
    loss, error = compare_gradients(net, step, *read_patches(step))
    assert step.take_loss() == pytest.approx(loss, rel=1e-6 if dtype == torch.float32 else 1e-3)
    assert error < bound


def test_patches_are_drawn_anew_at_every_step_and_turned_in_every_way():
    _, step, _ = make_step(2)
    seen = set()
    for number in range(40):
        step.state[1] = number
        step.choose()
        seen.update(map(tuple, step.cuts.tolist()))
    assert len(seen) > 90  # of 120 draws from 560 cuts 108 are expected to differ
    assert {cut[4] for cut in seen} == set(range(8))


def test_rounded_features_are_those_of_qat():
    net, step, _ = make_step(4, qat=True)
    for _ in range(6):  # each takes the ranges of the one before: here, of the same patches
        step.state[:2] = 0
        step.launch()
    step.take_loss()
    step.state[:2] = 0
    step.launch()
    exact, _ = compare_gradients(net, step, *read_patches(step))
    net.zero_grad()
    enable_fake_quant(net)
    loss, error = compare_gradients(net, step, *read_patches(step))
    ours = step.take_loss()
    assert abs(ours - loss) < 0.2 * abs(exact - loss) or ours == pytest.approx(loss, rel=2e-6)
    assert error < 0.03


def newton_schulz(matrix):
    """As torch.optim.Muon's, exactly."""
    matrix = matrix / matrix.norm()
    for _ in range(5):
        gram = matrix @ matrix.T
        matrix = 3.4445 * matrix + (-4.775 * gram + 2.0315 * gram @ gram) @ matrix
    return matrix


def test_update_is_muons_and_adams():
    net, step, pairs = make_step(4)
    before, first = copy.deepcopy(net), copy.deepcopy(net)
    step.step(1e-3, pairs)
    step.store(net, first)
    compare_gradients(before, step, *read_patches(step))
    adam = torch.optim.Adam([p for p in before.parameters() if p.ndim == 1], betas=(0.9, 0.99))
    adam.param_groups[0]["lr"] = 1e-3
    weights = {name: p.detach().clone() for name, p in before.named_parameters() if p.ndim > 1}
    adam.step()
    for (name, ours), theirs in zip(net.named_parameters(), before.parameters(), strict=True):
        if ours.ndim == 1:
            torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=0)
            continue
        gradient = theirs.grad[..., 0, 0].double()
        length = 1e-3 * 0.2 * max(gradient.shape) ** 0.5
        moved = (weights[name] - ours.detach())[..., 0, 0].double() / length
        assert float((moved - newton_schulz(gradient)).norm() / moved.norm()) < 0.02, name
    for mean, current in zip(first.parameters(), net.parameters(), strict=True):
        assert torch.equal(mean, current)  # the first step's mean is that step's


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, where a GPU gives infinity
def test_overflow_changes_nothing_but_the_loss_scale():
    _, step, pairs = make_step(2, torch.float16)
    step.step(1e-3, pairs)
    before, scale = step.weights.clone(), float(step.state[2])
    mean, biases = step.mean_weights.clone(), step.biases.clone()
    step.state[2] = 1e30
    step.step(1e-3, pairs)
    assert torch.equal(step.weights, before)
    assert torch.equal(step.mean_weights, mean)
    assert torch.equal(step.biases, biases)
    assert float(step.state[2]) == pytest.approx(5e29)
    step.state[2] = scale
    step.step(1e-3, pairs)
    assert not torch.equal(step.weights, before)


def test_pictures_of_another_epoch_take_the_place_of_the_first():
    _, step, pairs = make_step(2)
    other = [Pair(pairs[0].high_res[:12, :14], pairs[0].high_res.copy()), pairs[1]]
    step.pictures.replace(other)
    assert step.pictures.table[:, 4].tolist() == [1, 0]
    size = pairs[0].low_res.size
    assert torch.equal(
        step.pictures.low_res[:size], torch.from_numpy(other[0].low_res.copy().reshape(-1))
    )


@pytest.mark.parametrize("qat", [False, True], ids=["exact", "qat"])
def test_killed_and_resumed_run_equals_an_unbroken_one(tmp_path, monkeypatch, qat):
    class Killed(BaseException):
        pass

    def kill(step, _loss):
        if step == 3:
            raise Killed

    monkeypatch.setattr(loop, "can_fuse", lambda recipe, fabric: True)
    monkeypatch.setattr(loop, "VALIDATE_EVERY", 2)
    pairs = [
        Pair(np.repeat(p.low_res, 3, axis=1), np.repeat(p.high_res, 3, axis=1))
        for p in make_pairs(2, 3)
    ]
    dataset = Dataset(tuple(pairs[:2]), tuple(pairs[2:]), ())
    recipe = Recipe(
        SCNetConfig(2, "direct", 16, 1), steps=4, batch=1, patch=8, warmup_steps=2, qat=qat
    )
    states = []
    for name, stops in (("unbroken", []), ("broken", [kill])):
        (tmp_path / name).mkdir()
        for on_step in stops:
            with pytest.raises(Killed):
                train(recipe, dataset, tmp_path / name, on_step=on_step)
        train(recipe, dataset, tmp_path / name)
        states.append((tmp_path / name / "weights.safetensors").read_bytes())
    assert states[0] == states[1]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (SCNetConfig(4, "direct"), True),
        (SCNetConfig(8, "direct"), False),
        (SCNetConfig(4, "pixelshuffle"), False),
        (SCNetConfig(4, "mlp"), False),
        (SCNetConfig(4, "direct", 48), False),
    ],
)
def test_networks_without_kernels_are_known(config, expected):
    assert has_kernels(config) is expected
