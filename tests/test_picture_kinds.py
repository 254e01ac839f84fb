"""Files that are not what they seem: taken with a note, or refused with what they are."""

import struct
from io import BytesIO

import numpy as np
import picture_files as made
import pillow_heif
import pytest
from PIL import Image

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.heif_boxes import read_boxes
from mobile_runtime.imaging.reading import decode_picture

SMALL = made.PIXELS[::4, ::4]
STRIPS = made.PIXELS.tobytes() + SMALL.tobytes()
AT_SMALL = 8 + made.PIXELS.size


def full(more=None):
    return made.page(more=more)


def small(more=None):
    return made.page(SMALL, at=AT_SMALL, more=more)


def tiff(*pages, order="<"):
    return made.tiff(*pages, order=order, data=STRIPS)


PREVIEW, MASK, OLD_PREVIEW = {254: (4, [1])}, {254: (4, [4])}, {255: (3, [2])}
SENSOR = {254: (4, [0]), 262: (3, [32803])}

TAKEN = {
    "one page": (tiff(full()), 0),
    "big-endian": (tiff(full(), order=">"), 0),
    "a preview behind": (tiff(full(), small(PREVIEW)), 1),
    "a preview before": (tiff(small(PREVIEW), full()), 1),
    "an old preview behind": (tiff(full(), small(OLD_PREVIEW)), 1),
    "two previews and a mask": (tiff(full(), small(PREVIEW), small(PREVIEW), small(MASK)), 1),
    "a smaller copy below": (tiff(full({330: (4, small(PREVIEW))})), 0),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_the_full_page_of_a_tiff_is_the_picture(kind):
    content, notes = TAKEN[kind]
    picture = decode_picture(content, "a.tif")
    assert np.array_equal(picture.pixels, made.PIXELS)
    assert len(picture.notes) == notes


def test_bigtiff_is_read():
    file = BytesIO()
    Image.fromarray(made.PIXELS).save(file, "TIFF", big_tiff=True)
    assert np.array_equal(decode_picture(file.getvalue(), "a.tif").pixels, made.PIXELS)


RAW = {
    "a preview and the sensor below, as NEF, ARW and DNG": tiff(
        small(PREVIEW | {330: (4, full(SENSOR))})
    ),
    "the same without its mark": tiff(small({330: (4, full(SENSOR))})),
    "the sensor in a second page, as PEF": tiff(small(PREVIEW), full(SENSOR)),
    "a DNG of finished colors": tiff(full({50706: (1, b"\1\4\0\0")})),
    "linear values of a sensor": tiff(full({262: (3, [34892])})),
    "a larger picture below": tiff(small({330: (4, full({254: (4, [0])}))})),
    "nothing but previews": tiff(small(PREVIEW)),
    "IIQ": made.tiff(small(), data=b"IIII" + STRIPS[4:]),
    "CR2": made.tiff(small(), data=b"CR\2\0" + STRIPS[4:]),
    "ORF": b"IIRO" + bytes(100),
    "RW2": b"IIU\0" + bytes(100),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(100),
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100),
    "X3F": b"FOVb" + bytes(100),
}


@pytest.mark.parametrize("kind", RAW)
def test_camera_raw_is_refused_with_what_to_do(kind):
    with pytest.raises(ImageError, match=r"a\.nef is .*camera's raw file.*raw converter"):
        decode_picture(RAW[kind], "a.nef")


def test_pages_of_a_document_are_refused():
    with pytest.raises(ImageError, match="several pages"):
        decode_picture(tiff(full(), full()), "a.tif")


@pytest.mark.parametrize(
    "content",
    [
        tiff(full())[:10],
        tiff(full())[:4] + struct.pack("<I", 2**31) + tiff(full())[8:],
        made.tiff({}, data=STRIPS)[:-4] + struct.pack("<I", 8 + len(STRIPS)),
    ],
)
def test_a_damaged_tiff_is_refused(content):
    with pytest.raises(ImageError, match="cannot be read as a picture"):
        decode_picture(content, "a.tif")


def stored_as(bits, sample_format):
    return tiff(full({258: (3, [bits] * 3), 339: (3, [sample_format] * 3)}))


def avif():
    file = BytesIO()
    Image.fromarray(made.PIXELS).save(file, "AVIF")
    return file.getvalue()


def heic():
    file = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(made.PIXELS)).save(file)
    return file.getvalue()


def deep_jpeg():
    return made.jpeg().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c")


