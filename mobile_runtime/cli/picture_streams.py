"""Pictures on standard input and output."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from types import MappingProxyType

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.animation import is_animated_gif
from mobile_runtime.imaging.writing import OUTPUT_FORMATS

STREAM = "-"
"""Name of standard input and output."""

_BEGINNINGS: Mapping[bytes, str] = MappingProxyType(
    {
        rb"\xff\xd8": ".jpg",
        rb"RIFF.{4}WEBP": ".webp",
        rb"II\*\0|MM\0\*": ".tif",
        rb".{4}ftypavif": ".avif",
    }
)


def read_standard_input() -> bytes:
    """Return all that comes in.

    Raises:
        ImageError: It is a terminal.
    """
    stream = sys.stdin.buffer
    if stream.isatty():
        raise ImageError("Standard input is a terminal: pipe a picture into it, or name a file.")
    return stream.read()


def suffix_of(content: bytes) -> str:
    """Return how a file of the same format ends, if it can be written; else `.png`."""
    if is_animated_gif(BytesIO(content)):
        return ".gif"
    for beginning, suffix in _BEGINNINGS.items():
        if suffix in OUTPUT_FORMATS and re.match(beginning, content, re.DOTALL):
            return suffix
    return ".png"


@contextmanager
def standard_output(suffix: str) -> Iterator[Path]:
    """Provide a file; what is in it in the end goes to standard output, unless an error is raised.

    Raises:
        ImageError: It is a terminal.
    """
    stream = sys.stdout.buffer
    if stream.isatty():
        raise ImageError("Standard output is a terminal: redirect it into a file or a program.")
    with TemporaryDirectory(prefix="scnet-") as folder:
        path = Path(folder) / f"picture{suffix}"
        try:
            yield path
        except ImageError as error:  # nobody has named that file
            raise ImageError(str(error).replace(str(path), "standard output")) from error
        with path.open("rb") as file:
            copyfileobj(file, stream)
        stream.flush()
