"""`scnet check`: where each operator of a model file would run."""

from pathlib import Path

import click

from mobile_runtime.check.placement import TARGETS, check
from mobile_runtime.check.report import print_reports
from mobile_runtime.cli import options
from mobile_runtime.console import STDOUT, check_output, write_json


@click.command("check")
@options.files
@click.option(
    "--target",
    "targets",
    type=options.choice(target.name for target in TARGETS),
    multiple=True,
    help="Where the files are to run. May be given more than once. [default: everywhere they can]",
)
@options.details
@options.json_output
@click.pass_context
def command(
    context: click.Context,
    files: tuple[Path, ...],
    targets: tuple[str, ...],
    json_path: Path | None,
    *,
    details: bool,
    overwrite: bool,
) -> None:
    """Check which operators of FILES would run on an accelerator, and why others would not.

    Needs no device: the rules come from the engines' sources and from bug reports, and each names
    its source. Notes are counted, and listed with --details. The exit code is 1 if a finding is an
    error.
    """
    check_output(json_path, overwrite=overwrite)
    reports = [report for path in files for report in check(path, targets)]
    if json_path != STDOUT:
        print_reports(reports, details=details)
    write_json(json_path, reports)
    if not all(report.passed for report in reports):
        context.exit(1)
