"""`scnet validate`: model files on the engines of this machine, compared with PyTorch."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from mobile_runtime.cli import options
from mobile_runtime.cli.progress import show_steps
from mobile_runtime.console import STDOUT, check_output, complain, write_json
from mobile_runtime.engines.session import Session, engines, open_session, unavailable_reason
from mobile_runtime.errors import EngineUnavailableError, ManifestError, ScnetError
from mobile_runtime.host_info import utc_now
from mobile_runtime.imaging.folder import list_pictures
from mobile_runtime.model_file.file import ModelFile, keep_results, read_model_file
from mobile_runtime.model_file.file_hash import measure_file
from mobile_runtime.model_file.validation_result import ValidationResult
from mobile_runtime.steps import OnAction, actions_of
from mobile_runtime.upscaling.evaluation import measure_quality, print_quality
from mobile_runtime.validation.fault_localization import Fault, localize_fault
from mobile_runtime.validation.report import Report, Validation, print_validations
from mobile_runtime.validation.validate import available_engines, validate_on_engine


@click.command("validate")
@options.files
@click.option(
    "--engine",
    "asked",
    type=options.ENGINE,
    multiple=True,
    help=f"What runs the files: {options.ENGINES_HELP}. May be given more than once. "
    "[default: all that can run here]",
)
@options.threads
@click.option(
    "--quality",
    "folder",
    type=options.PATH,
    help="Measure PSNR and SSIM on Y on this folder of pictures as well.",
)
@options.details
@options.json_output
@click.pass_context
def command(
    context: click.Context,
    files: tuple[Path, ...],
    asked: tuple[str, ...],
    threads: int | None,
    folder: Path | None,
    json_path: Path | None,
    *,
    details: bool,
    overwrite: bool,
) -> None:
    """Run the golden samples of FILES on every engine here, and compare with PyTorch's outputs.

    Needs no PyTorch. Each result is added to the file's manifest, where it replaces that of the
    same engine on the same device. Where an engine fails, the first operator that goes wrong is
    looked for. The exit code is 2 if an engine had no result, else 1 if one failed.
    """
    check_output(json_path, overwrite=overwrite)
    if folder is not None:
        list_pictures(folder)
    found: list[Validation] = []
    errors = 0
    with show_steps() as show:
        for number, path in enumerate(files, start=1):
            on_action = actions_of(show, path.name, number, len(files))
            try:
                file = read_model_file(path)
                found.append(_validate(file, asked, threads, on_action))
                if found[-1].results:
                    kept = keep_results(file, found[-1].results)
                    found[-1] = replace(found[-1], manifest=kept.manifest)
            except ScnetError as error:  # must not hide what was found out about the others
                errors += 1
                complain(str(error))
    if found and json_path != STDOUT:
        print_validations(found, details=details)
    quality = []
    if folder is not None and found:
        try:
            with show_steps() as show:
                sessions = _open_validated(found, threads)
                quality = measure_quality(sessions, folder, on_step=show)
        except ScnetError as error:  # nor must this
            errors += 1
            complain(str(error))
    if json_path != STDOUT:
        print_quality(quality)
    write_json(json_path, Report(utc_now(), found, quality))
    context.exit(_exit_code(found, errors))


def _validate(
    file: ModelFile, asked: Sequence[str], threads: int | None, on_action: OnAction
) -> Validation:
    """Return how a file does on every engine, and why where it fails."""
    path = file.path
    absent = _find_absent(path, asked)
    results: list[ValidationResult] = []
    errors: dict[str, str] = {}
    faults: list[Fault] = []
    for engine in dict.fromkeys(asked or available_engines(path)):
        try:
            on_action(f"verifying on {engine}")
            results.append(validate_on_engine(file, engine, threads=threads))
            if not file.manifest.tolerance.allows(results[-1].worst):
                on_action(f"looking for the wrong operator on {engine}")
                faults += _localize_fault(file, engine, threads)
        except ManifestError:
            raise
        except ScnetError as error:
            errors[engine] = str(error)
            complain(f"{path.name} on {engine}: {error}")
    return Validation(
        str(path), file.manifest, measure_file(path), tuple(results), absent, errors, tuple(faults)
    )


def _localize_fault(file: ModelFile, engine: str, threads: int | None) -> list[Fault]:
    """Return why an engine failed; nothing if that fails too, for the result stands without it."""
    try:
        return [localize_fault(file, engine, threads=threads)]
    except ScnetError as error:
        complain(f"Which operator is wrong could not be found out: {error}")
        return []


def _find_absent(path: Path, asked: Sequence[str]) -> dict[str, str]:
    """Return why engines are absent.

    Raises:
        EngineUnavailableError: One that was asked for is absent.
    """
    reasons = {engine: unavailable_reason(path, engine) for engine in asked or engines(path)}
    absent = {engine: reason for engine, reason in reasons.items() if reason is not None}
    for engine in asked:
        if engine in absent:
            raise EngineUnavailableError(f"{path} cannot run on {engine}: {absent[engine]}")
    return absent


def _open_validated(
    found: Sequence[Validation], threads: int | None
) -> Iterator[tuple[str, Session]]:
    """Open every file on every engine that has run it."""
    for validation in found:
        file = ModelFile(Path(validation.path), validation.manifest)
        for result in validation.results:
            session = open_session(file, engine=result.engine, threads=threads)
            yield validation.manifest.file, session


def _exit_code(found: Sequence[Validation], errors: int) -> int:
    if errors or any(validation.errors for validation in found):
        return 2
    results = (result for validation in found for result in validation.results)
    return 0 if all(result.passed for result in results) else 1
