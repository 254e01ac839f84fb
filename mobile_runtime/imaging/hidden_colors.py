"""Colors of fully transparent pixels, which nobody sees and which a network would mix in.

The web page does the same: `web_demo/src/ui/hidden_colors.js`; both are tested with the pictures of
`tests/web/unit/hidden_colors.json`.
"""

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.imaging.pictures import Stored

REACH = 8
"""How far a color spreads, in pixels: what is farther away hardly affects visible pixels."""


def spread_colors(pixels: Stored, alpha: Stored) -> Stored:
    """Return pixels whose fully transparent ones have the color of the nearest visible one.

    Those farther away than `REACH`, counted along rows and columns, become black, as browsers hold
    them. Two sweeps, as for a distance transform, so that the time does not depend on the picture.

    Args:
        pixels: uint8 or uint16 (H, W, 3).
        alpha: (H, W); 0 is transparent, all else is visible.
    """
    hidden = alpha == 0
    if not hidden.any():
        return pixels
    colors = np.where(hidden[..., None], pixels.dtype.type(0), pixels)
    far = np.where(hidden, np.uint8(REACH + 1), np.uint8(0))
    _sweep(colors, far)
    _sweep(colors[::-1, ::-1], far[::-1, ::-1])  # views: from the other corner
    return colors


def _sweep(colors: Stored, far: NDArray[np.uint8]) -> None:
    """Take nearer colors from the left, and from above, in place and row by row.

    What a pixel has goes before what is as near on the left, and that before what is above.
    """
    columns = np.arange(far.shape[1])
    for y in range(len(far)):
        if not far[y].any():
            continue
        distance, color = far[y].astype(int), colors[y]
        from_above = np.zeros(len(columns), bool)
        if y:
            from_above = far[y - 1] + 1 < distance
            distance = np.where(from_above, far[y - 1] + 1, distance)
            color = np.where(from_above[:, None], colors[y - 1], color)
        lead = distance - columns  # equal for a pixel and those that it colors on its right
        best = np.minimum.accumulate(lead)
        before = np.concatenate([[REACH + 2], best[:-1]])
        starts = np.where(from_above, lead < before, lead <= before)
        origin = np.maximum.accumulate(np.where(starts, columns, 0))
        colors[y] = color[origin]
        far[y] = lead[origin] + columns
