"""`scnet check`: where would each operator of a file run?"""

from pathlib import Path

import click
import msgspec

from mobile_runtime.check.report import print_reports
from mobile_runtime.check.residency import TARGETS, check


@click.command("check")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--target",
    "targets",
    type=click.Choice([target.name for target in TARGETS]),
    multiple=True,
    help="Where the files are to run; everywhere that they can if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@click.pass_context
def command(
    context: click.Context, files: tuple[Path, ...], targets: tuple[str, ...], *, as_json: bool
) -> None:
    """Look at the operators of FILES and say which stay on the accelerator, and why others do not.

    Needs no device: the rules are collected from the engines' sources and from reports, each is
    named with its source. The exit code is 1 if a finding is an error.
    """
    reports = [report for path in files for report in check(path, targets)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(reports), indent=2))
    else:
        print_reports(reports)
    if not all(report.passed for report in reports):
        context.exit(1)
