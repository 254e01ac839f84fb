"""A picture of what upscaling does: the pixels, bicubic and the network, side by side."""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from mobile_runtime.pictures import Pixels

SIDE = 400
"""Longest side of a panel in pixels of the upscaled picture; its centre is shown."""

STRIP = 28
"""Height of the line of text above each panel in pixels."""


def compare_side_by_side(photo: Pixels, upscaled: Pixels) -> Pixels:
    """Show the middle of a photo as it is, enlarged by bicubic, and enlarged by the network.

    Args:
        photo: (H, W, 3).
        upscaled: (H * scale, W * scale, 3).

    Returns:
        Three labelled panels in a row, at most `SIDE` pixels high and wide each.
    """
    height, width = upscaled.shape[:2]
    picture, size = Pillow.fromarray(photo), (width, height)
    panels = {
        f"{photo.shape[1]}x{photo.shape[0]}": picture.resize(size, Pillow.Resampling.NEAREST),
        "bicubic": picture.resize(size, Pillow.Resampling.BICUBIC),
        "SCNet": Pillow.fromarray(upscaled),
    }
    return np.hstack([_panel(label, panel) for label, panel in panels.items()])


def _panel(label: str, picture: Pillow.Image) -> Pixels:
    width, height = (min(SIDE, side) for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    panel = Pillow.new("RGB", (width, height + STRIP), "white")
    panel.paste(picture.crop((left, top, left + width, top + height)), (0, STRIP))
    ImageDraw.Draw(panel).text((8, 5), label, "black", ImageFont.load_default(16))
    return np.asarray(panel)
