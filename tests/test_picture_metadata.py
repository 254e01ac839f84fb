"""What files say beside pixels: kept where the written format can hold it, and told where not."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import picture_files as made
import pytest
from PIL import Image, ImageCms

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging import xmp
from mobile_runtime.imaging.icc_profile import color_space_of
from mobile_runtime.imaging.metadata import NAMES
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import decode_picture, open_picture
from mobile_runtime.imaging.writing import OUTPUT_FORMATS, check_writable, left_out, save_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GRAY = SRGB[:16] + b"GRAY" + SRGB[20:]
CMYK = SRGB[:16] + b"CMYK" + SRGB[20:]
XMP = b"<x:xmpmeta><rdf:Description xmp:Rating='4'/></x:xmpmeta>"
IPTC = b"8BIM\4\4\0\0\0\0\0\7\x1c\2\x19\0\2hi\0"
TEXT = b"parameters\0a cat"
PACKED = b"workflow\0\0" + zlib.compress(bytes(2_000_000))
XMP_NAME = b"http://ns.adobe.com/xap/1.0/\0"

SOURCES = {
    "XMP in PNG": (
        made.png(made.chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP)),
        "xmp",
        XMP,
    ),
    "XMP in JPEG": (made.jpeg(made.segment(0xE1, XMP_NAME + XMP)), "xmp", XMP),
    "IPTC in JPEG": (made.jpeg(made.segment(0xED, b"Photoshop 3.0\0" + IPTC)), "photoshop", IPTC),
    "comment in JPEG": (made.jpeg(made.segment(0xFE, b"hello\0")), "comments", (b"hello",)),
    "text in PNG": (made.png(made.chunk(b"tEXt", TEXT)), "texts", ((b"tEXt", TEXT),)),
    "2 MB of packed text": (made.png(made.chunk(b"zTXt", PACKED)), "texts", ((b"zTXt", PACKED),)),
    "background": (made.png(made.chunk(b"bKGD", b"\0\1\0\2\0\3")), "background", (1, 2, 3)),
    "XMP in TIFF": (
        made.tiff(made.page(more={700: (1, XMP)}), data=made.PIXELS.tobytes()),
        "xmp",
        XMP,
    ),
    "IPTC in TIFF": (
        made.tiff(made.page(more={33723: (7, IPTC[12:19])}), data=made.PIXELS.tobytes()),
        "photoshop",
        IPTC,
    ),
}


@pytest.mark.parametrize("suffix", OUTPUT_FORMATS)
@pytest.mark.parametrize("kind", SOURCES)
def test_it_is_kept_or_told(tmp_path, kind, suffix):
    content, name, value = SOURCES[kind]
    picture = decode_picture(content, "a")
    assert getattr(picture.metadata, name) == value
    assert picture.notes == ()
    path = tmp_path / f"b{suffix}"
    save_picture(picture, path)
    kept = getattr(open_picture(path).metadata, name)
    if name in OUTPUT_FORMATS[suffix].keeps:
        assert left_out(path, picture) == ()
        if name == "comments" and OUTPUT_FORMATS[suffix].name == "PNG":
            assert (b"iTXt", b"Comment" + bytes(5) + b"hello") in made.chunks(path.read_bytes())
        else:
            assert kept == value
    else:
        assert left_out(path, picture) == (NAMES[name],)
        assert not kept


RESOLUTIONS = {
    "PNG, 300 per inch": (
        made.png(made.chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))),
        300,
        300,
    ),
    "PNG, two sides": (
        made.png(made.chunk(b"pHYs", struct.pack(">IIB", 11811, 5906, 1))),
        300,
        150,
    ),
    "JPEG, 300 per inch": (made.jpeg(jfif=struct.pack(">BHH", 1, 300, 300)), 300, 300),
    "JPEG, 118 per centimeter": (made.jpeg(jfif=struct.pack(">BHH", 2, 118, 118)), 299.72, 299.72),
    "TIFF, 300 per inch": (
        made.tiff(
            made.page(more={282: (5, [300, 1]), 283: (5, [300, 1])}), data=made.PIXELS.tobytes()
        ),
        300,
        300,
    ),
    "TIFF, 100 per centimeter": (
        made.tiff(
            made.page(more={282: (5, [100, 1]), 283: (5, [100, 1]), 296: (3, [3])}),
            data=made.PIXELS.tobytes(),
        ),
        254,
        254,
    ),
}


@pytest.mark.parametrize("kind", RESOLUTIONS)
def test_resolution_is_kept(tmp_path, kind):
    content, x, y = RESOLUTIONS[kind]
    picture = decode_picture(content, "a")
    for suffix, output in OUTPUT_FORMATS.items():
        path = tmp_path / f"b{suffix}"
        save_picture(picture, path)
        kept = open_picture(path).metadata.resolution
        if "resolution" in output.keeps:
            assert (kept.x, kept.y) == pytest.approx((x, y), abs=0.51)
        else:
            assert left_out(path, picture) == ("the resolution",)


def test_resolution_is_the_same_to_the_last_unit_in_the_same_format(tmp_path):
    for stored in (struct.pack(">IIB", 11811, 5906, 1), struct.pack(">IIB", 2, 1, 0)):
        save_picture(
            decode_picture(made.png(made.chunk(b"pHYs", stored)), "a"),
            tmp_path / "b.png",
            overwrite=True,
        )
        assert (b"pHYs", stored) in made.chunks((tmp_path / "b.png").read_bytes())
    for stored in ((1, 300, 150), (2, 118, 118), (0, 2, 1)):
        packed = struct.pack(">BHH", *stored)
        save_picture(
            decode_picture(made.jpeg(jfif=packed), "a"), tmp_path / "b.jpg", overwrite=True
        )
        assert (tmp_path / "b.jpg").read_bytes()[13:18] == packed


GAMMA = made.chunk(b"gAMA", struct.pack(">I", 45455))
P3 = made.chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
LINEAR = made.chunk(b"gAMA", struct.pack(">I", 100_000))
SRGB_CHUNK = made.chunk(b"sRGB", b"\0")
P3_CODED = made.chunk(b"cICP", bytes([12, 13, 0, 1]))
PROFILE = made.chunk(b"iCCP", b"x\0\0" + zlib.compress(SRGB))
COLORS = {
    "nothing": ([], None),
    "sRGB": ([SRGB_CHUNK], (100, 150, 200)),
    "gamma": ([GAMMA], (101, 150, 200)),
    "linear": ([LINEAR], (169, 202, 229)),
    "gamma and primaries": ([GAMMA, P3], (83, 153, 206)),
    "coded primaries": ([P3_CODED], (83, 152, 205)),
    "sRGB counts before gamma": ([LINEAR, P3, SRGB_CHUNK], (100, 150, 200)),
    "a profile counts before sRGB and gamma": ([LINEAR, PROFILE], (100, 150, 200)),
    "coded primaries count before a profile": ([PROFILE, P3_CODED], (83, 152, 205)),
}


def to_srgb(profile, color):
    image = Image.new("RGB", (1, 1), color)
    opened = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(
        image, opened, ImageCms.createProfile("sRGB"), renderingIntent=1
    )
    return converted.getpixel((0, 0))


@pytest.mark.parametrize("kind", COLORS)
def test_what_a_png_says_of_its_colours_is_kept_or_becomes_a_profile(tmp_path, kind):
    chunks, meaning = COLORS[kind]
    picture = decode_picture(made.png(*chunks), "a.png")
    save_picture(picture, tmp_path / "b.png")
    written = made.chunks((tmp_path / "b.png").read_bytes())
    for chunk in chunks:
        name, content = chunk[4:8], chunk[8:-4]
        if name == b"iCCP":
            assert open_picture(tmp_path / "b.png").colors.icc_profile == SRGB
        else:
            assert (name, content) in written
    for suffix in (".jpg", ".webp"):
        save_picture(picture, tmp_path / f"b{suffix}")
        with Image.open(tmp_path / f"b{suffix}") as file:
            profile = file.info.get("icc_profile")
        if meaning is None:
            assert profile is None
        else:
            assert np.abs(np.subtract(to_srgb(profile, (100, 150, 200)), meaning)).max() <= 2


@pytest.mark.parametrize(
    "chunk",
    [
        made.chunk(b"cICP", bytes([9, 16, 0, 1])),
        made.chunk(b"cICP", bytes([9, 18, 0, 1])),
        made.chunk(b"cICP", b"\1"),
        made.chunk(b"cHRM", bytes(32)),
        made.chunk(b"gAMA", bytes(4)),
    ],
)
def test_colours_without_a_profile_stay_in_png(tmp_path, chunk):
    picture = decode_picture(made.png(chunk), "a.png")
    for suffix in (".jpg", ".webp"):
        with pytest.raises(ImageError, match=r"cannot hold the colors of this picture.*use PNG"):
            check_writable(tmp_path / f"b{suffix}", picture)
    save_picture(picture, tmp_path / "b.png")
    assert (chunk[4:8], chunk[8:-4]) in made.chunks((tmp_path / "b.png").read_bytes())


def test_significant_bits_are_those_of_the_old_values():
    chunks = [made.chunk(b"sBIT", b"\5\6\5"), made.chunk(b"tIME", bytes(7))]
    picture = decode_picture(made.png(*chunks), "a.png")
    assert picture.notes == ()


def test_unknown_chunks_are_told():
    (note,) = decode_picture(made.png(made.chunk(b"caBX", b"c2pa")), "a.png").notes
    assert "caBX" in note


GRAYS = made.PIXELS[..., 0]
MISFITS = {
    "RGB profile of gray pixels": (GRAYS, SRGB, b"RGB ", False),
    "gray profile of gray pixels": (GRAYS, GRAY, b"GRAY", True),
    "gray profile of gray pixels in RGB": (np.dstack([GRAYS] * 3), GRAY, b"GRAY", True),
    "gray profile of colors": (made.PIXELS, GRAY, b"", False),
    "profile of inks": (made.PIXELS, CMYK, b"", False),
    "profile of inks, gray": (GRAYS, CMYK, b"", True),
}


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("kind", MISFITS)
def test_a_profile_fits_the_channels_that_are_written(tmp_path, kind, suffix):
    pixels, profile, space, grayscale = MISFITS[kind]
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", icc_profile=profile)
    picture = decode_picture(file.getvalue(), "a.png")
    assert any("color profile was left out" in note for note in picture.notes) == (not space)
    save_picture(picture, tmp_path / f"b{suffix}")
    with Image.open(tmp_path / f"b{suffix}") as written:
        assert color_space_of(written.info.get("icc_profile", b"")) == space
        assert written.mode == ("L" if grayscale else "RGB")


def make_ink_profile():
    """Four inks that only darken, as a table of their 16 corners in Lab (ICC.1, 10.11)."""
    corners = bytearray()
    for cyan, magenta, yellow, black in np.ndindex(2, 2, 2, 2):
        lightness = 0 if black else 100 - 30 * (cyan + magenta + yellow)
        corners += bytes([round(lightness * 2.55), 128, 128])
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78 + 7)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    parts = {b"desc": text, b"wtpt": white, b"A2B0": table + bytes(-len(table) % 4)}
    parts[b"cprt"] = b"text" + bytes(4) + b"none\0\0\0\0"
    place, index, content = 132 + 12 * len(parts), b"", b""
    for name, part in parts.items():
        index += name + struct.pack(">II", place + len(content), len(part))
        content += part + bytes(-len(part) % 4)
    body = struct.pack(">I", len(parts)) + index + content
    head = struct.pack(">I4xI", 128 + len(body), 0x02400000) + b"prtrCMYKLab " + bytes(12) + b"acsp"
    return head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + body


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_colors_of_print_are_converted_by_their_profile(tmp_path, kind):
    file, inks = BytesIO(), make_ink_profile()
    sheet = np.zeros((16, 32, 4), np.uint8)
    sheet[:, 16:, 3] = 255
    Image.fromarray(sheet, "CMYK").save(file, kind, icc_profile=inks)
    picture = decode_picture(file.getvalue(), "a")
    assert picture.pixels[8, 4].min() >= 250
    assert picture.pixels[8, 28].max() <= 5
    assert picture.colors.icc_profile is None
    (note,) = picture.notes
    assert "CMYK colors were converted to sRGB by its profile" in note


@pytest.mark.parametrize(("profile", "reason"), [(b"", "without a color profile"), (CMYK, "fails")])
def test_colors_of_print_without_a_profile_are_refused(profile, reason):
    file = BytesIO()
    Image.new("CMYK", (4, 4), (10, 200, 30, 0)).save(file, "JPEG", icc_profile=profile)
    with pytest.raises(ImageError, match=f"CMYK.*{reason}"):
        decode_picture(file.getvalue(), "a.jpg")


@pytest.mark.parametrize(
    ("xmp", "upright", "large"),
    [
        (b'tiff:Orientation="6"', b'tiff:Orientation="1"', None),
        (
            b"<tiff:Orientation>8</tiff:Orientation>",
            b"<tiff:Orientation>1</tiff:Orientation>",
            None,
        ),
        (b"exif:PixelXDimension='36'", None, b"exif:PixelXDimension='24'"),
        (
            b"<tiff:ImageLength>24</tiff:ImageLength>",
            None,
            b"<tiff:ImageLength>36</tiff:ImageLength>",
        ),
        (b"dc:title='tiff'", None, None),
    ],
)
def test_xmp_tells_orientation_and_size_of_the_result(tmp_path, xmp, upright, large):
    exif = made.tiff({0x112: (3, [6])})
    turned = decode_picture(
        made.jpeg(made.segment(0xE1, b"Exif\0\0" + exif), made.segment(0xE1, XMP_NAME + xmp)), "a"
    )
    assert turned.metadata.xmp == (upright or xmp)
    save_picture(turned, tmp_path / "b.jpg")
    assert open_picture(tmp_path / "b.jpg").metadata.xmp == (large or upright or xmp)


GAIN_MAP = (
    b'<rdf:Description hdrgm:Version="1.0" dc:title="a"><Container:Directory><rdf:Seq><rdf:li '
    b'Item:Semantic="GainMap"/></rdf:Seq></Container:Directory></rdf:Description>'
)
COMPANIONS = {
    "gain map": (made.jpeg(made.segment(0xE1, XMP_NAME + GAIN_MAP)), "gain map"),
    "gain map of ISO": (
        made.jpeg(made.segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4))),
        "gain map",
    ),
    "video": (made.jpeg(made.segment(0xE1, XMP_NAME + b'GCamera:MotionPhoto="1"')), "video"),
    "extended XMP": (
        made.jpeg(made.segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(50))),
        "extended XMP",
    ),
}


@pytest.mark.parametrize("kind", COMPANIONS)
def test_what_stays_behind_in_the_file_is_told(kind):
    content, word = COMPANIONS[kind]
    (note,) = decode_picture(content, "a.jpg").notes
    assert word in note


def test_further_pictures_in_the_file_are_told():
    file = BytesIO()
    second = Image.new("RGB", (4, 4))
    Image.fromarray(made.PIXELS).save(file, "MPO", save_all=True, append_images=[second])
    (note,) = decode_picture(file.getvalue(), "a.jpg").notes
    assert "further pictures" in note


def test_xmp_does_not_promise_a_gain_map_that_is_gone():
    xmp = decode_picture(COMPANIONS["gain map"][0], "a.jpg").metadata.xmp
    assert xmp == b'<rdf:Description dc:title="a"></rdf:Description>'


def test_quality_is_for_formats_that_lose(tmp_path):
    picture = Picture(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    for suffix, output in OUTPUT_FORMATS.items():
        path = tmp_path / f"a{suffix}"
        if output.is_lossy:
            save_picture(picture, path, quality=10)
            small = path.stat().st_size
            save_picture(picture, path, quality=90, overwrite=True)
            assert path.stat().st_size > small
        else:
            with pytest.raises(ImageError, match="has no quality"):
                save_picture(picture, path, quality=90)


def test_a_long_xmp_packet_is_told_where_it_does_not_fit(tmp_path):
    limit = OUTPUT_FORMATS[".jpg"].max_xmp_bytes
    for length, fits in ((limit, True), (limit + 1, False)):
        metadata = replace(Picture(made.PIXELS).metadata, xmp=b" " * length)
        picture = Picture(made.PIXELS, metadata=metadata)
        save_picture(picture, tmp_path / "a.jpg", overwrite=True)
        assert (open_picture(tmp_path / "a.jpg").metadata.xmp is not None) == fits
        assert left_out(tmp_path / "a.jpg", picture) == (() if fits else ("XMP",))


@pytest.mark.parametrize("packet", [b" " * 1_000_000, b"<hdrgm:a>" * 20_000])
def test_a_packet_that_is_meant_to_cost_time_costs_little(packet):
    assert xmp.without_companions(packet) == packet
