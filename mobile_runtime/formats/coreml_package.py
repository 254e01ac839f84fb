"""Open a Core ML `.mlpackage`: a folder with a manifest, a specification and weight files.

The weight file's layout is mlmodel/src/MILBlob/Blob/StorageFormat.hpp of
github.com/apple/coremltools.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from coremltools.proto import MIL_pb2
from numpy.typing import NDArray

from mobile_runtime.errors import ModelLoadError

Array = NDArray[Any]

NUMPY_TYPES = {
    MIL_pb2.BOOL: "bool",
    MIL_pb2.FLOAT16: "<f2",
    MIL_pb2.FLOAT32: "<f4",
    MIL_pb2.INT8: "i1",
    MIL_pb2.INT16: "<i2",
    MIL_pb2.INT32: "<i4",
    MIL_pb2.UINT8: "u1",
    MIL_pb2.UINT16: "<u2",
    MIL_pb2.UINT32: "<u4",
}
BLOB_TYPES = {
    MIL_pb2.FLOAT16: 1,
    MIL_pb2.FLOAT32: 2,
    MIL_pb2.UINT8: 3,
    MIL_pb2.INT8: 4,
    MIL_pb2.INT16: 6,
    MIL_pb2.UINT16: 7,
    MIL_pb2.INT32: 14,
    MIL_pb2.UINT32: 15,
}
"""`BlobDataType` of the weight file."""
BLOB_HEADER = struct.Struct("<IIQQ")
"""Sentinel, type, bytes, position of the values."""
BLOB_SENTINEL = 0xDEADBEEF


class _Item(msgspec.Struct):
    path: str


class _PackageManifest(msgspec.Struct, rename="camel"):
    """`Manifest.json` of a package."""

    item_info_entries: dict[str, _Item]
    root_model_identifier: str


def find_specification(path: Path) -> Path:
    """Find the specification inside a package.

    Raises:
        ModelLoadError: Not a package, incomplete, or one that points outside itself.
    """
    if not path.is_dir():
        raise ModelLoadError(f"{path} is not a folder: a .mlpackage is one; copy all of it.")
    content = read_file(path / "Manifest.json")
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


def read_file(file: Path) -> bytes:
    """Read a file of a package.

    Raises:
        ModelLoadError: It cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelLoadError(
            f"{file} cannot be read ({error.strerror}): the package is incomplete; copy it again."
        ) from error


def damaged(path: Path, what: str) -> ModelLoadError:
    """Say that a package is damaged, and what to do."""
    return ModelLoadError(f"{path} is damaged: {what}. Copy or convert it again.")


@dataclass(frozen=True)
class WeightFiles:
    """The weight files of a package, each read once."""

    folder: Path
    """Of the specification; what the weight files are named relative to."""
    contents: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str, position: int, mil_type: int) -> Array:
        """Read the values whose header stands at a position."""
        if name not in self.contents:
            self.contents[name] = read_file(_inside(self.folder, name.removeprefix("@model_path/")))
        content = self.contents[name]
        if position + BLOB_HEADER.size > len(content):
            raise ValueError(f"{name} was cut off")
        sentinel, blob_type, size, start = BLOB_HEADER.unpack_from(content, position)
        if sentinel != BLOB_SENTINEL or blob_type != BLOB_TYPES.get(mil_type):
            raise ValueError(f"{name} holds something else at {position}")
        if start + size > len(content):
            raise ValueError(f"{name} was cut off")
        return np.frombuffer(content[start : start + size], NUMPY_TYPES[mil_type])
