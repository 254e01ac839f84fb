"""Transparency flattened onto a color."""

from dataclasses import replace

import numpy as np
from PIL import ImageColor

from mobile_runtime.imaging.color_space import SRGB
from mobile_runtime.imaging.pictures import Picture

Color = tuple[int, int, int]
"""RGB, 8 bits each."""


def parse_color(text: str) -> Color:
    """Return a color such as `white`, `#ffcc00` or `rgb(255, 204, 0)`, as CSS writes it.

    Raises:
        ValueError: It is none, or is transparent.
    """
    channels = ImageColor.getrgb(text)
    if len(channels) == 4 and channels[3] != 255:
        raise ValueError(f"{text!r} is transparent itself.")
    red, green, blue = channels[:3]
    return red, green, blue


def flatten(picture: Picture, color: Color) -> Picture:
    """Return a picture over a color, without transparency; one without any is returned as it is.

    Values are mixed as they are stored, as browsers and viewers do, and the color is one of the
    picture's own profile. A gray picture over a color that is not gray becomes one in sRGB.
    """
    if picture.alpha is None:
        return picture
    kind = picture.pixels.dtype
    largest = np.float32(np.iinfo(kind).max)
    alpha = picture.alpha[..., None].astype(np.float32) / largest
    mixed = picture.pixels * alpha + np.array(color, np.float32) * (largest / 255) * (1 - alpha)
    pixels = np.rint(mixed).astype(kind)
    if picture.grayscale and len(set(color)) > 1:
        return replace(picture, pixels=pixels, alpha=None, grayscale=False, colors=SRGB)
    return replace(picture, pixels=pixels, alpha=None)
