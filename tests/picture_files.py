"""Picture files made part by part, as cameras and programs leave them."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

UPRIGHT = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored.transpose(1, 0, 2), 2),
    8: np.rot90,
}
"""EXIF orientation -> what turns pixels as they are stored upright."""

PIXELS = np.add.outer(np.arange(24) * 5, np.arange(36) * 3).astype(np.uint8)[..., None] + np.array(
    [0, 30, 60], np.uint8
)

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4}
FORMATS = {1: "B", 3: "H", 4: "I", 5: "I", 13: "I"}


def chunk(kind, content, *, checksum=None):
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", checksum)


def png(*chunks, pixels=PIXELS, **options):
    """A PNG with chunks behind its header."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    content = file.getvalue()
    return content[:33] + b"".join(chunks) + content[33:]


def segment(marker, content):
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg(*segments, pixels=PIXELS, jfif=b"", **options):
    """A JPEG with segments behind JFIF's, whose unit and density are `jfif`."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **{"quality": 95, "subsampling": 0} | options)
    content = file.getvalue()
    jfif = jfif or content[13:18]
    return content[:13] + jfif + content[18:20] + b"".join(segments) + content[20:]


def segments(content):
    """Markers and contents of a JPEG up to its first scan."""
    place, found = 2, []
    while content[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", content, place + 2)
        found.append((content[place + 1], content[place + 4 : place + 2 + length]))
        place += 2 + length
    return found


def chunks(content):
    """Kinds and contents of a PNG's chunks."""
    place, found = 8, []
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        found.append((kind, content[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def tiff(*directories, order="<", data=b""):
    """A TIFF structure of directories in a chain; `data` stands at 8.

    A directory is a mapping of tags to (type, values); values are numbers or bytes, and a further
    directory for a pointer.
    """
    mark = b"II" if order == "<" else b"MM"
    content = bytearray(mark + struct.pack(f"{order}HI", 42, 0) + data)
    link = 4
    for directory in directories:
        content += bytes(len(content) % 2)
        struct.pack_into(f"{order}I", content, link, len(content))
        link = _add(content, directory, order)
    return bytes(content)


def _add(content, directory, order):
    start = len(content)
    content += struct.pack(f"{order}H", len(directory)) + bytes(12 * len(directory) + 4)
    for number, (tag, (kind, values)) in enumerate(sorted(directory.items())):
        place = start + 2 + 12 * number
        if isinstance(values, dict):
            encoded, count = struct.pack(f"{order}I", len(content)), 1
            _add(content, values, order)
        elif isinstance(values, bytes):
            encoded, count = values, len(values)
        else:
            count = len(values) // (2 if kind == 5 else 1)
            encoded = struct.pack(f"{order}{len(values)}{FORMATS[kind]}", *values)
        if len(encoded) > 4:
            where = len(content)
            content += encoded + bytes(len(encoded) % 2)
            encoded = struct.pack(f"{order}I", where)
        content[place : place + 12] = struct.pack(f"{order}HHI", tag, kind, count) + encoded.ljust(
            4, b"\0"
        )
    return start + 2 + 12 * len(directory)


def tags(content):
    """(type, count, stored bytes) by directory and tag: 0, 1, ... of the chain, and pointers."""
    order = "<" if content[:2] == b"II" else ">"
    found = {}

    def read(name, start):
        (count,) = struct.unpack_from(f"{order}H", content, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, length = struct.unpack_from(f"{order}HHI", content, place)
            size = SIZES[kind] * length
            where = place + 8
            if size > 4:
                (where,) = struct.unpack_from(f"{order}I", content, where)
            found[name, tag] = kind, length, content[where : where + size]
            if tag in (0x8769, 0x8825):
                read(tag, struct.unpack(f"{order}I", found[name, tag][2])[0])
        return struct.unpack_from(f"{order}I", content, start + 2 + 12 * count)[0]

    (start,) = struct.unpack_from(f"{order}I", content, 4)
    number = 0
    while start:
        start = read(number, start)
        number += 1
    return found


def page(pixels=PIXELS, *, at=8, more=None):
    """The tags of an uncompressed RGB page whose pixels stand at `at`."""
    height, width = pixels.shape[:2]
    return {
        256: (4, [width]), 257: (4, [height]), 258: (3, [8, 8, 8]), 259: (3, [1]), 262: (3, [2]),
        273: (4, [at]), 277: (3, [3]), 278: (4, [height]), 279: (4, [pixels.size]), **(more or {}),
    }  # fmt: skip
