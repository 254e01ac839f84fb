"""Frames out of a video file and into a new one, through pipes of ffmpeg."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Pixels
from mobile_runtime.upscaling.ffmpeg import SAFE, file_url, find_program, last_line
from mobile_runtime.upscaling.video_file import VIDEO_FORMATS, Colors, Video

HD_LINES = 720
"""A video that says nothing of its colors is taken for BT.709 from here on, for BT.601 below."""

_MATRICES = {
    "bt709": "bt709",
    "smpte170m": "bt601",
    "bt470bg": "bt601",
    "bt2020nc": "bt2020",
}
"""What a video says -> what ffmpeg's scaler calls the same matrix."""


@contextmanager
def read_frames(video: Video) -> Iterator[Iterator[Pixels]]:
    """Provide the frames upright, uint8 (H, W, 3) RGB.

    Raises:
        ImageError: ffmpeg failed, or there are fewer or more than `open_video` counted.
    """
    command = [find_program("ffmpeg"), "-v", "error", "-nostdin", *SAFE]
    command += ["-i", file_url(video.path), "-map", "0:V:0", "-fps_mode", "passthrough"]
    command += ["-pix_fmt", "rgb24", "-f", "image2pipe", "-c:v", "ppm", "pipe:1"]
    nothing = subprocess.DEVNULL
    with (
        TemporaryFile() as log,
        subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            yield _read_pictures(process, video, log)
        finally:
            process.kill()


@contextmanager
def write_video(video: Video, target: Path, suffix: str, height: int) -> Iterator[IO[bytes]]:
    """Provide a stream for `raw_matroska`, whose frames go into a file.

    Args:
        video: Sound, subtitles, chapters and texts are copied from it.
        target: Is written, or replaced.
        suffix: Of `VIDEO_FORMATS`.
        height: Of the new frames.

    Raises:
        ImageError: ffmpeg failed.
    """
    command = _encoder(video, target, suffix, height)
    with TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log)
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError as error:
            process.wait()
            raise ImageError(f"The video cannot be written: {_said(log)}.") from error
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(OSError):
                process.stdin.close()
            process.wait()
        if process.returncode:
            raise ImageError(f"The video cannot be written: {_said(log)}.")


def _encoder(video: Video, target: Path, suffix: str, height: int) -> list[str]:
    output, base = VIDEO_FORMATS[suffix], video.time_base
    command = [find_program("ffmpeg"), "-v", "error", "-y", "-copyts"]
    command += ["-f", "matroska", *SAFE, "-i", "pipe:0"]
    command += ["-itsoffset", f"{float(-video.start):.6f}", *SAFE, "-i", file_url(video.path)]
    command += ["-map", "0:v", "-map", "1:a?", "-map", "1:s?", "-c:a", "copy", "-c:s", "copy"]
    command += ["-map_metadata", "1", "-map_chapters", "1", *output.codec, "-pix_fmt", "yuv420p"]
    command += _color_options(video, height)
    command += [
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        f"{base.numerator}/{base.denominator}",
    ]
    if output.has_timescale:
        command += ["-video_track_timescale", str(base.denominator), "-movflags", "+faststart"]
    else:  # Opus begins before 0 there, and ffmpeg would delay the frames for it
        command += ["-avoid_negative_ts", "disabled"]
    return [*command, "-f", output.muxer, file_url(target)]


def _color_options(video: Video, height: int) -> list[str]:
    """Return ffmpeg's options for colors that mean what they meant in the source."""
    colors = video.colors
    if colors.space not in _MATRICES and video.height < HD_LINES <= height:
        # Nothing is said, and the new size alone would mean BT.709.
        colors = Colors("smpte170m", colors.transfer, colors.primaries)
    shape = video.sample_aspect_ratio.replace(":", "/")
    matrix = _MATRICES.get(colors.space or "", "bt601")
    filters = [f"scale=out_color_matrix={matrix}:out_range=tv"]
    filters += [] if shape == "0/1" else [f"setsar={shape}"]
    options = ["-vf", ",".join(filters), "-color_range", "tv"]
    if colors.space in _MATRICES:
        options += ["-colorspace", colors.space]
    if colors.transfer:
        options += ["-color_trc", colors.transfer]
    if colors.primaries:
        options += ["-color_primaries", colors.primaries]
    return options


def _read_pictures(
    process: "subprocess.Popen[bytes]", video: Video, log: IO[bytes]
) -> Iterator[Pixels]:
    """Read portable pixmaps, one after the other."""
    assert process.stdout is not None
    count = 0
    while process.stdout.readline() == b"P6\n":
        width, height = map(int, process.stdout.readline().split())
        process.stdout.readline()
        content = process.stdout.read(width * height * 3)
        if len(content) == width * height * 3:
            count += 1
            yield np.frombuffer(content, np.uint8).reshape(height, width, 3)
    if process.wait() or count != len(video.times):
        raise ImageError(
            f"{video.path} cannot be read to its end: {count} of {len(video.times)} frames, "
            f"{_said(log)}."
        )


def _said(log: IO[bytes]) -> str:
    log.seek(0)
    return last_line(log.read())
