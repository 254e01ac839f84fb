"""TIFF files of 8 and 16 bits per channel, packed by Deflate after horizontal differences.

TIFF 6.0 and Adobe's Photoshop TIFF Technical Notes. Pillow writes no 16-bit RGB, and chooses types
of its own for EXIF.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import IO

import numpy as np

from mobile_runtime.imaging.exif import (
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    ORIENTATION,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Exif,
)
from mobile_runtime.imaging.metadata import Metadata, Resolution
from mobile_runtime.imaging.photoshop import IPTC, find_block
from mobile_runtime.imaging.pictures import Picture, Stored, channels_of
from mobile_runtime.imaging.tiff_directories import Value, serialize
from mobile_runtime.imaging.tiff_metadata import (
    BITS,
    ICC_PROFILE,
    IPTC_TAG,
    PHOTOSHOP,
    XMP,
    descriptive_values,
)

STRIP_BYTES = 1 << 20
MAX_BYTES = 2**32 - 1
"""Offsets have 32 bits."""

_SHORT, _LONG, _RATIONAL, _BYTE, _UNDEFINED = 3, 4, 5, 1, 7
_LETTERS = {_SHORT: "H", _LONG: "I", _RATIONAL: "I"}


def write_tiff(picture: Picture, file: IO[bytes]) -> None:
    """Write a picture with all metadata that TIFF holds.

    Raises:
        ValueError: It takes more than 4 GB.
    """
    exif = None if picture.metadata.exif is None else Exif.open(picture.metadata.exif)
    order = "<" if exif is None else exif.tiff.order
    values = channels_of(picture)
    rows = max(1, STRIP_BYTES // values[0].nbytes)
    file.write(struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 0))
    offsets, sizes, place = [], [], 8
    for strip in _pack(values, rows, order):
        offsets.append(place)
        sizes.append(len(strip))
        file.write(strip)
        place += len(strip)
    padding = place % 2
    layout = _layout(values, rows, offsets, sizes, order, gray=picture.grayscale)
    profile = picture.colors.profile(gray=picture.grayscale)
    tags = ({} if exif is None else descriptive_values(exif.tiff, exif.main)) | layout
    tags.pop(ORIENTATION, None)
    tags |= _describe(picture.metadata, profile, order)
    directory = serialize(tags, order=order, start=place + padding)
    if place + padding + len(directory) > MAX_BYTES:
        raise ValueError("TIFF ends at 4 GB: use PNG")
    file.write(bytes(padding) + directory)
    file.seek(4)
    file.write(struct.pack(f"{order}I", place + padding))


def _pack(values: Stored, rows: int, order: str) -> Iterator[bytes]:
    stored = values.dtype.newbyteorder(order)  # type: ignore[arg-type]
    for top in range(0, len(values), rows):
        strip = values[top : top + rows]
        steps = np.diff(strip, axis=1, prepend=strip.dtype.type(0))  # modulo the type's range
        yield zlib.compress(steps.astype(stored).tobytes())


def _layout(
    values: Stored,
    rows: int,
    offsets: Sequence[int],
    sizes: Sequence[int],
    order: str,
    *,
    gray: bool,
) -> dict[int, Value]:
    height, width, channels = values.shape
    numbers = {
        IMAGE_WIDTH: (_LONG, [width]),
        IMAGE_LENGTH: (_LONG, [height]),
        BITS: (_SHORT, [8 * values.itemsize] * channels),
        259: (_SHORT, [8]),  # Compression: Deflate
        262: (_SHORT, [1 if gray else 2]),  # PhotometricInterpretation
        273: (_LONG, offsets),  # StripOffsets
        277: (_SHORT, [channels]),  # SamplesPerPixel
        278: (_LONG, [rows]),  # RowsPerStrip
        279: (_LONG, sizes),  # StripByteCounts
        284: (_SHORT, [1]),  # PlanarConfiguration
        317: (_SHORT, [2]),  # Predictor
    }
    if channels in (2, 4):
        numbers[338] = _SHORT, [2]  # ExtraSamples: alpha, not multiplied in
    return {tag: _numbers(kind, found, order) for tag, (kind, found) in numbers.items()}


def _describe(metadata: Metadata, profile: bytes | None, order: str) -> dict[int, Value]:
    iptc = find_block(metadata.photoshop or b"", IPTC)
    contents = {
        XMP: (_BYTE, metadata.xmp),
        IPTC_TAG: (_UNDEFINED, iptc),
        PHOTOSHOP: (_BYTE, metadata.photoshop),
        ICC_PROFILE: (_UNDEFINED, profile),
    }
    tags = {
        tag: Value(kind, len(content), content)
        for tag, (kind, content) in contents.items()
        if content
    }
    if metadata.resolution is not None:
        tags |= _resolution(metadata.resolution, order)
    return tags


def _resolution(resolution: Resolution, order: str) -> dict[int, Value]:
    sides = [Fraction(side).limit_denominator(10_000) for side in (resolution.x, resolution.y)]
    x, y = ([side.numerator, side.denominator] for side in sides)
    return {
        X_RESOLUTION: _numbers(_RATIONAL, x, order),
        Y_RESOLUTION: _numbers(_RATIONAL, y, order),
        RESOLUTION_UNIT: _numbers(_SHORT, [2 if resolution.per_inch else 1], order),
    }


def _numbers(kind: int, numbers: Sequence[int], order: str) -> Value:
    count = len(numbers) // 2 if kind == _RATIONAL else len(numbers)
    return Value(kind, count, struct.pack(f"{order}{len(numbers)}{_LETTERS[kind]}", *numbers))
