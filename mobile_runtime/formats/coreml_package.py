"""Core ML `.mlpackage`: a folder with a manifest, a specification and weight files.

The specification is the protobuf of mlmodel/format/Model.proto, and the weight file's layout that
of mlmodel/src/MILBlob/Blob/StorageFormat.hpp, both of github.com/apple/coremltools.
"""

import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.coreml_proto import FeatureTypes_pb2, MIL_pb2, Model_pb2

Array = NDArray[Any]

Shape = tuple[range, ...]
"""The lengths that each axis may have."""

_TYPES = {
    MIL_pb2.BOOL: ("bool", None),
    MIL_pb2.FLOAT16: ("<f2", 1),
    MIL_pb2.FLOAT32: ("<f4", 2),
    MIL_pb2.UINT8: ("u1", 3),
    MIL_pb2.INT8: ("i1", 4),
    MIL_pb2.INT16: ("<i2", 6),
    MIL_pb2.UINT16: ("<u2", 7),
    MIL_pb2.INT32: ("<i4", 14),
    MIL_pb2.UINT32: ("<u4", 15),
}
"""Type -> NumPy's name of it, and `BlobDataType` of the weight file."""
NUMPY_TYPES = {mil_type: name for mil_type, (name, _) in _TYPES.items()}
BLOB_HEADER = struct.Struct("<IIQQ")
"""Sentinel, type, bytes, position of the values."""
BLOB_SENTINEL = 0xDEADBEEF


class _Item(msgspec.Struct):
    path: str


class _PackageManifest(msgspec.Struct, rename="camel"):
    """`Manifest.json` of a package."""

    item_info_entries: dict[str, _Item]
    root_model_identifier: str


@dataclass(frozen=True)
class Feature:
    """An input or output as the package describes it to an app: a FeatureDescription."""

    name: str
    kind: str
    """`imageType`, `multiArrayType` or another of FeatureTypes.proto.

    The program itself sees an image as (1, 3, H, W) values from 0 to 255."""
    color_space: str
    """Of an image: RGB, BGR, ...; empty for anything else."""
    shapes: tuple[Shape, ...]
    """One for each enumerated shape; none for what is neither an image nor an array."""
    dtype: str = ""
    """Of the values that an app passes; empty for what is neither."""


def read_specification(path: Path) -> tuple[Path, Any]:
    """Return the file with the specification of an mlprogram, and the `Model_pb2.Model` in it.

    Raises:
        ModelLoadError: Damaged, incomplete, or not an mlprogram.
    """
    file = find_specification(path)
    try:
        model = parse_specification(file)
    except DecodeError as error:
        raise damaged(path, f"{file.name} is no Core ML specification, or was cut off") from error
    kind = model.WhichOneof("Type")
    if kind != "mlProgram":
        raise ModelLoadError(
            f"{path} holds a model of type {kind or 'unknown'}, not an mlprogram, and is neither "
            "checked nor run here; scnet info shows what it holds. Convert its source with "
            "coremltools for iOS 15 or later."
        )
    return file, model


def parse_specification(file: Path) -> Any:
    """Return the `Model_pb2.Model` in a file; raises DecodeError if it is none."""
    model = Model_pb2.Model()
    model.ParseFromString(_read_file(file))
    return model


def read_features(descriptions: Iterable[Any]) -> tuple[Feature, ...]:
    """Return the inputs or outputs of a specification's `description`."""
    return tuple(map(_read_feature, descriptions))


def block_of(function: Any) -> Any:
    """Return the block of operators that a function of the specification names as its own.

    Raises:
        ValueError: There is none.
    """
    if function.opset not in function.block_specializations:
        raise ValueError(f"a function has no block for {function.opset}")
    return function.block_specializations[function.opset]


def damaged(path: Path, what: str) -> ModelLoadError:
    """Return the error for a damaged package."""
    return ModelLoadError(f"{path} is damaged: {what}. Copy or convert it again.")