NAMED = {
    "HEIC": (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + bytes(50), "is HEIC|cannot be read"),
    "HEIC by its second name": (b"\0\0\0\x1cftypmif1\0\0\0\0heic" + bytes(50), "HEIC|cannot"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "is JPEG 2000"),
    "JPEG 2000 codestream": (b"\xff\x4f\xff\x51" + bytes(50), "is JPEG 2000"),
    "12-bit JPEG": (deep_jpeg(), "is a JPEG of 12 bits per channel"),
    "float TIFF": (stored_as(32, 3), "stored as 32-bit floats"),
    "half TIFF": (stored_as(16, 3), "stored as 16-bit floats"),
    "deeper TIFF": (stored_as(32, 1), "stored as 32-bit integers"),
    "odd TIFF": (stored_as(12, 1), "stored as 12-bit integers"),
    "signed TIFF": (stored_as(8, 2), "stored as 8-bit integers with signs"),
    "TIFF in a way of its own": (tiff(full({262: (3, [32_844])})), "TIFF .* not read here"),
    "damaged AVIF": (avif()[:100], "is AVIF, and damaged"),
    "damaged HEIC": (heic()[:100], "is HEIC .*, and damaged"),
    "HEIC cut short": (heic()[:-50], r"cannot be read as a picture: [^\n]*\.$"),
    "SVG": (b"<?xml version='1.0'?>\n<!-- a -->\n<svg width='4'>", "is SVG"),
    "SVG without a head": (b"<svg>", "is SVG"),
    "PDF": (b"%PDF-1.4", "is a PDF"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0", "is PostScript"),
    "Photoshop": (b"8BPS\0\1", "is a Photoshop document"),
    "GIMP": (b"gimp xcf file", "is a GIMP document"),
    "OpenEXR": (b"v/1\1" + bytes(20), "is OpenEXR"),
    "HDR": (b"#?RADIANCE\n", "is Radiance HDR"),
    "PPM": (b"P6\n4 4\n255\n", "is a portable bitmap"),
    "icon": (b"\0\0\1\0\1\0", "is an icon"),
    "QOI": (b"qoif", "is QOI"),
    "MP4": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "is a video"),
    "Matroska": (b"\x1aE\xdf\xa3", "is a video"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST", "is a video"),
    "ZIP": (b"PK\3\4", "is an archive"),
    "AppleDouble": (b"\0\5\x16\7\0\2\0\0Mac OS X", "is a note of macOS"),
    "web page": (b"\n<!DOCTYPE html><html>", "is a web page"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
    "nothing known": (b"Dear reader", "is empty, damaged or not a picture"),
    "nothing": (b"", "is empty, damaged or not a picture"),
}


@pytest.mark.parametrize("kind", NAMED)
def test_other_files_are_called_what_they_are(kind):
    content, reason = NAMED[kind]
    with pytest.raises(ImageError, match=reason):
        decode_picture(content, "a")


RANDOM = np.random.default_rng(0)
PHOTO = np.clip(
    np.add.outer(np.arange(90), np.arange(120))[..., None] + RANDOM.normal(0, 9, (90, 120, 3)),
    0,
    255,
).astype(np.uint8)
JPEGS = {
    "4:4:4": made.jpeg(pixels=PHOTO),
    "4:2:0": made.jpeg(pixels=PHOTO, subsampling=2),
    "progressive": made.jpeg(pixels=PHOTO, progressive=True),
    "gray": made.jpeg(pixels=PHOTO[..., 0], subsampling=-1),
    "restart markers": made.jpeg(pixels=PHOTO, restart_marker_rows=1),
    "one color": made.jpeg(pixels=np.full((33, 21, 3), 77, np.uint8), subsampling=2),
    "one color, progressive": made.jpeg(
        pixels=np.full((33, 21, 3), 77, np.uint8), progressive=True
    ),
    "one pixel": made.jpeg(pixels=PHOTO[:1, :1]),
}


@pytest.mark.parametrize("kind", JPEGS)
def test_a_good_jpeg_has_no_notes(kind):
    assert decode_picture(JPEGS[kind], "a.jpg").notes == ()
    assert decode_picture(JPEGS[kind] + b"\xff\xd8 a second picture \xff\xd9", "a.jpg").notes == ()


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_without_its_end_marker_is_taken_with_a_note(kind, missing):
    picture = decode_picture(JPEGS[kind][:-missing], "a.jpg")
    assert np.array_equal(picture.pixels, decode_picture(JPEGS[kind], "a.jpg").pixels)
    (note,) = picture.notes
    assert "end marker was missing" in note


@pytest.mark.parametrize("kind", ["4:4:4", "4:2:0", "progressive", "gray", "restart markers"])
def test_a_jpeg_that_lacks_pixels_is_refused(kind):
    whole = JPEGS[kind]
    for length in (20, 100, len(whole) // 2, len(whole) * 4 // 5):
        with pytest.raises(ImageError, match="truncated"):
            decode_picture(whole[:-length], "a.jpg")


def test_a_progressive_jpeg_that_lacks_a_whole_scan_is_refused():
    whole = JPEGS["progressive"]
    with pytest.raises(ImageError, match="truncated"):
        decode_picture(whole[: whole.rindex(b"\xff\xda")], "a.jpg")


DAMAGE = {
    "bytes repeated": lambda whole, middle: whole[:middle] + whole[middle - 300 :],
    "bytes missing": lambda whole, middle: whole[:middle] + whole[middle + 200 :],
    "ends in the middle": lambda whole, middle: whole[:middle] + b"\xff\xd9",
}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("stored", ["4:4:4", "4:2:0", "gray"])
def test_corrupt_jpeg_data_is_told(stored, kind):
    whole = JPEGS[stored]
    damaged = DAMAGE[kind](whole, len(whole) * 2 // 3)
    (note,) = decode_picture(damaged, "a.jpg").notes
    assert "damaged" in note


PNG = made.png()
PNG_DAMAGE = {
    "wrong checksum of the pixels": PNG[:-16] + b"nope" + PNG[-12:],
    "no end": PNG[:-12],
    "no checksum": PNG[:-14],
}


@pytest.mark.parametrize("kind", PNG_DAMAGE)
def test_damaged_png_data_is_told(kind):
    picture = decode_picture(PNG_DAMAGE[kind], "a.png")
    assert np.array_equal(picture.pixels, made.PIXELS)
    (note,) = picture.notes
    assert "damaged or cut short" in note


@pytest.mark.parametrize("name", [b"tEXt", b"iCCP", b"eXIf", b"pHYs", b"zzZz", b"tRNS"])
def test_a_wrong_checksum_beside_the_pixels_costs_that_chunk_alone(name):
    content = made.png(made.chunk(name, b"a\0\0\0\0\0\0\0\0", checksum=1))
    picture = decode_picture(content, "a.png")
    assert np.array_equal(picture.pixels, made.PIXELS)
    (note,) = picture.notes
    assert name.decode() in note


def test_a_damaged_profile_is_left_out_and_told():
    (note,) = decode_picture(made.png(made.chunk(b"iCCP", b"x\0\0nonsense")), "a.png").notes
    assert "color profile is damaged" in note


def test_what_a_gif_does_not_cover_stays_transparent():
    file = BytesIO()
    Image.new("P", (5, 4), 1).save(file, "GIF", palette=bytes(range(48)))
    content = bytearray(file.getvalue())
    content[6:10] = struct.pack("<HH", 12, 10)
    frame = content.index(b"\x2c", 13 + 3 * 2 ** ((content[10] & 7) + 1))
    content[frame + 1 : frame + 5] = struct.pack("<HH", 3, 2)
    picture = decode_picture(bytes(content), "a.gif")
    expected = np.zeros((10, 12), np.uint8)
    expected[2:6, 3:8] = 255
    assert np.array_equal(picture.alpha, expected)


def test_an_apng_of_one_frame_is_a_picture():
    content = made.png(made.chunk(b"acTL", struct.pack(">II", 1, 0)))
    assert np.array_equal(decode_picture(content, "a.png").pixels, made.PIXELS)


def test_the_limit_of_pixels_has_no_limit_of_its_own():
    header = made.chunk(b"IHDR", struct.pack(">IIBBBBB", 14_000, 13_000, 1, 0, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + made.chunk(b"IDAT", b"") + made.chunk(b"IEND", b"")
    with pytest.raises(ImageError, match="14000 x 13000 pixels, more than the limit"):
        decode_picture(content, "a.png", max_pixels=181_999_999)
    with pytest.raises(ImageError, match="truncated"):
        decode_picture(content, "a.png", max_pixels=182_000_000)


def test_a_heic_is_read_as_what_it_shows():
    shown = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 48, axis=0)
    pixels = np.broadcast_to(shown, (48, 64, 3))
    file = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(np.ascontiguousarray(pixels))).save(file, quality=95)
    assert file.getvalue()[4:12] in (b"ftypheic", b"ftypheix")
    picture = decode_picture(file.getvalue(), "photo.heic")
    assert picture.pixels.shape == pixels.shape
    assert np.abs(picture.pixels.astype(int) - pixels).max() <= 6


P3, PQ = (12, 13), (9, 16)


def test_a_heic_of_more_bits_and_colors_says_so():
    values = made.PIXELS.astype(np.uint16) * 257
    heic = pillow_heif.from_bytes("RGB;16", (36, 24), values.tobytes())
    heic.save(file := BytesIO(), color_primaries=PQ[0], transfer_characteristics=PQ[1])
    picture = decode_picture(file.getvalue(), "a.heic")
    assert picture.colors.chunks == ((b"cICP", bytes([*PQ, 0, 1])),)
    assert "beyond 8 bits" in " ".join(picture.notes)


CODE_POINTS = {
    "sRGB": ((1, 13), None),
    "nothing said": ((2, 2), None),
    "video, which is shown as sRGB": ((1, 1), None),
    "Display P3": (P3, P3),
    "P3 as video": ((12, 1), P3),
    "HDR": (PQ, PQ),
}


@pytest.mark.parametrize("kind", CODE_POINTS)
def test_colors_of_an_avif_are_kept(kind):
    said, kept = CODE_POINTS[kind]
    content = avif().replace(b"nclx\0\1\0\x0d", struct.pack(">4s2H", b"nclx", *said))
    picture = decode_picture(content, "a.avif")
    assert picture.colors.chunks == (() if kept is None else ((b"cICP", bytes([*kept, 0, 1])),))
    assert picture.notes == ()


def test_a_gain_map_of_an_avif_is_told():
    (note,) = read_boxes(avif().replace(b"av01", b"tmap")).notes
    assert "gain map" in note
