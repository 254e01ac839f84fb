"""Metadata of a PNG, from its chunks and back into chunks."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from mobile_runtime.imaging.color_space import COLOR_CHUNKS, ColorSpace
from mobile_runtime.imaging.exif import PREFIX
from mobile_runtime.imaging.metadata import Chunk, Metadata, Resolution
from mobile_runtime.imaging.png_chunks import Png, pack_profile, unpack_profile

TEXTS = (b"tEXt", b"zTXt", b"iTXt")
XMP_KEY = b"XML:com.adobe.xmp"
EXIF_KEY = b"Raw profile type exif"
"""Where ImageMagick and others put EXIF before PNG had a chunk for it: lines of hex digits."""

UNTRUE_LATER = (b"sBIT", b"hIST", b"sPLT", b"tIME", b"oFFs", b"acTL", b"fcTL", b"fdAT")
"""Chunks about the stored values, the file's age and place, and a single frame: an enlarged picture
has all bits, other colors, and neither."""

INCHES_PER_METER = 1 / 0.0254
MAX_TEXT_BYTES = 64_000_000
"""Of EXIF and XMP unpacked."""


@dataclass(frozen=True)
class PngMetadata:
    """What chunks say."""

    colors: ColorSpace
    metadata: Metadata
    notes: tuple[str, ...]


def read_metadata(png: Png) -> PngMetadata:
    """Return what the chunks of a PNG say."""
    notes = [f"its chunk {kind} is damaged, and was left out" for kind in png.damaged]
    if not png.is_whole:
        notes.append("its data is damaged or cut short: parts of the picture may be wrong")
    packed = png.first(b"iCCP")
    profile = None if packed is None else unpack_profile(packed)
    if packed is not None and profile is None:
        notes.append("its color profile is damaged, and was left out")
    kept = [chunk for chunk in png.chunks if chunk.kind in COLOR_CHUNKS]
    if profile is not None:
        kept = [chunk for chunk in kept if chunk.kind != b"sRGB"]  # one of both, says PNG
    texts = [chunk for chunk in png.chunks if chunk.kind in TEXTS]
    known = {b"iCCP", b"eXIf", b"pHYs", b"bKGD", *COLOR_CHUNKS, *TEXTS, *UNTRUE_LATER}
    if others := sorted({chunk.kind.decode("latin-1") for chunk in png.chunks} - _names(known)):
        notes.append(f"its chunks {', '.join(others)} were left out")
    exif = png.first(b"eXIf") or _exif_in_text(texts)
    metadata = Metadata(
        exif=None if exif is None else exif.removeprefix(PREFIX),
        xmp=next((_content(text) for text in texts if _key(text) == XMP_KEY), None),
        resolution=_resolution(png.first(b"pHYs") or b""),
        texts=tuple(text for text in texts if _key(text) not in (XMP_KEY, EXIF_KEY)),
        background=_background(png.first(b"bKGD"), png.header, png.palette),
    )
    return PngMetadata(ColorSpace(profile, tuple(kept)), metadata, tuple(notes))


def make_chunks(
    colors: ColorSpace, metadata: Metadata, *, gray: bool, deep: bool = False
) -> Iterator[Chunk]:
    """Yield the chunks that say all this of a picture in grayscale or RGB, of 8 bits or 16."""
    yield from colors.chunks
    if colors.icc_profile is not None:
        yield pack_profile(colors.icc_profile)
    if metadata.resolution is not None:
        yield _physical(metadata.resolution)
    if metadata.background is not None:
        largest = 257 if deep else 1
        stored = [value * largest for value in metadata.background[: 1 if gray else 3]]
        yield Chunk(b"bKGD", struct.pack(f">{len(stored)}H", *stored))
    if metadata.exif is not None:
        yield Chunk(b"eXIf", metadata.exif)
    if metadata.xmp is not None:
        yield Chunk(b"iTXt", XMP_KEY + bytes(5) + metadata.xmp)
    for comment in metadata.comments:
        yield Chunk(b"iTXt", b"Comment" + bytes(5) + _utf8(comment))
    yield from metadata.texts


def _names(kinds: set[bytes]) -> set[str]:
    return {kind.decode("latin-1") for kind in kinds}


def _key(text: Chunk) -> bytes:
    return text.content.partition(b"\0")[0]


def _content(text: Chunk) -> bytes | None:
    """Return a text unpacked; None if it cannot be."""
    _, _, rest = text.content.partition(b"\0")
    packed = text.kind == b"zTXt"
    if text.kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif packed:
        rest = rest[1:]
    if not packed:
        return rest
    with suppress(zlib.error):
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(rest, MAX_TEXT_BYTES)
        return content if unpacker.eof else None
    return None


def _exif_in_text(texts: list[Chunk]) -> bytes | None:
    for text in texts:
        if _key(text) == EXIF_KEY:
            lines = (_content(text) or b"").decode("latin-1").split("\n")
            with suppress(ValueError):  # a name, a length, and hex
                return bytes.fromhex("".join(lines[3:])) or None
    return None


def _resolution(content: bytes) -> Resolution | None:
    if len(content) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", content)
    if not x or not y or (unit != 1 and x == y):
        return None
    return (
        Resolution(x / INCHES_PER_METER, y / INCHES_PER_METER)
        if unit == 1
        else Resolution(x, y, per_inch=False)
    )


def _physical(resolution: Resolution) -> Chunk:
    factor = INCHES_PER_METER if resolution.per_inch else 1
    x, y = (min(round(side * factor), 2**31 - 1) for side in (resolution.x, resolution.y))
    return Chunk(b"pHYs", struct.pack(">IIB", x, y, int(resolution.per_inch)))


def _background(
    content: bytes | None, header: bytes, palette: bytes
) -> tuple[int, int, int] | None:
    if content is None or len(header) < 10:
        return None
    depth, kind = header[8], header[9]
    if kind == 3:
        color = tuple(palette[3 * content[0] :][:3]) if content else ()
    elif len(content) not in (2, 6):
        return None
    else:
        values = struct.unpack(f">{len(content) // 2}H", content)
        stored = [round(min(value, 2**depth - 1) * 255 / (2**depth - 1)) for value in values]
        color = tuple(stored * 3)[:3]
    return color if len(color) == 3 else None


def _utf8(comment: bytes) -> bytes:
    try:
        return comment.decode("utf-8").encode()
    except UnicodeDecodeError:
        return comment.decode("latin-1").encode()
