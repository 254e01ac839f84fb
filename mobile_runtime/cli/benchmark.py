"""`scnet benchmark`: latency and memory of model files on this machine."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mobile_runtime.benchmark.plot import draw_png, import_figure
from mobile_runtime.benchmark.report import print_benchmark
from mobile_runtime.benchmark.results import read_benchmark
from mobile_runtime.benchmark.run import benchmark
from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.cli import options
from mobile_runtime.cli.progress import progress_bar
from mobile_runtime.console import STDOUT, check_output, say, write_json, write_output
from mobile_runtime.engines.session import Opener
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.model import Size

OUTPUT_PARAMETERS = ("read_path", "details", "json_path", "plot_path", "overwrite")
"""Those that do not change what is measured."""


@click.command("benchmark")
@click.argument("files", type=options.PATH, nargs=-1)
@click.option(
    "--read",
    "read_path",
    type=options.PATH,
    help="Show a file from --json, or the web page's report, instead of measuring.",
)
@options.engine
@options.threads
@click.option("--height", type=click.IntRange(min=1), help="Of the input in pixels, with --width.")
@click.option(
    "--width",
    type=click.IntRange(min=1),
    help="Of the input in pixels; for files that take more than one size.",
)
@options.plan
@options.details
@click.option("--plot", "plot_path", type=options.PATH, help="Box plot, a .png.")
@options.json_output
@click.pass_obj
def command(
    open_session: Opener,
    /,
    files: tuple[Path, ...],
    read_path: Path | None,
    engine: str | None,
    threads: int | None,
    height: int | None,
    width: int | None,
    json_path: Path | None,
    plot_path: Path | None,
    *,
    details: bool,
    overwrite: bool,
    **plan: Any,
) -> None:
    """Measure latency and memory of model FILES (.mlpackage, .tflite, .onnx), made here or not.

    Loading and the first run are timed in a fresh process per file, warm runs in turns. Files that
    take any size get that of the first file of fixed size, or 256x256. Files that this project did
    not make run with made-up inputs of the shapes and types that they state; free heights and
    widths need --height and --width.
    """
    _check_source(files, read_path)
    _check_outputs(json_path, plot_path, overwrite=overwrite)
    if read_path is not None:
        found = read_benchmark(read_path)
    else:
        say(f"Measuring {len(files)} {'file' if len(files) == 1 else 'files'}", err=True)
        with progress_bar("measuring", "runs") as show:
            found = benchmark(
                files,
                open_model=open_session,
                plan=Plan(**plan),
                engine=engine,
                threads=threads,
                size=_read_size(height, width),
                on_progress=show,
            )
    if json_path != STDOUT:
        print_benchmark(found, details=details)
    write_json(json_path, found)
    if plot_path is not None:
        write_output(plot_path, draw_png(found))


def _check_source(files: tuple[Path, ...], read_path: Path | None) -> None:
    """Refuse to measure and read at once, and options that --read would ignore."""
    if (read_path is None) != bool(files):
        raise click.UsageError("Name model files to measure, or a benchmark with --read.")
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
        if read_path is not None and given and parameter.name not in OUTPUT_PARAMETERS:
            raise click.UsageError(f"{parameter.opts[0]} is for measuring: --read only shows.")


def _read_size(height: int | None, width: int | None) -> Size | None:
    if height is None and width is None:
        return None
    if height is None or width is None:
        raise click.UsageError("--height and --width go together.")
    return height, width


def _check_outputs(json_path: Path | None, plot_path: Path | None, *, overwrite: bool) -> None:
    """Check before the work that its results can be written."""
    if plot_path is not None:
        import_figure()
        if plot_path.suffix != ".png":
            raise ScnetError(f"{plot_path} cannot be written: plots are .png files.")
    for path in (json_path, plot_path):
        check_output(path, overwrite=overwrite)
