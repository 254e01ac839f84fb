"""How latency and memory grow with the picture, as a plot."""

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

from bench.scaling import Point
from bench.subjects import LABELS
from mobile_runtime.benchmark.plot import import_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_png(points: Sequence[Point], measured: str) -> bytes:
    """Draw latency (solid) and memory (dashed) by size of the input, a line per way.

    Args:
        points: What `bench.scaling` measured.
        measured: On what and when: the title.

    Raises:
        MissingDependencyError: Matplotlib is not installed.
    """
    figure = import_figure()(figsize=(9, 6.5), layout="constrained")
    _draw_scaling(figure.subplots(), points)
    figure.suptitle(measured)
    file = BytesIO()
    figure.savefig(file, dpi=120)
    return file.getvalue()


def _draw_scaling(axes: "Axes", points: Sequence[Point]) -> None:
    memory = axes.twinx()
    ordered = sorted(points, key=_way)
    for number, (way, line) in enumerate(groupby(ordered, key=_way)):
        sound = [point for point in line if point.median_ms is not None]
        sides = [(point.height * point.width) ** 0.5 for point in sound]
        color = f"C{number}"
        axes.plot(
            sides,
            [point.median_ms or float("nan") for point in sound],
            "o-",
            color=color,
            label=", ".join(way),
        )
        heights = [point.peak_memory_mb or float("nan") for point in sound]
        memory.plot(sides, heights, "x--", color=color, alpha=0.6)
    for one, name in ((axes, "median latency, ms (solid)"), (memory, "peak memory, MB (dashed)")):
        one.set_xscale("log", base=2)
        one.set_yscale("log")
        one.set_ylabel(name)
    sizes = {(p.height * p.width) ** 0.5: f"{p.height}x{p.width}" for p in points}
    axes.set_xticks(list(sizes), list(sizes.values()))
    axes.set_xlabel("size of the input")
    if points:
        axes.legend(fontsize=7)
    axes.grid(alpha=0.3)


def _way(point: Point) -> tuple[str, str, str, str]:
    return point.engine, point.network, LABELS.get(point.form, point.form), point.way
