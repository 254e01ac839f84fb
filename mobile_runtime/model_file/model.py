"""What a model file says of itself: the same in its manifest and in its own metadata."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Literal

import msgspec

from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.format import FormatName
from mobile_runtime.model_file.precision import PrecisionName

Side = Annotated[int, msgspec.Meta(ge=1, le=16384)]
Size = tuple[Side, Side]
"""Height and width in pixels."""

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


def _parse(text: str) -> object:
    """Return the value of JSON; names and versions, which are none, stay strings."""
    try:
        return json.loads(text)
    except ValueError:
        return text
