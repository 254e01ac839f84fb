"""Chunks of a PNG: what it says beside its pixels, and a stream without it for the decoder.

Pillow gets the chunks that make the pixels. The others are read here, so that a damaged or a large
text costs no picture, and a PNG gets them back byte by byte.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from mobile_runtime.imaging.metadata import Chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
MAX_PROFILE_BYTES = 64_000_000
"""Unpacked; the largest profiles of printers have 4 MB."""

ENDING_AT = len(SIGNATURE) + 4 + 4 + 13 + 4
"""Where IHDR ends, which comes first; all that is added here may follow it."""


@dataclass(frozen=True)
class Png:
    """A PNG taken apart."""

    chunks: tuple[Chunk, ...]
    """Those beside pixels, in their order."""
    pixel_stream: bytes
    """A PNG of the chunks for pixels alone, with their checksums as they were."""
    damaged: tuple[str, ...]
    """Kinds of chunks left out: their checksum is wrong."""
    palette: bytes
    """Content of PLTE."""
    is_whole: bool
    """All chunks for pixels have the right checksum, and the end is there."""

    def first(self, kind: bytes) -> bytes | None:
        """Return the content of the first chunk of a kind."""
        return next((chunk.content for chunk in self.chunks if chunk.kind == kind), None)

    @property
    def header(self) -> bytes:
        """Content of IHDR."""
        return self.pixel_stream[16:29]

    @property
    def is_animated(self) -> bool:
        """APNG of more than one frame."""
        return (self.first(b"acTL") or b"")[:4] > b"\0\0\0\1"


def take_apart(content: bytes) -> Png:
    """Return the chunks of a PNG; a file cut short gives those there are."""
    beside, damaged = [], []
    palette = b""
    is_whole, kind = True, b""
    stream = [SIGNATURE]
    for kind, start, end in walk(content):
        is_intact = _is_intact(content, start, end)
        if kind in PIXEL_CHUNKS and (kind != b"tRNS" or is_intact):
            is_whole = is_whole and is_intact
            stream.append(content[start - 8 : end + 4])
            palette = content[start:end] if kind == b"PLTE" else palette
        elif not is_intact:
            damaged.append(kind.decode("latin-1"))
        else:
            beside.append(Chunk(kind, content[start:end]))
        if kind == b"IEND":
            break
    is_whole = is_whole and kind == b"IEND"
    return Png(tuple(beside), b"".join(stream), tuple(damaged), palette, is_whole)


def unpack_profile(content: bytes) -> bytes | None:
    """Return the profile of an iCCP chunk, or None if it is damaged or beyond all bounds."""
    name, _, packed = content.partition(b"\0")
    if len(name) > 79 or packed[:1] != b"\0":
        return None
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacker.eof and len(profile) >= 128 else None


def pack_profile(profile: bytes) -> Chunk:
    """Return an iCCP chunk."""
    return Chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))


class ChunkWriter:
    """A file that puts chunks behind the first chunk of the PNG written through it."""

    def __init__(self, file: IO[bytes], chunks: Iterable[Chunk]) -> None:
        self._file = file
        self._added = b"".join(encode_chunk(chunk) for chunk in chunks)
        self._written = 0

    def write(self, content: bytes) -> int:
        """Write to the file; the chunks follow the bytes of `IHDR`."""
        before = max(0, ENDING_AT - self._written)
        self._written += len(content)
        if 0 < before <= len(content):
            self._file.write(content[:before] + self._added)
            self._file.write(content[before:])
        else:
            self._file.write(content)
        return len(content)

    def flush(self) -> None:
        """Flush the file."""
        self._file.flush()


def walk(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the content of each chunk; the last may be cut short."""
    start = len(SIGNATURE)
    while start + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start + 8, start + 8 + length
        start += 12 + length


def _is_intact(content: bytes, start: int, end: int) -> bool:
    stored = content[end : end + 4]
    return len(stored) == 4 and struct.unpack(">I", stored)[0] == zlib.crc32(
        memoryview(content)[start - 4 : end]
    )


def encode_chunk(chunk: Chunk) -> bytes:
    """Return a chunk as it stands in a file, with its length and checksum."""
    checksum = zlib.crc32(chunk.kind + chunk.content)
    return (
        struct.pack(">I4s", len(chunk.content), chunk.kind)
        + chunk.content
        + struct.pack(">I", checksum)
    )
