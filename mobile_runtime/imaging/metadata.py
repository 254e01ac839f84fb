"""What a picture file says about itself beside pixels and colors."""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple


class Chunk(NamedTuple):
    """A chunk of a PNG (ISO/IEC 15948, 5.3)."""

    kind: bytes
    """Four letters."""
    content: bytes


@dataclass(frozen=True)
class Resolution:
    """Pixels per inch, or the shape of a pixel alone."""

    x: float
    y: float
    per_inch: bool = True
    """If not, only the ratio of `x` and `y` means something."""

    @property
    def turned(self) -> "Resolution":
        """The same after a quarter turn."""
        return replace(self, x=self.y, y=self.x)


@dataclass(frozen=True)
class Metadata:
    """What is kept from file to file as far as the format written can hold it."""

    exif: bytes | None = None
    """A TIFF structure of an upright picture, without the `Exif` prefix of JPEG."""
    xmp: bytes | None = None
    photoshop: bytes | None = None
    """Image resource blocks of Photoshop (JPEG's APP13 without its name): IPTC and more."""
    resolution: Resolution | None = None
    comments: tuple[bytes, ...] = ()
    """Of JPEG and GIF."""
    texts: tuple[Chunk, ...] = ()
    """Of PNG: tEXt, zTXt, iTXt."""
    background: tuple[int, int, int] | None = None
    """RGB of PNG's bKGD, 8 bits each."""


NO_METADATA = Metadata()

NAMES = {
    "exif": "EXIF",
    "xmp": "XMP",
    "photoshop": "IPTC and Photoshop's own data",
    "resolution": "the resolution",
    "comments": "comments",
    "texts": "PNG texts",
    "background": "the background color",
}
"""Field of `Metadata` -> what users call it."""


def present(metadata: Metadata) -> frozenset[str]:
    """Return the names of the fields that hold something."""
    return frozenset(
        field.name for field in fields(metadata) if getattr(metadata, field.name) not in (None, ())
    )


def without(metadata: Metadata, names: frozenset[str]) -> Metadata:
    """Return the metadata with these fields empty."""
    return replace(metadata, **{name: getattr(NO_METADATA, name) for name in names})
