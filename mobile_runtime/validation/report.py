"""Results of validating files, as a table, as one block per file, and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rich.table import Table
from rich.text import Text

from mobile_runtime.console import print_table, print_text
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.manifest import Manifest
from mobile_runtime.model_file.parity import Difference
from mobile_runtime.model_file.validation_result import ValidationResult
from mobile_runtime.upscaling.evaluation import Quality
from mobile_runtime.validation.fault_localization import Fault

Entry = tuple[Manifest, int]
"""A manifest, and the size of its file in bytes."""


@dataclass(frozen=True)
class Validation:
    """What was found out about one file."""

    path: str
    """As it was given."""
    manifest: Manifest
    """As it now is beside the file, with earlier results."""
    size_bytes: int
    results: tuple[ValidationResult, ...]
    """Of this run, one for each engine."""
    absent: dict[str, str]
    """Engine -> why it cannot run here, and what to do."""
    errors: dict[str, str]
    """Engine -> why it has no result."""
    faults: tuple[Fault, ...]
    """Why engines failed."""


@dataclass(frozen=True)
class Report:
    """What one call of `scnet validate` found out."""

    date: str
    """UTC, ISO 8601."""
    files: Sequence[Validation]
    quality: Sequence[Quality]
    """Empty if no folder was given."""


def print_results(entries: Iterable[Entry], *, details: bool = False) -> None:
    """Print how files compare with PyTorch.

    Args:
        entries: Manifests, each with the size of its file in bytes.
        details: Print a block for each file, with all figures of every engine, instead of a table
            for each network, with a line for each file and the figures of its worst engine.
    """
    if details:
        for entry in entries:
            for line in _details(*entry):
                print_text(line)
        return
    for network, files in groupby(entries, lambda entry: _split_name(entry[0])[0]):
        what = network or "Files of other names"
        print_text(f"{what} against PyTorch, worst engine; dB, bias in 8-bit levels")
        print_table(_tabulate(files))


def print_validations(validations: Iterable[Validation], *, details: bool = False) -> None:
    """Print the results of this run, which engines failed and why, and which are absent."""
    found = list(validations)
    entries = [(replace(each.manifest, verified=each.results), each.size_bytes) for each in found]
    print_results(entries, details=details)
    for line in _failures(found):
        print_text(line, style="red", failed=True)
    for line in _absences(found):
        print_text(line, style="yellow")


def _failures(validations: list[Validation]) -> Iterator[str]:
    for validation in validations:
        for result in validation.results:
            if not result.passed:
                yield f"{validation.manifest.file} failed on {result.engine}: {result.failure}."
        yield from map(str, validation.faults)


def _absences(validations: list[Validation]) -> Iterator[str]:
    """Return each reason once, however many files and engines it is about."""
    engines: dict[str, dict[str, None]] = {}
    for validation in validations:
        for engine, reason in validation.absent.items():
            engines.setdefault(reason, {})[engine] = None
    for reason, names in engines.items():
        yield f"Absent: {', '.join(names)}. {reason}"


def _split_name(manifest: Manifest) -> tuple[str, str]:
    """Return the network of a file name, and what tells it from others of that network."""
    network, found, rest = manifest.file.partition(f"-{manifest.model.precision}-")
    return (network, rest) if found else ("", manifest.file)


def _tabulate(entries: Iterable[Entry]) -> Table:
    table = Table("file", "prec.")
    for name in ("MB", "PSNR", "max abs", "bias", "loss", "passed"):
        table.add_column(name, justify="right")
    for manifest, size_bytes in entries:
        results = manifest.verified
        worst = parity.worst([result.worst for result in results]) if results else None
        table.add_row(
            _split_name(manifest)[1],
            manifest.model.precision,
            f"{size_bytes / 1e6:.2f}",
            f"{worst.psnr_db:.3g}" if worst else "",
            f"{worst.max_abs:.1e}" if worst else "",
            _bias(worst, digits=1) if worst else "",
            "" if manifest.psnr_loss_db is None else _loss(manifest.psnr_loss_db),
            _count_passed(results),
        )
    return table


def _count_passed(results: Sequence[ValidationResult]) -> Text:
    if not results:
        return Text("not run", style="yellow")
    passed = sum(result.passed for result in results)
    return Text(f"{passed} of {len(results)}", style="green" if passed == len(results) else "red")


def _details(manifest: Manifest, size_bytes: int) -> Iterator[str]:
    """Describe a file in a few lines, and each engine's result in a few more."""
    model, loss_db = manifest.model, manifest.psnr_loss_db
    yield manifest.file
    yield (
        f"  {size_bytes / 1e6:.2f} MB, {model.precision}, {model.shift}, "
        f"{sum(manifest.operators.values())} operators"
    )
    loss = "" if loss_db is None else f", loses {_loss(loss_db)} dB on photographs"
    yield f"  must keep to {manifest.tolerance}{loss}"
    if not manifest.verified:
        yield "  not run"
    for result in manifest.verified:
        worst = result.worst
        yield f"  {'passed' if result.passed else 'FAILED'} on {result.engine_info}"
        yield f"    placement: {result.placement}"
        yield f"    device: {result.device}"
        yield f"    PSNR {worst.psnr_db:.1f} dB, SNR {worst.snr_db:.1f} dB"
        yield (
            f"    max abs {worst.max_abs:.1e}, mean abs {worst.mean_abs:.1e}, "
            f"{worst.pixels_off_percent:.2g} % of values off by over 1/255"
        )
        if worst.mean_signed_error_levels is not None:
            yield f"    mean signed error {_bias(worst, digits=2)} levels of 8 bits"


def _bias(difference: Difference, *, digits: int) -> str:
    error = difference.mean_signed_error_levels
    return "" if error is None else f"{round(error, digits) + 0.0:.{digits}f}"


def _loss(loss_db: float) -> str:
    return f"{round(loss_db, 3) + 0.0:.3f}"  # + 0.0: no minus before zero, as above
