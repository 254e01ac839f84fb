"""`scnet benchmark`: how fast are these files, on this machine?"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import Progress

from mobile_runtime.benchmark.report import (
    Benchmark,
    draw_png,
    format_json,
    import_figure,
    print_table,
    read_benchmark,
)
from mobile_runtime.benchmark.run import benchmark
from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.cli import options as command_options
from mobile_runtime.console import STDOUT, check_output, write_output
from mobile_runtime.engines.session import Opener
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.manifest import Size

SHOWING = ("read_path", "json_path", "plot_path", "overwrite")
"""Parameters that have nothing to do with measuring."""


@click.command("benchmark")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--read",
    "read_path",
    type=click.Path(path_type=Path),
    help="Show what --json once wrote, or the web page's report; nothing is measured.",
)
@click.option("--engine", help="What runs the files; the usual one of each if none is named.")
@command_options.threads
@click.option("--height", type=click.IntRange(min=1), help="Of the input, with --width.")
@click.option("--width", type=click.IntRange(min=1), help="For files that take more than one size.")
@command_options.runs
@command_options.warmup_runs
@command_options.seconds_limit
@command_options.json_path
@click.option("--plot", "plot_path", type=click.Path(path_type=Path), help="A .png.")
@command_options.overwrite
@click.pass_obj
def command(
    open_session: Opener,
    files: tuple[Path, ...],
    read_path: Path | None,
    engine: str | None,
    threads: int | None,
    height: int | None,
    width: int | None,
    runs: int,
    warmup_runs: int,
    seconds_limit: float,
    json_path: Path | None,
    plot_path: Path | None,
    *,
    overwrite: bool,
) -> None:
    """Measure latency and memory of model FILES: .mlpackage, .tflite and .onnx, anybody's.

    Loading and the first run are timed in a fresh process per file, warm runs in turns. Files that
    take any size get that of the first file of fixed size, or 256x256. A file of somebody else
    needs --height and --width.
    """
    _check_source(files, read_path)
    _check_outputs(json_path, plot_path, overwrite=overwrite)
    if read_path is not None:
        found = read_benchmark(read_path)
    else:
        with _progress(len(files) + warmup_runs + runs) as advance:
            found = benchmark(
                files,
                open_session,
                Plan(runs, warmup_runs, seconds_limit),
                engine=engine,
                threads=threads or os.cpu_count() or 1,
                size=_read_size(height, width),
                on_step=advance,
            )
    _show(found, json_path, plot_path)


def _show(found: Benchmark, json_path: Path | None, plot_path: Path | None) -> None:
    if json_path != STDOUT:
        print_table(found)
    write_output(json_path, format_json(found))
    if plot_path is not None:
        write_output(plot_path, draw_png(found))


def _check_source(files: tuple[Path, ...], read_path: Path | None) -> None:
    """Refuse to measure and read at once, and options that would then mean nothing."""
    if (read_path is None) != bool(files):
        raise click.UsageError("Name model files to measure, or a benchmark with --read.")
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
        if read_path is not None and given and parameter.name not in SHOWING:
            raise click.UsageError(f"{parameter.opts[0]} is for measuring: --read only shows.")


def _read_size(height: int | None, width: int | None) -> Size | None:
    if height is None and width is None:
        return None
    if height is None or width is None:
        raise click.UsageError("--height and --width go together.")
    return height, width


def _check_outputs(json_path: Path | None, plot_path: Path | None, *, overwrite: bool) -> None:
    """Refuse before the work what could not be written after it."""
    if plot_path is not None:
        import_figure()
        if plot_path.suffix != ".png":
            raise ScnetError(f"{plot_path} cannot be written: plots are .png files.")
    for path in (json_path, plot_path):
        check_output(path, overwrite=overwrite)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar that is drawn between rounds only: it must not take time from a run."""
    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, auto_refresh=False, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("measuring", total=total)

        def advance() -> None:
            bar.update(task, advance=1, refresh=True)

        yield advance
