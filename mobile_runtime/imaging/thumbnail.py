"""The preview inside of EXIF, turned with its picture."""

from io import BytesIO

from PIL import Image as Pillow

from mobile_runtime.imaging.orientation import turn
from mobile_runtime.imaging.tiff import Directory, Tiff, TiffError, put_integer

JPEG_START, JPEG_LENGTH, ORIENTATION = 0x201, 0x202, 0x112

MAX_PIXELS = 1_000_000
"""EXIF has room for 64 KB."""


def turn_thumbnail(changed: bytearray, tiff: Tiff, main: Directory, orientation: int) -> None:
    """Turn the JPEG that the second directory points to, in place, or longer at the end.

    Its own orientation counts, else that of the picture. One that cannot be read stays as it is.
    """
    try:
        second = tiff.read(main.next_start) if main.next_start else None
    except TiffError:
        return
    if second is None:
        return
    start, length = (tiff.integers(second, tag)[:1] for tag in (JPEG_START, JPEG_LENGTH))
    if not start or not length:
        return
    own = (*tiff.integers(second, ORIENTATION), orientation)[0]
    new = _turned(bytes(changed[start[0] : start[0] + length[0]]), own)
    if new is None:
        return
    place = start[0] if len(new) <= length[0] else len(changed) + len(changed) % 2
    changed.extend(bytes(max(0, place + len(new) - len(changed))))
    changed[place : place + len(new)] = new
    for tag, value in ((JPEG_START, place), (JPEG_LENGTH, len(new)), (ORIENTATION, 1)):
        put_integer(changed, tiff, second.entries.get(tag), value)


def _turned(jpeg: bytes, orientation: int) -> bytes | None:
    try:
        with Pillow.open(BytesIO(jpeg), formats=["JPEG"]) as image:
            if image.width * image.height > MAX_PIXELS or orientation not in range(2, 9):
                return None
            turned = BytesIO()
            turn(image, orientation).save(turned, "JPEG", quality=90)
            return turned.getvalue()
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return None
