"""Picture formats that are read: Pillow's own, and those of plug-ins that are installed.

Pillow has more decoders; some of them start other programs, and none of them is asked.
"""

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from PIL import features

READ_SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "PNG": (".png", ".apng"),
        "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
        "WEBP": (".webp",),
        "BMP": (".bmp", ".dib"),
        "TIFF": (".tif", ".tiff"),
        "GIF": (".gif",),
        "AVIF": (".avif",),
        "HEIF": (".heic", ".heif", ".hif"),
        "JXL": (".jxl",),
    }
)
"""Pillow's name -> how such files end. AVIF needs Pillow 11.3 or later."""

NEEDS: Mapping[str, str] = MappingProxyType(
    {"HEIF": "scnet-mobile[heic]", "JXL": "pillow-jxl-plugin"}  # the second is under the GPL
)
"""Name -> what to install for it."""


def read_formats() -> tuple[str, ...]:
    """Return the names of the formats that can be read here; plug-ins are registered."""
    missing: set[str] = set() if features.check("avif") else {"AVIF"}
    missing |= NEEDS.keys()
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        missing.discard("HEIF")
    with suppress(ImportError):
        import pillow_jxl  # noqa: F401  # registers itself

        missing.discard("JXL")
    return tuple(name for name in READ_SUFFIXES if name not in missing)
