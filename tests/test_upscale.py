"""`scnet upscale`, from file to file, with an ONNX file small enough to know its result."""

import os
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import picture_files
import pytest
from click.testing import CliRunner
from PIL import Image, ImageCms
from small_upscaler import FIXED, FOREIGN, MODEL, SCALE, run_upscale, write_onnx

from mobile_runtime.cli.upscale import command
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.imaging.pictures import Picture, to_image, to_pixels
from mobile_runtime.imaging.reading import open_picture
from mobile_runtime.imaging.side_by_side import compare_side_by_side
from mobile_runtime.imaging.writing import save_picture
from scnet_mobile import Model

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
ALPHA = np.random.default_rng(1).integers(1, 256, (20, 30), dtype=np.uint8)


@dataclass
class Room:
    """A folder with a model file, and the command in it."""

    folder: object
    opened: list

    def photo(self, name="photo.png", pixels=PIXELS, **options):
        Image.fromarray(pixels).save(self.folder / name, **options)
        return name

    def upscale(self, photo, output, *options, model="model.onnx"):
        def opener(path, *, engine, threads):
            session = open_session(path, engine=engine, threads=threads)
            self.opened.append(Watched(session))
            return self.opened[-1]

        arguments = [self.folder / photo, "-o", self.folder / output, "-m", self.folder / model]
        return run_upscale(opener, *arguments, *options)

    def expected(self, pixels):
        """What the file gives for the whole picture, without a tile."""
        session = open_session(self.folder / "model.onnx")
        return to_pixels(session.run(to_image(pixels)))

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())


class Watched:
    """A session, and the sizes that it ran."""

    def __init__(self, session):
        self.session, self.model, self.engine, self.ran = session, session.model, session.engine, []

    def run(self, image):
        self.ran.append(image.shape[2:])
        return self.session.run(image)


@pytest.fixture
def room(tmp_path):
    write_onnx(tmp_path / "model.onnx")
    return Room(tmp_path, [])


def test_a_photo_becomes_as_much_larger_as_the_file_says(room):
    result = room.upscale(room.photo(), "out.png")
    opened = open_picture(room.folder / "out.png")
    assert np.array_equal(opened.pixels, room.expected(PIXELS))
    assert room.opened[0].ran == [(20, 30)]
    assert result.exit_code == 0


def test_one_line_says_what_was_done(room):
    result = room.upscale(room.photo(), "out.png")
    (line,) = result.stdout.splitlines()
    for word in ("30x20", "90x60", "scnet-t-x3", "fp32", "onnxruntime", " s"):
        assert word in line


@pytest.mark.parametrize("tile", [3, 5, 16])
def test_tiles_leave_no_trace(room, tile):
    room.upscale(room.photo(), "out.png", "--tile", tile)
    got = open_picture(room.folder / "out.png").pixels.astype(int)
    assert np.abs(got - room.expected(PIXELS)).max() <= 1  # a float on the edge of two values
    assert len(room.opened[0].ran) > 1


def test_tiles_of_8_bits_overlap_by_what_the_file_says_unless_they_are_to_be_exact(room):
    write_onnx(room.folder / "smaller.onnx", replace(MODEL, halo_8bit=0))
    room.upscale(room.photo(), "out.png", "--tile", 5, model="smaller.onnx")
    room.upscale("photo.png", "exact.png", "--tile", 5, "--exact", model="smaller.onnx")
    quick, exact = (len(session.ran) for session in room.opened)
    assert quick == 4 * 6 < exact
    got = open_picture(room.folder / "exact.png").pixels.astype(int)
    assert np.abs(got - room.expected(PIXELS)).max() <= 1
    model = Model(open_session(room.folder / "smaller.onnx"))
    for name, choice in {"out.png": {}, "exact.png": {"exact": True}}.items():
        saved = open_picture(room.folder / name).pixels
        np.testing.assert_array_equal(model.upscale(PIXELS, tile=5, **choice), saved)


