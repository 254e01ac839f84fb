"""What a model file promises: the JSON beside it, its golden samples, and the metadata inside it.

This is the seam of the project. Everything that runs a file knows it only from here; Python,
JavaScript, Swift and Kotlin read the same fields.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from mobile_runtime.atomic import write_aside
from mobile_runtime.errors import ManifestError
from mobile_runtime.parity import Tolerance, Verdict
from mobile_runtime.pictures import Image

Positive = Annotated[int, msgspec.Meta(gt=0)]
Side = Annotated[int, msgspec.Meta(ge=1, le=16384)]
Size = tuple[Side, Side]
"""Height and width in pixels."""
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
    precision: Literal["fp32", "fp16"]
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

    name: str
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
    schema_version: Literal[1] = 1


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
        with write_aside(path) as aside:
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


def read_golden(manifest: Manifest, folder: Path) -> list[tuple[str, Image, Image]]:
    """Read the golden samples: (name, input, PyTorch's output) each.

    Raises:
        ManifestError: A sample is missing, outside the folder, or not what was promised.
    """
    for sample in manifest.golden:
        _check_shapes(sample, manifest.model.scale)
    return [
        (
            sample.name,
            _read_array(folder, sample.input, sample.input_shape, sample.input_sha256),
            _read_array(folder, sample.output, sample.output_shape, sample.output_sha256),
        )
        for sample in manifest.golden
    ]


def write_array(path: Path, array: Image) -> str:
    """Write raw little-endian float32 and give its sha256."""
    content = np.ascontiguousarray(array, dtype="<f4").tobytes()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


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


def _check_shapes(sample: GoldenSample, scale: int) -> None:
    """Refuse what is not a picture, and the same picture `scale` times as large."""
    *_, height, width = sample.input_shape
    expected = (1, 3, height, width), (1, 3, height * scale, width * scale)
    if (sample.input_shape, sample.output_shape) != expected:
        raise ManifestError(
            f"The golden sample {sample.name} goes from {sample.input_shape} to "
            f"{sample.output_shape}, but the model is x{scale}, which takes {expected[0]} to "
            f"{expected[1]}: the manifest was edited. Convert again."
        )


def _read_array(folder: Path, name: str, shape: Shape, sha256: str) -> Image:
    try:
        return _read_checked(folder, name, shape, sha256)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, too long, links in a circle
        raise ManifestError(
            f"The golden sample {name[:99]!r} cannot be read ({error.args[-1]}): convert again."
        ) from error


def _read_checked(folder: Path, name: str, shape: Shape, sha256: str) -> Image:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ManifestError(f"The golden sample {name} lies outside {folder}.")
    if not path.is_file() or path.stat().st_size != 4 * math.prod(shape):
        raise ManifestError(f"The golden sample {path} is missing, or not of shape {shape}.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ManifestError(f"The golden sample {path} was changed: its sha256 does not match.")
    return np.frombuffer(content, dtype="<f4").reshape(shape)


def _parse(text: str) -> object:
    """JSON where it is JSON; the names and versions that are not stay strings."""
    try:
        return json.loads(text)
    except ValueError:
        return text
