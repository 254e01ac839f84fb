"""Animations: GIF, APNG and WebP, decoded one frame at a time."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging import png_chunks, png_metadata
from mobile_runtime.imaging.animation_frames import show_frames
from mobile_runtime.imaging.color_space import SRGB, ColorSpace
from mobile_runtime.imaging.metadata import present
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import DECODER_ERRORS, MAX_PIXELS
from mobile_runtime.imaging.sources import from_decoder

_FORMATS = ("GIF", "PNG", "WEBP")


@dataclass(frozen=True)
class Animation:
    """A file with several frames, each of them a whole picture."""

    content: bytes
    name: str
    """For messages."""
    height: int
    width: int
    durations_ms: tuple[float, ...]
    """How long each frame is shown, as the file says it; viewers take too short ones for longer."""
    plays: int
    """How often all frames are shown; 0 is without end."""
    is_transparent: bool
    """Whether any frame is, anywhere."""
    colors: ColorSpace = SRGB
    notes: tuple[str, ...] = ()
    """What the result does not hold."""

    def frames(self) -> Iterator[Picture]:
        """Yield the frames as they are shown, in their colors; with alpha if any is transparent."""
        for frame, _ in show_frames(self.content, self.height, self.width, self.name):
            alpha = np.ascontiguousarray(frame[..., 3]) if self.is_transparent else None
            yield Picture(np.ascontiguousarray(frame[..., :3]), alpha, colors=self.colors)


def is_animated_gif(source: Path | BytesIO) -> bool:
    """Return whether a file is a GIF of several frames; nothing is decoded."""
    try:
        with Pillow.open(source, formats=["GIF"]) as file:
            return bool(getattr(file, "is_animated", False))
    except DECODER_ERRORS:
        return False


def open_animation(content: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Animation | None:
    """Return what an animation holds, after decoding it once; None for all other files.

    Args:
        content: Of a file of any kind.
        name: Of the file, for messages.
        max_pixels: Larger frames are refused.

    Raises:
        ImageError: A frame is damaged or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            file = Pillow.open(BytesIO(content), formats=_FORMATS)
    except DECODER_ERRORS:
        return None  # told by whoever reads it as a picture
    if not getattr(file, "is_animated", False):
        return None
    if file.width * file.height > max_pixels:
        raise ImageError(
            f"{name} has {file.width} x {file.height} pixels, more than the limit of "
            f"{max_pixels:,}: make it smaller, or raise the limit."
        )
    try:
        return _describe(content, name, file)
    except DECODER_ERRORS as error:
        raise ImageError(f"{name} cannot be read as an animation: {error}.") from error


def _describe(content: bytes, name: str, file: ImageFile.ImageFile) -> Animation:
    notes = ("its frames became 8 bits per channel",) if _is_deep_png(content) else ()
    opaque, durations = zip(
        *(
            (bool(frame[..., 3].min() == 255), duration_ms)
            for frame, duration_ms in show_frames(content, file.height, file.width, name)
        ),
        strict=True,
    )
    if file.format == "PNG":
        told = png_metadata.read_metadata(png_chunks.take_apart(content))
        colors, metadata = told.colors, told.metadata
    else:
        source = from_decoder(file, content)
        colors, metadata = source.colors, source.metadata
    return Animation(
        content,
        name,
        file.height,
        file.width,
        durations,
        _plays(file),
        not all(opaque),
        colors,
        (("the metadata of the animation was left out",) if present(metadata) else ()) + notes,
    )


def _is_deep_png(content: bytes) -> bool:
    return content.startswith(png_chunks.SIGNATURE) and content[24:25] == b"\x10"


def _plays(file: ImageFile.ImageFile) -> int:
    """Return how often it plays; a GIF says how often it is repeated, or nothing."""
    loop = file.info.get("loop")
    if file.format != "GIF":
        return int(loop or 0)
    return 1 if loop is None else loop and loop + 1
