"""Frames of APNG and GIF as they are shown, against the definition of both formats."""

import random
import struct
import zlib

import numpy as np
import picture_files as made
import pytest
from PIL import Image

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.animation import open_animation

WIDTH, HEIGHT = 7, 5
KEEP, CLEAR, RESTORE = range(3)


class Part:
    """What one frame draws, at random."""

    def __init__(self, chance, *, covers):
        self.width, self.height = WIDTH, HEIGHT
        if not covers:
            self.width, self.height = chance.randint(1, WIDTH), chance.randint(1, HEIGHT)
        self.left = chance.randint(0, WIDTH - self.width)
        self.top = chance.randint(0, HEIGHT - self.height)
        self.afterwards, self.mixed = chance.randrange(3), chance.random() < 0.5
        values = [chance.randrange(256) for _ in range(self.width * self.height * 4)]
        self.pixels = np.array(values, np.uint8).reshape(self.height, self.width, 4)
        self.pixels[..., 3] = np.array([0, 128, 255, 255])[self.pixels[..., 3] % 4]
        self.numbers = self.pixels[..., 0] % 8
        self.palette = np.array([chance.randrange(256) for _ in range(768)], np.uint8)
        self.empty = chance.choice([None, 0, 1])

    def in_gif(self):
        """Its pixels as a GIF has them, in RGBA."""
        alpha = np.where(self.numbers == self.empty, 0, 255)
        return np.dstack([self.palette.reshape(256, 3)[self.numbers], alpha])


def parts(seed, *, covers):
    chance = random.Random(seed)
    return [Part(chance, covers=covers and number == 0) for number in range(4)]


def apng(frames, *, picture_before=False):
    def data(pixels):
        return zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 6, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + made.chunk(b"IHDR", header)
    content += made.chunk(b"acTL", struct.pack(">II", len(frames), 0))
    if picture_before:
        content += made.chunk(b"IDAT", data(np.full((HEIGHT, WIDTH, 4), 9, np.uint8)))
    for number, part in enumerate(frames):
        place = part.width, part.height, part.left, part.top
        control = struct.pack(">5I2H2B", number, *place, 1, 8, part.afterwards, part.mixed)
        content += made.chunk(b"fcTL", control)
        if number or picture_before:
            content += made.chunk(b"fdAT", struct.pack(">I", number) + data(part.pixels))
        else:
            content += made.chunk(b"IDAT", data(part.pixels))
    return content + made.chunk(b"IEND", b"")


def gif(frames):
    content = b"GIF89a" + struct.pack("<2H3B", WIDTH, HEIGHT, 0x70, 3, 0)
    for part in frames:
        flags = {KEEP: 1, CLEAR: 2, RESTORE: 3}[part.afterwards] << 2 | (part.empty is not None)
        content += b"\x21\xf9\4" + struct.pack("<BHBB", flags, 7, part.empty or 0, 0)
        content += struct.pack("<c4HB", b",", part.left, part.top, part.width, part.height, 0x87)
        packed = Image.fromarray(part.numbers).tobytes("gif", ("L", 8, 0))
        content += part.palette.tobytes() + b"\x08" + packed + b"\0"
    return content + b";"


def expected(frames, pixels_of, *, mixed=True):
    canvas, shown = np.zeros((HEIGHT, WIDTH, 4)), []
    for part in frames:
        before = canvas.copy()
        area = canvas[part.top : part.top + part.height, part.left : part.left + part.width]
        pixels = pixels_of(part).astype(float)
        if mixed or part.mixed:
            above, below = pixels[..., 3:] / 255, area[..., 3:] / 255
            whole = above + below * (1 - above)
            color = pixels[..., :3] * above + area[..., :3] * below * (1 - above)
            color = np.divide(color, whole, out=np.zeros_like(color), where=whole > 0)
            pixels = np.dstack([color, 255 * whole])
        area[:] = pixels
        shown.append(canvas.copy())
        if part.afterwards == CLEAR:
            area[:] = 0
        elif part.afterwards == RESTORE:
            canvas = before
    return np.array(shown)


def check(content, wanted):
    animation = open_animation(content, "a")
    frames = list(animation.frames())
    opaque = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alphas = np.array([opaque if frame.alpha is None else frame.alpha for frame in frames])
    assert np.abs(alphas - wanted[..., 3]).max() <= 1
    seen = wanted[..., 3] > 0
    colors = np.array([frame.pixels for frame in frames]).astype(float)
    assert np.abs(colors - wanted[..., :3])[seen].max() <= 3  # rounded in each frame
    return animation


@pytest.mark.parametrize("seed", range(12))
def test_an_apng_is_shown_as_it_is_defined(seed):
    frames = parts(seed, covers=True)
    content = apng(frames, picture_before=seed % 3 == 0)
    animation = check(content, expected(frames, lambda part: part.pixels, mixed=False))
    assert animation.durations_ms == (125,) * 4


@pytest.mark.parametrize("seed", range(12))
def test_a_gif_is_shown_as_browsers_show_it(seed):
    frames = parts(seed, covers=seed % 2 == 0)
    animation = check(gif(frames), expected(frames, Part.in_gif))
    assert animation.durations_ms == (70,) * 4


@pytest.mark.parametrize("make", [apng, gif])
def test_an_animation_that_is_cut_short_is_refused(make):
    content = make(parts(0, covers=True))
    for length in range(len(content) // 2, len(content) - 12, len(content) // 11):
        with pytest.raises(ImageError, match=r"^a .*cannot be read"):
            open_animation(content[:length], "a")
