"""Picture formats that are written, and what each of them can hold: one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from PIL import features


@dataclass(frozen=True)
class OutputFormat:
    """What a picture format can hold, and Pillow's options to write it."""

    name: str
    max_side: int
    """In pixels."""
    keeps: frozenset[str]
    """Fields of `Metadata`."""
    has_alpha: bool = True
    has_grayscale: bool = True
    is_deep: bool = False
    """Holds 16 bits per channel."""
    has_color_chunks: bool = False
    """Holds what a PNG says of its colors beside a profile."""
    max_pixels: int | None = None
    max_exif_bytes: int | None = None
    """Without the prefix."""
    max_xmp_bytes: int | None = None
    quality: int | None = None
    """Of a lossy file where none is asked for, 0 to 100; None: lossless, or nothing to choose."""
    is_lossy: bool = False
    """Has a quality to choose."""
    options: Mapping[str, object] = field(default_factory=dict)


_PNG = OutputFormat(
    "PNG",
    max_side=2**31 - 1,
    keeps=frozenset({"exif", "xmp", "resolution", "comments", "texts", "background"}),
    is_deep=True,
    has_color_chunks=True,
)
_JPEG = OutputFormat(
    "JPEG",
    max_side=65_500,  # libjpeg's JPEG_MAX_DIMENSION; the format itself ends at 65 535
    keeps=frozenset({"exif", "xmp", "photoshop", "resolution", "comments"}),
    has_alpha=False,
    max_exif_bytes=65_527,  # one marker, less its length field and the prefix
    max_xmp_bytes=65_504,  # likewise; more would need parts in a second syntax
    quality=95,
    is_lossy=True,
    options={"subsampling": "4:4:4"},
)
_TIFF = OutputFormat(
    "TIFF",
    max_side=2**31 - 1,
    keeps=frozenset({"exif", "xmp", "photoshop", "resolution"}),
    is_deep=True,
)
_AVIF = OutputFormat(
    "AVIF",
    max_side=32_768,  # what libavif reads, unless told otherwise
    max_pixels=16_384 * 16_384,  # likewise
    keeps=frozenset({"exif", "xmp"}),
    has_grayscale=False,
    quality=90,
    is_lossy=True,
    options={"subsampling": "4:4:4"},
)

OUTPUT_FORMATS: Mapping[str, OutputFormat] = MappingProxyType(
    {
        ".png": _PNG,
        ".apng": _PNG,
        ".jpg": _JPEG,
        ".jpeg": _JPEG,
        ".webp": OutputFormat(
            "WEBP",
            max_side=16_383,
            keeps=frozenset({"exif", "xmp"}),
            has_grayscale=False,
            is_lossy=True,
            options={"exact": True},  # keep the color under transparency
        ),
        ".tif": _TIFF,
        ".tiff": _TIFF,
        **({".avif": _AVIF} if features.check("avif") else {}),
    }
)
"""Suffix -> format. AVIF needs Pillow 11.3 or later."""
