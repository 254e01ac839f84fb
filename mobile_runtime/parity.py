"""How far is a converted file from PyTorch, and is that near enough?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mobile_runtime.pictures import Image


@dataclass(frozen=True)
class Tolerance:
    """What a file of one precision must keep to."""

    max_abs: float | None
    """Largest difference of any value, where 1.0 is white; None where only the PSNR counts."""
    psnr_db: float
    """Smallest PSNR to PyTorch's output, peak 1.0."""


TOLERANCES: Mapping[str, Tolerance] = {
    # Same arithmetic in another order: litert-torch's documentation and optimum's default.
    "fp32": Tolerance(max_abs=1e-5, psnr_db=90),
    # Apple's "working with Core AI": above 50 dB passes, 40 to 50 is a warning. We measure over 60.
    "fp16": Tolerance(max_abs=None, psnr_db=50),
}


@dataclass(frozen=True)
class Difference:
    """The distance between two images of the same shape, in numbers."""

    max_abs: float
    mean_abs: float
    psnr_db: float
    """Peak 1.0; 999 for equal images, so that it stays a JSON number."""
    snr_db: float
    """Against the power of the expected image; 999 for equal images."""
    pixels_off_percent: float
    """Share of 8-bit values that differ by more than one step."""


@dataclass(frozen=True)
class Verdict:
    """What one engine made of a file."""

    engine: str
    """Its name, version and threads."""
    device: str
    compared: str
    """With what, on which inputs."""
    worst: Difference
    """The worst figure of each kind over all inputs."""
    passed: bool


def compare(expected: Image, actual: Image) -> Difference:
    """Measure how far `actual` is from `expected`.

    Args:
        expected: PyTorch's output, (N, 3, H, W), RGB in [0, 1].
        actual: The converted file's output for the same input, same shape and range.

    Raises:
        ValueError: The shapes differ.
    """
    if expected.shape != actual.shape:
        raise ValueError(f"The shapes differ: expected {expected.shape}, got {actual.shape}.")
    error = actual.astype(np.float64) - expected
    power = float(np.mean(error**2))
    steps = np.rint(np.clip(actual, 0, 1) * 255) - np.rint(np.clip(expected, 0, 1) * 255)
    return Difference(
        max_abs=float(np.abs(error).max()),
        mean_abs=float(np.abs(error).mean()),
        psnr_db=_decibels(1.0, power),
        snr_db=_decibels(float(np.mean(np.square(expected, dtype=np.float64))), power),
        pixels_off_percent=float(100 * np.mean(np.abs(steps) > 1)),
    )


def worst(differences: list[Difference]) -> Difference:
    """Take the worst figure of each kind; a NaN anywhere is the worst there is."""
    return Difference(
        max_abs=float(np.max([d.max_abs for d in differences])),
        mean_abs=float(np.max([d.mean_abs for d in differences])),
        psnr_db=float(np.min([d.psnr_db for d in differences])),
        snr_db=float(np.min([d.snr_db for d in differences])),
        pixels_off_percent=float(np.max([d.pixels_off_percent for d in differences])),
    )


def within(difference: Difference, tolerance: Tolerance) -> bool:
    """Tell whether a difference keeps to the tolerance; NaN never does."""
    near = tolerance.max_abs is None or difference.max_abs <= tolerance.max_abs
    return near and difference.psnr_db >= tolerance.psnr_db


def _decibels(peak_power: float, error_power: float) -> float:
    if error_power == 0:
        return 999.0
    return float(10 * np.log10(max(peak_power, 1e-30) / error_power))
