"""Upscale a picture of any size in tiles that nobody can see.

An output pixel sees no further than `halo` low-resolution pixels. Each is therefore taken from a
tile that holds everything within its halo, or ends there where the picture itself ends: the network
continues the border of its input with zeros, so a tile may end at the border of the picture and
must not end anywhere else within the halo.

    |<------------- tile ------------->|
    |<-------- painted ------->|<-halo->|
                       |<-halo->|<-- painted -->|<-halo->|
                       |<------------ tile ------------->|

The result equals that of the whole picture in one piece, with one exception: a file of fixed size
cannot take a smaller picture as it is. A picture that is not high enough is continued by its mirror
image at the bottom, and one that is not wide enough on the right. Pixels within the halo of such a
side come out slightly different.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.imaging.pictures import Image, Pixels, to_image, to_pixels
from mobile_runtime.model_file.manifest import Model, Size

DEFAULT_TILE = 256
"""Side of a tile in low-resolution pixels, where a file takes any size."""

Area = tuple[slice, slice]
"""Rows and columns."""

OnProgress = Callable[[int, int], None]
"""Called after each tile with the number of tiles done, and of all tiles."""


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in low-resolution pixels of the picture."""

    read: slice
    """What goes into the network; reaches over the end of a picture that has to be continued."""
    painted: slice
    """What is kept of the result."""


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
        """Give the place of the painted part in the whole output."""
        return _enlarge(self.rows.painted, 0, scale), _enlarge(self.columns.painted, 0, scale)

    def kept(self, scale: int) -> Area:
        """Give the place of the painted part in the output of this tile."""
        return (
            _enlarge(self.rows.painted, self.rows.read.start, scale),
            _enlarge(self.columns.painted, self.columns.read.start, scale),
        )


