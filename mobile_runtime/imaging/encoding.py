"""Encoders: pixels by Pillow, and what belongs to them where each format puts it."""

from collections.abc import Callable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import IO, cast

from mobile_runtime.imaging import jpeg_segments, png_chunks, png_metadata
from mobile_runtime.imaging.deep_png import write_png
from mobile_runtime.imaging.exif import PREFIX, without_orientation
from mobile_runtime.imaging.metadata import Metadata
from mobile_runtime.imaging.output_formats import OutputFormat
from mobile_runtime.imaging.pictures import Picture, channels_of, is_deep, to_8_bits, to_pillow
from mobile_runtime.imaging.tiff_encoding import write_tiff

_DENSITY_AT = 13
"""Where JFIF's segment, the first one, has unit and density."""


def encode(picture: Picture, file: IO[bytes], output: OutputFormat, quality: int | None) -> None:
    """Write a picture that the format can hold.

    Args:
        picture: With metadata that the format can hold.
        file: Can be read and sought.
        output: The format.
        quality: None for what the format has by default.
    """
    quality = output.quality if quality is None else quality
    held = picture if output.is_deep else to_8_bits(picture)
    _ENCODERS[output.name](held, file, output, quality)


def _png(picture: Picture, file: IO[bytes], output: OutputFormat, quality: int | None) -> None:
    deep = is_deep(picture.pixels)
    chunks = png_metadata.make_chunks(
        picture.colors, picture.metadata, gray=picture.grayscale, deep=deep
    )
    if deep:
        write_png(channels_of(picture), file, chunks)
        return
    writer = cast(IO[bytes], png_chunks.ChunkWriter(file, chunks))
    to_pillow(picture).save(writer, "PNG", **output.options)


def _jpeg(picture: Picture, file: IO[bytes], output: OutputFormat, quality: int | None) -> None:
    metadata = picture.metadata
    to_pillow(picture).save(
        file,
        "JPEG",
        quality=quality,
        icc_profile=picture.colors.profile(gray=picture.grayscale),
        exif=PREFIX + metadata.exif if metadata.exif else b"",
        extra=_segments(metadata),
        **output.options,
    )
    if metadata.resolution is not None:
        file.seek(_DENSITY_AT)
        file.write(jpeg_segments.density(metadata.resolution))


def _segments(metadata: Metadata) -> bytes:
    """Return the segments that Pillow does not write from options of its own."""
    marked: list[tuple[int, bytes]] = []
    if metadata.xmp is not None:
        marked.append((jpeg_segments.APP1, jpeg_segments.XMP + metadata.xmp))
    name = jpeg_segments.PHOTOSHOP
    parts = _cut(metadata.photoshop or b"", jpeg_segments.MAX_CONTENT - len(name))
    marked += [(jpeg_segments.APP13, name + part) for part in parts]
    texts = chain.from_iterable(_cut(text, jpeg_segments.MAX_CONTENT) for text in metadata.comments)
    marked += [(jpeg_segments.COMMENT, text) for text in texts]
    return b"".join(jpeg_segments.write_segment(*segment) for segment in marked)


def _cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def _webp(picture: Picture, file: IO[bytes], output: OutputFormat, quality: int | None) -> None:
    metadata = picture.metadata
    lossless = {"lossless": True} if quality is None else {"quality": quality}
    to_pillow(picture).save(
        file,
        "WEBP",
        icc_profile=picture.colors.profile(gray=False),
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
        **lossless,
        **output.options,
    )


def _avif(picture: Picture, file: IO[bytes], output: OutputFormat, quality: int | None) -> None:
    metadata = picture.metadata
    to_pillow(picture).save(
        file,
        "AVIF",
        quality=quality,
        icc_profile=picture.colors.profile(gray=False),
        exif=without_orientation(metadata.exif) if metadata.exif else b"",
        xmp=metadata.xmp or b"",
        **output.options,
    )


def _tiff(picture: Picture, file: IO[bytes], output: OutputFormat, quality: int | None) -> None:
    write_tiff(picture, file)


_ENCODERS: Mapping[str, Callable[[Picture, IO[bytes], OutputFormat, int | None], None]] = (
    MappingProxyType({"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "AVIF": _avif, "TIFF": _tiff})
)
"""Name of the format -> what writes it."""