@dataclass(frozen=True)
class WeightFiles:
    """The weight files of a package, each read once."""

    folder: Path
    """Of the specification; what the weight files are named relative to."""
    contents: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str, position: int, mil_type: int) -> Array:
        """Return the values whose header stands at a position, flattened.

        Raises:
            ModelLoadError: There is no such file, or it lies outside the package.
            ValueError: The file was cut off, or holds something else there.
        """
        if name not in self.contents:
            file = _inside(self.folder, name.removeprefix("@model_path/"))
            self.contents[name] = _read_file(file)
        content = self.contents[name]
        if position + BLOB_HEADER.size > len(content):
            raise ValueError(f"{name} was cut off")
        sentinel, blob_type, size, start = BLOB_HEADER.unpack_from(content, position)
        if sentinel != BLOB_SENTINEL or blob_type != _TYPES[mil_type][1]:
            raise ValueError(f"{name} holds something else at {position}")
        if start + size > len(content):
            raise ValueError(f"{name} was cut off")
        return np.frombuffer(content[start : start + size], NUMPY_TYPES[mil_type])


def find_specification(path: Path) -> Path:
    """Return the file with the specification of a package; errors as `read_specification`."""
    if not path.is_dir():
        raise ModelLoadError(f"{path} is not a folder: a .mlpackage is one; copy all of it.")
    content = _read_file(path / "Manifest.json")
    try:
        manifest = msgspec.json.decode(content, type=_PackageManifest)
        item = manifest.item_info_entries[manifest.root_model_identifier]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise damaged(path, f"Manifest.json does not name its model ({error})") from error
    return _inside(path, f"Data/{item.path}")


def _inside(folder: Path, name: str) -> Path:
    try:
        path = (folder / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a null character, a loop of links
        raise ModelLoadError(f"{folder} points to {name!r}, which is no path: {error}.") from error
    if not path.is_relative_to(folder.resolve()):
        raise ModelLoadError(f"{folder} is not to be trusted: it points to {name}, outside itself.")
    return path


def _read_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelLoadError(
            f"{file} cannot be read ({error.strerror}): the package is incomplete; copy it again."
        ) from error


def _read_feature(described: Any) -> Feature:
    kind = described.type.WhichOneof("Type") or ""
    color_space, dtype, shapes = "", "", list[Shape]()
    if kind == "imageType":
        image = described.type.imageType
        color_space = FeatureTypes_pb2.ImageFeatureType.ColorSpace.Name(image.colorSpace)
        channels = 1 if color_space.startswith("GRAYSCALE") else 3
        dtype = "float16" if color_space == "GRAYSCALE_FLOAT16" else "uint8"
        shapes = [(*_exactly((1, channels)), *sides) for sides in _image_sides(image)]
    elif kind == "multiArrayType":
        array = described.type.multiArrayType
        name = FeatureTypes_pb2.ArrayFeatureType.ArrayDataType.Name(array.dataType).lower()
        dtype = {"double": "float64", "invalid_array_data_type": ""}.get(name, name)
        shapes = _array_shapes(array)
    return Feature(described.name, kind, color_space, tuple(shapes), dtype)


def _image_sides(image: Any) -> list[Shape]:
    flexible = image.WhichOneof("SizeFlexibility")
    if flexible == "imageSizeRange":
        limits = image.imageSizeRange
        return [(_range(limits.heightRange), _range(limits.widthRange))]
    sizes = image.enumeratedSizes.sizes if flexible else [image]
    return [_exactly((size.height, size.width)) for size in sizes]


def _array_shapes(array: Any) -> list[Shape]:
    flexible = array.WhichOneof("ShapeFlexibility")
    if flexible == "shapeRange":
        return [tuple(map(_range, array.shapeRange.sizeRanges))]
    shapes = array.enumeratedShapes.shapes if flexible else [array]
    return [_exactly(shape.shape) for shape in shapes]


def _exactly(lengths: Iterable[int]) -> Shape:
    return tuple(range(length, length + 1) for length in lengths)


def _range(limits: Any) -> range:
    """Core ML writes an open upper end as -1."""
    return range(
        limits.lowerBound, limits.upperBound + 1 if limits.upperBound >= 0 else sys.maxsize
    )
