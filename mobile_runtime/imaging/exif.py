"""EXIF of a picture that is turned upright and enlarged, changed in place.

Every other byte stays where it is: makers' notes hold offsets that nothing else knows, and a second
writer would choose types of its own (CIPA DC-008, 4.6.3 and the notes of makers).
"""

import struct
from dataclasses import dataclass

from mobile_runtime.imaging.metadata import Resolution
from mobile_runtime.imaging.thumbnail import turn_thumbnail
from mobile_runtime.imaging.tiff import Directory, Tiff, TiffError, put_integer

PREFIX = b"Exif\0\0"
"""Before the TIFF structure in JPEG, and by mistake elsewhere."""

IMAGE_WIDTH, IMAGE_LENGTH, ORIENTATION = 0x100, 0x101, 0x112
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x11A, 0x11B, 0x128
EXIF_IFD, PIXEL_X, PIXEL_Y = 0x8769, 0xA002, 0xA003
UNITS_PER_INCH = {2: 1.0, 3: 2.54}
"""ResolutionUnit -> inches and centimeters."""


@dataclass(frozen=True)
class Exif:
    """A TIFF structure whose first directory can be read."""

    tiff: Tiff
    main: Directory

    @classmethod
    def open(cls, content: bytes | bytearray) -> "Exif":
        """Read the first directory.

        Raises:
            TiffError: The content is no EXIF.
        """
        tiff = Tiff.open(content)
        if tiff.big:
            raise TiffError("it is a BigTIFF, which EXIF never is")
        return cls(tiff, tiff.read(tiff.first))

    @property
    def orientation(self) -> int:
        """1 to 8 as EXIF counts; 1 is upright, or nothing is said."""
        value = (*self.tiff.integers(self.main, ORIENTATION), 1)[0]
        return value if value in range(1, 9) else 1

    @property
    def resolution(self) -> Resolution | None:
        """None where it is not said per inch or centimeter."""
        x, y = (self.tiff.rational(self.main, tag) for tag in (X_RESOLUTION, Y_RESOLUTION))
        unit = (*self.tiff.integers(self.main, RESOLUTION_UNIT), 2)[0]
        if not x or not y or unit not in UNITS_PER_INCH:
            return None
        return Resolution(x * UNITS_PER_INCH[unit], y * UNITS_PER_INCH[unit])

    def directories(self) -> list[tuple[Directory, int, int]]:
        """Return those that tell the picture's size, with their tags for width and height."""
        found = [(self.main, IMAGE_WIDTH, IMAGE_LENGTH)]
        for start in self.tiff.integers(self.main, EXIF_IFD)[:1]:
            try:
                found.append((self.tiff.read(start), PIXEL_X, PIXEL_Y))
            except TiffError:
                break
        return found


def tells_resolution(content: bytes) -> bool:
    """Check that the content is EXIF, and tells the resolution."""
    try:
        return Exif.open(content).resolution is not None
    except TiffError:
        return False


def upright(content: bytes) -> bytes:
    """Return EXIF that says of a picture, and of its preview, that they are upright.

    The preview is turned; where that makes it longer, it moves to the end.

    Raises:
        TiffError: The content is no EXIF.
    """
    changed = bytearray(content)
    exif = Exif.open(changed)
    orientation = exif.orientation
    if orientation >= 5:
        _swap(changed, exif, X_RESOLUTION, Y_RESOLUTION)
    put_integer(changed, exif.tiff, exif.main.entries.get(ORIENTATION), 1)
    if orientation > 1:
        turn_thumbnail(changed, exif.tiff, exif.main, orientation)
    return bytes(changed)


def with_size(content: bytes, width: int, height: int) -> bytes:
    """Return EXIF that tells this size in pixels wherever it tells one."""
    changed = bytearray(content)
    try:
        exif = Exif.open(changed)
    except TiffError:
        return content
    for directory, *tags in exif.directories():
        for tag, size in zip(tags, (width, height), strict=True):
            put_integer(changed, exif.tiff, directory.entries.get(tag), size)
    return bytes(changed)


def without_orientation(content: bytes) -> bytes:
    """Return EXIF without the tag: following entries move up, and what they point to stays."""
    changed = bytearray(content)
    try:
        exif = Exif.open(changed)
    except TiffError:
        return content
    entry = exif.main.entries.get(ORIENTATION)
    if entry is None:
        return content
    (count,) = struct.unpack_from(f"{exif.tiff.order}H", changed, exif.main.start)
    struct.pack_into(f"{exif.tiff.order}H", changed, exif.main.start, count - 1)
    end = exif.main.start + 2 + 12 * count + 4  # with the offset of the next directory
    changed[entry.place : end] = changed[entry.place + 12 : end] + bytes(12)
    return bytes(changed)


def _swap(changed: bytearray, exif: Exif, one: int, other: int) -> None:
    """Exchange what two tags of the main directory point to."""
    if not {one, other} <= exif.main.entries.keys():
        return
    first, second = (exif.main.entries[tag].place + 2 for tag in (one, other))
    values = changed[first : first + 10], changed[second : second + 10]
    changed[second : second + 10], changed[first : first + 10] = values
