"""Sizes that a result is asked to have, and pictures reduced to them."""

import re
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as Pillow

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture, Stored, is_deep

HeightWidth = tuple[int, int]


@dataclass(frozen=True)
class Times:
    """A result that is so many times as large."""

    factor: float

    def size(self, height: int, width: int) -> HeightWidth:
        """Return the size of the result for a picture."""
        return round(height * self.factor), round(width * self.factor)

    def __str__(self) -> str:
        """Return it as it stands in names of files, such as `x1.5`."""
        return f"x{self.factor:g}"


@dataclass(frozen=True)
class Within:
    """A result as large as fits, with the proportions of the picture; None is any length."""

    width: int | None
    height: int | None

    def size(self, height: int, width: int) -> HeightWidth:
        """Return the size of the result for a picture."""
        sides = (self.height, height), (self.width, width)
        factor = min(wanted / side for wanted, side in sides if wanted is not None)
        return max(1, round(height * factor)), max(1, round(width * factor))

    def __str__(self) -> str:
        """Return it as it was written, such as `1920x`."""
        return f"{self.width or ''}x{self.height or ''}"


TargetSize = Times | Within


def parse_size(text: str) -> Within:
    """Return a size such as `1920x1080`, `1920x` or `x1080`.

    Raises:
        ValueError: It is none.
    """
    match = re.fullmatch(r"(\d{1,7})?x(\d{1,7})?", text.lower())
    sides = [int(side) if side else None for side in match.groups()] if match else []
    if 0 in sides or not any(sides):
        raise ValueError(f"{text!r} is no size: write 1920x1080, 1920x or x1080.")
    return Within(*sides)


def target_size(target: TargetSize, height: int, width: int, *, scale: int) -> HeightWidth:
    """Return how large a picture becomes.

    Args:
        target: What is asked for.
        height: Of the picture.
        width: Of the picture.
        scale: What the network makes of it, at most.

    Raises:
        ImageError: It would become smaller, or larger than the network makes it.
    """
    wanted = target.size(height, width)
    if wanted[0] < height or wanted[1] < width:
        raise ImageError(
            f"{target} would make {width} x {height} smaller, {wanted[1]} x {wanted[0]}: nothing "
            "is left to upscale."
        )
    if wanted[0] > height * scale or wanted[1] > width * scale:
        raise ImageError(
            f"{target} is more than {scale} times {width} x {height}, which is as far as this "
            f"network goes: ask for {width * scale}x{height * scale} at most."
        )
    return wanted


def reduce_picture(picture: Picture, height: int, width: int) -> Picture:
    """Return a picture reduced by Lanczos' filter, widened so that nothing aliases.

    It works on the values as they are stored, as most programs do, and as the pictures were reduced
    from which the networks learned.
    """
    if picture.pixels.shape[:2] == (height, width):
        return picture
    alpha = None if picture.alpha is None else _reduce(picture.alpha, height, width)
    return replace(picture, pixels=_reduce(picture.pixels, height, width), alpha=alpha)


def resize_values(values: Stored, height: int, width: int, filter_: Pillow.Resampling) -> Stored:
    """Return (H, W) or (H, W, 3) of another size, by one of Pillow's filters.

    Those of 16 bits are computed as floats, and rounded.
    """
    if not is_deep(values):
        return np.asarray(Pillow.fromarray(values).resize((width, height), filter_))
    if values.ndim == 3:
        channels = [resize_values(values[..., i], height, width, filter_) for i in range(3)]
        return np.stack(channels, axis=2)
    resized = Pillow.fromarray(values.astype(np.float32)).resize((width, height), filter_)
    rounded: Stored = np.rint(np.clip(np.asarray(resized), 0, 65_535)).astype(np.uint16)
    return rounded


def _reduce(values: Stored, height: int, width: int) -> Stored:
    return resize_values(values, height, width, Pillow.Resampling.LANCZOS)
