"""`scnet upscale` of videos: frame times, length, sound and colors stay."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mobile_runtime.errors import ImageError

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None and "CI" not in os.environ,  # CI installs it
    reason="videos need ffmpeg, which is no part of this project",
)

SOURCE = ["-f", "lavfi", "-i", "testsrc2=size=32x24:rate=30000/1001:duration=1"]
SOUND = ["-f", "lavfi", "-i", "sine=440:duration=1"]
H264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
VARIABLE = ["-vf", "select='not(mod(n,7))+not(mod(n,5))'", "-fps_mode", "vfr"]
CLIPS = {
    "constant rate": ("a.mp4", [*H264, "-c:a", "aac"], "a.x3.mp4"),
    "variable rate": ("a.mp4", [*H264, "-c:a", "aac", *VARIABLE], "a.x3.mp4"),
    "Matroska": ("a.mkv", [*H264, "-c:a", "flac", *VARIABLE], "a.x3.mkv"),
    "QuickTime": ("a.mov", [*H264, "-c:a", "pcm_s16le", "-vf", "setsar=4/3"], "a.x3.mov"),
    "WebM": ("a.webm", ["-c:v", "libvpx", "-c:a", "libopus"], "a.x3.webm"),
    "broadcast": ("a.ts", ["-c:v", "mpeg2video", "-c:a", "mp2"], "a.x3.mkv"),
    "without sound": ("a.mp4", [*H264, "-an"], "a.x3.mp4"),
}


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", *arguments], check=True)


def facts(name, *entries):
    program = ["ffprobe", "-v", "error", "-select_streams", "V:0", "-of", "json"]
    run = subprocess.run(
        [*program, "-show_entries", ":".join(entries), name], stdout=subprocess.PIPE, check=True
    )
    return json.loads(run.stdout)


def times(name):
    """Seconds from the start of the file, to the ms that every container holds."""
    found = facts(name, "frame=pts_time", "format=start_time")
    start = max(float(found["format"]["start_time"]), 0)
    return [round(float(frame["pts_time"]) - start, 3) for frame in found["frames"]]


def sound(name):
    run = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", name, "-map", "0:a", "-c", "copy", "-f", "md5", "-"],
        stdout=subprocess.PIPE,
        check=False,
    )
    return run.stdout


def pixels(name, size):
    run = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", name, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
        stdout=subprocess.PIPE,
        check=True,
    )
    return np.frombuffer(run.stdout, np.uint8).reshape(-1, size[1], size[0], 3).astype(int)


@pytest.mark.parametrize("kind", CLIPS)
def test_frames_are_larger_and_shown_when_they_were_with_their_sound(upscale, kind):
    name, options, expected = CLIPS[kind]
    ffmpeg(*SOURCE, *SOUND, *options, "-metadata", "title=Clip", name)
    result = upscale(name)
    assert result.exit_code == 0
    assert times(expected) == pytest.approx(times(name), abs=0.0011)
    assert sound(expected) == sound(name)
    before, after = (
        facts(
            n,
            "stream=width,height,sample_aspect_ratio:stream_tags=language",
            "format=duration:format_tags=title",
        )
        for n in (name, expected)
    )
    (old,), (new,) = before["streams"], after["streams"]
    assert (new["width"], new["height"]) == (3 * old["width"], 3 * old["height"])
    assert new["sample_aspect_ratio"] == old["sample_aspect_ratio"]
    languages = [stream.get("tags", {}).get("language", "und") for stream in (old, new)]
    assert languages[0] == languages[1]
    assert float(after["format"]["duration"]) == pytest.approx(
        float(before["format"]["duration"]), abs=0.015
    )
    if name.endswith((".mp4", ".mov", ".mkv")):
        assert {k.lower(): v for k, v in after["format"]["tags"].items()}["title"] == "Clip"


def test_the_last_frame_of_a_program_stream_follows_the_one_before(upscale):
    """The file says when some frames are shown, and of the last one nothing."""
    ffmpeg(*SOURCE, "-frames:v", "5", "-c:v", "mpeg2video", "a.mpg")
    upscale("a.mpg")
    assert np.diff(times("a.x3.mkv")) == pytest.approx([1001 / 30000] * 4, abs=0.0011)


def test_times_of_an_mp4_come_out_exactly(upscale):
    ffmpeg(*SOURCE, *H264, *VARIABLE, "a.mp4")
    upscale("a.mp4")
    exact = ("frame=pts", "stream=time_base,duration_ts,nb_frames")
    assert facts("a.x3.mp4", *exact) == facts("a.mp4", *exact)


@pytest.mark.parametrize("tags", [[], ["-colorspace", "bt709"], ["-colorspace", "smpte170m"]])
def test_colors_stay(upscale, tags):
    """Also where nothing is said, and the new size alone would change what ffmpeg takes it for."""
    matrix = {"bt709": "bt709"}.get(tags[-1] if tags else "", "bt601")
    color = ["-f", "lavfi", "-i", "color=0xc83c28:size=32x240:rate=5:duration=1"]
    ffmpeg(*color, *H264, "-vf", f"scale=out_color_matrix={matrix}:out_range=tv", *tags, "a.mp4")
    upscale("a.mp4")
    shown = pixels("a.x3.mp4", (96, 720))[0, 360, 48]
    assert np.abs(shown - (0xC8, 0x3C, 0x28)).max() <= 4


def test_a_turned_video_is_upright(upscale):
    ffmpeg(*SOURCE, *H264, "straight.mp4")
    ffmpeg("-display_rotation", "90", "-i", "straight.mp4", "-c", "copy", "a.mp4") if (
        b"display_rotation"
        in subprocess.run(["ffmpeg", "-h", "full"], capture_output=True, check=True).stdout
    ) else ffmpeg("-i", "straight.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", "a.mp4")
    upscale("a.mp4")
    (stream,) = facts("a.x3.mp4", "stream=width,height")["streams"]
    assert (stream["width"], stream["height"]) == (72, 96)


def test_a_size_is_made_even(upscale):
    ffmpeg(*SOURCE, *H264, "a.mp4")
    upscale("a.mp4", "--size", "67x", "-o", "out.mkv")
    (stream,) = facts("out.mkv", "stream=width,height")["streams"]
    assert (stream["width"], stream["height"]) == (66, 50)


def test_videos_go_with_pictures_only_if_they_are_named(upscale, tmp_path):
    (tmp_path / "in").mkdir()
    ffmpeg(*SOURCE, *H264, "in/a.mp4")
    ffmpeg(*SOURCE, "-frames:v", "1", "in/b.png")
    assert upscale("in").stdout.splitlines()[-1] == "1 upscaled, 1 not a picture by name"
    assert upscale("in/a.mp4", "in/b.png", "-o", "out").stdout.splitlines()[-1] == "2 upscaled"
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.mp4", "b.png"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.webm", ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-cpu-used", "8"]),
        ("a.mov", ["-c:v", "qtrle", "-pix_fmt", "argb"]),
    ],
)
def test_transparency_of_a_video_is_told(upscale, name, options):
    ffmpeg(*SOURCE, *options, "-frames:v", "2", name)
    assert "transparency was left out" in upscale(name).stderr


REFUSED = {
    "no video": (["bad.mp4"], "cannot be read as a video"),
    "sound alone": (["sound.mp4"], "holds no video"),
    "interlaced": (["interlaced.mp4"], "is interlaced"),
    "exists": (["a.mp4", "-o", "sound.mp4"], "exists"),
    "picture": (["a.mp4", "-o", "out.png"], "end its name in .mp4"),
    "too large": (["a.mp4", "--max-pixels", "700"], "32 x 24 pixels"),
    "format": (["a.mp4", "--format", "png"], "--format is for pictures"),
    "quality": (["a.mp4", "--quality", "80"], "--quality is for pictures"),
}


@pytest.fixture(scope="module")
def odd_clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    fields = ["-flags", "+ildct+ilme", "-x264-params", "tff=1"]
    ffmpeg(*SOURCE, *H264, folder / "a.mp4")
    ffmpeg(*SOUND, folder / "sound.mp4")
    ffmpeg(*SOURCE, *H264, *fields, folder / "interlaced.mp4")
    (folder / "bad.mp4").write_text("<html>not found</html>")
    return folder


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_video_to_upscale_is_refused(upscale, tmp_path, odd_clips, kind):
    arguments, reason = REFUSED[kind]
    shutil.copytree(odd_clips, tmp_path, dirs_exist_ok=True)
    before = sorted(tmp_path.iterdir())
    try:
        told = upscale(*arguments).stderr
    except ImageError as error:
        told = str(error)
    assert reason in told
    assert sorted(tmp_path.iterdir()) == before


def test_without_ffmpeg_it_is_told_what_is_missing(upscale, monkeypatch):
    Path("a.mp4").write_bytes(b"")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ImageError, match="need ffprobe, which is not installed"):
        upscale("a.mp4")


def test_an_interrupted_video_leaves_nothing_behind(upscale, upscaler, tmp_path):
    ffmpeg(*SOURCE[:-1], "testsrc2=size=320x240:rate=30:duration=20", *H264, "a.mp4")
    program = [sys.executable, "-m", "mobile_runtime", "upscale", "a.mp4", "-m", str(upscaler)]
    root = str(Path(__file__).parent.parent)
    run = subprocess.Popen(program, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": root})
    while not list(tmp_path.glob(".*.part")):
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=60) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
