"""What Pillow does not tell of a picture file, or gets wrong without a word."""

from contextlib import suppress

from PIL import Image as Pillow
from PIL import ImageFile

BITS_PER_SAMPLE = 258
"""A tag of TIFF: one value for each channel."""

EXIF_AS_TEXT = "Raw profile type exif"
"""Where ImageMagick puts it in a PNG; Pillow turns the picture by it, too."""


def stored_as(file: ImageFile.ImageFile) -> str:
    """Pillow's mode; of 16 bits per channel the truth, as Pillow halves colour without a word.

    Of a TIFF that keeps its channels apart Pillow reads the bytes as they come, however many make
    a value.
    """
    if file.mode in ("I", "F"):
        return {"I": "32-bit integers", "F": "32-bit floats"}[file.mode]
    depth = max(getattr(file, "tag_v2", {}).get(BITS_PER_SAMPLE, ()), default=8)
    if depth > 8:
        return f"{depth} bits per channel"
    deep = file.format == "PNG" and ";16" in _packing(file)
    return "16 bits per channel" if deep or file.mode.startswith("I;16") else file.mode


def _packing(file: ImageFile.ImageFile) -> str:
    """Say how the values lie in a file that is not loaded yet, in Pillow's words."""
    return str(file.tile[0].args) if file.tile else ""


def widen_key(file: ImageFile.ImageFile) -> None:
    """Bring the gray that a PNG of 2 or 4 bits calls transparent to the 8 bits of its pixels.

    Pillow does so with the pixels only.
    """
    largest = {"L;2": 3, "L;4": 15}.get(_packing(file))
    if file.format == "PNG" and largest is not None and "transparency" in file.info:
        file.info["transparency"] *= 255 // largest


def read_exif(file: Pillow.Image) -> bytes:
    """Give EXIF as it is stored; in older PNGs, as lines of text: a name, a length, and hex."""
    exif: bytes = file.info.get("exif", b"")
    with suppress(ValueError):
        return exif or bytes.fromhex("".join(file.info.get(EXIF_AS_TEXT, "").split("\n")[3:]))
    return b""
