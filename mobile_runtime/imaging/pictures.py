"""Pictures in memory: pixels with their metadata, and the float images of the network.

`pixels` are uint8 (H, W, 3) RGB, or uint16 in deep pictures; `image` is float32 (1, 3, H, W) RGB
in [0, 1], the one form that crosses every border of this project. Files are read in `reading` and
written in `writing`.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from mobile_runtime.imaging.color_space import SRGB, ColorSpace
from mobile_runtime.imaging.metadata import NO_METADATA, Metadata

Pixels = NDArray[np.uint8]
Stored = NDArray[Any]
"""Values of a picture as files store them: uint8, or uint16."""
Image = NDArray[np.float32]

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in the luma of BT.601, on which papers measure super-resolution."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What a picture file holds, upright."""

    pixels: Stored
    """uint8 or uint16 (H, W, 3) RGB; three equal channels if `grayscale`."""
    alpha: Stored | None = None
    """(H, W) of the same type, 0 is transparent; None if the file has no transparency."""
    grayscale: bool = False
    """Stored in grayscale, and to be written so: its color profile fits nothing else."""
    colors: ColorSpace = SRGB
    metadata: Metadata = NO_METADATA
    notes: tuple[str, ...] = ()
    """What was damaged, repaired or left behind when the file was read: one sentence each."""


def is_deep(values: Stored) -> bool:
    """Check whether there are 16 bits per channel."""
    return values.dtype == np.uint16


def is_gray(channels: Stored | Image, *, axis: int) -> bool:
    """Check that the three channels along `axis` are equal in every pixel."""
    red, green, blue = np.moveaxis(channels, axis, 0)
    return np.array_equal(red, green) and np.array_equal(green, blue)


def to_gray(image: Image) -> Image:
    """Return (1, 3, H, W) with the luma of BT.601 in all three channels."""
    red, green, blue = image[0].astype(np.float64)
    # Term by term in float64, as the page and the libraries for phones do it, bit for bit.
    luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return np.broadcast_to(luma.astype(np.float32), image.shape)


def to_image(pixels: Stored) -> Image:
    """Return (H, W, 3) uint8 or uint16 as (1, 3, H, W) float32 in [0, 1]."""
    largest = np.float32(np.iinfo(pixels.dtype).max)
    return pixels.transpose(2, 0, 1)[None].astype(np.float32) / largest


def to_pixels(image: Image) -> Pixels:
    """Return (1, 3, H, W) float32 as (H, W, 3) uint8, clipped to [0, 1] and rounded."""
    pixels: Pixels = np.rint(np.clip(image[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    return pixels


def to_deep_pixels(image: Image) -> Stored:
    """Return (1, 3, H, W) float32 as (H, W, 3) uint16, clipped to [0, 1] and rounded."""
    clipped = np.clip(image[0], 0, 1).astype(np.float32)
    pixels: Stored = np.rint(clipped * np.float32(65_535)).astype(np.uint16).transpose(1, 2, 0)
    return pixels


def to_8_bits(picture: Picture) -> Picture:
    """Return a picture of 8 bits per channel, rounded."""
    if not is_deep(picture.pixels):
        return picture
    alpha = None if picture.alpha is None else _round_to_8_bits(picture.alpha)
    return replace(picture, pixels=_round_to_8_bits(picture.pixels), alpha=alpha)


def channels_of(picture: Picture) -> Stored:
    """Return what files store, (H, W, C): gray or RGB, with alpha or without."""
    colors = picture.pixels[..., :1] if picture.grayscale else picture.pixels
    if picture.alpha is None:
        return colors
    return np.concatenate([colors, picture.alpha[..., None]], axis=2)


def to_pillow(picture: Picture) -> Pillow.Image:
    """Return 8-bit pixels as Pillow's image, in mode L, LA, RGB or RGBA."""
    gray, alpha = picture.grayscale, picture.alpha
    image = Pillow.fromarray(
        np.ascontiguousarray(picture.pixels[..., 0]) if gray else picture.pixels
    )
    if alpha is not None:
        image.putalpha(Pillow.fromarray(alpha))
    return image


def _round_to_8_bits(values: Stored) -> Pixels:
    rounded: Pixels = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return rounded
