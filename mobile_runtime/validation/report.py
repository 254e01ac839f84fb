"""What has verified files, and what `scnet validate` found: as a table, as sentences, as JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
from rich.box import Box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mobile_runtime.console import open_console, printable
from mobile_runtime.model_file.manifest import Manifest
from mobile_runtime.model_file.parity import Verdict
from mobile_runtime.upscaling.evaluation import Quality
from mobile_runtime.validation.fault_localization import Fault


@dataclass(frozen=True)
class Validation:
    """What was found out about one file."""

    path: str
    """As it was given."""
    manifest: Manifest
    """As it now lies beside the file, with what was known before."""
    size_bytes: int
    verdicts: dict[str, Verdict]
    """Engine -> what this run made of the file."""
    absent: dict[str, str]
    """Engine -> why it cannot run here, and what to do."""
    errors: dict[str, str]
    """Engine -> why it gave no verdict."""
    faults: tuple[Fault, ...]
    """Why engines failed."""


@dataclass(frozen=True)
class Report:
    """What one call of `scnet validate` found out."""

    date: str
    """UTC, ISO 8601."""
    files: tuple[Validation, ...]
    quality: tuple[Quality, ...]
    """Empty if no folder was given."""


def format_json(files: Iterable[Validation], quality: Iterable[Quality]) -> bytes:
    """Write everything that was found out as JSON."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report(date, tuple(files), tuple(quality))
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def print_table(entries: Iterable[tuple[Manifest, int]]) -> None:
    """Print one row per file and engine; into a file or a log, as Markdown.

    Args:
        entries: Manifests, each with the size of its file in bytes.
    """
    console, box = open_console()
    console.print(_tabulate(entries, box))


def print_validations(validations: Iterable[Validation]) -> None:
    """Print the table of this run, which engines failed and why, and which are absent."""
    found = list(validations)
    print_table(
        (replace(each.manifest, verified=tuple(each.verdicts.values())), each.size_bytes)
        for each in found
    )
    console, _ = open_console()
    for style, lines in (("red", _failures(found)), ("yellow", _absences(found))):
        for line in lines:
            console.print(Text(printable(line), style=style), soft_wrap=True)


def _failures(validations: list[Validation]) -> Iterator[str]:
    for validation in validations:
        for engine, verdict in validation.verdicts.items():
            if not verdict.passed:
                yield f"{validation.manifest.file} failed on {engine}: {verdict.failure}."
        yield from map(str, validation.faults)


def _absences(validations: list[Validation]) -> Iterator[str]:
    """Give each reason once, however many files and engines it is about."""
    engines: dict[str, dict[str, None]] = {}
    for validation in validations:
        for engine, reason in validation.absent.items():
            engines.setdefault(reason, {})[engine] = None
    for reason, names in engines.items():
        yield f"Absent: {', '.join(names)}. {reason}"


def _tabulate(entries: Iterable[tuple[Manifest, int]], box: Box) -> Table:
    table = Table(box=box)
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right")
    table.add_column("shift form")
    for name in ("operators", "loss", "max abs", "mean abs", "PSNR", "SNR", "over 1/255"):
        table.add_column(name, justify="right")
    for name in ("engine that ran it", "placement", "passed"):
        table.add_column(name)
    for manifest, size_bytes in entries:
        facts = (
            escape(manifest.file),
            f"{size_bytes / 1e6:.2f} MB",
            manifest.model.shift,
            str(sum(manifest.operators.values())),
            _loss(manifest),
        )
        for row, verdict in enumerate(manifest.verified or (None,)):
            table.add_row(*(facts if row == 0 else ("",) * 5), *_figures(verdict))
    return table


def _loss(manifest: Manifest) -> str:
    if manifest.psnr_loss_db is None:
        return ""
    return f"{round(manifest.psnr_loss_db, 3) + 0.0:.3f} dB"  # + 0.0: no minus before zero


def _figures(verdict: Verdict | None) -> tuple[str, ...]:
    if verdict is None:
        return *("",) * 5, "none: not verified", "", "[yellow]?[/]"
    return (
        f"{verdict.worst.max_abs:.1e}",
        f"{verdict.worst.mean_abs:.1e}",
        f"{verdict.worst.psnr_db:.1f} dB",
        f"{verdict.worst.snr_db:.1f} dB",
        f"{verdict.worst.pixels_off_percent:.2g} %",
        escape(verdict.engine),  # with names of GPUs and drivers, which are not ours
        escape(verdict.placement),
        "[green]yes[/]" if verdict.passed else "[red]no[/]",
    )
