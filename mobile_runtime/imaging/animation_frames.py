"""Frames of animations as they are shown: parts are drawn on what is there, and taken away again.

Pillow composes the frames of WebP. Those of APNG and GIF are composed here from stills of their
own: of APNG, Pillow mixes half transparent pixels wrongly, and of GIF it clears parts to a color
where all browsers clear them to nothing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image as Pillow

from mobile_runtime.imaging.metadata import Chunk
from mobile_runtime.imaging.pictures import Pixels
from mobile_runtime.imaging.png_chunks import SIGNATURE, encode_chunk, walk
from mobile_runtime.imaging.reading import decode_picture


class Afterwards(Enum):
    """What becomes of a part before the next one is drawn."""

    KEEP = 0
    CLEAR = 1
    RESTORE = 2
    """What was there before it."""


_GIF_DISPOSAL = {2: Afterwards.CLEAR, 3: Afterwards.RESTORE}


class Frame(NamedTuple):
    """What is shown."""

    pixels: Pixels
    """uint8 (H, W, 4) RGBA."""
    duration_ms: float
    """As the file says it; viewers take too short ones for longer."""


@dataclass(frozen=True)
class Part:
    """What one frame draws."""

    still: bytes
    """A file of its own."""
    left: int
    top: int
    afterwards: Afterwards
    duration_ms: float
    is_mixed: bool = True
    """Over what is there; if not, it replaces that, transparency included."""


def show_frames(content: bytes, height: int, width: int, name: str) -> Iterator[Frame]:
    """Yield all frames of an APNG, GIF or WebP.

    Raises:
        ImageError: A frame is damaged. So may any of `DECODER_ERRORS` say.
    """
    if content.startswith(SIGNATURE):
        yield from _compose(_split_apng(content), height, width, name)
    elif content.startswith(b"GIF"):
        yield from _compose(_split_gif(content), height, width, name)
    else:
        with Pillow.open(BytesIO(content), formats=["WEBP"]) as file:
            for number in range(getattr(file, "n_frames", 1)):
                file.seek(number)
                pixels = np.asarray(file.convert("RGBA"))
                yield Frame(pixels, float(file.info["duration"]))


def _compose(parts: Iterator[Part], height: int, width: int, name: str) -> Iterator[Frame]:
    canvas = np.zeros((height, width, 4), np.uint8)
    for part in parts:
        picture = decode_picture(part.still, name, max_pixels=height * width)
        alpha = (
            np.full_like(picture.pixels[..., 0], 255) if picture.alpha is None else picture.alpha
        )
        drawn = np.dstack([picture.pixels, alpha])
        before = canvas.copy()
        area = canvas[part.top :, part.left :][: drawn.shape[0], : drawn.shape[1]]
        drawn = drawn[: area.shape[0], : area.shape[1]]  # a GIF may reach beyond its canvas
        area[:] = _mix(area, drawn) if part.is_mixed else drawn
        yield Frame(canvas.copy(), part.duration_ms)
        if part.afterwards is Afterwards.CLEAR:
            area[:] = 0
        elif part.afterwards is Afterwards.RESTORE:
            canvas = before


def _mix(below: Pixels, above: Pixels) -> Pixels:
    """Return RGBA over RGBA, neither multiplied by its alpha (PNG, third edition, 13.16)."""
    if not np.isin(above[..., 3], (0, 255)).all():
        alpha = above[..., 3:].astype(np.float32) / 255
        rest = (1 - alpha) * (below[..., 3:].astype(np.float32) / 255)
        whole = alpha + rest
        colors = above[..., :3] * alpha + below[..., :3] * rest
        mixed = np.concatenate([colors / np.maximum(whole, 1e-6), whole * 255], axis=2)
        rounded: Pixels = np.rint(mixed).astype(np.uint8)
        return rounded
    chosen: Pixels = np.where(above[..., 3:] == 255, above, below)
    return chosen


def _split_apng(content: bytes) -> Iterator[Part]:
    """Yield the parts; a picture before the first of them is for viewers that know no animation."""
    kind, header, shared, control = b"", b"", b"", b""
    data: list[bytes] = []
    for kind, start, end in walk(content):
        if kind == b"IHDR":
            header = content[start:end]
        elif kind in (b"PLTE", b"tRNS"):
            shared += encode_chunk(Chunk(kind, content[start:end]))
        elif kind in (b"fcTL", b"IEND"):
            if control:
                yield _apng_part(header, shared, control, data)
            control, data = content[start:end], []
        elif kind in (b"IDAT", b"fdAT") and control:
            data.append(content[start + 4 * (kind == b"fdAT") : end])
    if kind != b"IEND":
        raise EOFError("it is cut short")


def _apng_part(header: bytes, shared: bytes, control: bytes, data: list[bytes]) -> Part:
    size, (left, top) = control[4:12], struct.unpack_from(">2I", control, 12)
    still = SIGNATURE + encode_chunk(Chunk(b"IHDR", size + header[8:])) + shared
    still += encode_chunk(Chunk(b"IDAT", b"".join(data))) + encode_chunk(Chunk(b"IEND", b""))
    count, per_second, afterwards, mixed = struct.unpack_from(">2H2B", control, 20)
    duration_ms = 1000 * count / (per_second or 100)
    return Part(still, left, top, Afterwards(afterwards), duration_ms, bool(mixed))


def _split_gif(content: bytes) -> Iterator[Part]:
    """Yield the parts, each with the palette and the transparent color that it has."""
    place = start = 13 + _palette_size(content[10])
    control = b""
    while place < len(content) and content[place] != ord(";"):
        kind = content[place]
        if kind == ord("!"):
            end = _skip_blocks(content, place + 2)
            control = content[place:end] if content[place + 1] == 0xF9 else control
        elif kind == ord(","):
            left, top, width, height, flags = struct.unpack_from("<4HB", content, place + 1)
            end = _skip_blocks(content, place + 11 + _palette_size(flags))
            still = b"GIF89a" + struct.pack("<2H", width, height) + content[10:start] + control
            still += struct.pack("<c4H", b",", 0, 0, width, height) + content[place + 9 : end]
            flags, hundredths = struct.unpack_from("<BH", control or bytes(6), 3)
            afterwards = _GIF_DISPOSAL.get(flags >> 2 & 7, Afterwards.KEEP)
            yield Part(still + b";", left, top, afterwards, 10.0 * hundredths)
            control = b""
        else:
            end = place + 1
        place = end


def _palette_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_blocks(content: bytes, place: int) -> int:
    """Return what follows a chain of blocks, each with its length before it."""
    while place < len(content) and content[place]:
        place += 1 + content[place]
    if place >= len(content):
        raise EOFError("it is cut short")
    return place + 1
