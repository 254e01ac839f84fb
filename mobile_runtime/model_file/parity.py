"""The distance between PyTorch's output and that of a converted file."""

from dataclasses import dataclass, replace
from statistics import median_high

import numpy as np

from mobile_runtime.imaging.pictures import Image


@dataclass(frozen=True)
class Difference:
    """The distance between two images of the same shape, which are float32 with white at 1.0."""

    max_abs: float
    mean_abs: float
    psnr_db: float
    """Peak 1.0; 999 for equal images, so that it stays a JSON number."""
    snr_db: float
    """Against the power of the expected image; 999 for equal images."""
    pixels_off_percent: float
    """Share of 8-bit values that differ by more than 1/255."""
    mean_signed_error_levels: float | None = None
    """Mean of actual minus expected, where white is 255: about -0.5 for an engine that truncates to
    8 bits instead of rounding. None in results from before 2026-11-29."""

    def __str__(self) -> str:
        """Return the two figures that tolerances limit."""
        if self == NOT_FINITE:
            return "NaN or infinite values"
        return f"{self.psnr_db:.1f} dB, max abs {self.max_abs:.1e}"


SIGNED_ERROR_LIMIT_LEVELS = 0.2
"""Of 8-bit outputs. Truncation, half a level too dark, keeps 51.5 dB and so passes as fp16."""

NOT_FINITE = Difference(
    max_abs=1e30,
    mean_abs=1e30,
    psnr_db=-999,
    snr_db=-999,
    pixels_off_percent=100,
    mean_signed_error_levels=1e30,
)
"""The distance as soon as any value is NaN or infinite, so that all figures stay JSON numbers. No
tolerance allows it."""


def compare(expected: Image, actual: Image) -> Difference:
    """Return how far `actual` is from `expected`.

    Args:
        expected: PyTorch's output, (N, 3, H, W), RGB in [0, 1].
        actual: The converted file's output for the same input, same shape and range.

    Returns:
        Finite figures, always: `NOT_FINITE` if any value of either image is not.

    Raises:
        ValueError: The shapes differ.
    """
    if expected.shape != actual.shape:
        raise ValueError(f"The shapes differ: expected {expected.shape}, got {actual.shape}.")
    if not (np.isfinite(expected).all() and np.isfinite(actual).all()):
        return NOT_FINITE
    error = actual.astype(np.float64) - expected
    power = float(np.mean(error**2))
    steps = np.rint(np.clip(actual, 0, 1) * 255) - np.rint(np.clip(expected, 0, 1) * 255)
    return Difference(
        max_abs=float(np.abs(error).max()),
        mean_abs=float(np.abs(error).mean()),
        psnr_db=_decibels(1.0, power),
        snr_db=_decibels(float(np.mean(np.square(expected, dtype=np.float64))), power),
        pixels_off_percent=float(100 * np.mean(np.abs(steps) > 1)),
        mean_signed_error_levels=float(255 * error.mean()),
    )


def over_samples(differences: list[Difference]) -> Difference:
    """Return the worst figure of each kind over golden samples; of mean signed errors the median.

    An engine truncates every output or none, while a coarse file may be too bright on one sample:
    `w4` by 0.64 levels on the stress image, and by at most 0.16 on photographs (x2 direct).
    """
    signed = [d.mean_signed_error_levels for d in differences]
    median = median_high([error for error in signed if error is not None])
    return replace(worst(differences), mean_signed_error_levels=median)


def find_wrong_rounding(
    difference: Difference, dtype: str, limit_levels: float = SIGNED_ERROR_LIMIT_LEVELS
) -> str | None:
    """Return what an engine does to 8-bit outputs instead of rounding, as words; None if it rounds.

    Args:
        difference: From `over_samples`.
        dtype: Of the file's output; the verdict is about `uint8` alone.
        limit_levels: How far the mean may be off; see `Precision.signed_error_levels`.
    """
    error = difference.mean_signed_error_levels
    if dtype != "uint8" or error is None or abs(error) <= limit_levels:
        return None
    instead = "truncates" if error < 0 else "rounds up"
    return (
        f"the system {instead} instead of rounding: mean signed error {error:+.2f} levels "
        f"(expected within {limit_levels})"
    )


def worst(differences: list[Difference]) -> Difference:
    """Return the worst figure of each kind; of signed errors that farthest from zero."""
    signed = [d.mean_signed_error_levels for d in differences]
    return Difference(
        max_abs=max(d.max_abs for d in differences),
        mean_abs=max(d.mean_abs for d in differences),
        psnr_db=min(d.psnr_db for d in differences),
        snr_db=min(d.snr_db for d in differences),
        pixels_off_percent=max(d.pixels_off_percent for d in differences),
        mean_signed_error_levels=max((e for e in signed if e is not None), key=abs, default=None),
    )


def _decibels(peak_power: float, error_power: float) -> float:
    if error_power == 0:
        return 999.0
    return float(10 * np.log10(max(peak_power, 1e-30) / error_power))
