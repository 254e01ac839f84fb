"""Is a model file right? Run its golden samples on every engine and compare with PyTorch's output.

Needs no PyTorch: the outputs to compare with lie beside the file.
"""

import os
import platform
from pathlib import Path

import numpy as np

from mobile_runtime import parity
from mobile_runtime.errors import ManifestError, ModelLoadError
from mobile_runtime.manifest import Manifest, manifest_path, read_golden, read_manifest
from mobile_runtime.parity import Verdict
from mobile_runtime.pictures import Image
from mobile_runtime.session import Session, engines, open_session


def validate(path: Path, *, threads: int | None = None) -> tuple[Verdict, ...]:
    """Validate a model file against the golden samples that its manifest names.

    Args:
        path: A model file with a manifest beside it.
        threads: For engines that have threads; all cores if not given.

    Returns:
        One verdict per engine that can run this kind of file here.

    Raises:
        ManifestError: There is no manifest, it is about another file, or it was edited.
        ModelLoadError: An engine refused the file.
    """
    manifest = read_manifest(path)
    _check_tolerance(path, manifest)
    return tuple(_judge(path, manifest, engine, threads) for engine in engines(path))


def describe_device() -> str:
    """Name this machine, as far as figures depend on it."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _check_tolerance(path: Path, manifest: Manifest) -> None:
    longest_side = max(side for sample in manifest.golden for side in sample.input_shape[2:])
    allowed = parity.tolerance_for(manifest.model.precision, manifest.model.scale, longest_side)
    if parity.is_looser(manifest.tolerance, allowed):
        raise ManifestError(
            f"{manifest_path(path)} was edited: its {manifest.tolerance} is looser than {allowed}, "
            "which such a file must keep to. Convert again."
        )


def _judge(path: Path, manifest: Manifest, engine: str, threads: int | None) -> Verdict:
    session = open_session(path, engine=engine, threads=threads)
    if session.model != manifest.model:
        raise ManifestError(
            f"{manifest_path(path)} was edited: it describes another model than {path} does "
            "itself. Convert again."
        )
    differences = []
    for _, image, expected in read_golden(manifest, path.parent):
        if manifest.model.output.clipped:
            expected = np.clip(expected, 0, 1)
        differences.append(parity.compare(expected, _run(session, image, expected.shape)))
    worst = parity.worst(differences)
    return Verdict(
        engine=session.engine,
        device=describe_device(),
        compared=f"PyTorch, {len(differences)} golden samples",
        worst=worst,
        passed=parity.within(worst, manifest.tolerance),
    )


def _run(session: Session, image: Image, expected: tuple[int, ...]) -> Image:
    output = session.run(image)
    if output.shape != expected:
        raise ModelLoadError(
            f"{session.engine} gave {output.shape} instead of {expected} for {image.shape}: the "
            "file is not what its manifest says. Convert again."
        )
    return output
