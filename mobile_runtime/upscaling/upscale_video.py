"""Upscaling of videos, frame by frame: times, sound and length stay, memory is that of a frame."""

from itertools import chain
from pathlib import Path
from time import perf_counter

import numpy as np

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.resizing import Times, reduce_picture, target_size
from mobile_runtime.imaging.size_limits import enough_memory
from mobile_runtime.upscaling.raw_matroska import write_frame, write_header
from mobile_runtime.upscaling.settings import Settings
from mobile_runtime.upscaling.upscale import OnProgress, find_mirrored, model_of, upscale_pixels
from mobile_runtime.upscaling.upscale_picture import UpscaledFile
from mobile_runtime.upscaling.video_file import open_video
from mobile_runtime.upscaling.video_streams import read_frames, write_video


def upscale_video(
    session: Session,
    source: Path,
    target: Path,
    settings: Settings,
    *,
    on_progress: OnProgress | None = None,
) -> UpscaledFile:
    """Write a video upscaled; nothing is written unless the whole video is done.

    Each frame is shown when it was, and as long. Sound, subtitles, chapters and texts are copied.
    Frames are 8-bit YCbCr 4:2:0 in H.264, in VP9 for `.webm`.

    Args:
        session: An open model file.
        source: What ffmpeg reads.
        target: A suffix of `VIDEO_FORMATS`.
        settings: How; those of transparency, color and quality are for pictures alone.
        on_progress: Called after each frame.

    Raises:
        ImageError: ffmpeg is missing or failed, the target cannot be written, the video is
            interlaced or HDR, or see `upscale_pixels`.
        ModelLoadError: The file does not say its scale and halo, or they are wrong.
    """
    if reason := unwritable_reason(target, overwrite=settings.overwrite):
        raise ImageError(reason)
    video, scale = open_video(source), model_of(session).scale
    start = perf_counter()
    with read_frames(video) as frames, atomic_write(target) as temporary:
        first = next(frames)
        height, width = first.shape[:2]
        if height * width > settings.max_pixels:
            raise ImageError(
                f"{source} has {width} x {height} pixels, more than the limit of "
                f"{settings.max_pixels:,}: make it smaller, or raise the limit."
            )
        wanted = target_size(settings.size or Times(scale), height, width, scale=scale)
        even = wanted[0] // 2 * 2, wanted[1] // 2 * 2
        with (
            enough_memory(f"{source} cannot be upscaled", width, height),
            write_video(video, temporary, target.suffix.lower(), even[0]) as stream,
        ):
            stream.write(write_header(even[1], even[0]))
            for number, frame in enumerate(chain((first,), frames)):
                pixels = upscale_pixels(session, frame, tile=settings.tile, exact=settings.exact)
                reduced = reduce_picture(Picture(pixels), *even).pixels
                content = np.ascontiguousarray(reduced).tobytes()
                stream.write(write_frame(content, *video.ticks(number)))
                if on_progress is not None:
                    on_progress(number + 1, len(video.times))
    seconds = perf_counter() - start
    mirrored = find_mirrored(session, (height, width), exact=settings.exact)
    return UpscaledFile((height, width), even, mirrored, seconds, video.notes)
