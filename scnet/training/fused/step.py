"""One training step of SCNet with the `direct` head as a few kernels, replayed as a CUDA graph."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import triton
from torch import Tensor, nn

from scnet.network import SCNet
from scnet.training.fused import backward, cuts, forward, has_kernels, update
from scnet.training.fused.head import SLOTS, head
from scnet.training.fused.pictures import DevicePictures
from scnet.training.patches import Pair
from scnet.training.recipe import Recipe


@dataclass(frozen=True)
class Tiling:
    """How pixels are dealt out to programs."""

    forward_block: int
    """Pixels of a program going forward."""
    forward_warps: int
    backward_block: int
    """Pixels of one turn of a program going backward."""
    backward_warps: int
    programs: int
    """Programs going backward; each writes its own sums of gradients, which cost memory traffic."""


H200 = Tiling(128, 4, 128, 8, 128)
"""The fastest of five tried on an H200, x4, 16 patches of 64x64: 0.84 ms a step; backward blocks of
64 with 256 programs of 4 warps 0.87, others 0.94 to 1.21 (2026-11-28)."""

STATE = (
    "weights", "mean_weights", "momentum", "biases", "mean_biases", "bias_mean", "bias_square",
    "state", "ranges",
)  # fmt: skip
"""What a step changes and the next one needs."""

FIRST_LOSS_SCALE = 16.0
"""What gradients, of the order of 1 per output pixel, begin multiplied by in fp16."""


class FusedStep:
    """The weights of a network in training, and everything a step needs, on one device.

    All of it is updated in place, and lies at the same addresses from the first step to the last.
    """

    def __init__(
        self,
        net: SCNet,
        recipe: Recipe,
        pairs: Sequence[Pair],
        device: torch.device,
        *,
        dtype: torch.dtype = torch.float16,
        tiling: Tiling = H200,
    ) -> None:
        """Take the weights of a network.

        Args:
            net: One that `has_kernels` says yes to.
            recipe: What to do; its precision does not matter here.
            pairs: What to cut patches from, none smaller than a patch.
            device: Where to train.
            dtype: Of features and their gradients; sums and weights are float32.
            tiling: How work is dealt out.
        """
        assert has_kernels(net.config)
        self.config, self.recipe, self.device = net.config, recipe, device
        self.pictures = DevicePictures(pairs, device)
        self.dtype, self.tiling = dtype, tiling
        width, depth = net.config.width, net.config.depth
        self.pixels = recipe.batch * recipe.patch**2
        tiles = triton.cdiv(self.pixels, tiling.backward_block)
        self.programs = min(tiling.programs, tiles)
        self.turns = triton.cdiv(tiles, self.programs)
        self.matrices, self.side = 2 * depth + 4, 64
        self.features = depth + 1
        self._allocate(width)
        self.load(net)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._stepped = False

    def _allocate(self, width: int) -> None:
        def zeros(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=self.device)

        count, side = self.matrices, self.side
        self.weights, self.mean_weights, self.momentum = zeros(3, count, side, side)
        self.biases, self.mean_biases, self.bias_mean, self.bias_square = zeros(4, count, side)
        self.halves = zeros(count, side, side, dtype=self.dtype)
        self.parts = zeros(self.programs, count, side + 1, side)
        self.gradients = zeros(count, side + 1, side)
        self.state = zeros(7)
        """Rate, step, loss scale, sound steps, 1 after an overflow, sound steps since the last
        change of the scale, sum of losses."""
        self.state[2] = FIRST_LOSS_SCALE if self.dtype == torch.float16 else 1.0
        self.losses = zeros(self.programs)
        self.ranges = zeros(3 * self.config.depth + 4, 3)
        self.cuts = zeros(self.recipe.batch, 5, dtype=torch.int64)
        self.image = zeros(self.pixels, 16, dtype=self.dtype)
        self.x = zeros(self.features, self.pixels, width, dtype=self.dtype)
        self.t = zeros(self.features, self.pixels, width, dtype=self.dtype)
        self.g = zeros(self.pixels, width, dtype=self.dtype)
        self.e = zeros(2, self.pixels, width, dtype=self.dtype)

    def load(self, net: SCNet) -> None:
        """Take the weights of a network; its running mean begins with them."""
        for number, rows, layer in layers_of(net):
            assert layer.bias is not None
            weight = layer.weight.detach()[..., 0, 0].to(self.device)
            self.weights[number, rows, : layer.in_channels] = weight
            self.biases[number, rows] = layer.bias.detach().to(self.device)
        self.halves.copy_(self.weights)
        self.mean_weights.copy_(self.weights)
        self.mean_biases.copy_(self.biases)

    def store(self, net: SCNet, mean_net: SCNet) -> None:
        """Copy the weights into one network, and their running mean into another."""
        _give(net, self.weights, self.biases)
        _give(mean_net, self.mean_weights, self.mean_biases)

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that a resumed run needs."""
        return {name: getattr(self, name).clone() for name in STATE}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from `state_dict()` of the same network."""
        for name in STATE:
            getattr(self, name).copy_(state[name])
        self.halves.copy_(self.weights)

    def step(self, rate: float, pairs: Sequence[Pair]) -> None:
        """Update the weights once, by the patches that belong to this step; does not wait.

        Args:
            rate: Learning rate.
            pairs: Of this epoch: see `DevicePictures.replace`.
        """
        self.pictures.replace(pairs)
        self.state[0].fill_(rate)
        if self.device.type != "cuda" or not self._stepped:
            self.launch()  # compiles the kernels, which cannot be done while recording
            self._stepped = True
        else:
            if self._graph is None:
                torch.cuda.synchronize()
                self._graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
                    self.launch()
            self._graph.replay()

    def take_loss(self) -> float:
        """Sum the losses since the last call; waits for the device."""
        loss = float(self.state[6])
        self.state[6].zero_()
        return loss

    def launch(self) -> None:
        """Launch the kernels of one step."""
        self.choose()
        self._forward()
        self._backward()
        self._update()

    def choose(self) -> None:
        """Choose the patches of the step that `state` counts to."""
        batch = self.recipe.batch
        cuts.choose[(1,)](
            self.cuts, self.pictures.table, self.state, self.recipe.seed,
            len(self.pictures.table), BATCH=batch, LANES=triton.next_power_of_2(batch),
            PATCH=self.recipe.patch, SCALE=self.config.scale,
        )  # fmt: skip

    def _forward(self) -> None:
        grid = (triton.cdiv(self.pixels, self.tiling.forward_block),)
        shape = self._shape(self.tiling.forward_block, self.tiling.forward_warps)
        forward.first_forward[grid](
            self.cuts, self.pictures.low_res, self.image, self.x[0], self.t[0], self.halves,
            self.biases, self.ranges, self.pixels, ROUND=self.recipe.qat, **shape,
        )  # fmt: skip
        for block in range(self.config.depth):
            forward.block_forward[grid](
                self.x[block], self.t[block], self.x[block + 1], self.t[block + 1], self.halves,
                self.biases, self.ranges, block, self.pixels, ROUND=self.recipe.qat, **shape,
            )  # fmt: skip
        shape = self._shape(self.tiling.backward_block, self.tiling.backward_warps)
        head[(self.programs,)](
            self.cuts, self.pictures.high_res, self.image, self.t[-1], self.e[0], self.halves,
            self.biases, self.parts, self.losses, self.ranges, self.state, self.pixels,
            self.matrices, self.recipe.epsilon, self.recipe.luma_weight, SCALE=self.config.scale,
            DEPTH=self.config.depth, TURNS=self.turns, ROUND=self.recipe.qat, **shape,
        )  # fmt: skip

    def _backward(self) -> None:
        shape = self._shape(self.tiling.backward_block, self.tiling.backward_warps)
        depth = self.config.depth
        for block in range(depth, 0, -1):
            e, e_before = (self.e[(depth - block + i) % 2] for i in (0, 1))
            backward.block_backward[(self.programs,)](
                self.x[block], self.t[block - 1], self.g, e, e_before, self.halves, self.parts,
                self.ranges, block, self.pixels, self.matrices, TURNS=self.turns,
                RESIDUAL=block < depth, ROUND=self.recipe.qat, **shape,
            )  # fmt: skip
        backward.first_backward[(self.programs,)](
            self.image, self.x[0], self.g, self.e[depth % 2], self.halves, self.parts, self.pixels,
            self.matrices, TURNS=self.turns, **shape,
        )  # fmt: skip

    def _update(self) -> None:
        outputs = self.pixels * self.config.scale**2
        chunk, numbers = 1024, self.gradients.numel()
        update.add_up[(triton.cdiv(numbers, chunk),)](
            self.parts, self.gradients, self.state, numbers, 1 / (3 * outputs),
            PROGRAMS=self.programs, CHUNK=chunk,
        )  # fmt: skip
        update.update[(self.matrices,)](
            self.gradients, self.weights, self.biases, self.halves, self.mean_weights,
            self.mean_biases, self.momentum, self.bias_mean, self.bias_square, self.state,
            self.recipe.ema_decay, self.matrices, SIDE=self.side, WIDTH=self.config.width,
            SCALE=self.config.scale, num_warps=8,
        )  # fmt: skip
        update.advance[(1,)](
            self.state, self.losses, self.ranges, 1 / (3 * outputs), RANGES=len(self.ranges),
            RANGE_LANES=triton.next_power_of_2(len(self.ranges)), PROGRAMS=self.programs,
            PROGRAM_LANES=triton.next_power_of_2(self.programs), ROUND=self.recipe.qat,
        )  # fmt: skip

    def _shape(self, block: int, warps: int) -> dict[str, Any]:
        return {
            "PATCH": self.recipe.patch, "WIDTH": self.config.width, "SIDE": self.side,
            "BLOCK": block, "num_warps": warps,
        }  # fmt: skip


def layers_of(net: SCNet) -> Iterator[tuple[int, Tensor, nn.Conv2d]]:
    """List the convolutions: number of the matrix, its rows that are used, layer.

    Columns begin at 0. Rows of `conv_last` are 16 to a color.
    """
    layers = [net.conv_first]
    for block in net.body:
        layers += [block.conv1, block.conv2]  # type: ignore[list-item]
    for number, layer in enumerate([*layers, net.conv_up, net.conv_hr]):
        yield number, torch.arange(layer.out_channels), layer
    slots = torch.arange(3)[:, None] * SLOTS.value + torch.arange(net.config.scale**2)
    yield number + 1, slots.flatten(), net.conv_last


@torch.no_grad()
def _give(net: SCNet, weights: Tensor, biases: Tensor) -> None:
    for number, rows, layer in layers_of(net):
        assert layer.bias is not None
        used = rows.to(weights.device)
        layer.weight.copy_(weights[number, used, : layer.in_channels, None, None])
        layer.bias.copy_(biases[number, used])