def plan_tiles(
    height: int,
    width: int,
    *,
    halo: int,
    sizes: tuple[Size, ...] | None = None,
    side: int | None = None,
) -> list[Tile]:
    """Plan the fewest tiles that give the exact result.

    Args:
        height: Of the picture.
        width: Of the picture.
        halo: How far an output pixel sees, in low-resolution pixels.
        sizes: What the network takes; of several sizes, the one that computes least is used for
            all tiles. None if it takes any: tiles then end where the picture ends.
        side: Of the largest tile, where the network takes any size; `DEFAULT_TILE` if not given.

    Returns:
        Tiles whose painted parts cover the picture exactly once, row by row.

    Raises:
        ImageError: The tiles are too small for the halo; or a side for a network of fixed size.
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
    return min(plans, key=_computed_pixels)


def upscale(
    session: Session,
    pixels: Pixels,
    *,
    tile: int | None = None,
    on_progress: OnProgress | None = None,
) -> Pixels:
    """Upscale the pixels of a picture.

    Needs memory for the picture, the result and one tile.

    Args:
        session: An open model file.
        pixels: (H, W, 3), any size.
        tile: Side of the largest tile in low-resolution pixels, for files that take any size.
        on_progress: Told after each tile.

    Returns:
        (H * scale, W * scale, 3).

    Raises:
        ModelLoadError: The file does not say its scale and halo, or does not keep to them.
        ImageError: There are no pixels, the tiles are too small for the halo, or no tile can be
            chosen: the file takes fixed sizes only.
    """
    height, width = pixels.shape[:2]
    scale = describe(session).scale
    output = np.empty((height * scale, width * scale, 3), np.uint8)

    def cut(inside: Area) -> Image:
        return to_image(pixels[inside])

    for target, part in _run(session, cut, (height, width), tile, on_progress):
        output[target] = to_pixels(part)
    return output


def upscale_image(
    session: Session,
    image: Image,
    *,
    tile: int | None = None,
    on_progress: OnProgress | None = None,
) -> Image:
    """Upscale without rounding to 8 bits; otherwise as `upscale`.

    Args:
        session: An open model file.
        image: (1, 3, H, W), RGB in [0, 1], any size.
        tile: Side of the largest tile in low-resolution pixels, for files that take any size.
        on_progress: Told after each tile.

    Returns:
        (1, 3, H * scale, W * scale), RGB, not clipped.

    Raises:
        ModelLoadError: The file does not say its scale and halo, or does not keep to them.
        ImageError: There are no pixels, the tiles are too small for the halo, or no tile can be
            chosen: the file takes fixed sizes only.
    """
    height, width = image.shape[2:]
    scale = describe(session).scale
    output = np.empty((1, 3, height * scale, width * scale), np.float32)

    def cut(inside: Area) -> Image:
        return image[(..., *inside)]

    for target, part in _run(session, cut, (height, width), tile, on_progress):
        output[(..., *target)] = part
    return output


def find_mirrored(session: Session, size: Size) -> tuple[bool, bool]:
    """Tell along which axes a picture is too small for the file, and so comes out inexact.

    Args:
        session: An open model file.
        size: Height and width of the picture, one that `upscale` takes.

    Returns:
        Whether rows were added at the bottom, and columns on the right.

    Raises:
        ModelLoadError: The file does not say its scale and halo.
    """
    model = describe(session)
    if model.sizes is None:
        return False, False
    tiles = plan_tiles(*size, halo=model.halo, sizes=model.sizes)
    height, width = size
    return (
        any(tile.rows.read.stop > height for tile in tiles),
        any(tile.columns.read.stop > width for tile in tiles),
    )


def describe(session: Session) -> Model:
    """Give what the open file says of itself.

    Raises:
        ModelLoadError: It says nothing.
    """
    if session.model is None:
        raise ModelLoadError(
            "The file does not say its scale and halo, so this project did not make it: convert "
            "the weights with `scnet convert`."
        )
    return session.model


def _run(
    session: Session,
    cut: Callable[[Area], Image],
    size: Size,
    side: int | None,
    on_progress: OnProgress | None,
) -> Iterator[tuple[Area, Image]]:
    """Run all tiles; give the place of each painted part in the output, and the part."""
    if 0 in size:
        raise ImageError("The picture has no pixels: there is nothing to upscale.")
    model = describe(session)
    tiles = plan_tiles(*size, halo=model.halo, sizes=model.sizes, side=side)
    for done, tile in enumerate(tiles, 1):
        output = session.run(_continue(cut((tile.rows.read, tile.columns.read)), tile.size))
        _check_promise(output, tile, model.scale)
        yield tile.target(model.scale), output[(..., *tile.kept(model.scale))]
        if on_progress is not None:
            on_progress(done, len(tiles))


def _continue(image: Image, size: Size) -> Image:
    """Continue an image that is too small by its mirror image at the bottom and on the right."""
    missing = [(0, side - have) for side, have in zip(size, image.shape[2:], strict=True)]
    return np.pad(image, [(0, 0), (0, 0), *missing], mode="symmetric")


def _check_promise(output: Image, tile: Tile, scale: int) -> None:
    expected = (1, 3, *(side * scale for side in tile.size))
    if output.shape != expected:
        raise ModelLoadError(
            f"The file promises x{scale}, but gave {output.shape} instead of {expected}: "
            "convert the weights again."
        )
    if not np.isfinite(output).all():
        raise ModelLoadError(
            "The file computed values that are not numbers (fp16 may have overflowed): use fp32."
        )


def _fits(height: int, width: int, size: Size, halo: int) -> bool:
    """Along both axes: the picture fits into one tile, or something is left inside the halo."""
    return all(
        length <= tile or tile > 2 * halo
        for length, tile in zip((height, width), size, strict=True)
    )


def _grid(height: int, width: int, size: Size, halo: int, *, clip: bool) -> list[Tile]:
    rows = _cover(height, size[0], halo, clip=clip)
    columns = _cover(width, size[1], halo, clip=clip)
    return [Tile(*spans) for spans in product(rows, columns)]


def _cover(length: int, tile: int, halo: int, *, clip: bool) -> list[Span]:
    """Cover one axis; the last tile ends with the picture, cut short (`clip`) or pulled back."""
    if length <= tile:
        return [Span(slice(0, length if clip else tile), slice(0, length))]
    spans, painted = [], 0
    while painted < length:
        start = max(painted - halo, 0)
        stop = min(start + tile, length)
        end = length if stop == length else stop - halo
        spans.append(Span(slice(start if clip else stop - tile, stop), slice(painted, end)))
        painted = end
    return spans


def _computed_pixels(tiles: list[Tile]) -> int:
    return sum(height * width for height, width in (tile.size for tile in tiles))


def _enlarge(inside: slice, origin: int, scale: int) -> slice:
    return slice((inside.start - origin) * scale, (inside.stop - origin) * scale)


def _list(sizes: tuple[Size, ...]) -> str:
    return " or ".join(f"{width} x {height}" for height, width in sizes)
