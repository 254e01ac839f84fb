"""What the values of a picture mean as colors: an ICC profile, or chunks of a PNG.

A PNG may say it in several ways, of which the first of cICP, iCCP, sRGB and gAMA with cHRM counts
(PNG, third edition, 4.3). A PNG gets them back as they were; other formats get a profile.
"""

import struct
from dataclasses import dataclass
from functools import cached_property

from mobile_runtime.imaging.icc_profile import (
    BT709,
    SRGB_CURVE,
    Primaries,
    build_profile,
    color_space_of,
)
from mobile_runtime.imaging.metadata import Chunk

COLOR_CHUNKS = (b"cICP", b"mDCV", b"cLLI", b"sRGB", b"gAMA", b"cHRM")
"""Kept in a PNG as they are; iCCP is held as the profile itself."""

_D65 = (0.3127, 0.329)
_CODED_PRIMARIES = {
    1: BT709,
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.6), (0.15, 0.06)),
    6: Primaries(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    7: Primaries(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: Primaries(_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: Primaries((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: Primaries(_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
"""ITU-T H.273, table 2."""

_BT709_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_CODED_CURVES = {
    1: _BT709_CURVE, 4: (2.2,), 5: (2.8,), 6: _BT709_CURVE, 8: (1.0,), 13: SRGB_CURVE,
    14: _BT709_CURVE, 15: _BT709_CURVE,
}  # fmt: skip
"""ITU-T H.273, table 3, as far as it is about light between black and white."""


class ColorSpaceError(ValueError):
    """No ICC profile says what the picture says."""


@dataclass(frozen=True)
class ColorSpace:
    """How values are to be read; sRGB by convention where nothing is said."""

    icc_profile: bytes | None = None
    chunks: tuple[Chunk, ...] = ()
    """Of `COLOR_CHUNKS`."""

    def profile(self, *, gray: bool) -> bytes | None:
        """Return an ICC profile that says the same, or None if nothing is said.

        Args:
            gray: The picture is stored in grayscale.

        Raises:
            ColorSpaceError: There is none, as for HDR, or the chunks make no sense.
        """
        said = self._said
        if b"cICP" in said:
            return build_profile(*_from_cicp(said[b"cICP"]), gray=gray, name="From cICP of a PNG")
        if self.icc_profile is not None:
            return self.icc_profile
        if b"sRGB" in said:
            return build_profile(BT709, SRGB_CURVE, gray=gray, name="sRGB")
        if b"gAMA" in said or b"cHRM" in said:
            return _from_gamma(said.get(b"gAMA"), said.get(b"cHRM"), gray=gray)
        return None

    @cached_property
    def _said(self) -> dict[bytes, bytes]:
        return dict(self.chunks)


SRGB = ColorSpace()
"""Nothing is said."""


def fits(colors: ColorSpace, *, gray: bool) -> bool:
    """Check that the profile is one for the channels of the picture, if there is any."""
    wanted = b"GRAY" if gray else b"RGB "
    return colors.icc_profile is None or color_space_of(colors.icc_profile) == wanted


def _from_cicp(content: bytes) -> tuple[Primaries, tuple[float, ...]]:
    if len(content) != 4:
        raise ColorSpaceError("its cICP chunk is damaged")
    primaries, transfer, matrix, full_range = content
    if (
        primaries not in _CODED_PRIMARIES
        or transfer not in _CODED_CURVES
        or (matrix, full_range) != (0, 1)
    ):
        raise ColorSpaceError(
            f"its colors (cICP {primaries}, {transfer}, {matrix}, {full_range}) are more than an "
            "ICC profile says, as those of HDR are"
        )
    return _CODED_PRIMARIES[primaries], _CODED_CURVES[transfer]


def _from_gamma(gamma: bytes | None, primaries: bytes | None, *, gray: bool) -> bytes:
    try:
        curve = SRGB_CURVE if gamma is None else (100_000 / struct.unpack(">I", gamma)[0],)
        space = BT709
        if primaries is not None:
            numbers = [number / 100_000 for number in struct.unpack(">8I", primaries)]
            space = Primaries(*zip(numbers[::2], numbers[1::2], strict=True))
        return build_profile(space, curve, gray=gray, name="From gAMA and cHRM of a PNG")
    except (struct.error, ArithmeticError, ValueError) as error:
        raise ColorSpaceError("its gAMA and cHRM chunks make no sense") from error
