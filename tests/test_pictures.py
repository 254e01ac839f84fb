"""Pictures go through real files: what is kept, what is refused, and what is left behind."""

import os
import resource
import struct
import zlib
from contextlib import suppress
from dataclasses import replace

import numpy as np
import picture_files
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.color_space import ColorSpace
from mobile_runtime.imaging.metadata import Metadata
from mobile_runtime.imaging.pictures import Picture, to_image, to_pixels
from mobile_runtime.imaging.reading import MAX_PIXELS, open_picture
from mobile_runtime.imaging.writing import OUTPUT_FORMATS, check_writable, left_out, save_picture

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (11, 17, 3), dtype=np.uint8)
ALPHA = RANDOM.integers(0, 256, (11, 17), dtype=np.uint8)
SMOOTH = np.add.outer(np.arange(11) * 8, np.arange(17) * 8).astype(np.uint8)[..., None] + np.arange(
    3, dtype=np.uint8
)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GRAY = SRGB[:16] + b"GRAY" + SRGB[20:]
ORIENTATION, CAMERA = 0x0112, 0x0110


def make_exif(orientation=None):
    exif = Image.Exif()
    exif[CAMERA] = "Pinhole"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif.tobytes()


def make_gray(pixels):
    return np.repeat(pixels[..., :1], 3, axis=2)


