"""Pages of a TIFF: which of them is the picture, and whether it is one at all.

Cameras' raw files are TIFFs, too: their first page is a preview, and the picture lies in a
sub-directory as the sensor saw it.
"""

from dataclasses import dataclass

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.tiff import Directory, Tiff, TiffError

NEW_SUBFILE_TYPE, SUBFILE_TYPE, WIDTH, LENGTH = 254, 255, 256, 257
PHOTOMETRIC, SUB_DIRECTORIES = 262, 330
DNG_VERSION = 50_706
SENSOR_VALUES = (32_803, 34_892)
"""PhotometricInterpretation of a color filter array, and of linear raw."""
_RAW_MARKS = (b"CR", b"IIII", b"MMMM")
"""Behind the header: Canon, Phase One."""
REDUCED, MASK = 1, 4
"""Bits of NewSubfileType."""

DEVELOP = (
    "develop it with a raw converter (darktable, RawTherapee, the camera's own) and save it as "
    "TIFF or PNG"
)


@dataclass(frozen=True)
class Page:
    """The one full picture of a file."""

    number: int
    """Place in the main chain, from 0."""
    tiff: Tiff
    directory: Directory
    notes: tuple[str, ...]


def find_page(content: bytes) -> Page:
    """Return the page that holds the picture.

    Raises:
        TiffError: The structure is damaged.
        ImageError: It is a camera's raw file, holds its picture where no decoder here reads it, or
            has several pages.
    """
    tiff = Tiff.open(content)
    pages = list(tiff.chain())
    below = [found for page in pages for found in _sub_directories(tiff, page)]
    if content.startswith(_RAW_MARKS, 8) or any(_is_raw(tiff, found) for found in (*pages, *below)):
        raise ImageError(
            f"is a camera's raw file, of which only the preview could be read: {DEVELOP}."
        )
    full = [number for number, page in enumerate(pages) if not _is_beside(tiff, page)]
    if not full or _is_larger(tiff, below, pages[full[0]]):
        raise ImageError(
            "is a TIFF whose pages are previews, and whose picture lies below them, as in a "
            f"camera's raw file: {DEVELOP}."
        )
    if len(full) > 1:
        raise ImageError("is animated or has several pages: save one of them by itself.")
    left = len(pages) - 1
    notes = (f"{left} page{'s' * (left > 1)} beside the picture (previews, masks) left out",)
    return Page(full[0], tiff, pages[full[0]], notes if left else ())


def _sub_directories(tiff: Tiff, page: Directory) -> list[Directory]:
    found = []
    for start in tiff.integers(page, SUB_DIRECTORIES)[:100]:
        try:
            found.append(tiff.read(start))
        except TiffError:
            continue
    return found


def _is_raw(tiff: Tiff, found: Directory) -> bool:
    meaning = tiff.integers(found, PHOTOMETRIC)[:1]
    return DNG_VERSION in found.entries or (bool(meaning) and meaning[0] in SENSOR_VALUES)


def _is_beside(tiff: Tiff, page: Directory) -> bool:
    """Check whether a page is a preview or a mask of another."""
    new = (*tiff.integers(page, NEW_SUBFILE_TYPE), 0)[0]
    return bool(new & (REDUCED | MASK)) or tiff.integers(page, SUBFILE_TYPE) == (2,)


def _is_larger(tiff: Tiff, below: list[Directory], page: Directory) -> bool:
    """Check whether a sub-directory has more pixels than the page: the page is a preview then."""
    return any(_count(tiff, found) > _count(tiff, page) for found in below)


def _count(tiff: Tiff, found: Directory) -> int:
    sides = [(*tiff.integers(found, tag), 0)[0] for tag in (WIDTH, LENGTH)]
    return sides[0] * sides[1]
