"""Values of 16 bits per channel, which Pillow decodes in halves.

Its unpackers of 16-bit color keep the first or the second byte of each value, by the byte order
that they expect. So a file is decoded twice: once as it is, once as if of the other order.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
from PIL import ImageFile

from mobile_runtime.imaging.pictures import Stored

_HALVES = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA", "RGBX")
    for order, other in (("B", "L"), ("L", "B"), ("N", "B"))
}
"""Layout -> the one that keeps the other byte; `N` is that of the machine, little-endian."""
_GRAY = ("I;16", "I;16B", "I;16L", "I;16N")
_GRAY_WITH_ALPHA = "LA;16B"
PLANAR_CONFIGURATION = 284

Reopen = Callable[[], AbstractContextManager[ImageFile.ImageFile]]


def layout_of(file: ImageFile.ImageFile) -> str:
    """Return Pillow's name for the layout of the values in a file that is not loaded yet."""
    if not file.tile:
        return ""
    arguments = file.tile[0].args
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def is_deep(file: ImageFile.ImageFile) -> bool:
    """Check that a file has values of 16 bits that `read_deep` reads."""
    if getattr(file, "tag_v2", {}).get(PLANAR_CONFIGURATION, 1) != 1:
        return False
    return layout_of(file) in (*_HALVES, *_GRAY, _GRAY_WITH_ALPHA)


def read_deep(file: ImageFile.ImageFile, reopen: Reopen) -> Stored:
    """Return all values of a file.

    Args:
        file: For which `is_deep`, not loaded yet.
        reopen: Opens it anew, at the same page.

    Returns:
        uint16 (H, W, C), C from 1 to 4: gray or RGB, with alpha or without.
    """
    layout = layout_of(file)
    if layout in _GRAY:
        return np.asarray(file).astype(np.uint16)[..., None]
    if layout == _GRAY_WITH_ALPHA:  # four bytes per pixel, whatever they mean
        file._mode = "RGBA"
        _set_layout(file, "RGBA")
        return _join(np.asarray(file)[..., ::2], np.asarray(file)[..., 1::2])
    first = np.asarray(file)
    with reopen() as again:
        _set_layout(again, _HALVES[layout])
        values = _join(first, np.asarray(again))
    return values[..., :3] if file.mode == "RGBX" else values


def with_key(values: Stored, key: int | tuple[int, ...] | None) -> Stored:
    """Return values with alpha: pixels of a PNG's transparent color, if it has one, are hidden."""
    if key is None or values.shape[2] in (2, 4):
        return values
    shown = (values != np.array(key, np.uint16)).any(axis=2, keepdims=True)
    return np.concatenate([values, np.where(shown, np.uint16(65_535), np.uint16(0))], axis=2)


def _set_layout(file: ImageFile.ImageFile, layout: str) -> None:
    file.tile = [
        tile._replace(args=(layout, *tile.args[1:]) if isinstance(tile.args, tuple) else layout)
        for tile in file.tile
    ]


def _join(high: Stored, low: Stored) -> Stored:
    return high.astype(np.uint16) << 8 | low
