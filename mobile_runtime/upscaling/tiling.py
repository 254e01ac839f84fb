"""The plan of tiles that upscale a picture of any size exactly.

An output pixel sees no further than `halo` low-resolution pixels. It is therefore computed by a
tile that holds everything within its halo, or ends there where the picture itself ends: the network
continues the border of its input with zeros, so a tile may end at the border of the picture and
must not end anywhere else within the halo.

    |<------------ tile ------------->|
    |<------- kept ------->|<- halo ->|
                |<- halo ->|<------- kept ------->|<- halo ->|
                |<------------------ tile ------------------>|

The result equals that of the whole picture in one piece, with two exceptions. Pictures of 8 bits
take a smaller halo where the file names one (`choose_halo`), and values may differ by one level. A
file of fixed size cannot take a smaller picture as it is. Such a picture is continued by its mirror
image at the bottom and on the right, and pixels within the halo of these sides come out slightly
different.
"""

from dataclasses import dataclass
from itertools import product
from math import prod

from mobile_runtime.errors import ImageError
from mobile_runtime.model_file.model import Model, Size

DEFAULT_TILE = 256
"""Side of a tile in low-resolution pixels, where a file takes any size."""

Area = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in low-resolution pixels of the picture."""

    read: slice
    """Input of the network; reaches beyond the end of a picture that has to be continued."""
    kept: slice
    """Part of the input whose output is kept."""


@dataclass(frozen=True)
class Tile:
    """One run of the network."""

    rows: Span
    columns: Span

    @property
    def size(self) -> Size:
        """Height and width of the network's input."""
        rows, columns = self.rows.read, self.columns.read
        return rows.stop - rows.start, columns.stop - columns.start

    def target(self, scale: int) -> Area:
        """Return where the kept part lies in the whole output."""
        return _enlarge(self.rows.kept, 0, scale), _enlarge(self.columns.kept, 0, scale)

    def source(self, scale: int) -> Area:
        """Return where the kept part lies in the output of this tile."""
        return (
            _enlarge(self.rows.kept, self.rows.read.start, scale),
            _enlarge(self.columns.kept, self.columns.read.start, scale),
        )


def choose_halo(model: Model, *, exact: bool) -> int:
    """Return how far tiles overlap: the halo for 8-bit pictures, unless that is not enough.

    Args:
        model: What a file says of itself.
        exact: Whether values are to be those of the whole picture.
    """
    return model.halo if exact or model.halo_8bit is None else model.halo_8bit


def plan_tiles(
    height: int,
    width: int,
    *,
    halo: int,
    sizes: tuple[Size, ...] | None = None,
    side: int | None = None,
) -> list[Tile]:
    """Return the fewest tiles that overlap by a halo.

    Args:
        height: Of the picture.
        width: Of the picture.
        halo: How far an output pixel sees, in low-resolution pixels; see `choose_halo`.
        sizes: Heights and widths that the network takes; the one that computes the fewest pixels
            is used for all tiles. None if it takes any: tiles then end where the picture ends.
        side: Of the largest tile, where the network takes any size; `DEFAULT_TILE` if None.

    Returns:
        Tiles whose kept parts cover the picture exactly once, row by row.

    Raises:
        ImageError: The tiles are too small for the halo, or a side is given for fixed sizes.
    """
    if sizes is not None and side is not None:
        raise ImageError(f"No tile can be chosen here: the file takes {_list(sizes)} only.")
    free = sizes is None
    offered = ((DEFAULT_TILE if side is None else side,) * 2,) if sizes is None else sizes
    fitting = [size for size in offered if _fits(height, width, size, halo)]
    if not fitting:
        smallest = min(2 * halo + 1, max(height, width))
        raise ImageError(
            f"Tiles of {_list(offered)} are too small for a picture of {width} x {height}: nothing "
            f"is left of them inside a halo of {halo}. The smallest that works is {smallest}: "
            f"{'choose larger tiles' if free else 'convert for a larger size, or for any'}."
        )
    plans = [_grid(height, width, size, halo, clip=free) for size in fitting]
    return min(plans, key=lambda tiles: sum(prod(tile.size) for tile in tiles))


def _fits(height: int, width: int, size: Size, halo: int) -> bool:
    """Check that on both axes the picture fits into one tile, or a tile is more than its halo."""
    return all(
        length <= tile or tile > 2 * halo
        for length, tile in zip((height, width), size, strict=True)
    )


def _grid(height: int, width: int, size: Size, halo: int, *, clip: bool) -> list[Tile]:
    rows = _cover(height, size[0], halo, clip=clip)
    columns = _cover(width, size[1], halo, clip=clip)
    return [Tile(*spans) for spans in product(rows, columns)]


def _cover(length: int, tile: int, halo: int, *, clip: bool) -> list[Span]:
    """Cover one axis; the last tile ends with the picture, cut short (`clip`) or moved back."""
    if length <= tile:
        return [Span(slice(0, length if clip else tile), slice(0, length))]
    spans, covered = [], 0
    while covered < length:
        start = max(covered - halo, 0)
        stop = min(start + tile, length)
        end = length if stop == length else stop - halo
        spans.append(Span(slice(start if clip else stop - tile, stop), slice(covered, end)))
        covered = end
    return spans


def _enlarge(inside: slice, origin: int, scale: int) -> slice:
    return slice((inside.start - origin) * scale, (inside.stop - origin) * scale)


def _list(sizes: tuple[Size, ...]) -> str:
    return " or ".join(f"{width} x {height}" for height, width in sizes)
