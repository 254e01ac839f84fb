"""How far is a converted file from PyTorch, and is that near enough?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mobile_runtime.imaging.pictures import Image


@dataclass(frozen=True)
class Tolerance:
    """What a file of one precision must keep to."""

    max_abs: float | None
    """Largest difference of any value, where 1.0 is white; None where only the PSNR counts."""
    psnr_db: float
    """Smallest PSNR to PyTorch's output, peak 1.0."""

    def __str__(self) -> str:
        """Give its figures, as `Difference` gives those that are held against them."""
        limit = "" if self.max_abs is None else f", max abs {self.max_abs:.1e}"
        return f"{self.psnr_db:g} dB{limit}"


TOLERANCES: Mapping[str, Tolerance] = {
    # Same arithmetic in another order: litert-torch's documentation and optimum's default.
    "fp32": Tolerance(max_abs=1e-5, psnr_db=90),
    # Apple's "working with Core AI": above 50 dB passes, 40 to 50 is a warning. We measure over 60.
    "fp16": Tolerance(max_abs=None, psnr_db=50),
    # What these lose shows in pictures, not here: `converters.quality_gate` limits it. This tells a
    # compressed file from a wrong one. SCNet-T x4 direct in Core ML, worst case included: 40.9,
    # 30.9 and 26.1 dB; w8a8, on photographs: 47.2 (2026-11-26).
    "w8": Tolerance(max_abs=None, psnr_db=40),
    "w6": Tolerance(max_abs=None, psnr_db=28),
    "w4": Tolerance(max_abs=None, psnr_db=20),
    "w8a8": Tolerance(max_abs=None, psnr_db=40),
}

TOLERANCES_OF_FORMATS: Mapping[tuple[str, str], Tolerance] = {
    # One scale for a whole weight, which is all that TFLite's GPUs take, and outputs that are not
    # clipped: SCNet-T direct has 32.5 (x2) and 36.3 dB (x4) in the worst case (2026-11-26).
    ("tflite", "w8"): Tolerance(max_abs=None, psnr_db=30),
}
"""Where a format's own way of writing a precision is coarser than `TOLERANCES` has it."""


def tolerance_for(format_: str, precision: str) -> Tolerance:
    """Say what a file must keep to, on inputs of any size.

    Args:
        format_: Of the file.
        precision: A key of `TOLERANCES`.
    """
    return TOLERANCES_OF_FORMATS.get((format_, precision), TOLERANCES[precision])


def is_looser(tolerance: Tolerance, allowed: Tolerance) -> bool:
    """Tell whether a tolerance lets anything pass that `allowed` does not."""
    if allowed.max_abs is not None and (
        tolerance.max_abs is None or tolerance.max_abs > allowed.max_abs
    ):
        return True
    return tolerance.psnr_db < allowed.psnr_db


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

    def __str__(self) -> str:
        """Give the two figures that tolerances are about."""
        if self == NOT_FINITE:
            return "NaN or infinite values"
        return f"{self.psnr_db:.1f} dB, max abs {self.max_abs:.1e}"


NOT_FINITE = Difference(
    max_abs=1e30, mean_abs=1e30, psnr_db=-999, snr_db=-999, pixels_off_percent=100
)
"""The distance as soon as any value is NaN or infinite, so that all figures stay JSON numbers. It
keeps to no tolerance."""


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
    placement: str = ""
    """Where its operators ran; empty where nobody could tell."""
    failure: str = ""
    """Why it did not pass; empty if it did."""


def compare(expected: Image, actual: Image) -> Difference:
    """Measure how far `actual` is from `expected`.

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
    )


def worst(differences: list[Difference]) -> Difference:
    """Take the worst figure of each kind."""
    return Difference(
        max_abs=float(np.max([d.max_abs for d in differences])),
        mean_abs=float(np.max([d.mean_abs for d in differences])),
        psnr_db=float(np.min([d.psnr_db for d in differences])),
        snr_db=float(np.min([d.snr_db for d in differences])),
        pixels_off_percent=float(np.max([d.pixels_off_percent for d in differences])),
    )


def within(difference: Difference, tolerance: Tolerance) -> bool:
    """Tell whether a difference keeps to the tolerance; `NOT_FINITE` never does."""
    if difference.max_abs >= NOT_FINITE.max_abs:
        return False
    near = tolerance.max_abs is None or difference.max_abs <= tolerance.max_abs
    return near and difference.psnr_db >= tolerance.psnr_db


def _decibels(peak_power: float, error_power: float) -> float:
    if error_power == 0:
        return 999.0
    return float(10 * np.log10(max(peak_power, 1e-30) / error_power))
