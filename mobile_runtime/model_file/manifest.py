"""Manifests of model files: the JSON beside a file, and the metadata inside it.

Everything that runs a file knows it only from here.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mobile_runtime.atomic_write import atomic_write
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file import schema_v1
from mobile_runtime.model_file.format import FormatName
from mobile_runtime.model_file.precision import PrecisionName, Tolerance, tolerance_for
from mobile_runtime.model_file.validation_result import ValidationResult

Positive = Annotated[int, msgspec.Meta(gt=0)]
Side = Annotated[int, msgspec.Meta(ge=1, le=16384)]
Size = tuple[Side, Side]
"""Height and width in pixels."""
PlainName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
"""Part of a file's name: no separators, nothing that ends a string."""
Shape = tuple[Positive, Positive, Positive, Positive]

SCALES = (2, 3, 4, 8)
"""Output pixels per input pixel and side that an SCNet can have."""


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of the file itself; sessions convert to and from images."""

    name: str
    shape: tuple[int | None, ...]
    """None where any size goes."""
    dtype: Literal["float32", "float16", "uint8"]
    layout: Literal["NCHW", "NHWC"]
    range: Literal["0..1", "0..255"]
    """The nominal range. Outputs may overshoot it a little, unless `clipped`."""
    clipped: bool = False
    """The file itself clips the values to the range."""
    colour_order: Literal["RGB"] = "RGB"


@dataclass(frozen=True)
class Weights:
    """Where the weights come from, and on what terms."""

    name: str
    sha256: str
    licence: str
    source: str


@dataclass(frozen=True)
class Model:
    """What a file says of itself; the same keys stand in the manifest and inside the file."""

    format: Literal[FormatName, "pytorch"]
    variant: str
    """`t`, `b`, or width and depth such as `d48b10`."""
    head: str
    scale: int
    """Output pixels per input pixel and side; one of `SCALES`."""
    precision: PrecisionName
    shift: Literal["slice_concat", "depthwise"]
    """How the spatial shift is written."""
    sizes: Annotated[tuple[Size, ...], msgspec.Meta(min_length=1)] | None
    """The input sizes that the file takes; None if it takes any."""
    halo: Annotated[int, msgspec.Meta(ge=0, le=4096)]
    """Low-resolution pixels around a tile on which its output depends."""
    input: TensorSpec
    output: TensorSpec
    weights: Weights
    tools: dict[str, str]
    """Package -> version of everything that made the file."""
    halo_8bit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The halo that is enough for 8-bit pictures, at most `halo`: when the file was made, no value
    of photographs and of the stress image moved by more than a quarter of a level, so none that is
    rounded by more than one. None where nobody measured it."""

    def __post_init__(self) -> None:
        """Check the scale and the smaller halo.

        Raises:
            ValueError: The scale is not one of `SCALES`, or `halo_8bit` is more than `halo`.
        """
        if self.scale not in SCALES:
            raise ValueError(f"Scale {self.scale} is not one of {SCALES}")
        if self.halo_8bit is not None and self.halo_8bit > self.halo:
            raise ValueError(f"Halo {self.halo_8bit} for 8 bits is more than the exact {self.halo}")

    def to_metadata(self) -> dict[str, str]:
        """Return one string per field, for a format's own metadata."""
        return {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in msgspec.to_builtins(self).items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Model | None":
        """Return what `to_metadata` wrote, or None if this project did not make the file.

        Raises:
            ManifestError: The fields are there, but malformed.
        """
        if not all(field.name in metadata for field in fields(cls) if field.default is MISSING):
            return None
        names = [field.name for field in fields(cls) if field.name in metadata]
        try:
            return msgspec.convert({name: _parse(metadata[name]) for name in names}, cls)
        except (msgspec.ValidationError, RecursionError) as error:
            raise ManifestError(
                f"The metadata inside the file is malformed ({error}): convert again."
            ) from error


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


def hash_file(path: Path, data_files: Sequence[Path] = ()) -> str:
    """Return the sha256 of a file; of several, over sorted relative paths and contents.

    Args:
        path: A file, or a folder with all that is in it.
        data_files: Files beside a file that belong to it.

    Raises:
        ManifestError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        if not path.is_dir() and not data_files:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        folder = path if path.is_dir() else path.parent
        parts = path.rglob("*") if path.is_dir() else (path, *data_files)
        for part in sorted(p for p in parts if p.is_file()):
            digest.update(part.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(part.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def measure_file(path: Path) -> int:
    """Return the size of a file in bytes; of a folder, of all files in it."""
    parts = path.rglob("*") if path.is_dir() else [path]
    return sum(part.stat().st_size for part in parts if part.is_file())


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


def _parse(text: str) -> object:
    """Return the value of JSON; names and versions, which are none, stay strings."""
    try:
        return json.loads(text)
    except ValueError:
        return text
