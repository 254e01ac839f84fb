"""Validation of a model file: its golden samples on an engine, compared with PyTorch's outputs.

Needs no PyTorch: the outputs to compare with are beside the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mobile_runtime.engines.session import (
    Placement,
    Session,
    engines,
    open_session,
    unavailable_reason,
)
from mobile_runtime.errors import EngineUnavailableError, ManifestError, ModelLoadError
from mobile_runtime.host_info import describe_device
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.file import ModelFile, read_model_file
from mobile_runtime.model_file.golden_samples import GoldenImages, read_golden
from mobile_runtime.model_file.manifest import manifest_path, own_tolerance
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.parity import Difference, find_wrong_rounding
from mobile_runtime.model_file.precision import PRECISIONS, Tolerance
from mobile_runtime.model_file.validation_result import ValidationResult
from mobile_runtime.steps import OnAction, ignore_action


@dataclass(frozen=True)
class Comparison:
    """One golden sample, and how far an engine's output is from PyTorch's."""

    golden: GoldenImages
    difference: Difference


def validate(
    file: Path | ModelFile, *, threads: int | None = None, on_action: OnAction = ignore_action
) -> tuple[ValidationResult, ...]:
    """Return how a model file does on each of `available_engines`, in that order.

    Other arguments and errors are those of `validate_on_engine`.

    Args:
        file: A model file with its manifest.
        threads: For engines that have threads; all cores if not given.
        on_action: Called before each engine.
    """
    opened = read_model_file(file)
    results = []
    for name in available_engines(opened.path):
        on_action(f"verifying on {name}")
        results.append(validate_on_engine(opened, name, threads=threads))
    return tuple(results)


def available_engines(path: Path) -> tuple[str, ...]:
    """Return the engines that can run this kind of file here, the usual one first.

    Raises:
        ModelLoadError: No such file, or an unknown kind of file.
        EngineUnavailableError: There is none.
    """
    reasons = {engine: unavailable_reason(path, engine) for engine in engines(path)}
    if all(reasons.values()):
        usual = next(iter(reasons.values()))
        raise EngineUnavailableError(f"Nothing here can run {path.name}: {usual}")
    return tuple(engine for engine, reason in reasons.items() if reason is None)


def validate_on_engine(
    file: Path | ModelFile, engine: str, *, threads: int | None = None
) -> ValidationResult:
    """Return how a model file does on one engine: its golden samples against PyTorch's outputs.

    An engine that left operators to another unit than the one it stands for does not pass, nor
    does one that truncates 8-bit outputs instead of rounding them.

    Args:
        file: A model file with a manifest beside it.
        engine: One of `session.engines(path)`.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ManifestError: There is no manifest, it is about another file, or it was edited.
        ModelLoadError: The engine refused the file.
        ImageError: The file does not take the size of a sample.
        EngineUnavailableError: The engine cannot run here.
    """
    opened = read_model_file(file)
    allowed = own_tolerance(opened.manifest)
    session = open_session(opened, engine=engine, threads=threads)
    if session.model != opened.manifest.model:
        raise ManifestError(
            f"{manifest_path(opened.path)} was edited: it describes another model than "
            f"{opened.path} does itself. Convert again."
        )
    differences = [found.difference for found in compare_golden(session, opened)]
    worst = parity.over_samples(differences)
    failures = list(_find_failures(worst, allowed, opened.manifest.model, session.placement))
    return ValidationResult(
        engine=session.engine.name,
        version=session.engine.version,
        threads=session.engine.threads,
        device=describe_device(),
        compared=f"PyTorch, {len(differences)} golden samples",
        worst=worst,
        passed=not failures,
        placement=session.placement.described,
        failure="; ".join(failures),
    )


def compare_golden(session: Session, file: ModelFile) -> Iterator[Comparison]:
    """Run every golden sample of a file in a session, one after the other.

    Raises:
        ManifestError: A sample is missing, outside the folder, or of another shape or sha256.
        ModelLoadError: The session's output is not a picture of the right size.
        ImageError: The file does not take the size of a sample.
    """
    clipped = file.manifest.model.output.clipped
    for golden in read_golden(file.manifest, file.path.parent):
        actual = session.run(golden.image)
        if actual.shape != golden.output_shape:
            raise ModelLoadError(
                f"{session.engine} returned {actual.shape} instead of {golden.output_shape} for "
                f"{golden.image.shape}: the file is not what its manifest says. Convert again."
            )
        yield Comparison(golden, golden.compare(actual, clipped=clipped))


def _find_failures(
    worst: Difference, allowed: Tolerance, model: Model, placement: Placement
) -> Iterator[str]:
    limit_levels = PRECISIONS[model.precision].signed_error_levels
    if not allowed.allows(worst):
        yield f"{worst} (expected {allowed})"
    if why := find_wrong_rounding(worst, model.output.dtype, limit_levels):
        yield why
    if not placement.complete:
        yield f"not all of it ran where it should: {placement.described}"