def make_png(width, height, *, depth=8, color=2, key=None, rows=b""):
    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + (b"" if key is None else chunk(b"tRNS", struct.pack(">H", key)))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def make_tiff(depth, *, planar=False):
    """One pixel of RGB, (1, 2, 3) in 8 bits; the channels lie apart if `planar`."""
    threes = {258: [depth] * 3, **({273: [200, 202, 204], 279: [depth // 8] * 3} if planar else {})}
    places = dict(zip(threes, (170, 180, 190), strict=False))
    tags = {256: 1, 257: 1, 258: 0, 259: 1, 262: 2, 273: 200, 277: 3, 279: depth * 3 // 8}
    tags |= {284: 2} if planar else {}
    entries = b"".join(
        struct.pack("<HHII", tag, 3, 3 if tag in threes else 1, places.get(tag, value))
        for tag, value in tags.items()
    )
    content = bytearray(struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries).ljust(200, b"\0")
    for tag, place in places.items():
        struct.pack_into("<3H", content, place, *threes[tag])
    return bytes(content) + (b"\1\0\2\0\3\0" if planar or depth > 8 else b"\1\2\3")


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_pixels_survive_the_way_to_an_image_and_back():
    assert np.array_equal(to_pixels(to_image(NOISE)), NOISE)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("grayscale", [False, True])
@pytest.mark.parametrize("alpha", [None, ALPHA])
def test_lossless_formats_give_every_value_back(tmp_path, suffix, grayscale, alpha):
    pixels = make_gray(NOISE) if grayscale else NOISE
    save_picture(Picture(pixels, alpha, grayscale), tmp_path / f"a{suffix}")
    reopened = open_picture(tmp_path / f"a{suffix}")
    assert np.array_equal(reopened.pixels, pixels)
    assert np.array_equal(reopened.alpha, alpha)
    assert reopened.grayscale == (grayscale and suffix == ".png")


def test_colour_under_full_transparency_is_kept(tmp_path):
    for suffix in (".png", ".webp"):
        path = tmp_path / f"a{suffix}"
        save_picture(Picture(NOISE, np.zeros_like(ALPHA)), path)
        assert np.array_equal(open_picture(path).pixels, NOISE)


@pytest.mark.parametrize("grayscale", [False, True])
def test_jpeg_stays_near_and_keeps_full_colour_resolution(tmp_path, grayscale):
    pixels = make_gray(SMOOTH) if grayscale else SMOOTH
    save_picture(Picture(pixels, grayscale=grayscale), tmp_path / "a.jpg")
    reopened = open_picture(tmp_path / "a.jpg")
    assert np.abs(reopened.pixels.astype(int) - pixels).max() <= 4
    assert reopened.grayscale == grayscale
    with Image.open(tmp_path / "a.jpg") as file:
        assert {layer[1:3] for layer in file.layer} == {(1, 1)}


@pytest.mark.parametrize("suffix", OUTPUT_FORMATS)
def test_profile_and_exif_are_kept_by_every_format(tmp_path, suffix):
    source = save(tmp_path / f"a{suffix}", SMOOTH, exif=make_exif(), icc_profile=SRGB)
    picture = open_picture(source)
    save_picture(picture, tmp_path / f"b{suffix}")
    reopened = open_picture(tmp_path / f"b{suffix}")
    assert reopened.colors.icc_profile == SRGB
    if OUTPUT_FORMATS[suffix].name != "TIFF":  # where EXIF is part of the file's own structure
        assert reopened.metadata.exif == make_exif().removeprefix(b"Exif\0\0")
    with Image.open(tmp_path / f"b{suffix}") as file:
        assert file.getexif()[CAMERA] == "Pinhole"


def test_gray_profile_stays_with_a_gray_picture(tmp_path):
    source = save(tmp_path / "a.png", SMOOTH[..., 0], icc_profile=GRAY)
    save_picture(open_picture(source), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as file:
        assert (file.mode, file.info["icc_profile"]) == ("L", GRAY)
    with pytest.raises(ImageError, match="WEBP has no grayscale"):
        save_picture(open_picture(source), tmp_path / "b.webp")


@pytest.mark.parametrize("orientation", picture_files.UPRIGHT)
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_orientation_is_applied_once_and_for_all(tmp_path, orientation, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    exif = make_exif(orientation)
    picture = open_picture(save(tmp_path / f"a{suffix}", NOISE, exif=exif, **options))
    assert np.array_equal(picture.pixels, picture_files.UPRIGHT[orientation](NOISE))
    save_picture(picture, tmp_path / "b.png")
    assert np.array_equal(open_picture(tmp_path / "b.png").pixels, picture.pixels)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_rest_of_exif_outlives_the_orientation(tmp_path, orientation):
    save_picture(
        open_picture(save(tmp_path / "a.jpg", SMOOTH, exif=make_exif(orientation))),
        tmp_path / "b.jpg",
    )
    with Image.open(tmp_path / "b.jpg") as file:
        exif = file.getexif()
    assert (exif[CAMERA], exif[ORIENTATION]) == ("Pinhole", 1)


def write_as_text(exif):
    """EXIF as ImageMagick puts it into a PNG."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{exif.hex()}\n")
    return info


def test_exif_that_a_png_holds_as_text_is_applied_and_kept(tmp_path):
    path = save(tmp_path / "a.png", NOISE, pnginfo=write_as_text(make_exif(6)))
    picture = open_picture(path)
    assert np.array_equal(picture.pixels, picture_files.UPRIGHT[6](NOISE))
    save_picture(picture, tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as file:
        assert (file.getexif()[CAMERA], file.getexif()[ORIENTATION]) == ("Pinhole", 1)
    path = save(tmp_path / "a.png", NOISE, pnginfo=write_as_text(make_exif()))
    assert open_picture(path).metadata.exif == make_exif().removeprefix(b"Exif\0\0")


def test_exif_as_text_that_cannot_be_read_costs_nothing_else(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", "\nexif\n4\nno hex\n")
    picture = open_picture(save(tmp_path / "a.png", NOISE, pnginfo=info))
    assert np.array_equal(picture.pixels, NOISE)
    assert picture.metadata.exif is None


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        b"II*\0\xff\xff\xff\xff",
        b"II+\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08\0\x05\1\x12\0\3\0\0\0\1\0\6",
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_unreadable_exif_is_left_out_and_told(tmp_path, suffix, content):
    picture = open_picture(save(tmp_path / f"a{suffix}", SMOOTH, exif=b"Exif\0\0" + content))
    assert picture.pixels.shape == SMOOTH.shape
    assert picture.metadata.exif is None
    (note,) = picture.notes
    assert "its EXIF was left out" in note


def make_palette(transparency=None):
    picture = Image.fromarray(np.array([[0, 1, 2], [2, 1, 0]], np.uint8), "P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    return picture, {} if transparency is None else {"transparency": transparency}


def make_keyed(mode, color):
    return Image.new(mode, (3, 2), color), {"transparency": color}


STORED = {
    "palette": (make_palette(), [10, 20, 30], None, False),
    "palette with one transparent color": (make_palette(0), [10, 20, 30], 0, False),
    "palette with alpha": (make_palette(b"\x80\xff\xff"), [10, 20, 30], 128, False),
    "color key": (make_keyed("RGB", (1, 2, 3)), [1, 2, 3], 0, False),
    "gray key": (make_keyed("L", 7), [7, 7, 7], 0, True),
    "black and white": ((Image.new("1", (3, 2), 1), {}), [255, 255, 255], None, True),
    "gray with alpha": ((Image.new("LA", (3, 2), (9, 8)), {}), [9, 9, 9], 8, True),
}


@pytest.mark.parametrize("kind", STORED)
def test_every_way_to_store_8_bits_is_read(tmp_path, kind):
    (picture, options), color, alpha, grayscale = STORED[kind]
    picture.save(tmp_path / "a.png", **options)
    opened = open_picture(tmp_path / "a.png")
    assert opened.pixels.shape == (2, 3, 3)
    assert opened.pixels[0, 0].tolist() == color
    assert (None if opened.alpha is None else opened.alpha[0, 0]) == alpha
    assert opened.grayscale == grayscale


@pytest.mark.parametrize(
    ("depth", "key", "row"), [(2, 1, 0b00_01_10_11), (4, 5, 0x45), (8, 2, None), (4, None, 0x45)]
)
def test_the_transparent_gray_of_a_png_is_that_of_its_pixels(tmp_path, depth, key, row):
    """Two grays side by side, or four of 2 bits."""
    rows = bytes([0, 1, 2]) if row is None else bytes([0, row])
    png = make_png(4 if depth == 2 else 2, 1, depth=depth, color=0, key=key, rows=rows)
    (tmp_path / "a.png").write_bytes(png)
    picture = open_picture(tmp_path / "a.png")
    grays = picture.pixels[0, :, 0] // (255 // (2**depth - 1))
    if key is None:
        assert picture.alpha is None
    else:
        assert picture.alpha[0].tolist() == [0 if gray == key else 255 for gray in grays]
        assert key in grays


@pytest.mark.parametrize("name", ["a.gif", "a.bmp", "a.tif"])
def test_other_formats_are_read_too(tmp_path, name):
    pixels = make_gray(SMOOTH)
    assert np.array_equal(open_picture(save(tmp_path / name, pixels)).pixels, pixels)


@pytest.mark.parametrize("planar", [False, True])
def test_a_tiff_made_by_hand_is_read_at_8_bits(tmp_path, planar):
    (tmp_path / "a.tif").write_bytes(make_tiff(8, planar=planar))
    assert open_picture(tmp_path / "a.tif").pixels.tolist() == [[[1, 2, 3]]]


def test_a_phone_picture_with_a_preview_inside_is_its_first_picture(tmp_path):
    preview = Image.new("RGB", (4, 4))
    save(tmp_path / "a.jpg", SMOOTH, format="MPO", save_all=True, append_images=[preview])
    with Image.open(tmp_path / "a.jpg") as file:
        assert file.n_frames == 2
    assert open_picture(tmp_path / "a.jpg").pixels.shape == SMOOTH.shape


FRAMES = {"save_all": True, "append_images": [Image.fromarray(255 - NOISE)]}
BAD = {
    "missing": (lambda path: None, "No such file"),
    "folder": (lambda path: path.mkdir(), "Is a directory"),
    "empty": (lambda path: path.write_bytes(b""), "empty, damaged or not a picture"),
    "text": (lambda path: path.write_text("Dear reader"), "not a picture"),
    "no pixels": (lambda path: path.write_bytes(make_png(0, 5)), "not a picture"),
    "PDF": (lambda path: path.write_bytes(b"%PDF-1.7"), "is a PDF"),
    "too large": (lambda path: path.write_bytes(make_png(9000, 9000)), "limit of 64,000,000"),
    "bomb": (
        lambda path: path.write_bytes(make_png(99999, 99999)),
        "far more pixels than the limit",
    ),
    "no content": (lambda path: path.write_bytes(make_png(5, 5)), "truncated"),
    "animated GIF": (lambda path: save(path, NOISE, format="GIF", **FRAMES), "animated"),
    "animated PNG": (lambda path: save(path, NOISE, format="PNG", **FRAMES), "animated"),
    "animated WebP": (lambda path: save(path, NOISE, format="WEBP", **FRAMES), "animated"),
    "pages": (lambda path: save(path, NOISE, format="TIFF", **FRAMES), "several pages"),
    "CMYK": (lambda path: Image.new("CMYK", (3, 2)).save(path, "JPEG"), "stored as CMYK"),
    "LAB": (lambda path: Image.new("LAB", (3, 2)).save(path, "TIFF"), "stored as LAB"),
    "float": (lambda path: Image.new("F", (3, 2)).save(path, "TIFF"), "32-bit floats"),
    "integers": (lambda path: Image.new("I", (3, 2)).save(path, "TIFF"), "32-bit integers"),
    "16-bit gray": (lambda path: Image.new("I;16", (3, 2)).save(path, "PNG"), "16 bits"),
    "16-bit color": (
        lambda path: path.write_bytes(make_png(3, 2, depth=16, rows=bytes(2 * 19))),
        "16 bits",
    ),
    "16-bit TIFF": (lambda path: path.write_bytes(make_tiff(16)), "16 bits"),
    "16-bit planar TIFF": (
        lambda path: path.write_bytes(make_tiff(16, planar=True)),
        "16 bits",
    ),
    "16-bit gray with alpha": (
        lambda path: path.write_bytes(make_png(3, 2, depth=16, color=4, rows=bytes(2 * 13))),
        "16 bits",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_pictures_are_refused_with_the_reason(tmp_path, kind):
    make, reason = BAD[kind]
    make(tmp_path / "a.picture")
    with pytest.raises(ImageError, match=reason):
        open_picture(tmp_path / "a.picture")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.gif"])
def test_a_picture_cut_short_anywhere_is_refused(tmp_path, name):
    whole = save(tmp_path / name, NOISE).read_bytes()
    for length in range(0, int(0.9 * len(whole)), max(len(whole) // 40, 1)):
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(ImageError):
            open_picture(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.gif", "a.tif"])
def test_damage_is_read_or_refused_and_never_escapes(tmp_path, name):
    random = np.random.default_rng(1)
    whole = save(tmp_path / name, NOISE, exif=make_exif(6)).read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        for place in random.integers(len(damaged), size=4):
            damaged[place] = random.integers(256)
        (tmp_path / name).write_bytes(damaged)
        with suppress(ImageError):
            assert open_picture(tmp_path / name).pixels.ndim == 3


def test_the_limit_is_the_callers(tmp_path):
    path = save(tmp_path / "a.png", NOISE)
    assert open_picture(path, max_pixels=11 * 17).pixels.shape == (11, 17, 3)
    with pytest.raises(ImageError, match="17 x 11"):
        open_picture(path, max_pixels=11 * 17 - 1)


def test_pillows_own_limit_gives_way_to_the_callers_and_comes_back(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", NOISE)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    assert open_picture(path, max_pixels=11 * 17).pixels.shape == (11, 17, 3)
    assert Image.MAX_IMAGE_PIXELS == 50


def test_a_limit_is_to_be_raised_only_where_the_caller_set_it(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (MAX_PIXELS // 1000 + 1, 1000)).save(path)
    with pytest.raises(ImageError, match=r"64,000,000: make it smaller, or raise the limit\.$"):
        open_picture(path, max_pixels=MAX_PIXELS)
    with pytest.raises(ImageError, match=r"64,000,000: make it smaller\.$"):
        open_picture(path)


PICTURE = Picture(NOISE)
WIDE = Picture(np.zeros((1, 20_000, 3), np.uint8))
REFUSED = {
    "alpha in JPEG": ("a.jpg", replace(PICTURE, alpha=ALPHA), 1, "use PNG or WebP"),
    "gray profile in WebP": (
        "a.webp",
        replace(PICTURE, grayscale=True, colors=ColorSpace(GRAY)),
        1,
        "gray color profile",
    ),
    "WebP too wide": ("a.webp", WIDE, 1, "16,383"),
    "JPEG too wide": ("a.jpeg", WIDE, 4, "80,000 x 4"),
    "unknown suffix": ("a.bmp", PICTURE, 1, "end its name in .png"),
    "no suffix": ("a", PICTURE, 1, "end its name in .png"),
    "name too long": ("a" * 300 + ".png", PICTURE, 1, "File name too long"),
    "missing folder": ("missing/a.png", PICTURE, 1, "No such file"),
    "file as folder": ("there.png/a.png", PICTURE, 1, "Not a directory"),
    "file exists": ("there.png", PICTURE, 1, "exists"),
    "folder exists": ("folder.png", PICTURE, 1, "is a folder"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_saved_is_refused_in_advance_and_leaves_nothing(tmp_path, kind):
    name, picture, scale, reason = REFUSED[kind]
    (tmp_path / "there.png").write_text("mine")
    (tmp_path / "folder.png").mkdir()
    before = names(tmp_path)
    with pytest.raises(ImageError, match=reason):
        check_writable(tmp_path / name, picture, scale=scale)
    if scale == 1:
        with pytest.raises(ImageError, match=reason):
            save_picture(picture, tmp_path / name)
    assert names(tmp_path) == before
    assert (tmp_path / "there.png").read_text() == "mine"


def test_the_longest_exif_fits_into_jpeg_and_a_longer_one_is_told(tmp_path):
    room = OUTPUT_FORMATS[".jpg"].max_exif_bytes
    longest = make_exif().removeprefix(b"Exif\0\0").ljust(room, b"\0")
    for exif, kept in ((longest, longest), (longest + b"\0", None)):
        picture = replace(PICTURE, metadata=Metadata(exif=exif))
        path = tmp_path / "a.jpg"
        save_picture(picture, path, overwrite=True)
        assert open_picture(path).metadata.exif == kept
        assert left_out(path, picture) == (() if kept else ("EXIF",))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_the_longest_side_that_is_let_through_can_be_written(tmp_path, suffix):
    side = OUTPUT_FORMATS[suffix].max_side
    save_picture(Picture(np.zeros((1, side, 3), np.uint8)), tmp_path / f"a{suffix}")
    with pytest.raises(ImageError, match="use PNG"):
        check_writable(tmp_path / f"b{suffix}", Picture(np.zeros((side + 1, 1, 3), np.uint8)))


def test_overwriting_needs_a_word(tmp_path):
    path = save(tmp_path / "a.png", SMOOTH)
    with pytest.raises(ImageError, match="exists"):
        save_picture(PICTURE, path)
    assert np.array_equal(open_picture(path).pixels, SMOOTH)
    save_picture(PICTURE, path, overwrite=True)
    assert np.array_equal(open_picture(path).pixels, NOISE)
    assert names(tmp_path) == ["a.png"]


def test_a_link_stays_and_what_it_leads_to_is_replaced_only_if_told(tmp_path):
    real, link = tmp_path / "real" / "a.png", tmp_path / "link.png"
    link.symlink_to(real)  # to nothing, yet
    real.parent.mkdir()
    for _ in range(2):
        with pytest.raises(ImageError, match="exists"):
            save_picture(PICTURE, link)
        save_picture(PICTURE, link, overwrite=True)
        assert link.is_symlink()
        assert np.array_equal(open_picture(real).pixels, NOISE)
        save(real, SMOOTH)
    assert names(tmp_path) == ["link.png", "real"]
    assert names(real.parent) == ["a.png"]


def test_a_pipe_is_refused_in_advance(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ImageError, match="is no file"):
        check_writable(tmp_path / "a.png", PICTURE, overwrite=True)


def test_the_longest_name_can_be_written(tmp_path):
    path = tmp_path / ("a" * 251 + ".png")
    save_picture(PICTURE, path)
    assert np.array_equal(open_picture(path).pixels, NOISE)


def test_a_full_disk_leaves_the_old_file_alone(tmp_path):
    path = save(tmp_path / "a.png", SMOOTH)
    large = Picture(RANDOM.integers(0, 256, (100, 100, 3), dtype=np.uint8))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(ImageError, match="cannot be written"):
            save_picture(large, path, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert np.array_equal(open_picture(path).pixels, SMOOTH)
    assert names(tmp_path) == ["a.png"]


def test_a_saved_picture_has_the_rights_of_any_new_file(tmp_path):
    save_picture(PICTURE, tmp_path / "a.png")
    (tmp_path / "b").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode
