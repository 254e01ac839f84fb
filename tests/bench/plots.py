"""The benchmark as one picture: quality by latency, and scaling with size."""

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

from bench.measure import Row
from bench.quality import Quality
from bench.report import Report
from bench.scaling import Point
from bench.subjects import LABELS, REFERENCE
from mobile_runtime.benchmark.plot import import_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENGINE = "TFLite XNNPACK"
"""What the left panel shows, if it was measured; else the first engine that was."""

EXACT = (REFERENCE, "slice_concat fp32", "depthwise fp32", "published")
"""Forms whose pictures are those of the network: the lower bound is no model, 8 bits lose some."""


def draw_png(report: Report) -> bytes:
    """Draw both panels.

    Raises:
        MissingDependencyError: Matplotlib is not installed.
    """
    figure = import_figure()(figsize=(15, 6.5), layout="constrained")
    quality, scaling = figure.subplots(1, 2)
    _draw_quality(quality, report.rows, report.quality)
    _draw_scaling(scaling, report.scaling)
    figure.suptitle(f"{report.device}, {report.date[:10]}")
    file = BytesIO()
    figure.savefig(file, dpi=120)
    return file.getvalue()


def _draw_quality(axes: "Axes", rows: Sequence[Row], known: Sequence[Quality]) -> None:
    """Draw one dot per network and form at the largest scale and the first size measured."""
    shown = _shown(rows)
    psnr_db = {(one.network, one.scale): one.psnr_db for one in known}
    for row in shown:
        found = psnr_db.get((row.network, row.scale))
        if found is None or row.median_ms is None or row.form not in EXACT:
            continue
        ours = row.network.startswith("SCNet")
        mark = "x" if row.form == REFERENCE else "o" if ours else "s"
        axes.plot(row.median_ms, found, mark, color="tab:red" if ours else "tab:blue")
        label = f" {row.network}, {LABELS.get(row.form, row.form)}" if ours else f" {row.network}"
        axes.annotate(label, (row.median_ms, found), fontsize=7, rotation=25)
    axes.set_xscale("log")
    if shown:
        first = shown[0]
        axes.set_xlabel(f"median latency, ms: {first.engine}, {first.height}x{first.width}")
        axes.set_title(f"x{first.scale}; ours measured after short training, others as published")
    axes.set_ylabel("PSNR on Y, Set5, dB")
    axes.margins(x=0.35, y=0.15)
    axes.grid(alpha=0.3)


def _shown(rows: Sequence[Row]) -> list[Row]:
    """Choose rows that may be compared, each network and form once."""
    engines = [row.engine for row in rows]
    engine = ENGINE if ENGINE in engines or not engines else engines[0]
    fitting = [row for row in rows if row.engine == engine]
    if not fitting:
        return []
    scale = max(row.scale for row in fitting)
    size = (fitting[0].height, fitting[0].width)
    chosen = [row for row in fitting if (row.scale, row.height, row.width) == (scale, *size)]
    return list({(row.network, row.form): row for row in reversed(chosen)}.values())


def _draw_scaling(axes: "Axes", points: Sequence[Point]) -> None:
    """Draw a line per way: latency solid, memory dashed on an axis of its own."""
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
    axes.set_title("Scaling with size")
    if points:
        axes.legend(fontsize=7)
    axes.grid(alpha=0.3)


def _way(point: Point) -> tuple[str, str, str, str]:
    return point.engine, point.network, point.form, point.way
