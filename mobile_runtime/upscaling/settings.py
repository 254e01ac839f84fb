"""How pictures, animations and videos are upscaled: what users choose for all of them."""

from dataclasses import dataclass

from mobile_runtime.imaging.background import Color
from mobile_runtime.imaging.reading import MAX_PIXELS
from mobile_runtime.imaging.resizing import TargetSize
from mobile_runtime.upscaling.upscale_picture import AlphaMethod


@dataclass(frozen=True)
class Settings:
    """How pictures are upscaled, whichever they are."""

    tile: int | None = None
    """Side of the largest tile in low-resolution pixels, for files that take any size."""
    exact: bool = False
    """Take the exact halo for 8-bit pictures, too."""
    max_pixels: int = MAX_PIXELS
    """Larger pictures are refused."""
    overwrite: bool = False
    """Replace existing targets."""
    size: TargetSize | None = None
    """Of the results; what the network makes if not given."""
    background: Color | None = None
    """What takes the place of transparency; transparency is kept if not given."""
    quality: int | None = None
    """Of a JPEG or WebP, see `save_picture`; other formats have none."""
    alpha: AlphaMethod = "bicubic"
    """How transparency is upscaled."""
