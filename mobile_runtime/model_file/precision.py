"""The precisions of model files: one record each, from which options and limits derive.

A new precision is a name in `PrecisionName`, a row in `PRECISIONS`, its place in the rows of
`mobile_runtime.model_file.format`, and whatever quantizes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mobile_runtime.model_file.parity import NOT_FINITE, SIGNED_ERROR_LIMIT_LEVELS, Difference

PrecisionName = Literal["fp32", "fp16", "w8", "w6", "w4", "w8a8"]


@dataclass(frozen=True)
class Tolerance:
    """How near to PyTorch's output a file must come."""

    max_abs: float | None
    """Largest difference of any value, where 1.0 is white; None where only the PSNR counts."""
    psnr_db: float
    """Smallest PSNR to PyTorch's output, peak 1.0."""

    def __str__(self) -> str:
        """Return its figures in the form in which `Difference` returns its own."""
        limit = "" if self.max_abs is None else f", max abs {self.max_abs:.1e}"
        return f"{self.psnr_db:g} dB{limit}"

    def allows(self, difference: Difference) -> bool:
        """Return whether a difference keeps to this; `NOT_FINITE` keeps to none."""
        if difference.max_abs >= NOT_FINITE.max_abs:
            return False
        near = self.max_abs is None or difference.max_abs <= self.max_abs
        return near and difference.psnr_db >= self.psnr_db

    def is_looser_than(self, other: "Tolerance") -> bool:
        """Return whether this lets anything pass that `other` does not."""
        if other.max_abs is not None and (self.max_abs is None or self.max_abs > other.max_abs):
            return True
        return self.psnr_db < other.psnr_db


@dataclass(frozen=True)
class Precision:
    """How a file stores its weights and computes its features."""

    name: PrecisionName
    weight_bits: int
    tolerance: Tolerance
    allowed_loss_db: float | None = None
    """PSNR on Y that it may lose against PyTorch on photographs; None where `tolerance` is all."""
    feature_bits: int | None = None
    """Bits that features are rounded to; None where they stay floats, as wide as the format's."""
    palette: bool = False
    """Each weight is one of 2**weight_bits values, chosen freely, not a multiple of a scale."""
    signed_error_levels: float = SIGNED_ERROR_LIMIT_LEVELS
    """Mean signed error that 8-bit outputs may have; beyond, the system does not round."""
    coarser_in: Mapping[str, Tolerance] = field(default_factory=dict)
    """Format -> its tolerance where its way of writing this precision is coarser."""

    @property
    def calibrated(self) -> bool:
        """Whether its scales come from photographs."""
        return self.feature_bits is not None


_ROWS = (
    # Same arithmetic in another order: litert-torch's documentation and optimum's default.
    Precision("fp32", 32, Tolerance(max_abs=1e-5, psnr_db=90)),
    # Apple's "working with Core AI": above 50 dB passes, 40 to 50 is a warning. We measure over 60.
    Precision("fp16", 16, Tolerance(max_abs=None, psnr_db=50), allowed_loss_db=0.01),
    # What the others lose shows in pictures, so `allowed_loss_db` limits it: in Core ML, x4 direct
    # loses 0.000 (fp16), 0.001 (w8), 0.013 (w6), 0.091 (w4) and 0.026 dB (w8a8). The tolerance
    # tells a compressed file from a wrong one: x4 direct has 40.9, 30.9 and 26.1 dB to PyTorch with
    # the stress image (w8, w6, w4), and 47.2 dB on photographs as w8a8 (2026-11-26).
    Precision(
        "w8",
        8,
        Tolerance(max_abs=None, psnr_db=40),
        allowed_loss_db=0.05,
        # One scale for a whole weight, which is all that TFLite's GPUs take, and outputs that are
        # not clipped: direct has 32.5 (x2) and 36.3 dB (x4) on the stress image (2026-11-26).
        coarser_in={"tflite": Tolerance(max_abs=None, psnr_db=30)},
    ),
    Precision("w6", 6, Tolerance(max_abs=None, psnr_db=28), allowed_loss_db=0.15, palette=True),
    Precision(
        "w4",
        4,
        Tolerance(max_abs=None, psnr_db=20),
        allowed_loss_db=0.5,
        palette=True,
        # The weights make whole pictures brighter: x4 direct by 0.25 levels (2026-11-29).
        signed_error_levels=0.4,
    ),
    Precision("w8a8", 8, Tolerance(max_abs=None, psnr_db=40), allowed_loss_db=0.15, feature_bits=8),
)

PRECISIONS: Mapping[PrecisionName, Precision] = {row.name: row for row in _ROWS}

CALIBRATED = ", ".join(row.name for row in _ROWS if row.calibrated)
"""What calibration is for, in words."""


def tolerance_for(format_: str, precision: PrecisionName) -> Tolerance:
    """Return what a file of a format and precision must keep to, on inputs of any size."""
    row = PRECISIONS[precision]
    return row.coarser_in.get(format_, row.tolerance)
