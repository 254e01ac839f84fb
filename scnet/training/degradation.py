"""Degradation of training pictures to what users have: `photo`, drawn anew for every sample.

Restoring one fixed reduction is what the clean weights learn, and all they learn: of JPEG files and
of pictures reduced by other programs they make less than they could (issue 24). Here every sample
is reduced, softened, made noisy and compressed by its own draw, and a part is left clean, so that
clean pictures keep their sharpness. The idea is that of blind super-resolution (BSRGAN, Zhang et
al., ICCV 2021; Real-ESRGAN, Wang et al., 2021), much milder: pictures that people want larger, not
ruined ones.

Needs no PyTorch, so that worker processes start fast. All is a function of the pixels and of `rng`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobile_runtime.imaging.degradation import (
    DOWNSCALERS,
    add_noise,
    convolve,
    jpeg,
    matlab_bicubic,
    webp,
)
from mobile_runtime.imaging.pictures import Pixels


@dataclass(frozen=True)
class PhotoRecipe:
    """Shares of samples, and ranges of numbers that are drawn evenly."""

    clean_share: float = 0.3
    """MATLAB's bicubic and nothing else."""
    gray_share: float = 0.06
    """R = G = B in both pictures."""
    downscalers: tuple[tuple[str, float], ...] = (
        ("matlab-bicubic", 0.2),
        ("pillow-bicubic", 0.15),
        ("area", 0.25),
        ("bilinear", 0.08),
        ("lanczos", 0.12),
        ("no-antialias", 0.2),
    )
    """Name in `DOWNSCALERS` and share of the samples that are not clean; the sum is 1."""
    filtered_share: float = 0.2
    """Slightly blurred or sharpened, of those that are not clean, as all shares below."""
    neighbor_weight: tuple[float, float] = (-0.1, 0.1)
    """Weight of each neighbor in the filter, (w, 1 - 2w, w) along both axes: sharpening to blur."""
    noisy_share: float = 0.25
    luma_sigma: tuple[float, float] = (0, 4)
    """Of 255; the same in R, G and B."""
    color_sigma: tuple[float, float] = (0, 6)
    """Of 255; each of R, G and B has its own."""
    jpeg_share: float = 0.65
    webp_share: float = 0.05
    second_share: float = 0.2
    """Of JPEG files: compressed before, on other 8x8 blocks, as after cropping."""
    full_color_share: float = 0.3
    """Of JPEG files: 4:4:4; the rest is 4:2:0."""
    quality: tuple[int, int] = (30, 98)
    """Both ends included."""


PHOTO = PhotoRecipe()

BLOCK = 16
"""Pixels after which the grid of a JPEG file of 4:2:0 repeats."""


def photo_pair(
    high_res: Pixels, scale: int, rng: np.random.Generator, recipe: PhotoRecipe = PHOTO
) -> tuple[Pixels, Pixels]:
    """Draw one training sample: a low-resolution picture, and what it was made of.

    Args:
        high_res: (H, W, 3); H and W are multiples of the scale.
        scale: Output pixels per input pixel and side.
        rng: Where all is drawn from.
        recipe: Shares and ranges.

    Returns:
        `low_res` (H / scale, W / scale, 3), and `high_res` itself or its gray copy.
    """
    if rng.random() < recipe.gray_share:
        high_res = to_gray(high_res)
    return photo(high_res, scale, rng, recipe), high_res


def photo_sample(
    high_res: Pixels, scale: int, seed: Sequence[int], recipe: PhotoRecipe = PHOTO
) -> tuple[Pixels, bool]:
    """Return `low_res` of `photo_pair`, and whether `high_res` is to be made gray with `to_gray`.

    This is what worker processes do: it takes a seed and sends nothing back that is known already.
    """
    low_res, target = photo_pair(high_res, scale, np.random.default_rng(list(seed)), recipe)
    return low_res, target is not high_res


def photo(
    high_res: Pixels, scale: int, rng: np.random.Generator, recipe: PhotoRecipe = PHOTO
) -> Pixels:
    """Degrade one picture at random; a gray one stays gray.

    Args:
        high_res: (H, W, 3); H and W are multiples of the scale.
        scale: Output pixels per input pixel and side.
        rng: Where all is drawn from.
        recipe: Shares and ranges; its `gray_share` does nothing here, see `photo_pair`.

    Returns:
        (H / scale, W / scale, 3); its pixels lie where those of MATLAB's bicubic would.
    """
    if rng.random() < recipe.clean_share:
        return matlab_bicubic(high_res, scale)
    names, shares = zip(*recipe.downscalers, strict=True)
    pixels = DOWNSCALERS[str(rng.choice(names, p=shares))](high_res, scale)
    gray = bool((pixels == pixels[..., :1]).all())
    if rng.random() < recipe.filtered_share:
        side = rng.uniform(*recipe.neighbor_weight)
        pixels = convolve(pixels, (side, 1 - 2 * side, side))
    if rng.random() < recipe.noisy_share:
        pixels = add_noise(
            pixels, rng.uniform(*recipe.luma_sigma), rng.uniform(*recipe.color_sigma), rng
        )
    pixels = _compress(pixels, rng, recipe)
    # Noise and WebP color a gray picture; green is close to its Y.
    return np.repeat(pixels[..., 1:2], 3, axis=2) if gray else pixels


def to_gray(pixels: Pixels) -> Pixels:
    """Return Y of BT.601 in full range, rounded, three times."""
    y = pixels @ np.array([0.299, 0.587, 0.114], np.float32) + np.float32(0.5)
    return np.repeat(y.astype(np.uint8)[..., None], 3, axis=2)


def _compress(pixels: Pixels, rng: np.random.Generator, recipe: PhotoRecipe) -> Pixels:
    kind = rng.random()
    if kind < recipe.webp_share:
        return webp(pixels, int(rng.integers(*recipe.quality, endpoint=True)))
    if kind < recipe.webp_share + recipe.jpeg_share:
        for _ in range(2 if rng.random() < recipe.second_share else 1):
            pixels = _shifted_jpeg(pixels, rng, recipe)
    return pixels


def _shifted_jpeg(pixels: Pixels, rng: np.random.Generator, recipe: PhotoRecipe) -> Pixels:
    """Compress a larger region, whose blocks begin anywhere, and cut the picture out of it."""
    height, width = pixels.shape[:2]
    top, left = (int(rng.integers(min(BLOCK, size))) for size in (height, width))
    region = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="symmetric")
    quality = int(rng.integers(*recipe.quality, endpoint=True))
    subsampling = "4:4:4" if rng.random() < recipe.full_color_share else "4:2:0"
    return jpeg(region, quality, subsampling=subsampling)[top:, left:]
