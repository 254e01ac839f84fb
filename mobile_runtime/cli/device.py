"""`scnet device`: verification and latency of a model file on a connected phone."""

from pathlib import Path
from typing import Any

import click

from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.cli import options
from mobile_runtime.console import STDOUT, check_output, complain, say, write_json
from mobile_runtime.device.android.benchmark_model import ENGINES
from mobile_runtime.device.android.measure import PhoneRun, measure, read_subject
from mobile_runtime.device.android.phone import connect, read_phone
from mobile_runtime.device.android.remote_tool import set_up
from mobile_runtime.device.android.report import PhoneReport, print_phone_report
from mobile_runtime.errors import ScnetError
from mobile_runtime.host_info import utc_now
from mobile_runtime.model_file.file import keep_results


@click.group("device")
def command() -> None:
    """Run a model file on a connected device (experimental)."""


@command.command("android")
@click.argument("file", type=options.PATH)
@click.option(
    "--benchmark-model",
    "tool",
    type=options.PATH,
    required=True,
    help="TFLite's benchmark_model, built for the phone.",
)
@click.option("--serial", help="Of the phone, if several are connected; see `adb devices`.")
@click.option("--adb", "program", default="adb", show_default=True, help="Name or path of adb.")
@click.option(
    "--engine",
    "engines",
    type=options.choice(ENGINES),
    multiple=True,
    default=("cpu", "gpu"),
    show_default=True,
    help="May be given more than once. gpu computes in fp16 and has the tolerance of fp16; "
    "gpu-fp32 that of the file.",
)
@click.option("--threads", type=options.THREADS, default=4, show_default=True)
@options.plan
@click.option(
    "--step-seconds",
    type=options.SECONDS,
    default=300.0,
    show_default=True,
    help="Stop when one command of adb takes longer.",
)
@options.json_output
@click.pass_context
def android(
    context: click.Context,
    /,
    file: Path,
    tool: Path,
    serial: str | None,
    program: str,
    engines: tuple[str, ...],
    threads: int,
    step_seconds: float,
    json_path: Path | None,
    *,
    overwrite: bool,
    **plan: Any,
) -> None:
    """Run the golden samples of a .tflite FILE on an Android phone, over adb.

    Compares with PyTorch's outputs, measures latency, and shows how many nodes the GPU took. The
    results are added to the file's manifest; copies on the phone are removed again. The exit code
    is 2 if an engine gave no result, else 1 if one failed: an output is wrong, or the GPU left
    nodes to the CPU.
    """
    check_output(json_path, overwrite=overwrite)
    timing = Plan(**plan)
    found: list[PhoneRun] = []
    errors = 0
    subject = read_subject(file)
    connection = connect(program, serial, step_seconds)
    phone = read_phone(connection)
    with set_up(connection, phone, file, tool, threads=threads, on_step=_echo) as bench:
        for name in dict.fromkeys(engines):
            try:
                found.append(measure(bench, subject, ENGINES[name], timing, _echo))
            except ScnetError as error:  # must not hide the results of the other engines
                errors += 1
                complain(f"{name}: {error}")
        sha256 = subject.file.manifest.sha256
        report = PhoneReport(file.name, sha256, phone, utc_now(), threads, timing, tuple(found))
        if found and json_path != STDOUT:
            print_phone_report(report)
        write_json(json_path, report)
        if found:
            keep_results(subject.file, [run.result for run in found])
    context.exit(2 if errors else 0 if all(run.result.passed for run in found) else 1)


def _echo(step: str) -> None:
    say(step, err=True)
