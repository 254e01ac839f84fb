"""Tables of `scnet check`: one row per file and target, then what the rules found."""

from collections.abc import Sequence

from rich.box import Box
from rich.table import Table
from rich.text import Text

from mobile_runtime.check.placement import PlacementReport
from mobile_runtime.check.rule import Finding
from mobile_runtime.console import open_console, printable

COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
SHOWN = 3
"""Places of a finding that the table lists; JSON lists all."""


def print_reports(reports: Sequence[PlacementReport]) -> None:
    """Print one row per file and target, then a table of each report's findings."""
    console, box = open_console()
    console.print(_summarize(reports, box))
    for report in reports:
        if report.findings:
            console.print(_list_findings(report))


def _summarize(reports: Sequence[PlacementReport], box: Box) -> Table:
    table = Table(box=box)
    table.add_column("file", overflow="fold")
    table.add_column("target")
    table.add_column("resident", justify="right")
    table.add_column("operators per unit")
    table.add_column("partitions", justify="right")
    for severity in COLORS:
        table.add_column(severity, justify="right")
    for report in reports:
        counts = [sum(f.severity == severity for f in report.findings) for severity in COLORS]
        table.add_row(
            *(Text(printable(report.file)), report.title, f"{report.resident}/{report.total}"),
            ", ".join(f"{unit} {sum(kinds.values())}" for unit, kinds in report.operators.items()),
            str(len(report.partitions)),
            *(f"[{c}]{n}[/]" if n else "0" for c, n in zip(COLORS.values(), counts, strict=True)),
        )
    return table


def _list_findings(report: PlacementReport) -> Table:
    table = Table(title=Text(printable(f"{report.file} on {report.title}")), show_lines=True)
    table.add_column("rule", no_wrap=True)
    table.add_column("where", ratio=2, overflow="fold")
    table.add_column("what", ratio=4)
    table.add_column("what to do", ratio=3)
    table.add_column("source", ratio=2, overflow="fold")
    for finding in report.findings:
        rule = f"[{COLORS[finding.severity]}]{finding.rule}\n{finding.severity}[/]"
        said = finding.message, finding.fix, finding.source
        table.add_row(rule, _where(finding), *(Text(printable(text)) for text in said))
    return table


def _where(finding: Finding) -> Text:
    """Return the places; their names come from the file, so they are neither markup nor control."""
    more = len(finding.places) - SHOWN
    names = [printable(place) for place in finding.places[:SHOWN]]
    return Text("\n".join([*names, f"and {more} more"] if more > 0 else names))
