"""The structure of TIFF: directories of tags, as files and EXIF have them, read with bounds checks.

Both TIFF 6.0 and BigTIFF. Pixels are Pillow's business.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
"""Field type -> bytes of one value."""

_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}

MAX_DIRECTORIES = 1000
"""In a chain; more are a loop, or no picture."""


class TiffError(ValueError):
    """A directory, or what it points to, lies outside of the data."""


@dataclass(frozen=True)
class Entry:
    """One tag of a directory."""

    tag: int
    kind: int
    """Field type: 3 is SHORT, 4 is LONG, and so on."""
    count: int
    place: int
    """Offset of the entry itself."""
    start: int
    """Offset of its values, in the entry if they are short."""
    size: int
    """Of its values in bytes."""


@dataclass(frozen=True)
class Directory:
    """An image file directory (IFD)."""

    start: int
    entries: Mapping[int, Entry]
    next_start: int
    """Of the next directory in the chain; 0 is the end."""


@dataclass(frozen=True)
class Tiff:
    """What all directories of one TIFF structure share."""

    content: bytes | bytearray
    order: str
    """`<` or `>`, as `struct` has it."""
    big: bool
    first: int
    """Offset of the first directory."""

    @classmethod
    def open(cls, content: bytes | bytearray) -> "Tiff":
        """Read the header.

        Raises:
            TiffError: This is no TIFF structure.
        """
        order = {b"II": "<", b"MM": ">"}.get(bytes(content[:2]))
        if order is None or len(content) < 8:
            raise TiffError("it does not begin as a TIFF structure does")
        version, first = struct.unpack_from(f"{order}HI", content, 2)
        if version == 43 and len(content) >= 16:
            return cls(content, order, True, struct.unpack_from(f"{order}Q", content, 8)[0])
        if version not in (42, 0x4F52, 0x5352, 0x55):  # the others: Olympus and Panasonic
            raise TiffError("it does not begin as a TIFF structure does")
        return cls(content, order, False, first)

    def read(self, start: int) -> Directory:
        """Read the directory at an offset; entries whose values lie outside are left out.

        Raises:
            TiffError: The directory itself lies outside.
        """
        counter, layout = ("Q", "HHQ") if self.big else ("H", "HHI")
        inline = 8 if self.big else 4
        try:
            (count,) = struct.unpack_from(f"{self.order}{counter}", self.content, start)
            places = start + struct.calcsize(f"={counter}")
            step = struct.calcsize(f"={layout}") + inline
            entries: dict[int, Entry] = {}
            for place in range(places, places + count * step, step):
                tag, kind, length = struct.unpack_from(self.order + layout, self.content, place)
                size = SIZES.get(kind, 0) * length
                value = place + step - inline
                if size > inline:
                    (value,) = struct.unpack_from(self.order + layout[-1], self.content, value)
                if size and value + size <= len(self.content):
                    entries.setdefault(tag, Entry(tag, kind, length, place, value, size))
            (following,) = struct.unpack_from(
                self.order + layout[-1], self.content, places + count * step
            )
        except (struct.error, OverflowError) as error:
            raise TiffError("a directory lies outside of the data") from error
        return Directory(start, entries, following)

    def chain(self) -> Iterator[Directory]:
        """Yield the directories of the main chain.

        Raises:
            TiffError: One lies outside, or the chain is a loop.
        """
        seen: set[int] = set()
        start = self.first
        while start:
            if start in seen or len(seen) == MAX_DIRECTORIES:
                raise TiffError("its directories are a loop")
            seen.add(start)
            directory = self.read(start)
            yield directory
            start = directory.next_start

    def bytes_of(self, entry: Entry) -> bytes:
        """Return the stored values of an entry."""
        return bytes(self.content[entry.start : entry.start + entry.size])

    def integers(self, directory: Directory, tag: int) -> tuple[int, ...]:
        """Return the values of a tag of integers; none where it is missing or something else."""
        entry = directory.entries.get(tag)
        if entry is None or entry.kind not in _INTEGERS:
            return ()
        layout = f"{self.order}{entry.count}{_INTEGERS[entry.kind]}"
        return struct.unpack_from(layout, self.content, entry.start)

    def rational(self, directory: Directory, tag: int) -> float | None:
        """Return the only value of a RATIONAL; None where it is missing or something else."""
        entry = directory.entries.get(tag)
        if entry is None or (entry.kind, entry.count) != (5, 1):
            return None
        above, below = struct.unpack_from(f"{self.order}II", self.content, entry.start)
        return above / below if below else None


def put_integer(changed: bytearray, tiff: Tiff, entry: Entry | None, value: int) -> None:
    """Set the only value of a SHORT or LONG; a LONG has room in the entry, too.

    Anything else stays as it is.

    Args:
        changed: The content of `tiff`, not BigTIFF.
        tiff: Where the entry is from.
        entry: None does nothing.
        value: Up to 32 bits.
    """
    if entry is None or entry.count != 1 or entry.kind not in (3, 4):
        return
    if entry.kind == 3 and value <= 0xFFFF:
        struct.pack_into(f"{tiff.order}H", changed, entry.start, value)
    else:
        struct.pack_into(f"{tiff.order}HII", changed, entry.place + 2, 4, 1, value)
