"""Manifests of model files: the JSON beside a file.

Everything that runs a file knows it only from here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mobile_runtime.atomic_write import atomic_write
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file import schema_v1
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.precision import PrecisionName, Tolerance, tolerance_for
from mobile_runtime.model_file.validation_result import ValidationResult

Positive = Annotated[int, msgspec.Meta(gt=0)]
PlainName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
"""Part of a file's name: no separators, nothing that ends a string."""
Shape = tuple[Positive, Positive, Positive, Positive]


@dataclass(frozen=True)
class GoldenSample:
    """An input and PyTorch's output for it, in raw files beside the manifest: NCHW, RGB."""

    name: PlainName
    input: str
    """Path beside the manifest."""
    input_shape: Shape
    input_sha256: str
    output: str
    """Path beside the manifest. Little-endian float32 with white at 1.0, not clipped."""
    output_shape: Shape
    """Of the whole output, of which the file keeps some rows and columns; see `output_stride`."""
    output_sha256: str
    input_dtype: Literal["uint8", "float32"] = "float32"
    """Bytes with white at 255, or little-endian float32 with white at 1.0."""
    output_stride: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    """Step of the rows and columns that the output's file keeps: 0, s, 2s, ... and the last."""


@dataclass(frozen=True)
class Manifest:
    """The JSON beside a model file."""

    file: str
    sha256: str
    """Of the file; of a folder, see `hash_file`."""
    model: Model
    operators: dict[str, int]
    """How many operators of each kind the file holds, constants left out."""
    tolerance: Tolerance
    golden: Annotated[tuple[GoldenSample, ...], msgspec.Meta(min_length=1)]
    verified: tuple[ValidationResult, ...] = ()
    """One for each engine and device that has run the file."""
    psnr_loss_db: float | None = None
    """What a compressed file loses on photographs against PyTorch, on Y; None if not measured."""
    schema_version: Literal[2] = 2


def manifest_path(model: Path) -> Path:
    """Return where the manifest of a model file is: beside it, such as `scnet.tflite.json`."""
    return model.parent / f"{model.name}.json"


def write_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write a manifest, whole or not at all, beside the file that it describes.

    Raises:
        ManifestError: The folder cannot be written to.
    """
    path = manifest_path(folder / manifest.file)
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise ManifestError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def read_manifest(model: Path) -> Manifest:
    """Return the manifest beside a model file, of this schema version or of an older one.

    The file itself is not looked at; `mobile_runtime.model_file.file.read_model_file` does that.

    Raises:
        ManifestError: Missing, malformed, or about a file of another name.
    """
    path = manifest_path(model)
    try:
        manifest = _decode(path.read_bytes())
    except FileNotFoundError as error:
        if not model.exists():
            raise ManifestError(f"{model} does not exist.") from error
        raise ManifestError(
            f"{path} cannot be read: there is none. It names the golden samples to compare with, "
            "and scnet convert writes both; without them, scnet check and benchmark still work."
        ) from error
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"{path} is not a manifest of this project: {error}.") from error
    if manifest.file != model.name:
        raise ManifestError(_describe_mismatch(model, manifest))
    return manifest


def check_hash(model: Path, manifest: Manifest) -> None:
    """Raise ManifestError unless a manifest is about this very file, and it can be read."""
    if manifest.sha256 != hash_file(model):
        raise ManifestError(_describe_mismatch(model, manifest))


def own_tolerance(manifest: Manifest) -> Tolerance:
    """Return the tolerance in a manifest.

    Raises:
        ManifestError: It is looser than the file's precision allows: somebody edited it.
    """
    allowed = tolerance_for(manifest.model.format, manifest.model.precision)
    if manifest.tolerance.is_looser_than(allowed):
        raise ManifestError(
            f"The manifest of {manifest.file} was edited: its tolerance of {manifest.tolerance} is "
            f"looser than {allowed}, which such a file must keep to. Convert again."
        )
    return manifest.tolerance


def tolerance_in(manifest: Manifest, precision: PrecisionName) -> Tolerance:
    """Return the tolerance for an engine that rounds to a precision; a coarser file keeps its own.

    Raises:
        ManifestError: As `own_tolerance`.
    """
    own, rounded = own_tolerance(manifest), tolerance_for(manifest.model.format, precision)
    return rounded if rounded.is_looser_than(own) else own


def _decode(text: bytes) -> Manifest:
    content = msgspec.json.decode(text, type=dict[str, Any])
    if content.get("schema_version", 1) == 1:
        content = schema_v1.upgrade(content)
    return msgspec.convert(content, Manifest)


def _describe_mismatch(model: Path, manifest: Manifest) -> str:
    return (
        f"{manifest_path(model)} belongs to another file (it describes {manifest.file}, sha256 "
        f"{manifest.sha256[:12]}...): convert again, or put the right manifest beside {model}."
    )
