"""Image resource blocks of Photoshop, which carry IPTC in JPEG and TIFF.

Adobe Photoshop File Formats Specification, "Image Resource Blocks".
"""

import struct
from collections.abc import Iterator

SIGNATURE = b"8BIM"
IPTC = 0x0404


def make_block(number: int, content: bytes) -> bytes:
    """Return one block without a name."""
    head = struct.pack(">4sHHI", SIGNATURE, number, 0, len(content))
    return head + content + bytes(len(content) % 2)


def find_block(blocks: bytes, number: int) -> bytes | None:
    """Return the content of the first block of a number; damaged blocks end the search."""
    return next((content for found, content in _walk(blocks) if found == number), None)


def _walk(blocks: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while blocks[place : place + 4] == SIGNATURE and place + 12 <= len(blocks):
        number, name = struct.unpack_from(">HB", blocks, place + 4)
        start = place + 6 + (1 + name + 1) // 2 * 2
        if start + 4 > len(blocks):
            return
        (size,) = struct.unpack_from(">I", blocks, start)
        yield number, blocks[start + 4 : start + 4 + size]
        place = start + 4 + size + size % 2