def test_a_file_of_fixed_size_upscales_any_picture(room):
    write_onnx(room.folder / "fixed.onnx", FIXED)
    room.upscale(room.photo(), "out.png", model="fixed.onnx")
    got = open_picture(room.folder / "out.png").pixels.astype(int)
    assert np.abs(got - room.expected(PIXELS)).max() <= 1
    assert set(room.opened[0].ran) == {(16, 24)}


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((16, 24), None),
        ((15, 24), "at the bottom"),
        ((16, 9), "on the right"),
        ((15, 9), "at the bottom and on the right"),
        ((10, 30), "at the bottom"),
    ],
)
def test_a_photo_that_is_too_small_for_the_file_is_said_to_be_mirrored(room, size, sides):
    write_onnx(room.folder / "fixed.onnx", FIXED)
    result = room.upscale(
        room.photo(pixels=PIXELS[: size[0], : size[1]]), "out.png", model="fixed.onnx"
    )
    if sides is None:
        assert "mirrored" not in result.stderr
    else:
        told = f"mirrored outwards: the outermost 3 pixels {sides} are not exact"
        assert told in result.stderr


def test_bytes_in_names_that_are_not_utf_8_are_told_as_numbers(room):
    photo, output = os.fsdecode(b"ph\xf6to.png"), os.fsdecode(b"l\xe4rge.png")
    result = room.upscale(room.photo(photo), output)
    assert open_picture(room.folder / output).pixels.shape == (60, 90, 3)
    assert r"ph\udcf6to.png 30x20 -> " in result.stdout
    assert r"l\udce4rge.png 90x60" in result.stdout


def test_orientation_exif_and_profile_arrive(room):
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "Pinhole"
    room.upscale(room.photo(exif=exif.tobytes(), icc_profile=SRGB), "out.jpg")
    with Image.open(room.folder / "out.jpg") as file:
        assert file.size == (20 * SCALE, 30 * SCALE)
        assert file.info["icc_profile"] == SRGB
        assert (file.getexif()[0x0112], file.getexif()[0x0110]) == (1, "Pinhole")


def test_grayscale_stays_grayscale(room):
    room.upscale(room.photo(pixels=PIXELS[..., 0]), "out.png")
    with Image.open(room.folder / "out.png") as file:
        assert (file.mode, file.size) == ("L", (90, 60))


def test_transparency_is_interpolated_and_leaves_the_colours_alone(room):
    room.upscale(room.photo(pixels=np.dstack([PIXELS, ALPHA])), "out.webp")
    opened = open_picture(room.folder / "out.webp")
    assert np.array_equal(opened.pixels, room.expected(PIXELS))
    bicubic = Image.fromarray(ALPHA).resize((90, 60), Image.Resampling.BICUBIC)
    assert np.array_equal(opened.alpha, np.asarray(bicubic))


GRAYS = {
    "RGB": Image.fromarray(PIXELS[..., 0]).convert("RGB"),
    "gray": Image.fromarray(PIXELS[..., 0]),
    "gray with alpha": Image.fromarray(np.dstack([PIXELS[..., 0], ALPHA])),
    "palette": Image.fromarray(PIXELS[..., 0]).convert("P"),
    "palette with hidden color": Image.fromarray(
        np.dstack([*[PIXELS[..., 0]] * 3, np.where(ALPHA < 99, 0, ALPHA)])
    ),
}


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("tile", [[], ["--tile", 5]])
@pytest.mark.parametrize("kind", GRAYS)
def test_gray_stays_gray_whatever_the_network_does(room, kind, tile, suffix):
    write_onnx(room.folder / "tinted.onnx", tint=(0.9, 1.0, 1.1))
    GRAYS[kind].save(room.folder / "photo.png")
    room.upscale("photo.png", f"out{suffix}", *tile, model="tinted.onnx")
    red, green, blue = np.moveaxis(open_picture(room.folder / f"out{suffix}").pixels, 2, 0)
    assert np.array_equal(red, green)
    assert np.array_equal(red, blue)


