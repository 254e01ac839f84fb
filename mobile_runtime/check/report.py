"""Output of `scnet check`: a table of targets for each file, then what the rules found."""

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from mobile_runtime.check.placement import PlacementReport
from mobile_runtime.check.rule import Finding, Severity
from mobile_runtime.console import print_facts, print_table, print_text, say

COLUMNS: dict[Severity, tuple[str, str]] = {
    "error": ("errors", "red"),
    "warning": ("warnings", "yellow"),
    "info": ("notes", "blue"),
}
"""Severity -> its column and color."""

SHOWN = 3
"""Places of a finding that are listed without details."""


def print_reports(reports: Sequence[PlacementReport], *, details: bool = False) -> None:
    """Print where the operators of each file would run, and the errors and warnings there.

    Args:
        reports: Those of one file side by side.
        details: Print notes and all places of a finding, and the kinds of operators on each unit.
    """
    for number, (file, group) in enumerate(groupby(reports, lambda report: report.file)):
        targets = list(group)
        if number:
            say("")
        print_text(f"{file}, {targets[0].total} operators", style="bold")
        print_table(_tabulate(targets))
        for report in targets:
            if details:
                print_facts(f"operators on {_name(report)}", _list_operators(report))
            for finding in report.findings:
                if finding.severity == "info" and not details:
                    continue
                about = _describe(finding, details=details)
                failed = finding.severity == "error"
                print_facts(_title(finding, report), about, failed=failed)


def _tabulate(reports: Sequence[PlacementReport]) -> Table:
    table = Table("target", "operators run on")
    for name in ("partitions", *(column for column, _ in COLUMNS.values())):
        table.add_column(name, justify="right")
    for report in reports:
        placed = ", ".join(
            f"{unit} {sum(kinds.values())}" for unit, kinds in report.operators.items()
        )
        if report.copies:
            placed += f", {report.copies} copies between"
        counts = (_count(report, severity) for severity in COLUMNS)
        table.add_row(report.target, placed, str(len(report.partitions)), *counts)
    return table


def _count(report: PlacementReport, severity: Severity) -> Text:
    number = sum(finding.severity == severity for finding in report.findings)
    return Text(str(number), style=COLUMNS[severity][1] if number else "")


def _title(finding: Finding, report: PlacementReport) -> Text:
    text = f"{finding.severity} {finding.rule} on {_name(report)}"
    return Text(text, style=COLUMNS[finding.severity][1])


def _name(report: PlacementReport) -> str:
    return f"{report.target} ({report.title})"


def _describe(finding: Finding, *, details: bool) -> dict[str, str]:
    shown = finding.places if details else finding.places[:SHOWN]
    more = len(finding.places) - len(shown)
    where = [*shown, *([f"and {more} more"] if more else [])]
    return {
        "what": finding.message,
        "to do": finding.fix,
        "where": ", ".join(where),
        "source": finding.source,
    }


def _list_operators(report: PlacementReport) -> dict[str, str]:
    return {
        unit: ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        for unit, kinds in report.operators.items()
    }
