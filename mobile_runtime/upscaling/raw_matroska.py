"""Raw RGB frames with their times as a stream that ffmpeg reads: Matroska, RFC 9559.

A pipe of bare frames has one frame rate; this one keeps the times of clips that have none, as those
of phones.
"""

import struct

TICKS_PER_SECOND = 1_000_000
"""Of the times here; finer than those of any usual clip, which come out exact."""

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = (
    bytes.fromhex(name) for name in ("1A45DFA3", "18538067", "1549A966", "1654AE6B", "1F43B675")
)
_UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_RGB24 = b"RGB\x18"
"""What ffmpeg calls 8-bit RGB in raw video."""


def write_header(width: int, height: int) -> bytes:
    """Return what comes before the first frame."""
    ebml = _element(
        _EBML,
        _number(b"\x42\x86", 1),  # EBMLVersion
        _number(b"\x42\xf7", 1),  # EBMLReadVersion
        _number(b"\x42\xf2", 4),  # EBMLMaxIDLength
        _number(b"\x42\xf3", 8),  # EBMLMaxSizeLength
        _element(b"\x42\x82", b"matroska"),  # DocType
        _number(b"\x42\x87", 4),  # DocTypeVersion
        _number(b"\x42\x85", 2),  # DocTypeReadVersion
    )
    application = b"scnet"
    info = _element(
        _INFO,
        _number(b"\x2a\xd7\xb1", 10**9 // TICKS_PER_SECOND),  # TimestampScale
        _element(b"\x4d\x80", application),  # MuxingApp
        _element(b"\x57\x41", application),  # WritingApp
    )
    video = _element(
        b"\xe0",
        _number(b"\xb0", width),
        _number(b"\xba", height),
        _element(b"\x2e\xb5\x24", _RGB24),  # UncompressedFourCC
    )
    track = _element(
        b"\xae",
        _number(b"\xd7", 1),  # TrackNumber
        _number(b"\x73\xc5", 1),  # TrackUID
        _number(b"\x83", 1),  # TrackType: video
        _element(b"\x22\xb5\x9c", b"und"),  # Language, which is English where nothing is said
        _element(b"\x86", b"V_UNCOMPRESSED"),  # CodecID
        video,
    )
    return ebml + _SEGMENT + _UNKNOWN_SIZE + info + _element(_TRACKS, track)


def write_frame(pixels: bytes, ticks: int, duration_ticks: int) -> bytes:
    """Return a frame, which is a cluster of its own: times inside one are 16 bits.

    Args:
        pixels: RGB, 8 bits each, row by row.
        ticks: When it is shown; not negative.
        duration_ticks: How long.
    """
    track, time_in_cluster, flags = b"\x81", struct.pack(">h", 0), b"\0"
    block = _element(b"\xa1", track, time_in_cluster, flags, pixels)
    group = _element(b"\xa0", block, _number(b"\x9b", duration_ticks))  # BlockDuration
    return _element(_CLUSTER, _number(b"\xe7", ticks), group)


def _element(name: bytes, *content: bytes) -> bytes:
    size = struct.pack(">Q", sum(map(len, content)) | 1 << 56)
    return b"".join((name, size, *content))


def _number(name: bytes, value: int) -> bytes:
    return _element(name, struct.pack(">Q", value))