def test_the_gray_is_the_luma_of_what_the_network_gives(room):
    write_onnx(room.folder / "tinted.onnx", tint=(0.5, 1.0, 0.25))
    gray = np.full((20, 30, 3), 200, np.uint8)
    room.upscale(room.photo(pixels=gray), "out.png", model="tinted.onnx")
    inside = open_picture(room.folder / "out.png").pixels[9:-9, 9:-9]
    assert (inside == round(200 * (0.299 * 0.5 + 0.587 + 0.114 * 0.25))).all()


def test_a_gray_tile_of_a_color_picture_keeps_what_the_network_gives(room):
    write_onnx(room.folder / "tinted.onnx", tint=(0.5, 1.0, 0.25))
    photo = np.full((20, 30, 3), 200, np.uint8)
    photo[-1, -1] = 9, 8, 7
    room.upscale(room.photo(pixels=photo), "out.png", "--tile", 5, model="tinted.onnx")
    assert open_picture(room.folder / "out.png").pixels[15, 15].tolist() == [100, 200, 50]


def test_what_transparency_hides_does_not_reach_what_is_seen(room):
    """A white disc cut out, once of black and once of noise."""
    rows, columns = np.ogrid[:20, :30]
    disc = np.where((rows - 10) ** 2 + (columns - 15) ** 2 < 36, 255, 0).astype(np.uint8)
    for number, hidden in enumerate([np.zeros_like(PIXELS), PIXELS]):
        photo = np.dstack([np.where(disc[..., None], np.uint8(255), hidden), disc])
        room.upscale(room.photo(pixels=photo), f"{number}.png")
        out = open_picture(room.folder / f"{number}.png")
        assert (out.pixels[out.alpha > 0] == 255).all()


def test_full_opacity_becomes_a_jpeg(room):
    room.upscale(room.photo(pixels=np.dstack([PIXELS, np.full_like(ALPHA, 255)])), "out.jpg")
    with Image.open(room.folder / "out.jpg") as file:
        assert file.mode == "RGB"


def test_full_opacity_stays_full(room):
    room.upscale(room.photo(pixels=np.dstack([PIXELS, np.full_like(ALPHA, 255)])), "out.png")
    assert (open_picture(room.folder / "out.png").alpha == 255).all()


