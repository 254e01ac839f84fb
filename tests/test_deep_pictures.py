"""Pictures of 16 bits per channel keep all of them, in and out."""

import struct
import zlib

import numpy as np
import picture_files as made
import pytest
from PIL import Image

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.background import flatten
from mobile_runtime.imaging.metadata import Metadata, Resolution
from mobile_runtime.imaging.pictures import (
    Picture,
    to_8_bits,
    to_deep_pixels,
    to_image,
    to_pixels,
)
from mobile_runtime.imaging.reading import decode_picture, open_picture
from mobile_runtime.imaging.resizing import reduce_picture
from mobile_runtime.imaging.writing import OUTPUT_FORMATS, left_out, save_picture

RANDOM = np.random.default_rng(0)
DEEP = RANDOM.integers(0, 65_536, (70, 33, 3), dtype=np.uint16)
ALPHA = RANDOM.integers(0, 65_536, (70, 33), dtype=np.uint16)
GRAY = np.repeat(DEEP[..., :1], 3, axis=2)


def png(values, *chunks):
    """A PNG of uint16 values, (H, W, C), in one piece and without filters."""
    height, width, channels = values.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values.reshape(height, -1))
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = [made.chunk(b"IHDR", header), *chunks, made.chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + made.chunk(b"IEND", b"")


def tiff(values, order):
    channels = values.shape[2]
    data = values.astype(f"{order}u2").tobytes()
    page = made.page(values, more={258: (3, [16] * channels), 277: (3, [channels])})
    page |= {279: (4, [len(data)]), 262: (3, [2 if channels > 2 else 1])}
    page |= {338: (3, [2])} if channels in (2, 4) else {}
    return made.tiff(page, order=order, data=data)


STORED = {
    "RGB": DEEP,
    "RGB with alpha": np.dstack([DEEP, ALPHA]),
    "gray": GRAY[..., :1],
    "gray with alpha": np.dstack([GRAY[..., :1], ALPHA]),
}


def check(picture, values):
    count = values.shape[2]
    colors = np.repeat(values[..., :1], 3, axis=2) if count < 3 else values[..., :3]
    assert picture.pixels.dtype == np.uint16
    assert np.array_equal(picture.pixels, colors)
    assert np.array_equal(picture.alpha, values[..., -1] if count in (2, 4) else None)
    assert picture.grayscale == (count < 3)


@pytest.mark.parametrize("kind", STORED)
def test_a_png_gives_all_bits(kind):
    check(decode_picture(png(STORED[kind]), "a.png", deep=True), STORED[kind])


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["RGB", "RGB with alpha", "gray"])
def test_a_tiff_gives_all_bits(kind, order):
    check(decode_picture(tiff(STORED[kind], order), "a.tif", deep=True), STORED[kind])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("kind", STORED)
def test_all_bits_are_written(tmp_path, kind, suffix):
    values = STORED[kind]
    picture = decode_picture(png(values), "a.png", deep=True)
    path = tmp_path / f"a{suffix}"
    save_picture(picture, path)
    assert left_out(path, picture) == ()
    if (kind, suffix) != ("gray with alpha", ".tif"):  # which no Pillow reads
        check(open_picture(path, deep=True), values)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["RGB", "RGB with alpha", "gray", "gray with alpha"])
def test_tiff_of_8_bits_is_what_pillow_reads(tmp_path, kind, order):
    values = (STORED[kind] >> 8).astype(np.uint8)
    exif = made.tiff({0x10F: (2, b"Canon\0")}, order=order)
    metadata = Metadata(exif=exif, xmp=b"<x/>", resolution=Resolution(300, 150))
    count = values.shape[2]
    picture = Picture(
        np.repeat(values[..., :1], 3, axis=2) if count < 3 else values[..., :3],
        values[..., -1] if count in (2, 4) else None,
        grayscale=count < 3,
        metadata=metadata,
    )
    save_picture(picture, tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as file:
        assert np.array_equal(np.asarray(file).reshape(values.shape), values)
        assert file.info["dpi"] == (300, 150)
        assert file.tag_v2[0x10F] == "Canon"
    kept = open_picture(tmp_path / "a.tif").metadata
    assert (kept.xmp, kept.resolution) == (metadata.xmp, metadata.resolution)


@pytest.mark.parametrize("suffix", [s for s, out in OUTPUT_FORMATS.items() if not out.is_deep])
def test_other_formats_get_8_bits_and_tell(tmp_path, suffix):
    picture = Picture(np.full((8, 8, 3), 0x80FF, np.uint16))
    path = tmp_path / f"a{suffix}"
    assert left_out(path, picture) == ("values beyond 8 bits",)
    save_picture(picture, path)
    assert np.abs(open_picture(path).pixels.astype(int) - 0x81).max() <= 1


def test_only_who_asks_gets_16_bits():
    with pytest.raises(ImageError, match="16 bits per channel"):
        decode_picture(png(DEEP), "a.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_turns_all_bits(orientation):
    exif = made.tiff({0x112: (3, [orientation])})
    deep = decode_picture(png(DEEP, made.chunk(b"eXIf", exif)), "a.png", deep=True)
    small = made.png(made.chunk(b"eXIf", exif), pixels=(DEEP >> 8).astype(np.uint8))
    assert np.array_equal(deep.pixels >> 8, decode_picture(small, "a.png").pixels)


def test_the_transparent_color_of_a_png_is_compared_in_all_bits():
    values = np.array([[[1, 2, 3], [1, 2, 4]]], np.uint16)
    picture = decode_picture(png(values, made.chunk(b"tRNS", b"\0\1\0\2\0\3")), "a.png", deep=True)
    assert picture.alpha.tolist() == [[0, 65_535]]
    gray = decode_picture(png(values[..., :1] * 3, made.chunk(b"tRNS", b"\0\3")), "a", deep=True)
    assert gray.alpha.tolist() == [[0, 0]]


def test_values_survive_the_way_to_an_image_and_back():
    every = np.arange(65_536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, 2)
    assert np.array_equal(to_deep_pixels(to_image(every)), every)
    assert np.array_equal(to_8_bits(Picture(every)).pixels, to_pixels(to_image(every)))


def test_reducing_and_flattening_keep_the_depth():
    picture = Picture(np.full((8, 8, 3), 0x1234, np.uint16), np.full((8, 8), 65_535, np.uint16))
    assert (reduce_picture(picture, 4, 4).pixels == 0x1234).all()
    half = Picture(picture.pixels, np.zeros((8, 8), np.uint16))
    assert (flatten(half, (255, 0, 51)).pixels == [65_535, 0, 51 * 257]).all()


@pytest.mark.parametrize("content", [png(DEEP)[:-900], tiff(DEEP, "<")[:400]])
def test_deep_files_cut_short_are_refused(content):
    with pytest.raises(ImageError):
        decode_picture(content, "a", deep=True)
