"""Side-by-side comparison of a photo, bicubic upscaling and the network."""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from mobile_runtime.imaging.pictures import Pixels

SIDE = 400
"""Longest side of the center crop in a panel, in pixels of the upscaled picture."""

STRIP = 28
"""Height of the line of text above each panel in pixels."""


def compare_side_by_side(photo: Pixels, upscaled: Pixels) -> Pixels:
    """Return the center of a photo as pixels, upscaled by bicubic, and by the network.

    Args:
        photo: (H, W, 3).
        upscaled: Larger, and of the same proportions.

    Returns:
        Three labeled panels in a row, at most `SIDE` wide and `SIDE + STRIP` high each.
    """
    down, across = (
        large / small for large, small in zip(upscaled.shape[:2], photo.shape[:2], strict=True)
    )
    rows, columns = (_middle(side) for side in upscaled.shape[:2])
    center = Pillow.fromarray(np.ascontiguousarray(upscaled[rows, columns]))
    # Only the center is resized: memory need not hold a second upscaled picture.
    left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
    box = left / across, top / down, right / across, bottom / down
    picture = Pillow.fromarray(photo)
    panels = {
        f"{picture.width}x{picture.height}": picture.resize(
            center.size, Pillow.Resampling.NEAREST, box
        ),
        "bicubic": picture.resize(center.size, Pillow.Resampling.BICUBIC, box),
        "SCNet": center,
    }
    return np.hstack([_panel(label, panel) for label, panel in panels.items()])


def _middle(side: int) -> slice:
    shown = min(SIDE, side)
    start = (side - shown) // 2
    return slice(start, start + shown)


def _panel(label: str, shown: Pillow.Image) -> Pixels:
    panel = Pillow.new("RGB", (shown.width, shown.height + STRIP), "white")
    panel.paste(shown, (0, STRIP))
    ImageDraw.Draw(panel).text((8, 5), label, "black", ImageFont.load_default(16))
    return np.asarray(panel)
