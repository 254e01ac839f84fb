"""Golden samples on disk, as raw little-endian float32: any language reads it without a library."""

import hashlib
import math
from pathlib import Path

import numpy as np

from mobile_runtime.errors import ManifestError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.manifest import GoldenSample, Manifest, Shape


def read_golden(manifest: Manifest, folder: Path) -> list[tuple[str, Image, Image]]:
    """Return name, input and PyTorch's output of each golden sample of a manifest in a folder.

    The arrays are float32 NCHW, RGB, white at 1.0.

    Raises:
        ManifestError: A sample is missing, outside the folder, or of another shape or sha256.
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
    """Write raw little-endian float32 and return its sha256."""
    content = array.astype("<f4").tobytes()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _check_shapes(sample: GoldenSample, scale: int) -> None:
    """Check for a picture, and the same picture `scale` times as large."""
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
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a long name, links in a circle
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
