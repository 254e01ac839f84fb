"""`scnet upscale --alpha network`: transparency as a gray picture, in the same tiles."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_runtime.imaging.pictures import Picture, to_deep_pixels, to_image, to_pixels
from mobile_runtime.imaging.reading import open_picture
from mobile_runtime.imaging.writing import save_picture
from mobile_runtime.upscaling.upscale_picture import upscale_picture

KINDS = {"8 bits": (np.uint8, to_pixels), "16 bits": (np.uint16, to_deep_pixels)}


def picture(kind=np.uint8):
    """Noise, nowhere empty, so that no colors spread."""
    values = np.random.default_rng(0).integers(1, np.iinfo(kind).max, (20, 30, 4), kind)
    return Picture(np.ascontiguousarray(values[..., :3]), np.ascontiguousarray(values[..., 3]))


@pytest.mark.parametrize("tile", [7, 256])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_network_makes_of_a_gray_picture(upscale, upscaler_session, kind, tile):
    values, finish = KINDS[kind]
    photo = picture(values)
    save_picture(photo, Path("a.png"))
    upscale("a.png", "--alpha", "network", "--tile", tile)
    found = open_picture(Path("a.x3.png"), deep=True)
    for stored, result in (
        (photo.pixels, found.pixels),
        (np.dstack([photo.alpha] * 3), np.dstack([found.alpha] * 3)),
    ):
        wanted = finish(upscaler_session.run(to_image(stored)))
        assert result.dtype == values
        assert np.abs(result.astype(int) - wanted).max() <= 1  # sums in another order


def test_bicubic_is_what_is_done_if_nothing_is_said(upscale):
    save_picture(picture(), Path("a.png"))
    alphas = {}
    for name, options in {"none": [], "bicubic": ["--alpha", "bicubic"]}.items():
        upscale("a.png", "-o", f"{name}.png", *options)
        alphas[name] = open_picture(Path(f"{name}.png")).alpha
    bicubic = Image.fromarray(picture().alpha).resize((90, 60), Image.Resampling.BICUBIC)
    assert np.array_equal(alphas["none"], np.asarray(bicubic))
    assert np.array_equal(alphas["none"], alphas["bicubic"])


def test_frames_of_an_animation_have_it_too(upscale, upscaler_session):
    frames = [Image.new("RGBA", (8, 6), color) for color in ((9, 8, 7, 255), (99, 8, 7, 255))]
    for frame in frames:
        frame.putpixel((3, 3), (1, 2, 3, 100))
    frames[0].save("a.png", save_all=True, append_images=frames[1:])
    upscale("a.png", "--alpha", "network")
    alpha = np.asarray(frames[0].getchannel("A"))
    wanted = to_pixels(upscaler_session.run(to_image(np.dstack([alpha] * 3))))[..., 0]
    with Image.open("a.x3.png") as file:
        for number in range(2):
            file.seek(number)
            assert np.array_equal(np.asarray(file.convert("RGBA"))[..., 3], wanted)


@pytest.mark.parametrize(("alpha", "runs"), [(255, 1), (99, 1), (None, 2)])
def test_alpha_that_is_the_same_everywhere_costs_nothing(upscaler_session, alpha, runs):
    photo, steps = picture(), []
    if alpha is not None:
        photo.alpha[:] = alpha
    result = upscale_picture(
        upscaler_session,
        photo,
        alpha="network",
        tile=12,
        on_progress=lambda *step: steps.append(step),
    )
    assert steps == [(number, 6 * runs) for number in range(1, 6 * runs + 1)]
    assert alpha is None or (result.alpha == alpha).all()


@pytest.mark.parametrize("arguments", [["a.png", "--background", "white"], ["a.mp4"]])
def test_where_there_is_no_transparency_it_is_refused(upscale, arguments):
    result = upscale(*arguments, "--alpha", "network")
    assert result.exit_code == 2
    assert "--alpha" in result.stderr
