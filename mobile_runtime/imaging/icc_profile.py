"""ICC profiles made of primaries, a white point and a transfer curve (ICC.1:2022).

Numbers are written as s15Fixed16. A profile for RGB has a matrix and one curve, one for grayscale
the curve alone.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Chromaticity = tuple[float, float]
"""x and y of CIE 1931."""

D50 = (0.9642, 1.0, 0.8249)
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""Cone responses of the chromatic adaptation that the specification recommends (annex E)."""

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1 as ICC writes it: g, a, b, c, d of (a x + b)^g from d on, c x below."""


@dataclass(frozen=True)
class Primaries:
    """The colors of full red, green and blue, and of white."""

    white: Chromaticity
    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity


BT709 = Primaries((0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))


def build_profile(primaries: Primaries, curve: Sequence[float], *, gray: bool, name: str) -> bytes:
    """Return a display profile of version 4.

    Args:
        primaries: Of the color space.
        curve: From stored values to light: an exponent alone, or g, a, b, c, d; see `SRGB_CURVE`.
        gray: For grayscale, without the primaries.
        name: What programs show, in ASCII.

    Raises:
        ValueError: The primaries span no color space.
    """
    adaptation, colors = _to_d50(primaries)
    function = {1: 0, 5: 3}[len(curve)]
    parametric = _tag(b"para", struct.pack(">HH", function, 0), curve)
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _tag(b"XYZ ", b"", D50),
        b"chad": _tag(b"sf32", b"", adaptation.ravel()),
    }
    if gray:
        tags[b"kTRC"] = parametric
    else:
        tags |= {b"%cTRC" % channel: parametric for channel in b"rgb"}
        tags |= {
            b"%cXYZ" % channel: _tag(b"XYZ ", b"", color)
            for channel, color in zip(b"rgb", colors.T, strict=True)
        }
    return _assemble(tags, b"GRAY" if gray else b"RGB ")


def color_space_of(profile: bytes) -> bytes:
    """Return the four letters of a profile's color space, or what there is of them."""
    return profile[16:20]


def _to_d50(primaries: Primaries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the adaptation of white to D50, and XYZ of the primaries in columns, adapted."""
    try:
        columns = [_xyz(color) for color in (primaries.red, primaries.green, primaries.blue)]
        white = _xyz(primaries.white)
        matrix = np.stack(columns, axis=1)
        matrix = matrix * np.linalg.solve(matrix, white)
        gain = (BRADFORD @ np.array(D50)) / (BRADFORD @ white)
        adaptation = np.linalg.solve(BRADFORD, gain[:, None] * BRADFORD)
    except (ZeroDivisionError, np.linalg.LinAlgError) as error:
        raise ValueError("The primaries span no color space.") from error
    adapted = adaptation @ matrix
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 4:
        raise ValueError("The primaries span no color space.")
    return adaptation, adapted


def _xyz(color: Chromaticity) -> NDArray[np.float64]:
    x, y = color
    return np.array([x / y, 1, (1 - x - y) / y])


def _tag(kind: bytes, head: bytes, numbers: Sequence[float] | NDArray[np.float64]) -> bytes:
    fixed = [round(float(number) * 65536) for number in numbers]
    return kind + bytes(4) + head + struct.pack(f">{len(fixed)}i", *fixed)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III4sII", 0, 1, 12, b"enUS", len(encoded), 28) + encoded


def _assemble(tags: dict[bytes, bytes], space: bytes) -> bytes:
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    content = b""
    for tag in tags.values():
        if tag not in places:
            places[tag] = start + len(content)
            content += tag + bytes(-len(tag) % 4)
    table = b"".join(name + struct.pack(">II", places[tag], len(tag)) for name, tag in tags.items())
    body = struct.pack(">I", len(tags)) + table + content
    made = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    illuminant = struct.pack(">3i", *(round(value * 65536) for value in D50))
    header = struct.pack(
        ">I4xI4s4s4s12s4s28x12s",
        128 + len(body),
        0x04400000,
        b"mntr",
        space,
        b"XYZ ",
        made,
        b"acsp",
        illuminant,
    )
    return header.ljust(128, b"\0") + body
