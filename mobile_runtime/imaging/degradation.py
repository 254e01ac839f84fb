"""Low-resolution pictures as users have them: downscalers, noise, lossy files, and fixed mixes.

`DEGRADATIONS` are for measuring: each has a name and no free number, so that anyone can repeat a
table. Training draws from the same parts at random: `scnet.training.degradation`.

`pixels` are uint8 (H, W, 3) RGB; H and W of high-resolution ones are multiples of the scale.
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from mobile_runtime.imaging.pictures import Pixels

Downscale = Callable[[Pixels, int], Pixels]
"""(H * scale, W * scale, 3) and the scale -> (H, W, 3)."""


def matlab_bicubic(high_res: Pixels, scale: int) -> Pixels:
    """Return MATLAB's `imresize(high_res, 1 / scale, 'bicubic')`: antialiased, of mirrored borders.

    Equal to `resize_bicubic`, and five times as fast.
    """
    taps = 4 * scale - scale % 2
    return _sample(high_res, scale, _cubic(_distances(taps) / scale, a=-0.5))


def sharp_bicubic(high_res: Pixels, scale: int) -> Pixels:
    """Return cubic interpolation without antialiasing, as OpenCV's INTER_CUBIC (a = -0.75).

    At scale 3 each output lies on an input, which it repeats.
    """
    return _sample(high_res, scale, _cubic(_distances(1 if scale % 2 else 4), a=-0.75))


def pillow(resampling: Pillow.Resampling) -> Downscale:
    """Make one of Pillow's antialiased downscalers."""

    def downscale(high_res: Pixels, scale: int) -> Pixels:
        height, width = high_res.shape[0] // scale, high_res.shape[1] // scale
        return np.asarray(Pillow.fromarray(high_res).resize((width, height), resampling))

    return downscale


DOWNSCALERS: Mapping[str, Downscale] = MappingProxyType(
    {
        "matlab-bicubic": matlab_bicubic,
        "no-antialias": sharp_bicubic,
        "pillow-bicubic": pillow(Pillow.Resampling.BICUBIC),
        "area": pillow(Pillow.Resampling.BOX),
        "bilinear": pillow(Pillow.Resampling.BILINEAR),
        "lanczos": pillow(Pillow.Resampling.LANCZOS),
    }
)
"""All keep the phase: the centers of both pictures coincide."""


def jpeg(pixels: Pixels, quality: int, *, subsampling: str = "4:2:0") -> Pixels:
    """Return what is left after a JPEG file of libjpeg's quality 1 to 100."""
    return _through_file(pixels, format="JPEG", quality=quality, subsampling=subsampling)


def webp(pixels: Pixels, quality: int) -> Pixels:
    """Return what is left after a lossy WebP file of quality 0 to 100."""
    return _through_file(pixels, format="WEBP", quality=quality, method=1)


def add_noise(
    pixels: Pixels, luma_sigma: float, color_sigma: float, rng: np.random.Generator
) -> Pixels:
    """Add Gaussian noise and round.

    Args:
        pixels: (H, W, 3).
        luma_sigma: Of noise that is the same in R, G and B, of 255.
        color_sigma: Of noise that each channel has of its own, of 255.
        rng: Where it is drawn from.
    """
    height, width, channels = pixels.shape
    noisy = rng.standard_normal((height, width, channels), dtype=np.float32) * color_sigma + pixels
    if luma_sigma:
        noisy += rng.standard_normal((height, width, 1), dtype=np.float32) * luma_sigma
    return _round(noisy)


def convolve(pixels: Pixels, weights: Sequence[float]) -> Pixels:
    """Convolve along both axes with an odd number of weights that are symmetric: blur or sharpen.

    Mirrored at the borders, rounded to 8 bit after each pass.
    """
    return _sample(pixels, 1, np.array(weights, np.float32))


DEGRADATIONS: Mapping[str, Downscale] = MappingProxyType(
    {
        "clean": matlab_bicubic,
        "jpeg90": lambda pixels, scale: jpeg(matlab_bicubic(pixels, scale), 90),
        "jpeg75": lambda pixels, scale: jpeg(matlab_bicubic(pixels, scale), 75),
        "jpeg50": lambda pixels, scale: jpeg(matlab_bicubic(pixels, scale), 50),
        "area-jpeg90": lambda pixels, scale: jpeg(DOWNSCALERS["area"](pixels, scale), 90),
        "no-antialias": sharp_bicubic,
        "noise5": lambda pixels, scale: add_noise(
            matlab_bicubic(pixels, scale), 0, 5, np.random.default_rng(0)
        ),
        "lanczos": DOWNSCALERS["lanczos"],
    }
)
"""Fixed degradations to measure by, each a function of the picture and the scale alone."""


def _distances(taps: int) -> NDArray[np.float64]:
    """Distances of inputs from an output that lies in their middle, in input pixels."""
    return np.arange(taps, dtype=np.float64) - (taps - 1) / 2


def _cubic(x: NDArray[np.float64], *, a: float) -> NDArray[np.float32]:
    """Keys' cubic convolution kernel of parameter `a`, normed to a sum of 1."""
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    weights = np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
    kernel: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return kernel


def _sample(pixels: Pixels, scale: int, weights: NDArray[np.float32]) -> Pixels:
    """Correlate along both axes at every `scale`-th place, mirrored, rounded after each pass."""
    before = (len(weights) - scale) // 2
    for axis in (0, 1):
        padded = pixels
        if before > 0:
            margin = [(before, before) if side == axis else (0, 0) for side in range(3)]
            padded = np.pad(pixels, margin, mode="symmetric")
        count, first = pixels.shape[axis] // scale, max(0, -before)
        total = np.float32(0)
        for tap, weight in enumerate(weights, start=first):
            places = slice(tap, tap + scale * (count - 1) + 1, scale)
            total = total + weight * padded[(slice(None),) * axis + (places,)]
        pixels = _round(np.asarray(total))
    return pixels


def _through_file(pixels: Pixels, **options: object) -> Pixels:
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, **options)  # type: ignore[arg-type]
    with Pillow.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def _round(values: NDArray[np.float32]) -> Pixels:
    rounded: Pixels = np.clip(values + np.float32(0.5), 0, 255).astype(np.uint8)
    return rounded
