"""EXIF on its way through: the picture is turned and enlarged, and all other bytes stay."""

import struct
from io import BytesIO

import numpy as np
import picture_files as made
import pytest
from PIL import Image

from mobile_runtime.imaging.exif import without_orientation
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import decode_picture
from mobile_runtime.imaging.writing import OUTPUT_FORMATS, left_out, save_picture

NOTE = bytes(range(64))
HEIGHT, WIDTH = made.PIXELS.shape[:2]
THUMBNAIL = np.zeros((16, 24, 3), np.uint8)
THUMBNAIL[:8, :8] = 255


def encode(pixels):
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def make_exif(orientation, order, *, long_sizes=True, thumbnail=True, own=False):
    """The maker's note begins with the offset of its own second half, as Canon's do."""
    jpeg = encode(THUMBNAIL)
    note = struct.pack(f"{order}I", 8 + 4 + 30) + NOTE[:60]
    size = (4, "I") if long_sizes else (3, "H")
    main = {
        0x100: (size[0], [WIDTH]),
        0x101: (size[0], [HEIGHT]),
        0x10F: (2, b"Canon\0"),
        0x112: (3, [orientation]),
        0x11A: (5, [300, 1]),
        0x11B: (5, [150, 1]),
        0x128: (3, [2]),
        0x8769: (
            4,
            {
                0x927C: (7, note),
                0x9286: (7, b"UNICODE\0Gr\xfc\xdfe"),
                0xA001: (3, [1]),
                0xA002: (3, [WIDTH]),
                0xA003: (3, [HEIGHT]),
            },
        ),
        0x8825: (4, {0: (1, b"\2\3\0\0"), 2: (5, [48, 1, 6, 1, 0, 1])}),
    }
    small = {0x103: (3, [6]), 0x201: (4, [8 + len(NOTE)]), 0x202: (4, [len(jpeg)])}
    small |= {0x112: (3, [orientation])} if own else {}
    return made.tiff(main, *([small] if thumbnail else []), order=order, data=NOTE + jpeg)


def add_exif(suffix, exif):
    if suffix == ".png":
        return made.png(made.chunk(b"eXIf", exif))
    if suffix == ".webp":
        file = BytesIO()
        Image.fromarray(made.PIXELS).save(file, "WEBP", lossless=True, exif=exif)
        return file.getvalue()
    return made.jpeg(made.segment(0xE1, b"Exif\0\0" + exif))


def read_exif(path):
    with Image.open(path) as file:
        return file.info["exif"].removeprefix(b"Exif\0\0")


def check_tiff(exif, written):
    """What tells about the picture is in the directories of the TIFF, with types and values."""
    before, after = made.tags(exif), made.tags(written)
    storage = {(0, 0x100), (0, 0x101), (0, 0x112)}
    moved = {(0, 0x11A), (0, 0x11B), (0, 0x8769), (0, 0x8825), (0x8769, 0xA002), (0x8769, 0xA003)}
    for name in before.keys() - storage - moved:
        assert after[name] == before[name]
    assert moved <= after.keys()
    assert (0, 0x112) not in after