WITH_ALPHA = np.dstack([PIXELS, ALPHA])
REFUSED = {
    "output exists": (PIXELS, ["there.png"], "exists"),
    "missing folder": (PIXELS, ["missing/out.png"], "No such file"),
    "unknown suffix": (PIXELS, ["out.bmp"], "end its name in"),
    "alpha in JPEG": (WITH_ALPHA, ["out.jpg"], "use PNG or WebP"),
    "too wide for WebP": (np.zeros((1, 6000, 3), np.uint8), ["out.webp"], "16,383"),
    "photo too large": (PIXELS, ["out.png", "--max-pixels", 599], "30 x 20"),
    "tile too small": (PIXELS, ["out.png", "--tile", 2], "smallest that works is 3"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_end_well_is_refused_before_the_work(room, kind):
    pixels, arguments, reason = REFUSED[kind]
    photo = room.photo(pixels=pixels)
    (room.folder / "there.png").write_text("mine")
    before = room.names()
    with pytest.raises(ImageError, match=reason):
        room.upscale(photo, *arguments)
    assert not any(session.ran for session in room.opened)
    assert room.names() == before
    assert (room.folder / "there.png").read_text() == "mine"


def test_comparison_shows_photo_bicubic_and_result_side_by_side(room):
    room.upscale(room.photo(), "out.png", "--comparison", room.folder / "beside.png")
    with Image.open(room.folder / "beside.png") as file:
        shown = np.asarray(file)
    upscaled = open_picture(room.folder / "out.png")
    assert np.array_equal(shown, compare_side_by_side(Picture(PIXELS), upscaled).pixels)


def test_comparison_and_output_in_one_file_are_refused_before_the_work(room):
    photo = room.photo()
    before = room.names()
    result = room.upscale(photo, "out.png", "--comparison", room.folder / "out.png")
    assert result.exit_code == 2
    assert "--comparison and --output name the same file" in result.stderr
    assert not any(session.ran for session in room.opened)
    assert room.names() == before


def test_a_photo_that_cannot_be_read_is_refused_before_a_model_is_opened(room):
    with pytest.raises(ImageError, match="cannot be read"):
        room.upscale("missing.jpg", "out.png")
    assert room.opened == []


def test_comparison_replaces_no_file_unasked(room):
    photo, there = room.photo(), room.folder / "there.png"
    there.write_text("mine")
    with pytest.raises(ImageError, match="exists"):
        room.upscale(photo, "out.png", "--comparison", there)
    assert not (room.folder / "out.png").exists()
    assert there.read_text() == "mine"


def test_overwrite_replaces_even_the_photo_itself(room):
    room.upscale(room.photo(), "photo.png", "--overwrite")
    assert np.array_equal(open_picture(room.folder / "photo.png").pixels, room.expected(PIXELS))


def test_a_file_of_fixed_size_takes_no_other_tile(room):
    write_onnx(room.folder / "fixed.onnx", FIXED)
    with pytest.raises(ImageError, match="takes 24 x 16 only"):
        room.upscale(room.photo(), "out.png", "--tile", 16, model="fixed.onnx")


def test_a_foreign_file_is_refused(room):
    write_onnx(room.folder / "foreign.onnx", FOREIGN)
    with pytest.raises(ModelLoadError, match="scnet convert"):
        room.upscale(room.photo(), "out.png", model="foreign.onnx")


def test_a_file_that_breaks_its_promise_leaves_nothing_behind(room):
    write_onnx(room.folder / "liar.onnx", replace(MODEL, scale=SCALE + 1))
    photo = room.photo()
    before = room.names()
    with pytest.raises(ModelLoadError, match="promises x4"):
        room.upscale(photo, "out.png", model="liar.onnx")
    assert room.names() == before


def test_choices_reach_the_opener_and_no_model_means_the_bundled_weights(room):
    asked = []

    def opener(path, *, engine, threads):
        asked.append((path, engine, threads))
        return open_session(room.folder / "model.onnx")

    options = ["--engine", "onnxruntime", "--threads", "1"]
    photo, output = room.folder / room.photo(), room.folder / "out.png"
    CliRunner().invoke(
        command, [str(photo), "-o", str(output), *options], obj=opener, catch_exceptions=False
    )
    assert asked == [(None, "onnxruntime", 1)]


def test_the_metadata_of_the_stand_in_is_that_of_a_real_file(room):
    session = open_session(room.folder / "model.onnx")
    assert msgspec.to_builtins(session.model) == msgspec.to_builtins(MODEL)


def test_what_was_damaged_or_left_out_is_told_in_lines(room):
    (room.folder / "photo.png").write_bytes(
        picture_files.png(
            picture_files.chunk(b"tEXt", b"parameters\0a cat"),
            picture_files.chunk(b"tEXt", b"a\0b", checksum=1),
        )
    )
    assert "photo.png: its chunk tEXt is damaged" in room.upscale("photo.png", "out.png").stderr
    told = room.upscale("photo.png", "out.jpg").stderr
    assert "photo.png: PNG texts left out, which .jpg cannot hold" in told


@pytest.mark.parametrize("name", ["photo.png", "photo.tif"])
def test_sixteen_bits_stay_sixteen(room, name):
    deep = np.random.default_rng(0).integers(0, 65_536, (20, 30, 3), dtype=np.uint16)
    alpha = np.full((20, 30), 65_535, np.uint16)
    alpha[0] = 3
    save_picture(Picture(deep, alpha), room.folder / name)
    told = room.upscale(name, f"out{name[-4:]}")
    assert told.stderr == ""
    out = open_picture(room.folder / f"out{name[-4:]}", deep=True)
    session = open_session(room.folder / "model.onnx")
    exact = np.clip(session.run(to_image(deep)), 0, 1)[0].transpose(1, 2, 0) * 65_535
    assert np.abs(out.pixels - exact).max() <= 0.6
    assert out.alpha.min() < 3 < out.alpha.max() == 65_535
    room.upscale(name, "small.jpg", "--background", "white")
    assert open_picture(room.folder / "small.jpg").pixels.shape == (60, 90, 3)
