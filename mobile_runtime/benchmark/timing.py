"""Latency of warm runs, interleaved between files, and its statistics.

At least 5 warm-up runs and 50 timed ones, as in LiteRT's own tools; cold starts are measured apart
(`cold_start`). A run is the session's `run`: image to image, with copies and changes of layout
between numpy and the engine.

Files are compared by running them in turns, one run of each per round: what disturbs the machine
then affects all of them alike, and cancels in the ratio of a round.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

Clock = Callable[[], float]
"""Returns seconds since a fixed moment."""
OnRound = Callable[[], None]
"""Called after each round, outside what is timed."""
Round = tuple[float, ...]
"""One run of each file, in ms, in the order of the files."""

TRIMMED_SHARE = 0.1
"""Cut from either end of the sorted runs for the trimmed mean."""


@dataclass(frozen=True)
class Plan:
    """How often each file is run."""

    runs: int = 50
    warmup_runs: int = 5
    seconds_limit: float = 60.0
    """For the runs of one file; warm-up gets half at most. One run of each kind is always made."""


DEFAULT_PLAN = Plan()


@dataclass(frozen=True)
class Statistics:
    """Statistics of the warm runs of one file."""

    median_ms: float
    mean_ms: float
    trimmed_mean_ms: float
    """Without the fastest and the slowest tenth."""
    stdev_ms: float | None
    """Sample standard deviation (n - 1); None for a single run."""
    min_ms: float
    p90_ms: float
    """Percentiles are interpolated linearly."""
    p95_ms: float
    samples_ms: tuple[float, ...]
    """Every run, in chronological order."""


@dataclass(frozen=True)
class Ratio:
    """Latency relative to the first file: median and percentiles of one ratio per round."""

    median: float
    p10: float
    p90: float


def summarize(samples_ms: Sequence[float]) -> Statistics:
    """Return the statistics of at least one run."""
    p90, p95 = np.percentile(samples_ms, [90, 95])
    cut = int(len(samples_ms) * TRIMMED_SHARE)
    return Statistics(
        median_ms=statistics.median(samples_ms),
        mean_ms=statistics.fmean(samples_ms),
        trimmed_mean_ms=statistics.fmean(sorted(samples_ms)[cut : len(samples_ms) - cut]),
        stdev_ms=statistics.stdev(samples_ms) if len(samples_ms) > 1 else None,
        min_ms=min(samples_ms),
        p90_ms=float(p90),
        p95_ms=float(p95),
        samples_ms=tuple(samples_ms),
    )


def compare(samples_ms: Sequence[float], first_ms: Sequence[float]) -> Ratio:
    """Return the ratio of a file to the first one, given one run of each per round."""
    p10, median, p90 = np.percentile(np.divide(samples_ms, first_ms), [10, 50, 90])
    return Ratio(median=float(median), p10=float(p10), p90=float(p90))


def run_warm(
    actions: Sequence[Callable[[], object]],
    plan: Plan,
    *,
    clock: Clock = perf_counter,
    on_round: OnRound | None = None,
) -> tuple[list[Round], list[Round]]:
    """Run files in turns, first to warm up and then to time them.

    Args:
        actions: One run of one file each.
        plan: How often.
        clock: Replaced in tests.
        on_round: Called after every round.

    Returns:
        The warm-up rounds and the timed ones; fewer than planned if time ran out.
    """
    limit = plan.seconds_limit
    warmup = _run_rounds(actions, plan.warmup_runs, limit / 2, clock, on_round)
    spent = max(map(sum, zip(*warmup, strict=True))) / 1e3
    return warmup, _run_rounds(actions, plan.runs, limit - spent, clock, on_round)


def _run_rounds(
    actions: Sequence[Callable[[], object]],
    count: int,
    seconds_limit: float,
    clock: Clock,
    on_round: OnRound | None,
) -> list[Round]:
    """Run at least one round, until there are enough or the slowest file has used up its time."""
    rounds: list[Round] = []
    spent_ms = np.zeros(len(actions))
    while len(rounds) < count and (not rounds or spent_ms.max() < seconds_limit * 1e3):
        rounds.append(_run_round(actions, len(rounds), clock))
        spent_ms += rounds[-1]
        if on_round is not None:
            on_round()
    return rounds


def _run_round(actions: Sequence[Callable[[], object]], number: int, clock: Clock) -> Round:
    """Run each file once.

    Each pair of rounds begins one file later, and every second round is reversed, so that no file
    always runs first, or always after the same other one.
    """
    begin = number // 2 % len(actions)
    order = [*range(begin, len(actions)), *range(begin)][:: -1 if number % 2 else 1]
    durations_ms = {}
    for index in order:
        start = clock()
        actions[index]()
        durations_ms[index] = (clock() - start) * 1e3
    return tuple(durations_ms[index] for index in range(len(actions)))
