"""Limits on the size of pictures: Pillow's own, and the memory of the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from PIL import Image as Pillow

from mobile_runtime.errors import ImageError

_LOCK = Lock()


@contextmanager
def pillow_limit(max_pixels: int) -> Iterator[None]:
    """Let Pillow open pictures of up to `max_pixels`; it refuses twice its `MAX_IMAGE_PIXELS`.

    The limit holds for the whole process, and is put back afterwards: other threads wait here, and
    only where it has to be raised.
    """
    own = Pillow.MAX_IMAGE_PIXELS
    if own is None or max_pixels <= 2 * own:
        yield
        return
    with _LOCK:
        Pillow.MAX_IMAGE_PIXELS = max_pixels
        try:
            yield
        finally:
            Pillow.MAX_IMAGE_PIXELS = own


@contextmanager
def enough_memory(what: str, width: int, height: int) -> Iterator[None]:
    """Raise ImageError with the size of a picture where memory runs out.

    Args:
        what: A clause that ends before the size, such as `a.png cannot be read`.
        width: In pixels.
        height: In pixels.

    Raises:
        ImageError: There was a `MemoryError`.
    """
    try:
        yield
    except MemoryError as error:
        raise ImageError(
            f"{what}: {width} x {height} pixels need more memory than there is. Make the picture "
            "smaller, or cut it into parts."
        ) from error
