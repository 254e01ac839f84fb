"""Box plot of a benchmark."""

from io import BytesIO
from typing import TYPE_CHECKING

from mobile_runtime.benchmark.report import facts
from mobile_runtime.benchmark.results import Benchmark
from mobile_runtime.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def import_figure() -> "type[Figure]":
    """Import matplotlib's `Figure`.

    Raises:
        MissingDependencyError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingDependencyError("matplotlib", "plot") from error
    return Figure


def draw_png(benchmark: Benchmark) -> bytes:
    """Return a box plot as PNG, one box per file, with whiskers at the 5th and 95th percentile.

    Raises:
        MissingDependencyError: Matplotlib is not installed.
    """
    rows = benchmark.files[::-1]  # the first file on top
    figure = import_figure()(figsize=(10, 1.5 + 0.8 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(
        [row.warm.samples_ms for row in rows],
        orientation="horizontal",
        tick_labels=["\n".join(facts(row)) for row in rows],
        whis=(5, 95),
        showfliers=False,
    )
    axes.set_xlim(left=0)
    axes.set_xlabel(f"latency of a warm run, ms ({benchmark.device})")
    for label in (axes.xaxis.label, *axes.get_yticklabels()):
        label.set_parse_math(False)  # a $ in a name begins no formula
    axes.grid(axis="x", alpha=0.3)
    file = BytesIO()
    figure.savefig(file, dpi=150)
    return file.getvalue()
