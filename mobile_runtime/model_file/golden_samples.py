"""Golden samples on disk: inputs as raw bytes, outputs as raw little-endian float32.

Any language reads both without a library. Only some rows and columns of an output are kept, which
take a tenth of the space: `kept_positions` says which.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobile_runtime.errors import ManifestError
from mobile_runtime.imaging.pictures import Image, to_image, to_pixels
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.manifest import GoldenSample, Manifest, Shape
from mobile_runtime.model_file.parity import Difference

FOLDER = "golden"
"""Where the samples are, beside the manifest."""


@dataclass(frozen=True, eq=False)
class GoldenImages:
    """A golden sample in memory."""

    name: str
    image: Image
    """(1, 3, H, W)."""
    output: Image
    """PyTorch's, not clipped, at the rows and columns that are kept."""
    output_shape: Shape
    """Of the whole output."""
    stride: int
    """See `kept_positions`."""

    @classmethod
    def keep(cls, name: str, image: Image, output: Image, scale: int) -> "GoldenImages":
        """Return the sample of an input and PyTorch's whole output for it."""
        stride = choose_stride(scale)
        number, channels, height, width = output.shape
        shape = (number, channels, height, width)
        return cls(name, image, _thin(output, stride), shape, stride)

    def compare(self, actual: Image, *, clipped: bool) -> Difference:
        """Return how far an output is from PyTorch's, at the rows and columns that are kept.

        Args:
            actual: A whole output, float32 RGB.
            clipped: It was clipped to [0, 1].

        Raises:
            ValueError: It is not of shape `output_shape`.
        """
        if actual.shape != self.output_shape:
            raise ValueError(f"Expected an output of {self.output_shape}, got {actual.shape}.")
        expected = np.clip(self.output, 0, 1) if clipped else self.output
        return parity.compare(expected, _thin(actual, self.stride))


def kept_positions(length: int, stride: int) -> list[int]:
    """Return the rows, or columns, that are kept of so many: 0, s, 2s, ... and the last.

    The outermost pixels of all four sides are among them.
    """
    return [*range(0, length - 1, stride), length - 1]


def choose_stride(scale: int) -> int:
    """Return 3, or 4 at scale 3: without a common factor, so that no phase is left out.

    A phase is the place of an output pixel among the `scale` x `scale` that are made of one input
    pixel; `depth_to_space` can confuse them.
    """
    return next(stride for stride in (3, 4) if math.gcd(stride, scale) == 1)


def write_golden(folder: Path, golden: GoldenImages) -> GoldenSample:
    """Write a golden sample beside a manifest, and return what to put into that.

    Its two files are named after their content, so that model files share them, and no later
    conversion changes those of an earlier one.

    Raises:
        ManifestError: The input is not an 8-bit picture.
    """
    name, pixels = golden.name, to_pixels(golden.image)
    if not np.array_equal(to_image(pixels), golden.image):
        raise ManifestError(f"The golden sample {name} is not an 8-bit picture: convert again.")
    _, channels, height, width = golden.image.shape
    planes = pixels.transpose(2, 0, 1).tobytes()
    source, source_sha256 = _write(folder, f"{name}-{{}}.u8", planes)
    target, target_sha256 = _write(
        folder, f"{name}-{{}}.f32", golden.output.astype("<f4").tobytes()
    )
    return GoldenSample(
        name=name,
        input=source,
        input_shape=(1, channels, height, width),
        input_sha256=source_sha256,
        output=target,
        output_shape=golden.output_shape,
        output_sha256=target_sha256,
        input_dtype="uint8",
        output_stride=golden.stride,
    )


def read_golden(manifest: Manifest, folder: Path) -> list[GoldenImages]:
    """Return the golden samples of a manifest in a folder.

    Raises:
        ManifestError: A sample is missing, outside the folder, or of another shape or sha256.
    """
    for sample in manifest.golden:
        _check_shapes(sample, manifest.model.scale)
    return [_read_sample(folder, sample) for sample in manifest.golden]


def _write(folder: Path, name: str, content: bytes) -> tuple[str, str]:
    """Write half of a sample, named after its content; return its path and sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"{FOLDER}/{name.format(sha256[:12])}"
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    return path, sha256


def _read_sample(folder: Path, sample: GoldenSample) -> GoldenImages:
    shape, whole, stride = sample.input_shape, sample.output_shape, sample.output_stride
    kept = (*whole[:2], *((length - 2) // stride + 2 for length in whole[2:]))
    itemsize = np.dtype(sample.input_dtype).itemsize
    content = _read(folder, sample.input, itemsize, shape, sample.input_sha256)
    if sample.input_dtype == "uint8":
        image = to_image(np.frombuffer(content, np.uint8).reshape(shape[1:]).transpose(1, 2, 0))
    else:
        image = np.frombuffer(content, "<f4").reshape(shape)
    content = _read(folder, sample.output, 4, kept, sample.output_sha256)
    output = np.frombuffer(content, "<f4").reshape(kept)
    return GoldenImages(sample.name, image, output, whole, stride)


def _thin(output: Image, stride: int) -> Image:
    """Return the rows and columns of an output that are kept."""
    rows, columns = (kept_positions(length, stride) for length in output.shape[2:])
    return output[:, :, rows][..., columns]


def _check_shapes(sample: GoldenSample, scale: int) -> None:
    """Check for a picture, the same picture `scale` times as large, and every phase."""
    *_, height, width = sample.input_shape
    expected = (1, 3, height, width), (1, 3, height * scale, width * scale)
    if (sample.input_shape, sample.output_shape) != expected:
        raise ManifestError(
            f"The golden sample {sample.name} goes from {sample.input_shape} to "
            f"{sample.output_shape}, but the model is x{scale}, which takes {expected[0]} to "
            f"{expected[1]}: the manifest was edited. Convert again."
        )
    if math.gcd(sample.output_stride, scale) != 1:
        raise ManifestError(
            f"The golden sample {sample.name} has an output_stride of {sample.output_stride}, "
            f"which leaves out pixels that an x{scale} model makes in a way of their own: the "
            "manifest was edited. Convert again."
        )


def _read(folder: Path, name: str, itemsize: int, shape: tuple[int, ...], sha256: str) -> bytes:
    """Return the content of half of a sample, of this shape and hash."""
    try:
        return _read_checked(folder, name, itemsize, shape, sha256)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a long name, links in a circle
        raise ManifestError(
            f"The golden sample {name[:99]!r} cannot be read ({error.args[-1]}): convert again."
        ) from error


def _read_checked(
    folder: Path, name: str, itemsize: int, shape: tuple[int, ...], sha256: str
) -> bytes:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ManifestError(f"The golden sample {name} lies outside {folder}.")
    if not path.is_file() or path.stat().st_size != itemsize * math.prod(shape):
        raise ManifestError(f"The golden sample {path} is missing, or not of shape {shape}.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ManifestError(f"The golden sample {path} was changed: its sha256 does not match.")
    return content
