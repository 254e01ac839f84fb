"""PNG files of 16 bits per channel, which Pillow reads in part and does not write."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np

from mobile_runtime.imaging.metadata import Chunk
from mobile_runtime.imaging.pictures import Stored
from mobile_runtime.imaging.png_chunks import SIGNATURE, encode_chunk

COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels -> color type."""

_UP = 2
"""The filter that subtracts the row above."""
_ROWS = 64


def write_png(values: Stored, file: IO[bytes], chunks: Iterable[Chunk]) -> None:
    """Write values of 16 bits.

    Args:
        values: uint16 (H, W, C): gray or RGB, with alpha or without.
        file: Where to.
        chunks: Put behind the header.
    """
    height, width, channels = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, COLOR_TYPES[channels], 0, 0, 0)
    file.write(SIGNATURE + encode_chunk(Chunk(b"IHDR", header)))
    for chunk in chunks:
        file.write(encode_chunk(chunk))
    for packed in _pack(values.reshape(height, -1)):
        file.write(encode_chunk(Chunk(b"IDAT", packed)))
    file.write(encode_chunk(Chunk(b"IEND", b"")))


def _pack(rows: Stored) -> Iterator[bytes]:
    packer = zlib.compressobj(6)
    above = np.zeros(2 * rows.shape[1], np.uint8)
    for top in range(0, len(rows), _ROWS):
        stored = rows[top : top + _ROWS].astype(">u2").view(np.uint8)
        steps = np.diff(stored, axis=0, prepend=above[None])  # modulo 256
        above = stored[-1]
        marked = np.insert(steps, 0, _UP, axis=1)
        if packed := packer.compress(marked.tobytes()):
            yield packed
    yield packer.flush()
