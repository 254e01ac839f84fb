"""Video files: what one holds, and the kinds that are written."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from mobile_runtime.errors import ImageError
from mobile_runtime.upscaling.ffmpeg import SAFE, file_url, find_program, last_line
from mobile_runtime.upscaling.raw_matroska import TICKS_PER_SECOND

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts"),
        *(".wmv", ".flv", ".3gp", ".ogv"),
    )
)
"""In lower case; what a file ends in to be taken for a video."""

_H264 = ("-c:v", "libx264", "-crf", "17")
_VP9 = ("-c:v", "libvpx-vp9", "-crf", "20", "-b:v", "0", "-row-mt", "1")
_HDR = ("smpte2084", "arib-std-b67")

_ENTRIES = (
    "stream=time_base,sample_aspect_ratio,field_order,pix_fmt,height,color_space,color_transfer,"
    "color_primaries:stream_tags=alpha_mode:format=start_time:frame=pts,best_effort_timestamp,duration,pkt_duration"
)


@dataclass(frozen=True)
class VideoFormat:
    """A kind of file that is written."""

    muxer: str
    codec: tuple[str, ...]
    has_timescale: bool = False
    """Times are in any unit that the file names."""


VIDEO_FORMATS: Mapping[str, VideoFormat] = MappingProxyType(
    {
        ".mp4": VideoFormat("mp4", _H264, has_timescale=True),
        ".m4v": VideoFormat("mp4", _H264, has_timescale=True),
        ".mov": VideoFormat("mov", _H264, has_timescale=True),
        ".mkv": VideoFormat("matroska", _H264),
        ".webm": VideoFormat("webm", _VP9),
    }
)
"""Suffix -> format."""


@dataclass(frozen=True)
class Colors:
    """What a video says of its colors, in ffmpeg's words; None where it says nothing."""

    space: str | None = None
    transfer: str | None = None
    primaries: str | None = None


@dataclass(frozen=True)
class Video:
    """What ffprobe says of the first video stream of a file."""

    path: Path
    times: tuple[int, ...]
    """When each frame is shown, in units of `time_base`."""
    last_duration: int
    """Of the last frame, in the same units."""
    time_base: Fraction
    """In seconds."""
    start: Fraction
    """Of the file, in seconds; not negative."""
    height: int
    sample_aspect_ratio: str
    colors: Colors
    notes: tuple[str, ...] = ()
    """What the result cannot hold."""

    def ticks(self, number: int) -> tuple[int, int]:
        """Return when a frame is shown and how long, for `raw_matroska`."""
        ends = (*self.times[number + 1 : number + 2], self.times[-1] + self.last_duration)
        start, end = (
            round((time * self.time_base - self.start) * TICKS_PER_SECOND)
            for time in (self.times[number], ends[0])
        )
        return start, end - start


def is_video(path: Path) -> bool:
    """Return whether a file is a video by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def open_video(path: Path) -> Video:
    """Return what a video file holds; ffprobe decodes it once, to see when each frame is shown.

    Raises:
        ImageError: ffprobe is not installed; or the file holds no video, or one that is interlaced
            or HDR, or whose frames have no times.
    """
    command = [find_program("ffprobe"), "-v", "error", *SAFE, "-select_streams", "V:0"]
    command += ["-show_entries", _ENTRIES, "-of", "json", file_url(path)]
    run = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if run.returncode:
        raise ImageError(f"{path} cannot be read as a video: {last_line(run.stderr)}.")
    found = msgspec.json.decode(run.stdout)
    if not found.get("streams") or not found.get("frames"):
        raise ImageError(f"{path} holds no video.")
    stream = found["streams"][0]
    _check_stream(path, stream)
    times = _times(found["frames"])
    if any(a is None or b is None or b <= a for a, b in pairwise(times)):
        raise ImageError(f"{path} has frames without ascending times: remux it with ffmpeg first.")
    return Video(
        path=path,
        times=tuple(time or 0 for time in times),
        last_duration=_duration(found["frames"][-1]) or 1,
        time_base=Fraction(stream["time_base"]),
        start=max(Fraction(found["format"].get("start_time", "0")), Fraction(0)),
        height=stream["height"],
        sample_aspect_ratio=stream.get("sample_aspect_ratio", "0:1"),
        colors=Colors(*(stream.get(f"color_{n}") for n in ("space", "transfer", "primaries"))),
        notes=tuple(_notes(stream)),
    )


def _times(frames: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Return when frames are shown; the last one of an MPEG program stream does not say it."""
    times: list[int | None] = []
    for number, frame in enumerate(frames):
        time = _first(frame, "pts", "best_effort_timestamp")
        before = times[-1] if times else None
        if time is None and before is not None and (duration := _duration(frames[number - 1])):
            time = before + duration
        times.append(time)
    return times


def _duration(frame: Mapping[str, Any]) -> int | None:
    return _first(frame, "duration", "pkt_duration")


def _check_stream(path: Path, stream: Mapping[str, Any]) -> None:
    if stream.get("field_order", "progressive") not in ("progressive", "unknown"):
        raise ImageError(f"{path} is interlaced: deinterlace it first, as by ffmpeg -vf bwdif.")
    if stream.get("color_transfer") in _HDR:
        raise ImageError(f"{path} is HDR, and 8 bits are all that is written: make it SDR first.")


def _first(frame: Mapping[str, Any], *names: str) -> int | None:
    """Return the first entry that is there; ffprobe 5.1 has other names than its successors."""
    return next((int(frame[name]) for name in names if name in frame), None)


def _notes(stream: Mapping[str, Any]) -> list[str]:
    pixel_format, tags = stream.get("pix_fmt", ""), stream.get("tags", {})
    notes = []
    if any(depth in pixel_format for depth in ("p10", "p12", "p14", "p16", "48", "64")):
        notes.append("more than 8 bits per channel became 8")
    has_alpha = pixel_format.startswith(("yuva", "rgba", "argb", "bgra", "abgr", "gbrap", "ya"))
    if has_alpha or "1" in (tags.get("alpha_mode"), tags.get("ALPHA_MODE")):  # of WebM
        notes.append("its transparency was left out")
    return notes
