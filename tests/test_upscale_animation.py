"""`scnet upscale` of animations: each frame as if it were a picture, durations and loops stay."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import to_image, to_pixels

SIZE = (12, 9)
DURATIONS = [40, 200, 1000]


def frames(mode="RGB"):
    """A still ground with a square that moves."""
    ground = np.random.default_rng(0).integers(0, 256, (9, 12, len(mode)), np.uint8)
    drawn = []
    for left in (1, 5, 7):
        pixels = ground.copy()
        pixels[2:5, left : left + 3] = 0 if mode == "RGBA" else (255, 0, 0)
        if mode == "RGBA":
            pixels[..., 3] = np.where(pixels[..., 3] > 99, 255, 0)
        drawn.append(Image.fromarray(pixels))
    return drawn


def save(name, shown=None, **options):
    first, *rest = shown or frames()
    options = {"duration": DURATIONS, **options}
    first.save(name, save_all=True, append_images=rest, **options)


def read(name):
    """Frames in RGBA, durations in ms, and what it says of its loop."""
    shown, durations = [], []
    with Image.open(name) as file:
        for number in range(file.n_frames):
            file.seek(number)
            shown.append(np.asarray(file.convert("RGBA")))
            durations.append(file.info["duration"])
        return shown, durations, file.info.get("loop")


KINDS = {
    "GIF as APNG": ("a.gif", {"loop": 0}, "a.png"),
    "APNG": ("a.png", {"loop": 0}, "a.x3.png"),
    "WebP": ("a.webp", {"loop": 0, "lossless": True}, "a.x3.webp"),
    "GIF as WebP": ("a.gif", {"loop": 0}, "a.webp"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_frame_is_upscaled_and_shown_as_long(upscale, upscaler_session, kind):
    name, options, expected = KINDS[kind]
    save(name, **options)
    before, durations, _ = read(name)
    upscale(name, *(["-o", expected] if ".x3" not in expected else []))
    after, new_durations, loop = read(expected)
    assert new_durations == durations == DURATIONS
    assert loop == 0
    for old, new in zip(before, after, strict=True):
        wanted = to_pixels(upscaler_session.run(to_image(old[..., :3])))
        assert np.array_equal(new[..., :3], wanted)
        assert (new[..., 3] == 255).all()


LOOPS = {
    "GIF without": ("a.gif", {}, 1),
    "GIF for ever": ("a.gif", {"loop": 0}, 0),
    "GIF repeated three times": ("a.gif", {"loop": 3}, 4),
    "APNG five times": ("a.png", {"loop": 5}, 5),
    "WebP five times": ("a.webp", {"loop": 5}, 5),
}


@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif"])
@pytest.mark.parametrize("kind", LOOPS)
def test_it_plays_as_often(upscale, kind, suffix):
    name, options, plays = LOOPS[kind]
    save(name, **options)
    upscale(name, "-o", f"out{suffix}")
    told = read(f"out{suffix}")[2]
    if suffix == ".gif":  # which tells how often it is repeated, or nothing
        told = 1 if told is None else told and told + 1
    assert told == plays


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_transparency_stays_or_gets_a_background(upscale, name):
    save(name, frames("RGBA"), disposal=2) if name == "a.gif" else save(name, frames("RGBA"))
    old, _, _ = read(name)
    upscale(name, "-o", "out.png")
    upscale(name, "-o", "flat.png", "--background", "white")
    for before, after, flat in zip(old, read("out.png")[0], read("flat.png")[0], strict=True):
        bicubic = Image.fromarray(before[..., 3]).resize((36, 27), Image.Resampling.BICUBIC)
        assert np.array_equal(after[..., 3], np.asarray(bicubic))
        assert (flat[..., 3] == 255).all()


def test_frames_that_cover_a_part_are_shown_on_those_before(upscale, tmp_path):
    """Of the second frame only the square that changed is stored, in both files."""
    save("a.png")
    upscale("a.png")
    sizes = [path.stat().st_size for path in (tmp_path / "a.png", tmp_path / "a.x3.png")]
    assert sizes[1] < 9 * sizes[0]
    old, new = read("a.png")[0], read("a.x3.png")[0]
    assert not np.array_equal(old[0], old[1])
    assert not np.array_equal(new[0], new[1])


def test_fractions_of_a_millisecond_stay_in_a_png(upscale):
    save("a.png", duration=[1001 / 30, 1001 / 30, 90_000])
    upscale("a.png")
    assert read("a.x3.png")[1] == pytest.approx([1001 / 30, 1001 / 30, 90_000])


def test_size_and_quality_hold_for_each_frame(upscale):
    save("a.gif")
    for quality in ("10", "90"):
        upscale("a.gif", "--size", "20x", "-o", f"{quality}.webp", "--quality", quality)
    with Image.open("10.webp") as file:
        assert (file.size, file.n_frames) == ((20, 15), 3)
    assert Path("10.webp").stat().st_size < Path("90.webp").stat().st_size


def test_animations_in_a_folder_go_with_the_pictures(upscale, tmp_path):
    (tmp_path / "in").mkdir()
    save("in/a.gif")
    frames()[0].save("in/b.jpg")
    assert upscale("in", "-o", "out").stdout.splitlines()[-1] == "2 upscaled"
    assert len(read("out/a.gif")[0]) == 3


REFUSED = {
    "still GIF": (["b.png", "-o", "b.gif"], "GIF is for animations"),
    "profile in a GIF": (["p3.webp", "-o", "b.gif"], "color profile"),
    "still format": (["a.gif", "-o", "a.jpg"], "cannot hold an animation"),
    "comparison": (["a.gif", "--comparison", "b.png"], "is animated"),
    "too large": (["a.gif", "--max-pixels", "99"], "12 x 9 pixels"),
    "damaged": (["damaged.webp"], "cannot be read"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_end_well_is_refused(upscale, tmp_path, kind):
    arguments, reason = REFUSED[kind]
    save("a.gif")
    frames()[0].save("b.png")
    save("p3.webp", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    save("damaged.webp")
    whole = Path("damaged.webp").read_bytes()
    Path("damaged.webp").write_bytes(whole[: len(whole) // 2])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ImageError, match=reason):
        upscale(*arguments)
    assert sorted(tmp_path.iterdir()) == before
