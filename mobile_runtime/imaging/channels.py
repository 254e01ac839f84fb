"""Decoded values as RGB with alpha, and the color profile that fits them."""

from dataclasses import replace

import numpy as np
from PIL import Image as Pillow

from mobile_runtime.imaging.cmyk import to_srgb
from mobile_runtime.imaging.color_space import SRGB, ColorSpace, fits
from mobile_runtime.imaging.pictures import Picture, Stored, is_gray

GRAYSCALE_MODES = ("1", "L", "LA")
COLOR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX")
PRINT_MODES = ("CMYK",)


def from_image(
    image: Pillow.Image, colors: ColorSpace, drawn: tuple[int, int, int, int] | None
) -> Picture:
    """Return a picture of an image that Pillow decoded.

    Args:
        image: Upright.
        colors: What its values mean.
        drawn: Left, top, right and bottom of what a GIF covers of its canvas; the rest is empty.
    """
    notes: tuple[str, ...] = ()
    grayscale = image.mode in GRAYSCALE_MODES
    if image.mode in PRINT_MODES:
        image, colors = to_srgb(image, colors.icc_profile), SRGB
        notes = ("its CMYK colors were converted to sRGB by its profile",)
    transparent = image.has_transparency_data or drawn not in (None, (0, 0, *image.size))
    channels = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    pixels = np.ascontiguousarray(channels[..., :3])
    alpha = np.ascontiguousarray(channels[..., 3]) if transparent else None
    if drawn is not None and alpha is not None:
        left, top, right, bottom = drawn
        inside = np.zeros_like(alpha)
        inside[top:bottom, left:right] = alpha[top:bottom, left:right]
        alpha = inside
    grayscale, colors, misfit = _match(pixels, colors, grayscale=grayscale)
    return Picture(pixels, alpha, grayscale, colors, notes=notes + misfit)


def from_values(values: Stored, colors: ColorSpace) -> Picture:
    """Return a picture of values, (H, W, C): gray or RGB, with alpha or without; upright."""
    count = values.shape[2]
    pixels = np.repeat(values[..., :1], 3, axis=2) if count < 3 else values[..., :3]
    alpha = np.ascontiguousarray(values[..., -1]) if count in (2, 4) else None
    grayscale, colors, notes = _match(pixels, colors, grayscale=count < 3)
    return Picture(np.ascontiguousarray(pixels), alpha, grayscale, colors, notes=notes)


def _match(
    pixels: Stored, colors: ColorSpace, *, grayscale: bool
) -> tuple[bool, ColorSpace, tuple[str, ...]]:
    """Return whether to store as grayscale, such that the color profile fits, or without it.

    A profile for RGB needs RGB, which gray pixels can be stored as; one for grayscale needs pixels
    without color.
    """
    if fits(colors, gray=grayscale):
        return grayscale, colors, ()
    if fits(colors, gray=not grayscale) and (grayscale or is_gray(pixels, axis=2)):
        return not grayscale, colors, ()
    left_out = ("its color profile was left out: it is for other colors than those of the picture",)
    return grayscale, replace(colors, icc_profile=None), left_out