@pytest.mark.parametrize("suffix", OUTPUT_FORMATS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", made.UPRIGHT)
def test_only_orientation_and_sizes_change(tmp_path, orientation, order, suffix):
    exif = make_exif(orientation, order, thumbnail=False)
    picture = decode_picture(add_exif(".png", exif), "a.png")
    assert np.array_equal(picture.pixels, made.UPRIGHT[orientation](made.PIXELS))
    enlarged = Picture(picture.pixels.repeat(2, 0).repeat(2, 1), metadata=picture.metadata)
    save_picture(enlarged, tmp_path / f"b{suffix}")
    if OUTPUT_FORMATS[suffix].name == "TIFF":
        check_tiff(exif, (tmp_path / f"b{suffix}").read_bytes())
        return
    kept = read_exif(tmp_path / f"b{suffix}")
    before, after = made.tags(exif), made.tags(kept)
    height, width = enlarged.pixels.shape[:2]

    def number(kind, value):
        return kind, 1, struct.pack(order + made.FORMATS[kind], value)

    expected = before | {
        (0, 0x112): number(3, 1),
        (0, 0x100): number(4, width),
        (0, 0x101): number(4, height),
        (0x8769, 0xA002): number(3, width),
        (0x8769, 0xA003): number(3, height),
    }
    if orientation >= 5:
        expected |= {(0, 0x11A): before[0, 0x11B], (0, 0x11B): before[0, 0x11A]}
    if suffix == ".avif":  # says it outside of EXIF
        del expected[0, 0x112]
    assert after == expected
    changed = [
        place for place, pair in enumerate(zip(exif, kept, strict=True)) if len(set(pair)) > 1
    ]
    note = exif.index(NOTE)
    assert not set(changed) & set(range(note, note + len(NOTE)))


def test_a_size_beyond_16_bits_becomes_a_long(tmp_path):
    exif = make_exif(1, "<", thumbnail=False)
    picture = decode_picture(add_exif(".png", exif), "a.png")
    wide = Picture(np.zeros((1, 70_000, 3), np.uint8), metadata=picture.metadata)
    save_picture(wide, tmp_path / "b.png")
    assert made.tags(read_exif(tmp_path / "b.png"))[0x8769, 0xA002] == (
        4,
        1,
        struct.pack("<I", 70_000),
    )


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("orientation", made.UPRIGHT)
def test_the_preview_is_turned_too(tmp_path, orientation, own):
    exif = make_exif(orientation, ">", own=own)
    kept = decode_picture(add_exif(".jpg", exif), "a.jpg").metadata.exif
    found = made.tags(kept)
    start, length = (struct.unpack(">I", found[1, tag][2])[0] for tag in (0x201, 0x202))
    with Image.open(BytesIO(kept[start : start + length])) as file:
        shown = np.asarray(file).astype(int)
    assert np.abs(shown - made.UPRIGHT[orientation](THUMBNAIL)).max() < 60
    assert not own or found[1, 0x112] == (3, 1, b"\0\1")
    assert made.tags(exif)[0x8769, 0x927C] == found[0x8769, 0x927C]
    if orientation == 1:
        assert kept == exif


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png"])
def test_every_format_gives_its_exif(suffix):
    exif = make_exif(6, "<", thumbnail=False)
    picture = decode_picture(add_exif(suffix, exif), f"a{suffix}")
    assert picture.pixels.shape == (WIDTH, HEIGHT, 3)
    assert made.tags(picture.metadata.exif)[0x8769, 0x927C] == made.tags(exif)[0x8769, 0x927C]


@pytest.mark.parametrize("order", "<>")
def test_exif_of_a_tiff_keeps_values_and_types_and_nothing_about_storage(order):
    described = {
        0x10F: (2, b"Canon\0"),
        0x13B: (2, b"Alice\0"),
        0x8769: (4, {0x9003: (2, b"2020:01:02 03:04:05\0"), 0xA001: (3, [0xFFFF])}),
        0x8825: (4, {0: (1, b"\2\3\0\0"), 2: (5, [48, 1, 6, 1, 0, 1])}),
    }
    stored = made.tiff(made.page(more=described), order=order, data=made.PIXELS.tobytes())
    picture = decode_picture(stored, "a.tif")
    assert np.array_equal(picture.pixels, made.PIXELS)
    alone = made.tags(made.tiff(described, order=order))
    pointers = {(0, 0x8769), (0, 0x8825)}
    kept = made.tags(picture.metadata.exif)
    assert kept.keys() == alone.keys()
    assert all(kept[name] == alone[name] for name in alone.keys() - pointers)


def test_an_oriented_tiff_is_turned_once():
    more = {0x112: (3, [6]), 0x10F: (2, b"Canon\0"), 282: (5, [300, 1]), 283: (5, [150, 1])}
    stored = made.tiff(made.page(more=more), data=made.PIXELS.tobytes())
    picture = decode_picture(stored, "a.tif")
    assert np.array_equal(picture.pixels, made.UPRIGHT[6](made.PIXELS))
    kept = made.tags(picture.metadata.exif)
    assert kept[0, 0x112] == (3, 1, b"\1\0")
    assert kept[0, 282] == (5, 1, struct.pack("<II", 150, 1))
    assert (picture.metadata.resolution.x, picture.metadata.resolution.y) == (150, 300)


DAMAGED = {
    "no directory": lambda exif: exif[:8],
    "a directory cut short": lambda exif: exif[: struct.unpack_from("<I", exif, 4)[0] + 20],
    "an offset beyond the end": lambda exif: exif[:4] + b"\xff\xff\xff\x7f" + exif[8:],
    "no header": lambda exif: b"????" + exif[4:],
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_exif_is_left_out_and_told(kind):
    exif = DAMAGED[kind](make_exif(6, "<", thumbnail=False))
    picture = decode_picture(add_exif(".jpg", exif), "a.jpg")
    assert picture.metadata.exif is None
    assert any("EXIF was left out" in note for note in picture.notes)


def test_damage_anywhere_in_exif_costs_no_picture(tmp_path):
    random = np.random.default_rng(0)
    whole = make_exif(6, ">")
    for number in range(400):
        damaged = bytearray(whole)
        for place in random.integers(len(damaged), size=3):
            damaged[place] = random.integers(256)
        picture = decode_picture(add_exif(".png", bytes(damaged)), "a.png")
        path = tmp_path / f"{number}.jpg"
        save_picture(picture, path)
        assert set(left_out(path, picture)) <= {"EXIF"}


def test_the_tag_can_be_taken_out_where_a_library_writes_exif_anew_for_it():
    exif = make_exif(6, "<", thumbnail=False)
    rest = made.tags(without_orientation(exif))
    assert rest == {name: value for name, value in made.tags(exif).items() if name != (0, 0x112)}
