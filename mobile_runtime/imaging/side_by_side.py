"""Side-by-side comparison of a photo, bicubic upscaling and the network."""

from dataclasses import replace

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from mobile_runtime.imaging.pictures import Picture, Pixels, to_8_bits, to_pillow

SIDE = 400
"""Longest side of the center crop in a panel, in pixels of the upscaled picture."""

STRIP = 28
"""Height of the line of text above each panel in pixels."""


def compare_side_by_side(photo: Picture, upscaled: Picture) -> Picture:
    """Return the center of a photo as pixels, upscaled by bicubic, and by the network.

    Transparent parts are shown on white. The panels have the photo's color profile.

    Args:
        photo: Any picture.
        upscaled: Same picture, larger.

    Returns:
        Three labeled panels in a row, at most `SIDE` wide and `SIDE + STRIP` high each.
    """
    large, small = upscaled.pixels.shape[:2], photo.pixels.shape[:2]
    down, across = large[0] / small[0], large[1] / small[1]
    rows, columns = map(_middle, large)
    alpha = None if upscaled.alpha is None else upscaled.alpha[rows, columns]
    center = _on_white(Picture(upscaled.pixels[rows, columns], alpha))
    # Only the center is resized: memory need not hold a second upscaled picture.
    left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
    box = left / across, top / down, right / across, bottom / down
    picture = _on_white(photo)
    panels = {
        f"{picture.width}x{picture.height}": picture.resize(
            center.size, Pillow.Resampling.NEAREST, box
        ),
        "bicubic": picture.resize(center.size, Pillow.Resampling.BICUBIC, box),
        "SCNet": center,
    }
    shown = np.hstack([_panel(label, panel) for label, panel in panels.items()])
    return Picture(shown, grayscale=photo.grayscale, colors=photo.colors)


def _middle(side: int) -> slice:
    shown = min(SIDE, side)
    start = (side - shown) // 2
    return slice(start, start + shown)


def _on_white(picture: Picture) -> Pillow.Image:
    image = to_pillow(replace(to_8_bits(picture), grayscale=False))
    if picture.alpha is None:
        return image
    white = Pillow.new("RGBA", image.size, "white")
    return Pillow.alpha_composite(white, image).convert("RGB")


def _panel(label: str, shown: Pillow.Image) -> Pixels:
    panel = Pillow.new("RGB", (shown.width, shown.height + STRIP), "white")
    panel.paste(shown, (0, STRIP))
    ImageDraw.Draw(panel).text((8, 5), label, "black", ImageFont.load_default(16))
    return np.asarray(panel)
