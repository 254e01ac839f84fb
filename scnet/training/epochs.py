"""The training pictures of each epoch, degraded anew one epoch ahead in worker processes."""

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Self

from mobile_runtime.imaging.pictures import Pixels
from scnet.training.degradation import photo_sample, to_gray
from scnet.training.patches import Pair
from scnet.training.recipe import Recipe
from scnet.training.workers import start_workers

PATCHES_PER_PICTURE = 8
"""Patches cut from each picture, on average, until all are degraded anew. That takes one CPU core
7 ms for a picture of 480x480 at x2, 3 ms at x4; a training step of 8 patches takes 250 ms."""


class Epochs:
    """What to cut patches from at each step; the same for all runs of one recipe, resumed or not.

    Without a degradation these are the pairs as they were read, and no process is started.
    """

    def __init__(self, pairs: Sequence[Pair], recipe: Recipe) -> None:
        """Start the first epochs when they are asked for.

        Args:
            pairs: The training pictures; their high-resolution halves are degraded.
            recipe: Its degradation, seed, scale, steps and batch are used.
        """
        self.steps = max(1, PATCHES_PER_PICTURE * len(pairs) // recipe.batch)
        """Length of an epoch."""
        self._clean, self._recipe = pairs, recipe
        self._pool = None if recipe.degradation is None else start_workers(len(pairs))
        self._begun: dict[int, list[Future[tuple[Pixels, bool]]]] = {}
        self._current: tuple[int, Sequence[Pair]] = (-1, pairs)

    def pairs(self, step: int) -> Sequence[Pair]:
        """Return the pictures of one step, counted from 0; waits for them if it must."""
        if self._pool is None:
            return self._clean
        epoch = step // self.steps
        if epoch != self._current[0]:
            results = self._begun.pop(epoch, None) or self._begin(epoch, self._pool)
            if (epoch + 1) * self.steps < self._recipe.steps:
                self._begun = {epoch + 1: self._begin(epoch + 1, self._pool)}
            self._current = epoch, tuple(map(_join, self._clean, results))
        return self._current[1]

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _begin(self, epoch: int, pool: ProcessPoolExecutor) -> list[Future[tuple[Pixels, bool]]]:
        scale, seed, drawn = self._recipe.network.scale, self._recipe.seed, self._recipe.degradation
        assert drawn is not None
        return [
            pool.submit(photo_sample, pair.high_res, scale, (seed, epoch, index, 1), drawn)
            for index, pair in enumerate(self._clean)
        ]


def _join(clean: Pair, result: Future[tuple[Pixels, bool]]) -> Pair:
    low_res, gray = result.result()
    return Pair(low_res, to_gray(clean.high_res) if gray else clean.high_res)
