"""PSNR and SSIM on Y, by the protocol of super-resolution papers.

Crop to a multiple of the scale, degrade with MATLAB's bicubic `imresize`, upscale,
round to 8 bit, take Y of BT.601 in studio range, crop `scale` pixels at each border, PSNR with peak
255, SSIM with an 11x11 Gaussian window of sigma 1.5 (Wang et al., 2004).

`pixels` are uint8 (H, W, 3) RGB throughout; `image` is float32 (1, 3, H, W) RGB in [0, 1].
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.console import printable
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.artifacts import Artifacts, find_artifacts, mean_artifacts
from mobile_runtime.imaging.degradation import DEGRADATIONS
from mobile_runtime.imaging.folder import list_pictures
from mobile_runtime.imaging.pictures import Image, Pixels, to_image, to_pixels
from mobile_runtime.imaging.reading import open_picture

Upscale = Callable[[Image], Image]

WINDOW = 11
"""Side of SSIM's window in pixels."""


@dataclass(frozen=True)
class Score:
    """Quality of one picture, or the mean of many."""

    name: str
    psnr_db: float
    ssim: float
    artifacts: Artifacts | None = None
    """None where the input was clean."""


def evaluate(
    upscale: Upscale, folder: Path, scale: int, degradation: str = "clean"
) -> Iterator[Score]:
    """Score every picture of a folder, one after the other.

    Args:
        upscale: Returns an image `scale` times larger.
        folder: High-resolution pictures of any size; all are used, in order of their names.
        scale: Output pixels per input pixel and side.
        degradation: Key of `DEGRADATIONS`. Only `clean` is the papers' protocol.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read, or that is too small.
    """

    def restore(truth: Pixels, degradation: str) -> Pixels:
        return to_pixels(upscale(to_image(DEGRADATIONS[degradation](truth, scale))))

    for path in list_pictures(folder):
        picture = open_picture(path)
        truth = crop_to_multiple(picture.pixels, scale)
        restored, gray = restore(truth, degradation), picture.grayscale
        score = compare(truth, restored, border=scale, gray=gray, name=printable(path.stem))
        if degradation != "clean":
            clean = luma(restore(truth, "clean"), gray=gray)
            artifacts = find_artifacts(luma(restored, gray=gray), clean, scale)
            score = replace(score, artifacts=artifacts)
        yield score


def compare(
    truth: Pixels, restored: Pixels, *, border: int, gray: bool = False, name: str = ""
) -> Score:
    """Score one restored picture against the truth; equal pictures get 999 dB.

    Args:
        truth: Original picture.
        restored: Same shape.
        border: Pixels cut from every side first, the scale by convention.
        gray: The truth was stored in grayscale; see `luma`.
        name: Passed on to the score.

    Raises:
        ValueError: The shapes differ.
        ImageError: Nothing is left inside the border for one window of SSIM.
    """
    if truth.shape != restored.shape:
        raise ValueError(f"The shapes differ: {truth.shape} and {restored.shape}.")
    if min(truth.shape[:2]) < WINDOW + 2 * border:
        raise ImageError(f"{name or 'A picture'} is too small to score: {truth.shape[1::-1]}.")
    inside = (slice(border, -border or None),) * 2
    a, b = luma(truth, gray=gray)[inside], luma(restored, gray=gray)[inside]
    return Score(name, psnr_db(a, b), _ssim(a, b))


def mean(scores: list[Score]) -> Score:
    """Return the mean of the scores, as papers report it."""
    artifacts = [score.artifacts for score in scores if score.artifacts]
    return Score(
        "mean",
        float(np.mean([score.psnr_db for score in scores])),
        float(np.mean([score.ssim for score in scores])),
        mean_artifacts(artifacts) if artifacts else None,
    )


def bicubic(scale: int) -> Upscale:
    """Return the baseline of papers, MATLAB's bicubic upscaling."""
    return lambda image: to_image(resize_bicubic(to_pixels(image), scale))


def luma(pixels: Pixels, *, gray: bool = False) -> NDArray[np.float64]:
    """Return Y, not rounded, (H, W).

    Args:
        pixels: (H, W, 3).
        gray: The picture is stored in grayscale: its values are Y themselves, in [0, 255]. Without
            this, Set14's `bridge` shifts the mean of the set by 0.09 dB against published tables.
            Otherwise Y is that of BT.601, in [16, 235].
    """
    weights = np.array([65.481, 128.553, 24.966])
    y: NDArray[np.float64] = pixels @ (weights / (weights.sum() if gray else 255))
    return y if gray else y + 16


def psnr_db(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the PSNR of two planes of Y, (H, W); 999 dB if they are equal."""
    error = float(np.mean((a - b) ** 2))
    return 999.0 if error == 0 else float(10 * np.log10(255**2 / error))


def resize_bicubic(pixels: Pixels, factor: float) -> Pixels:
    """Resize as MATLAB's `imresize(pixels, factor, 'bicubic')` does for uint8.

    Antialiased when shrinking, mirrored at the borders, rounded to 8 bit after each pass.

    Args:
        pixels: (H, W, 3).
        factor: Output pixels per input pixel and side.

    Returns:
        (ceil(H * factor), ceil(W * factor), 3).
    """
    for axis in (0, 1):
        index, weight = _bicubic_taps(pixels.shape[axis], factor)
        resized = sum(
            np.take(pixels, index[:, tap], axis=axis)
            * np.expand_dims(weight[:, tap], (1, 2) if axis == 0 else (0, 2))
            for tap in range(index.shape[1])
        )
        # floor(x + 0.5) is MATLAB's rounding; np.rint would round halves to even.
        pixels = np.clip(np.floor(np.asarray(resized) + 0.5), 0, 255).astype(np.uint8)
    return pixels


def crop_to_multiple(pixels: Pixels, scale: int) -> Pixels:
    """Crop right and bottom so that height and width are multiples of the scale."""
    height, width = (size - size % scale for size in pixels.shape[:2])
    return pixels[:height, :width]


def _bicubic_taps(size: int, factor: float) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return, for each output position along one axis, the inputs it reads and their weights."""
    stretch = max(1 / factor, 1.0)  # antialiasing widens the kernel when shrinking
    taps = int(np.ceil(4 * stretch)) + 2
    center = (np.arange(int(np.ceil(size * factor))) + 0.5) / factor - 0.5
    index = np.floor(center - 2 * stretch).astype(np.intp)[:, None] + np.arange(taps)
    weight = _cubic((center[:, None] - index) / stretch)
    weight /= weight.sum(axis=1, keepdims=True)
    mirrored = np.concatenate([np.arange(size), np.arange(size)[::-1]])
    return mirrored[index % (2 * size)], weight


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Keys' cubic convolution kernel with a = -0.5."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def _ssim(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a**2
    variance_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    scale = (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    return float(np.mean(similarity / scale))


def _blur(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filter with an 11x11 Gaussian of sigma 1.5, only where the whole window fits."""
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        plane = np.lib.stride_tricks.sliding_window_view(plane, WINDOW, axis=axis) @ kernel
    return plane
