"""What a model file promises: the JSON beside it, its golden samples, and the metadata inside it.

This is the seam of the project. Everything that runs a file knows it only from here; Python,
JavaScript, Swift and Kotlin read the same fields.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mobile_runtime.atomic_write import atomic_write, file_lock
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.parity import Tolerance, Verdict

Positive = Annotated[int, msgspec.Meta(gt=0)]
Side = Annotated[int, msgspec.Meta(ge=1, le=16384)]
Size = tuple[Side, Side]
"""Height and width in pixels."""
PlainName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
"""Files are named after it: no separators, nothing that ends a string."""
Shape = tuple[Positive, Positive, Positive, Positive]

SCALES = (2, 3, 4, 8)
"""Output pixels per input pixel and side that an SCNet can have."""


@dataclass(frozen=True)
class TensorSpec:
    """One input or output, as the file itself has it; no session shows this to its caller."""

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

    format: Literal["coreml", "tflite", "onnx", "pytorch"]
    variant: str
    """`t`, `b`, or width and depth such as `d48b10`."""
    head: str
    scale: int
    """Output pixels per input pixel and side; one of `SCALES`."""
    precision: Literal["fp32", "fp16", "w8", "w6", "w4", "w8a8"]
    shift: Literal["slice_concat", "depthwise"]
    """How the spatial shift is written."""
    sizes: Annotated[tuple[Size, ...], msgspec.Meta(min_length=1)] | None
    """The input sizes that the file takes; None if it takes any."""
    halo: Annotated[int, msgspec.Meta(ge=0, le=4096)]
    """How far an output pixel sees, in low-resolution pixels; what tiles must overlap by."""
    input: TensorSpec
    output: TensorSpec
    weights: Weights
    tools: dict[str, str]
    """Package -> version of everything that made the file."""

    def __post_init__(self) -> None:
        """Refuse what no SCNet has.

        Raises:
            ValueError: The scale is not one of `SCALES`.
        """
        if self.scale not in SCALES:
            raise ValueError(f"Scale {self.scale} is not one of {SCALES}")

    def to_metadata(self) -> dict[str, str]:
        """Write one string per field, for a format's own metadata."""
        return {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in msgspec.to_builtins(self).items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Model | None":
        """Read what `to_metadata` wrote.

        Returns:
            None if this project did not make the file.

        Raises:
            ManifestError: It did, but the fields do not make sense.
        """
        names = [field.name for field in fields(cls)]
        if not all(name in metadata for name in names):
            return None
        try:
            return msgspec.convert({name: _parse(metadata[name]) for name in names}, cls)
        except (msgspec.ValidationError, RecursionError) as error:
            raise ManifestError(
                f"The metadata inside the file is malformed ({error}): convert again."
            ) from error


@dataclass(frozen=True)
class GoldenSample:
    """An input and PyTorch's output for it: raw little-endian float32, NCHW, RGB in [0, 1]."""

    name: PlainName
    input: str
    """Path beside the manifest."""
    input_shape: Shape
    input_sha256: str
    output: str
    """Path beside the manifest. Not clipped."""
    output_shape: Shape
    output_sha256: str


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
    verified: tuple[Verdict, ...] = ()
    """What has run the file, and what it found; empty until something has."""
    psnr_loss_db: float | None = None
    """What a compressed file loses on photographs against PyTorch, on Y; None if not measured."""
    schema_version: Literal[1] = 1


def add_verdicts(manifest: Manifest, verdicts: Iterable[Verdict]) -> Manifest:
    """Add to what has verified a file; all that was known before stays.

    A verdict replaces that of the same engine on the same device. Another version of an engine is
    another engine: the file has not changed, so what the old version made of it is still true.
    """
    new = tuple(verdicts)
    judged = {(verdict.engine, verdict.device) for verdict in new}
    kept = (v for v in manifest.verified if (v.engine, v.device) not in judged)
    return replace(manifest, verified=(*kept, *new))


def keep_verdicts(model: Path, manifest: Manifest, verdicts: Iterable[Verdict]) -> Manifest:
    """Write verdicts into the manifest beside a file, as it is now: others may have added theirs.

    Who does the same at the same time waits, so that no verdict is lost.

    Args:
        model: The file that was judged.
        manifest: As it was when the file was judged.
        verdicts: To add.

    Raises:
        ManifestError: The file is another one by now, or its folder cannot be written to.
    """
    with file_lock(model.parent):
        now = read_manifest(model)
        if now.sha256 != manifest.sha256:
            raise ManifestError(
                f"{model} was replaced while it was judged: its manifest gets no verdict. "
                "Run it again."
            )
        kept = add_verdicts(now, verdicts)
        write_manifest(kept, model.parent)
    return kept


def manifest_path(model: Path) -> Path:
    """Give the place of the manifest of a model file: beside it, such as `scnet.tflite.json`."""
    return model.parent / f"{model.name}.json"


def write_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write a manifest, whole or not at all, beside the file that it describes.

    Raises:
        ManifestError: The folder cannot be written to.
    """
    path = manifest_path(folder / manifest.file)
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    try:
        with atomic_write(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise ManifestError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def read_manifest(model: Path) -> Manifest:
    """Read the manifest of a model file, and make sure that it is about this very file.

    Raises:
        ManifestError: Missing, malformed, or about another file.
    """
    path = manifest_path(model)
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise ManifestError(
            f"{path} cannot be read: there is none. It names the golden samples to compare with, "
            "and scnet convert writes both; without them, scnet check and benchmark still work."
        ) from error
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"{path} is not a manifest of this project: {error}.") from error
    if manifest.file != model.name or manifest.sha256 != hash_file(model):
        raise ManifestError(
            f"{path} belongs to another file (it describes {manifest.file}, sha256 "
            f"{manifest.sha256[:12]}...): convert again, or put the right manifest beside {model}."
        )
    return manifest


def hash_file(path: Path) -> str:
    """Give the sha256 of a file; of a folder, over sorted relative paths and contents.

    Raises:
        ManifestError: There is nothing to hash.
    """
    digest = hashlib.sha256()
    try:
        if not path.is_dir():
            return hashlib.sha256(path.read_bytes()).hexdigest()
        for part in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(part.relative_to(path).as_posix().encode() + b"\0")
            digest.update(part.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def measure_file(path: Path) -> int:
    """Give the size of a file in bytes; of a folder, of all files in it."""
    parts = path.rglob("*") if path.is_dir() else [path]
    return sum(part.stat().st_size for part in parts if part.is_file())


def _parse(text: str) -> object:
    """JSON where it is JSON; the names and versions that are not stay strings."""
    try:
        return json.loads(text)
    except ValueError:
        return text
