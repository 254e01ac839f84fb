"""Upscaling of arrays of any size with an open model file, tile by tile."""

from collections.abc import Callable, Iterator

import numpy as np

from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.imaging.pictures import (
    Image,
    Stored,
    is_deep,
    is_gray,
    to_deep_pixels,
    to_gray,
    to_image,
    to_pixels,
)
from mobile_runtime.model_file.model import Model, Size
from mobile_runtime.upscaling.tiling import Area, Tile, choose_halo, plan_tiles

OnProgress = Callable[[int, int], None]
"""Called with the number of steps done, and of all steps."""


def upscale_pixels(
    session: Session,
    pixels: Stored,
    *,
    tile: int | None = None,
    exact: bool = False,
    on_progress: OnProgress | None = None,
) -> Stored:
    """Upscale pixels of 8 or 16 bits.

    Tiles of 8-bit pixels overlap by `Model.halo_8bit`, so values may differ by one level from those
    of the whole picture. Where the file does not say it, and for 16 bits, none differs.

    Of a picture without color, its three channels equal in every pixel, the result has none: it is
    the luma of what the network gives, whose channels may differ.

    Needs memory for the picture, the result and one tile.

    Args:
        session: An open model file.
        pixels: uint8 or uint16 (H, W, 3) RGB, any size.
        tile: Side of the largest tile in low-resolution pixels, for files that take any size.
        exact: Take the exact halo for 8 bits, too.
        on_progress: Called after each tile.

    Returns:
        (H * scale, W * scale, 3) RGB of the same type.

    Raises:
        ModelLoadError: The file does not say its scale and halo, or they are wrong.
        ImageError: There are no pixels, `tile` is too small for the halo, or is given although
            the file takes fixed sizes only.
    """
    height, width = pixels.shape[:2]
    scale = model_of(session).scale
    output = np.empty((height * scale, width * scale, 3), pixels.dtype)
    finish = to_deep_pixels if is_deep(pixels) else to_pixels
    gray = is_gray(pixels, axis=2)
    tiles = _plan(session, (height, width), tile, exact=exact or is_deep(pixels))
    parts = _run(session, tiles, lambda area: to_image(pixels[area]), on_progress)
    for target, part in parts:
        output[target] = finish(to_gray(part) if gray else part)
    return output


def upscale_image(
    session: Session,
    image: Image,
    *,
    tile: int | None = None,
    on_progress: OnProgress | None = None,
) -> Image:
    """Upscale a float image exactly, without rounding to 8 bits; else as `upscale_pixels`.

    Args:
        session: An open model file.
        image: float32 (1, 3, H, W) RGB in [0, 1], any size; upscaled, it is not clipped.
        tile: See `upscale_pixels`.
        on_progress: Called after each tile.
    """
    height, width = image.shape[2:]
    scale = model_of(session).scale
    output = np.empty((1, 3, height * scale, width * scale), np.float32)
    gray = is_gray(image, axis=1)
    tiles = _plan(session, (height, width), tile, exact=True)
    parts = _run(session, tiles, lambda area: image[(..., *area)], on_progress)
    for target, part in parts:
        output[(..., *target)] = to_gray(part) if gray else part
    return output


def find_mirrored(session: Session, size: Size, *, exact: bool) -> tuple[bool, bool]:
    """Return whether rows are added at the bottom, and columns on the right: edges are inexact.

    A picture of this size, one that `upscale_pixels` takes, is then smaller than all tiles.

    Args:
        session: An open model file.
        size: Height and width of the picture.
        exact: Whether it is upscaled with the exact halo, as always with more than 8 bits.

    Raises:
        ModelLoadError: The file does not say its scale and halo.
    """
    model = model_of(session)
    if model.sizes is None:
        return False, False
    tiles = _plan(session, size, None, exact=exact)
    height, width = size
    return (
        any(tile.rows.read.stop > height for tile in tiles),
        any(tile.columns.read.stop > width for tile in tiles),
    )


def model_of(session: Session) -> Model:
    """Return what an open file says of itself.

    Raises:
        ModelLoadError: It says nothing: this project did not make it.
    """
    if session.model is None:
        raise ModelLoadError(
            "The file does not say its scale and halo, so this project did not make it: convert "
            "the weights with `scnet convert`."
        )
    return session.model


def _plan(session: Session, size: Size, side: int | None, *, exact: bool) -> list[Tile]:
    if 0 in size:
        raise ImageError("The picture has no pixels: there is nothing to upscale.")
    model = model_of(session)
    halo = choose_halo(model, exact=exact)
    return plan_tiles(*size, halo=halo, sizes=model.sizes, side=side)


def _run(
    session: Session,
    tiles: list[Tile],
    crop: Callable[[Area], Image],
    on_progress: OnProgress | None,
) -> Iterator[tuple[Area, Image]]:
    """Run all tiles; yield where each part of the output belongs, and the part."""
    scale = model_of(session).scale
    for done, tile in enumerate(tiles, 1):
        output = session.run(_mirror(crop((tile.rows.read, tile.columns.read)), tile.size))
        _check_output(output, tile, scale)
        yield tile.target(scale), output[(..., *tile.source(scale))]
        if on_progress is not None:
            on_progress(done, len(tiles))


def _mirror(image: Image, size: Size) -> Image:
    """Continue an image that is too small with its mirror image, at the bottom and on the right."""
    missing = [(0, side - have) for side, have in zip(size, image.shape[2:], strict=True)]
    return np.pad(image, [(0, 0), (0, 0), *missing], mode="symmetric")


def _check_output(output: Image, tile: Tile, scale: int) -> None:
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
