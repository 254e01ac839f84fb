"""`python -m bench`, as `nox -s bench` calls it."""

import faulthandler
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console

from bench.files import Workshop
from bench.measure import ENGINES, Row, measure
from bench.plots import draw_png
from bench.report import Report, format_json, print_tables
from bench.scaling import ENGINES as SCALING_ENGINES
from bench.scaling import Point, measure_scaling
from bench.subjects import QUICK, Scope
from bench.targets import judge
from mobile_runtime.console import write_output
from mobile_runtime.host_info import describe_device

VERSIONS = ("ai-edge-litert", "litert-torch", "onnx", "onnxruntime", "torch", "numpy")
"""Packages whose versions are worth knowing later; the web engine is of onnxruntime's family."""


@click.command()
@click.option("--quick", is_flag=True, help="Minutes instead of hours: for trying it.")
@click.option("--engine", "engines", type=click.Choice([*ENGINES]), multiple=True, help="Not all.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist/bench"),
    show_default=True,
    help="Folder for benchmark.json and benchmark.png.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist/bench"),
    show_default=True,
    help="Folder for converted files; the browser takes them from inside the project only.",
)
def main(output: Path, cache: Path, engines: tuple[str, ...], *, quick: bool) -> None:
    """Measure SCNet beside a reference implementation, a lower bound and published networks."""
    # Converters are kept quiet by turning away stderr itself: a crash of native code needs another.
    faulthandler.enable(os.fdopen(os.dup(2), "w"))
    scope, keep = QUICK if quick else Scope(), partial(save, folder=output)
    report = run(scope, cache, engines or tuple(ENGINES), _tell, keep)
    print_tables(report)
    save(report, output)


def run(
    scope: Scope,
    cache: Path,
    engines: Sequence[str],
    on_step: Callable[[str], None],
    keep: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Measure everything.

    Args:
        scope: How much.
        cache: Folder for converted files.
        engines: Keys of `bench.measure.ENGINES`.
        on_step: Told what is done next.
        keep: Given the report as far as it goes after each engine: a run takes hours.
    """
    staging_dir, rows = Workshop(cache), list[Row]()
    for name in engines:
        rows += measure(scope, staging_dir, (name,), on_step)
        keep(_report(scope, rows, ()))
    formats = tuple(f for f, (_, shown) in SCALING_ENGINES.items() if shown in engines)
    return _report(scope, rows, tuple(measure_scaling(scope, staging_dir, formats, on_step)))


def _report(scope: Scope, rows: Sequence[Row], scaling: tuple[Point, ...]) -> Report:
    return Report(
        device=describe_device(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={name: version(name) for name in VERSIONS},
        scope=scope,
        rows=tuple(rows),
        scaling=scaling,
        targets=tuple(judge(rows)),
    )


def save(report: Report, folder: Path) -> None:
    """Write `benchmark.json` and `benchmark.png`, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_output(folder / "benchmark.json", format_json(report))
    measured = f"{report.device}, {report.date[:10]}"
    write_output(folder / "benchmark.png", draw_png(report.scaling, measured))


def _tell(step: str) -> None:
    """Say what is done next: a line each, since nothing may be drawn while something is timed."""
    Console(stderr=True).print(f"{datetime.now(UTC):%H:%M:%S} {step}", markup=False)


if __name__ == "__main__":
    main()
