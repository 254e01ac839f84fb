"""XMP of a picture that is turned, enlarged, and parted from its gain map or video.

XMP is RDF, which writes a property as an attribute or as an element; both are changed in place, and
the rest stays as it is.
"""

import re

_COMPANIONS = (
    rb"<Container:Directory>.{0,16384}?</Container:Directory>",
    rb"<hdrgm:(\w+)>.{0,4096}?</hdrgm:\1>",
    rb"(?<!\s)\s+hdrgm:\w+\s*=\s*(\"[^\"]*\"|'[^']*')",
    rb"<HDRGainMap:(\w+)>.{0,4096}?</HDRGainMap:\1>",
    rb"(?<!\s)\s+HDRGainMap:\w+\s*=\s*(\"[^\"]*\"|'[^']*')",
    rb"<GCamera:((?:MotionPhoto|MicroVideo)\w*)>.{0,4096}?</GCamera:\1>",
    rb"(?<!\s)\s+GCamera:(?:MotionPhoto|MicroVideo)\w*\s*=\s*(\"[^\"]*\"|'[^']*')",
)
"""Of Android's Ultra HDR, of Apple, and of motion photos: what they tell of is left behind.

Anybody may have written the packet: no pattern may try a run of blanks from each of its blanks, or
look for an end without limit from each beginning."""


def upright(xmp: bytes) -> bytes:
    """Return XMP whose orientation, where it has one, is that of an upright picture."""
    return _put(xmp, b"tiff:Orientation", 1)


def with_size(xmp: bytes, width: int, height: int) -> bytes:
    """Return XMP that tells this size wherever it tells one, in pixels."""
    for name, value in (
        (b"tiff:ImageWidth", width),
        (b"tiff:ImageLength", height),
        (b"exif:PixelXDimension", width),
        (b"exif:PixelYDimension", height),
    ):
        xmp = _put(xmp, name, value)
    return xmp


def without_companions(xmp: bytes) -> bytes:
    """Return XMP that says nothing of a gain map or a video in the same file."""
    for pattern in _COMPANIONS:
        xmp = re.sub(pattern, b"", xmp, flags=re.DOTALL)
    return xmp


def _put(xmp: bytes, name: bytes, value: int) -> bytes:
    digits = str(value).encode()
    attribute = rb"(\b%s\s*=\s*[\"'])\d+(?=[\"'])" % name
    element = rb"(<%s>\s*)\d+(?=\s*</%s>)" % (name, name)
    for pattern in (attribute, element):
        xmp = re.sub(pattern, rb"\g<1>" + digits, xmp)
    return xmp
