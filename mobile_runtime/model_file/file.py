"""A model file with its manifest, read and checked once and then handed on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mobile_runtime.atomic_write import file_lock
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.manifest import Manifest, check_hash, read_manifest, write_manifest
from mobile_runtime.model_file.validation_result import ValidationResult


@dataclass(frozen=True)
class ModelFile:
    """A model file and a manifest that is known to be about this very file."""

    path: Path
    manifest: Manifest


def read_model_file(file: Path | ModelFile) -> ModelFile:
    """Return a model file with its manifest, checked against the file's sha256.

    A `ModelFile` is returned as it is, so that nothing is hashed twice.

    Raises:
        ManifestError: The manifest is missing, malformed, or about another file.
    """
    if isinstance(file, ModelFile):
        return file
    manifest = read_manifest(file)
    check_hash(file, manifest)
    return ModelFile(file, manifest)


def add_results(manifest: Manifest, results: Iterable[ValidationResult]) -> Manifest:
    """Return a manifest with more results; each replaces that of the same engine and device.

    Another version of an engine is another engine: the file has not changed, so what the old
    version made of it is still true.
    """
    new = tuple(results)
    kept = (old for old in manifest.verified if not any(result.replaces(old) for result in new))
    return replace(manifest, verified=(*kept, *new))


def keep_results(file: ModelFile, results: Iterable[ValidationResult]) -> ModelFile:
    """Add results to the manifest beside a file, to which others may have added theirs.

    Whoever does the same at the same time waits, so that no result is lost.

    Raises:
        ManifestError: The file is another one by now, or its folder cannot be written to.
    """
    with file_lock(file.path.parent):
        now = read_manifest(file.path)
        if now.sha256 != file.manifest.sha256:
            raise ManifestError(
                f"{file.path} was replaced while it was validated: its manifest gets no result. "
                "Run it again."
            )
        kept = add_results(now, results)
        write_manifest(kept, file.path.parent)
    return ModelFile(file.path, kept)
