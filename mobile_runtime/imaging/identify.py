"""Names of files that are no picture this program reads, by their first bytes, and what to do."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from mobile_runtime.imaging.read_formats import NEEDS

_GENERAL = (b"mif1", b"msf1")
"""Brands of both HEIC and AVIF."""

HEAD = 4096
"""Bytes that are enough."""

_AS_PNG = "save it as PNG or TIFF first, where you can see what that changes"
_RAW = (
    "a camera's raw file: develop it with a raw converter (darktable, RawTherapee, the camera's "
    "own), and save it as TIFF or PNG"
)
_VIDEO = "a video: take a picture out of it first, for instance with ffmpeg"

_BRANDS: Mapping[bytes, str] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                b"heic",
                b"heix",
                b"hevc",
                b"hevx",
                b"heim",
                b"heis",
                b"hevm",
                b"hevs",
                b"mif1",
                b"msf1",
            ),
            "HEIF",
        ),
        **dict.fromkeys((b"avif", b"avis"), "AVIF"),
        b"crx ": _RAW,
        b"jp2 ": f"JPEG 2000: {_AS_PNG}",
    }
)
"""Of ISO media files (ISO/IEC 14496-12): the four letters behind `ftyp`; others are videos."""

_BY_LIBRARIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "HEIF": ("HEIC (HEIF)", f": install {NEEDS['HEIF']}, or {_AS_PNG}"),
        "AVIF": ("AVIF", f", which this Pillow does not read: {_AS_PNG}"),
        "JXL": ("JPEG XL", f": install {NEEDS['JXL']}, or {_AS_PNG}"),
    }
)
"""What a library here may read -> what it is, and what to do where it does not."""

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", f"JPEG 2000: {_AS_PNG}"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JXL"),
    (rb"FUJIFILMCCD-RAW|IIRO|IIRS|MMOR|IIU\0|FOVb|\0MRM|.{6}HEAPCCDR", _RAW),
    (rb"8BPS", f"a Photoshop document: {_AS_PNG}"),
    (rb"gimp xcf", f"a GIMP document: {_AS_PNG}"),
    (rb"%PDF", "a PDF: save the page as a picture first"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript: draw it at the size that you need instead"),
    (rb"v/1\x01", f"OpenEXR, which holds light, not colors: {_AS_PNG}"),
    (rb"#\?RADIANCE|#\?RGBE", f"Radiance HDR, which holds light, not colors: {_AS_PNG}"),
    (rb"P[1-7]\s", f"a portable bitmap (PBM, PGM, PPM, PAM): {_AS_PNG}"),
    (rb"\0\0[\x01\x02]\0", f"an icon or a cursor of Windows: {_AS_PNG}"),
    (rb"icns", f"an icon of macOS: {_AS_PNG}"),
    (rb"qoif", f"QOI: {_AS_PNG}"),
    (rb"DDS ", f"a DDS texture: {_AS_PNG}"),
    (rb"farbfeld", f"farbfeld: {_AS_PNG}"),
    (rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", "a drawing of Windows: draw it larger instead"),
    (rb"SIMPLE  =", f"FITS: {_AS_PNG}"),
    (rb".{128}DICM", f"DICOM: {_AS_PNG}"),
    (rb"\0\x05\x16\x07", "a note of macOS beside a file: its name without `._` is the picture's"),
    (rb"\x1aE\xdf\xa3|RIFF.{4}AVI |\0\0\x01\xba|FLV\x01|OggS", _VIDEO),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+",
     f"a TIFF that stores its values in a way that is not read here: {_AS_PNG}"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive: unpack it first"),
    (rb"version https://git-lfs", "a pointer of Git LFS: run `git lfs pull` first"),
    (rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]",
     "SVG: draw it at the size that you need instead"),
    (rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html|<head)", "a web page, not the picture in it"),
)  # fmt: skip
"""Pattern -> what it is: what to do."""


def identify(head: bytes, readable: Collection[str]) -> str | None:
    """Return what a file is and what to do with it, or None for one that is not known.

    Args:
        head: Its first `HEAD` bytes.
        readable: Formats that are read here: a file of one of them is damaged.
    """
    found = _find(head)
    if found is None or found not in _BY_LIBRARIES:
        return found
    name, remedy = _BY_LIBRARIES[found]
    return f"{name}, and damaged: get it again" if found in readable else name + remedy


def _find(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        known = [brand for brand in _brands(head) if brand in _BRANDS]
        return _BRANDS[min(known, key=lambda brand: brand in _GENERAL)] if known else _VIDEO
    for pattern, name in _BEGINNINGS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE if b"html" in pattern else re.DOTALL):
            return name
    return None


def _brands(head: bytes) -> list[bytes]:
    """Return the main brand and the compatible ones."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[place : place + 4] for place in range(16, end, 4))]
