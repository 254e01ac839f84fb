"""Animated GIF out of `scnet upscale`: colors, what differs between frames, transparency, times."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

SQUARES = (2, 5, 11)


def frames(ground):
    """A square that moves over a ground."""
    for left in SQUARES:
        pixels = ground.copy()
        pixels[2:5, left : left + 3] = (255, 0, 0, 255)[: ground.shape[2]]
        yield Image.fromarray(pixels)


def save(name, ground, **options):
    first, *rest = frames(ground)
    first.save(name, save_all=True, append_images=rest, loop=0, **options)


def read(name):
    """Frames in RGBA, and durations in ms."""
    with Image.open(name) as file:
        assert file.format == "GIF"
        for number in range(file.n_frames):
            file.seek(number)
            yield np.asarray(file.convert("RGBA")).astype(int), file.info["duration"]


def shown(name):
    return np.array([pixels for pixels, _ in read(name)])


def few_colors():
    return np.kron(np.arange(6).reshape(2, 3, 1) * 40, np.ones((8, 6, 3))).astype(np.uint8)


def many_colors():
    ramp = np.linspace(0, 255, 60)
    return np.stack(np.broadcast_arrays(ramp, ramp[:40, None], 99), axis=2).astype(np.uint8)


def test_an_animated_gif_becomes_one_and_a_still_one_a_png(upscale, tmp_path):
    save("a.gif", few_colors())
    Image.fromarray(few_colors()).save("still.gif")
    upscale("a.gif", "still.gif")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"a.gif", "a.x3.gif", "still.gif", "still.x3.png"}


def test_few_colors_stay_as_they_are(upscale):
    """As the same animation in a format that holds all colors."""
    save("a.gif", few_colors())
    result = upscale("a.gif")
    upscale("a.gif", "-o", "exact.png")
    with Image.open("exact.png") as exact:
        for number, (pixels, _) in enumerate(read("a.x3.gif")):
            exact.seek(number)
            assert np.array_equal(pixels, np.asarray(exact.convert("RGBA")))
    assert "colors" not in result.stderr


def test_too_many_colors_are_dithered_and_told(upscale):
    save("a.png", many_colors())
    result = upscale("a.png", "-o", "a.gif")
    upscale("a.png", "-o", "exact.png")
    assert "reduced to 255 colors each" in result.stderr
    found = shown("a.gif")
    with Image.open("exact.png") as exact:
        wanted = np.asarray(exact.convert("RGBA")).astype(int)
    assert np.abs(found[0] - wanted).mean() < 4
    blurred = [pixels.reshape(12, 10, 18, 10, 4).mean(axis=(1, 3)) for pixels in (found[0], wanted)]
    assert np.abs(blurred[0] - blurred[1]).max() < 4  # no bands
    # What stands still does not flicker, though other pixels change their colors.
    assert np.array_equal(found[0][30:], found[2][30:])
    assert not np.array_equal(found[0], found[2])


def test_transparency_is_all_or_nothing_and_nothing_stays_behind(upscale):
    """The ground is empty, and the square leaves no trace where it was."""
    save("a.png", np.zeros((9, 15, 4), np.uint8))
    result = upscale("a.png", "-o", "a.gif")
    upscale("a.png", "-o", "exact.png")
    with Image.open("exact.png") as exact:
        for number, (pixels, _) in enumerate(read("a.gif")):
            exact.seek(number)
            wanted = np.asarray(exact.convert("RGBA"))
            assert np.array_equal(pixels[..., 3], np.where(wanted[..., 3] >= 128, 255, 0))
            seen = pixels[..., 3] > 0
            assert np.array_equal(pixels[seen][:, :3], wanted[seen][:, :3])
    assert "half transparent" in result.stderr


def test_durations_are_hundredths_that_add_up_to_as_much(upscale):
    save("a.png", few_colors(), duration=[1001 / 30, 25, 1000])
    upscale("a.png", "-o", "a.gif")
    assert [duration for _, duration in read("a.gif")] == [30, 30, 1000]


def test_equal_frames_keep_their_times(upscale):
    first, second = (Image.fromarray(pixels) for pixels in (few_colors(), 255 - few_colors()))
    images = [first, second, second, first]
    images[0].save("a.png", save_all=True, append_images=images[1:], duration=[70, 70, 71, 70])
    upscale("a.png", "-o", "a.gif")
    assert [duration for _, duration in read("a.gif")] == [70, 140, 70]


def test_standard_input_and_output_hold_animations(upscale):
    save("a.gif", few_colors())
    result = upscale("-", stdin=Path("a.gif").read_bytes())
    with Image.open(BytesIO(result.stdout_bytes)) as file:
        assert (file.format, file.n_frames) == ("GIF", 3)


def test_a_frame_may_be_empty(upscale):
    images = [Image.new("RGBA", (9, 9), color) for color in ((9, 9, 9, 255), (0, 0, 0, 0))]
    images[0].save("a.png", save_all=True, append_images=images[1:])
    upscale("a.png", "-o", "a.gif")
    assert [pixels[..., 3].max() for pixels, _ in read("a.gif")] == [255, 0]
