"""`scnet validate`: is this file still right, on this machine?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from mobile_runtime.cli import options as command_options
from mobile_runtime.console import STDOUT, check_output, complain, write_output
from mobile_runtime.engines.session import Session, engines, open_session, unavailable_reason
from mobile_runtime.errors import (
    EngineUnavailableError,
    ImageError,
    MissingDependencyError,
    ModelLoadError,
    ScnetError,
)
from mobile_runtime.imaging.metrics import list_images
from mobile_runtime.model_file.manifest import keep_verdicts, measure_file, read_manifest
from mobile_runtime.model_file.parity import within
from mobile_runtime.upscaling.evaluation import measure_quality, print_quality
from mobile_runtime.validation.fault_localization import Fault, localize_fault
from mobile_runtime.validation.report import Validation, format_json, print_validations
from mobile_runtime.validation.validate import available_engines, judge


@click.command("validate")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--engine",
    "asked",
    multiple=True,
    help="What runs the files, more than one if given again; all that can run here if not given.",
)
@command_options.threads
@click.option(
    "--quality",
    "folder",
    type=click.Path(path_type=Path),
    help="Measure PSNR and SSIM on Y on this folder of pictures as well.",
)
@command_options.json_path
@command_options.overwrite
@click.pass_context
def command(
    context: click.Context,
    files: tuple[Path, ...],
    asked: tuple[str, ...],
    threads: int | None,
    folder: Path | None,
    json_path: Path | None,
    *,
    overwrite: bool,
) -> None:
    """Run the golden samples of FILES on every engine here, and compare with PyTorch's outputs.

    Needs no PyTorch. Each verdict is added to the file's manifest, where it replaces that of the
    same engine on the same device. Where an engine fails, the first operator that goes wrong is
    looked for. The exit code is 2 if a verdict could not be had, else 1 if one is bad.
    """
    check_output(json_path, overwrite=overwrite)
    if folder is not None:
        list_images(folder)
    found, errors = [], 0
    for path in files:
        try:
            found.append(_validate(path, asked, threads))
            found[-1] = _keep(found[-1])
        except ScnetError as error:  # must not hide what was found out about the others
            errors += 1
            complain(str(error))
    if found and json_path != STDOUT:
        print_validations(found)
    quality = []
    if folder is not None and found:
        try:
            quality = measure_quality(_open_judged(found, threads), folder)
        except ScnetError as error:  # nor must this
            errors += 1
            complain(str(error))
    if json_path != STDOUT:
        print_quality(quality)
    if json_path is not None:
        write_output(json_path, format_json(found, quality))
    context.exit(_exit_code(found, errors))


def _validate(path: Path, asked: Sequence[str], threads: int | None) -> Validation:
    """Judge a file on every engine, and find out why where it fails."""
    absent = _find_absent(path, asked)
    manifest = read_manifest(path)
    verdicts, errors, faults = {}, {}, list[Fault]()
    for engine in dict.fromkeys(asked or available_engines(path)):
        try:
            with Console(stderr=True).status(f"{path.name} on {engine}"):
                verdict = verdicts[engine] = judge(path, engine, threads=threads)
                if not within(verdict.worst, manifest.tolerance):
                    faults += _localize_fault(path, engine, threads)
        except (
            EngineUnavailableError,
            ImageError,
            MissingDependencyError,
            ModelLoadError,
        ) as error:
            errors[engine] = str(error)
            complain(f"{path.name} on {engine}: {error}")
    return Validation(
        str(path), manifest, measure_file(path), verdicts, absent, errors, tuple(faults)
    )


def _localize_fault(path: Path, engine: str, threads: int | None) -> list[Fault]:
    """Find out why an engine failed; none if that fails too, for the verdict stands without it."""
    try:
        return [localize_fault(path, engine, threads=threads)]
    except ScnetError as error:
        complain(f"Which operator is wrong could not be found out: {error}")
        return []


def _keep(validation: Validation) -> Validation:
    """Add the verdicts to the manifest beside the file."""
    if not validation.verdicts:
        return validation
    path, verdicts = Path(validation.path), validation.verdicts.values()
    return replace(validation, manifest=keep_verdicts(path, validation.manifest, verdicts))


def _find_absent(path: Path, asked: Sequence[str]) -> dict[str, str]:
    """Say why engines are absent; an error if that is one of those that were asked for."""
    reasons = {engine: unavailable_reason(path, engine) for engine in asked or engines(path)}
    absent = {engine: reason for engine, reason in reasons.items() if reason is not None}
    for engine in asked:
        if engine in absent:
            raise EngineUnavailableError(f"{path} cannot run on {engine}: {absent[engine]}")
    return absent


def _open_judged(found: Sequence[Validation], threads: int | None) -> Iterator[tuple[str, Session]]:
    """Open every file on every engine that gave a verdict."""
    for validation in found:
        for engine in validation.verdicts:
            session = open_session(Path(validation.path), engine=engine, threads=threads)
            yield validation.manifest.file, session


def _exit_code(found: Sequence[Validation], errors: int) -> int:
    if errors or any(validation.errors for validation in found):
        return 2
    verdicts = (verdict for validation in found for verdict in validation.verdicts.values())
    return 0 if all(verdict.passed for verdict in verdicts) else 1
