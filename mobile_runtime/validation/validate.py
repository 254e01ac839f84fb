"""Is a model file right? Run its golden samples on an engine and compare with PyTorch's output.

Needs no PyTorch: the outputs to compare with lie beside the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobile_runtime.engines.session import (
    Placement,
    Session,
    engines,
    open_session,
    unavailable_reason,
)
from mobile_runtime.errors import EngineUnavailableError, ManifestError, ModelLoadError
from mobile_runtime.host_info import describe_device
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import Manifest, manifest_path, read_manifest
from mobile_runtime.model_file.parity import Difference, Tolerance, Verdict
from mobile_runtime.model_file.tolerance import own_tolerance


@dataclass(frozen=True)
class Comparison:
    """One golden sample, and what an engine made of it."""

    sample: str
    image: Image
    expected: Image
    """PyTorch's output, clipped if the file clips."""
    difference: Difference


def validate(path: Path, *, threads: int | None = None) -> tuple[Verdict, ...]:
    """Judge a model file on every engine that can run it here.

    Args:
        path: A model file with a manifest beside it.
        threads: For engines that have threads; all cores if not given.

    Returns:
        One verdict for each of `available_engines(path)`.

    Raises:
        ManifestError: There is no manifest, it is about another file, or it was edited.
        ModelLoadError: An engine refused the file.
        ImageError: The file does not take the size of a sample.
        EngineUnavailableError: No engine can run the file here.
    """
    return tuple(judge(path, engine, threads=threads) for engine in available_engines(path))


def available_engines(path: Path) -> tuple[str, ...]:
    """Name the engines that can run this kind of file here, the usual one first.

    Raises:
        ModelLoadError: No such file, or an unknown kind of file.
        EngineUnavailableError: There is none.
    """
    reasons = {engine: unavailable_reason(path, engine) for engine in engines(path)}
    if all(reasons.values()):
        raise EngineUnavailableError(
            f"Nothing here can run {path.name}: {' '.join(filter(None, reasons.values()))}"
        )
    return tuple(engine for engine, reason in reasons.items() if reason is None)


def judge(path: Path, engine: str, *, threads: int | None = None) -> Verdict:
    """Run the golden samples that a file's manifest names on one engine, and compare.

    An engine that left operators to another unit than the one it stands for does not pass.

    Args:
        path: A model file with a manifest beside it.
        engine: One of `session.engines(path)`.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ManifestError: There is no manifest, it is about another file, or it was edited.
        ModelLoadError: The engine refused the file.
        ImageError: The file does not take the size of a sample.
        EngineUnavailableError: The engine cannot run here.
    """
    manifest = read_manifest(path)
    allowed = own_tolerance(manifest)
    session = open_session(path, engine=engine, threads=threads)
    if session.model != manifest.model:
        raise ManifestError(
            f"{manifest_path(path)} was edited: it describes another model than {path} does "
            "itself. Convert again."
        )
    differences = [found.difference for found in compare_golden(session, manifest, path.parent)]
    worst = parity.worst(differences)
    failures = list(_find_failures(worst, allowed, session.placement))
    return Verdict(
        engine=session.engine,
        device=describe_device(),
        compared=f"PyTorch, {len(differences)} golden samples",
        worst=worst,
        passed=not failures,
        placement=session.placement.described,
        failure="; ".join(failures),
    )


def compare_golden(session: Session, manifest: Manifest, folder: Path) -> Iterator[Comparison]:
    """Run every golden sample, one after the other.

    Raises:
        ManifestError: A sample is missing, outside the folder, or not what was promised.
        ModelLoadError: The session gives something else than a picture of the right size.
        ImageError: The file does not take the size of a sample.
    """
    for name, image, expected in read_golden(manifest, folder):
        wanted = np.clip(expected, 0, 1) if manifest.model.output.clipped else expected
        difference = parity.compare(wanted, _run(session, image, wanted.shape))
        yield Comparison(name, image, wanted, difference)


def _find_failures(worst: Difference, allowed: Tolerance, placement: Placement) -> Iterator[str]:
    if not parity.within(worst, allowed):
        yield f"{worst} (wanted {allowed})"
    if not placement.complete:
        yield f"not all of it ran where it should: {placement.described}"


def _run(session: Session, image: Image, expected: tuple[int, ...]) -> Image:
    output = session.run(image)
    if output.shape != expected:
        raise ModelLoadError(
            f"{session.engine} gave {output.shape} instead of {expected} for {image.shape}: the "
            "file is not what its manifest says. Convert again."
        )
    return output
