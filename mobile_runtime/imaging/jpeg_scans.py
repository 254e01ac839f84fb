"""Scans of a JPEG, and whether its decoder reached their end.

libjpeg fills in gray where data is missing and skips what is left over; it counts that as warnings,
which Pillow does not pass on. So the last bytes are changed instead: where a decoder needs more
bytes than there are, it shows the bytes that are put behind; where it ended early, it does not
notice that the last ones changed.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image as Pillow

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.jpeg_segments import END, FRAMES, SCAN

COEFFICIENTS = 64
_MARKER = re.compile(rb"\xff+([^\0\xff\xd0-\xd7])", re.DOTALL)
_RESTARTS = tuple(bytes([0xFF, 0xD0 + number]) for number in range(8))
_FILLERS = tuple(
    b"".join(
        (restart if seed % 2 else b"")
        + Random(seed * restart[1]).randbytes(200).replace(b"\xff", b"\xfe")
        for restart in _RESTARTS
    )
    for seed in range(12)
)
"""Data without markers, and with those that a decoder waits for where a file has restart intervals.
One alone may look like the zeros that libjpeg takes for missing data."""
_FEW = 2
"""Fillers for files with an end marker, which are nearly always whole: each takes a decoding."""
_FLIPS = (
    *((3, bits) for bits in (0x55, 0xAA, 0x0F, 0xF0, 0x33, 0x1C)),
    *((count, bits) for count in (8, 16) for bits in (0x55, 0x0F, 0x33)),
)
"""How many of the last bytes are changed, and their bits that are."""


@dataclass(frozen=True)
class Scans:
    """Where a file's picture ends."""

    stop: int
    """Offset of the end marker, or of the end of the data."""
    is_ended: bool
    """There is an end marker."""
    is_refined: bool
    """Each coefficient of each component was sent to its last bit."""


def find_scans(content: bytes) -> Scans:
    """Return where the first picture of a file ends."""
    sent: dict[tuple[int, int], int] = {}
    components: bytes = b""
    place = 2
    while found := _MARKER.search(content, place):
        marker, body = content[found.start(1)], found.end()
        if marker == 0xD9:
            return Scans(found.start(), True, _is_refined(components, sent))
        length = int.from_bytes(content[body : body + 2], "big")
        segment = content[body + 2 : body + length]
        if marker in FRAMES:
            components = segment[6::3]
        elif marker == SCAN and segment:
            _send(segment, sent)
        place = body + max(length, 2)
    stop = len(content) - (content[-1:] == b"\xff")
    return Scans(stop, False, _is_refined(components, sent))


def end_properly(content: bytes) -> bytes:
    """Return a file with its end marker, without which Pillow decodes nothing."""
    scans = find_scans(content)
    return content if scans.is_ended else content[: scans.stop] + END


def examine(content: bytes, decoded: Pillow.Image) -> tuple[str, ...]:
    """Return notes on damage of a file that could be decoded.

    Args:
        content: The file as it is.
        decoded: What was decoded after `end_properly`.

    Raises:
        ImageError: The file was cut short, and pixels are missing.
    """
    scans, pixels = find_scans(content), decoded.tobytes()
    data, fillers = content[: scans.stop], _FILLERS[: _FEW if scans.is_ended else None]
    is_short = any(_decode(data + filler + END) != pixels for filler in fillers)
    if not scans.is_ended:
        if is_short or not scans.is_refined:
            raise ImageError("cannot be read as a picture: it is truncated.")
        return ("its end marker was missing",)
    if is_short or _has_left_over(data, pixels):
        return ("its data is damaged: parts of the picture may be wrong",)
    return ()


def _has_left_over(data: bytes, pixels: bytes) -> bool:
    """Check whether the picture ends before the data does."""
    for count, flip in _FLIPS:
        changed = bytes(min(byte ^ flip, 0xFE) for byte in data[-count:])
        if _decode(data[:-count] + changed + END) != pixels:
            return False
    return True


def _decode(content: bytes) -> bytes | None:
    try:
        with Pillow.open(BytesIO(content), formats=["JPEG"]) as file:
            return file.tobytes()
    except (OSError, ValueError, SyntaxError):
        return None


def _send(segment: bytes, sent: dict[tuple[int, int], int]) -> None:
    count = segment[0]
    first, last, bits = (*segment[1 + 2 * count :], 0, 0, 0)[:3]
    for component in segment[1 : 1 + 2 * count : 2]:
        for coefficient in range(first, min(last, COEFFICIENTS - 1) + 1):
            sent[component, coefficient] = bits & 15


def _is_refined(components: bytes, sent: dict[tuple[int, int], int]) -> bool:
    return all(
        sent.get((component, place), 1) == 0
        for component in components
        for place in range(COEFFICIENTS)
    )
