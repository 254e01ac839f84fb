"""`scnet upscale` with several pictures and folders: names, what is skipped, and what fails."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_upscaler import run_upscale

from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError, ModelLoadError

SIZE = (9, 7)


@dataclass
class Room:
    """A folder with a model file, and the command in it."""

    folder: Path
    session: Session
    opened: int = 0

    def photo(self, name, size=SIZE, **options):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(len(name)).integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(noise).save(path, **options)
        return path

    def upscale(self, *arguments, stdin=None):
        def opener(path, *, engine, threads):
            self.opened += 1
            return self.session

        return run_upscale(opener, *arguments, stdin=stdin)

    def names(self, below="."):
        paths = (self.folder / below).rglob("*")
        return sorted(p.relative_to(self.folder).as_posix() for p in paths if p.is_file())

    def size(self, name):
        with Image.open(self.folder / name) as file:
            return file.size


@pytest.fixture
def room(tmp_path, upscaler_session, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Room(tmp_path, upscaler_session)


NAMES = {
    "png": ("a.png", [], "a.x3.png"),
    "jpg": ("a.jpg", [], "a.x3.jpg"),
    "webp": ("a.webp", [], "a.x3.webp"),
    "capitals": ("A.JPEG", [], "A.x3.JPEG"),
    "cannot be written": ("a.bmp", [], "a.x3.png"),
    "other format": ("a.jpg", ["--format", "webp"], "a.x3.webp"),
    "folder that is made": ("a.png", ["-o", "new/deep/"], "new/deep/a.png"),
    "other format in a folder": ("a.bmp", ["-o", "new/", "-f", "jpg"], "new/a.jpg"),
    "file": ("a.png", ["-o", "b.webp"], "b.webp"),
    "file of that format": ("a.png", ["-o", "b.jpeg", "--format", "jpg"], "b.jpeg"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_picture_gets_the_name_that_was_promised(room, kind):
    photo, options, expected = NAMES[kind]
    room.photo(photo)
    room.upscale(photo, *options)
    assert room.names() == sorted([photo, expected])
    assert room.size(expected) == (27, 21)


def test_an_output_that_is_an_existing_folder_takes_the_picture(room):
    room.photo("in/a.png")
    (room.folder / "out.png").mkdir()
    room.upscale("in/a.png", "-o", "out.png")
    assert room.size("out.png/a.png") == (27, 21)


def test_several_pictures_and_folders_go_beside_their_photos(room):
    room.photo("a.png")
    room.photo("in/b.jpg")
    room.photo("in/sub/c.webp")
    result = room.upscale("a.png", "in")
    assert {"a.x3.png", "in/b.x3.jpg", "in/sub/c.x3.webp"} <= set(room.names())
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "3 upscaled"
    assert room.opened == 1


def test_a_folder_keeps_its_structure_in_the_output_folder(room):
    for name in ("in/b.jpg", "in/sub/b.jpg", "in/sub/deep/b.bmp"):
        room.photo(name)
    room.upscale("in", "-o", "out")
    assert room.names("out") == ["out/b.jpg", "out/sub/b.jpg", "out/sub/deep/b.png"]


def test_a_second_start_upscales_only_what_is_new(room):
    room.photo("in/a.png")
    room.upscale("in")
    written = (room.folder / "in/a.x3.png").stat().st_mtime_ns
    room.photo("in/b.png")
    result = room.upscale("in")
    assert room.names() == ["in/a.png", "in/a.x3.png", "in/b.png", "in/b.x3.png"]
    assert "in/a.x3.png exists: skipped" in result.stdout
    summary = "1 upscaled, 1 skipped (exist), 1 left alone (results of an earlier run)"
    assert result.stdout.splitlines()[-1] == summary
    assert (room.folder / "in/a.x3.png").stat().st_mtime_ns == written
    assert result.exit_code == 0


def test_outputs_are_replaced_only_if_asked(room):
    room.photo("in/a.png")
    (room.folder / "out").mkdir()
    (room.folder / "out/a.png").write_text("mine")
    room.upscale("in", "-o", "out")
    assert (room.folder / "out/a.png").read_text() == "mine"
    result = room.upscale("in", "-o", "out", "--overwrite")
    assert room.size("out/a.png") == (27, 21)
    assert result.stdout.splitlines()[-1] == "1 upscaled"


def test_an_output_folder_inside_the_input_is_not_upscaled_again(room):
    room.photo("in/a.png")
    for _ in range(2):
        room.upscale("in", "-o", "in/large", "--overwrite")
    assert room.names() == ["in/a.png", "in/large/a.png"]


def test_results_are_upscaled_again_only_if_they_are_named(room):
    for name in ("in/a.png", "in/a.x4.jpg", "in/a.1920x1080.png", "in/a.x1080.png", "in/b.x4.png"):
        room.photo(name)
    room.upscale("in", "-o", "out")
    assert room.names("out") == ["out/a.png", "out/b.x4.png"]  # b is nowhere: not our result
    room.upscale("in/a.x4.jpg")
    assert "in/a.x4.x3.jpg" in room.names()


def test_a_picture_that_is_named_twice_counts_once(room):
    room.photo("in/a.png")
    result = room.upscale("in/a.png", "in", "in/../in/a.png")
    assert result.stdout.splitlines()[-1] == "1 upscaled"


def test_one_that_fails_does_not_stop_the_rest(room):
    room.photo("in/a.png")
    room.photo("in/z.png")
    (room.folder / "in/broken.png").write_bytes(b"\x89PNG and nothing more")
    (room.folder / "in/empty.jpg").write_bytes(b"")
    (room.folder / "in/notes.txt").write_text("no picture")
    result = room.upscale("in", "missing.png", "-o", "out")
    assert room.names("out") == ["out/a.png", "out/z.png"]
    assert result.exit_code == 1
    for name in ("in/broken.png", "in/empty.jpg", "missing.png"):
        assert f"Error: {name}" in result.stderr
    *_, summary, first, second, third = result.stdout.splitlines()
    assert summary == "2 upscaled, 3 failed, 1 not a picture by name"
    assert (first, second) == ("failed: in/broken.png", "failed: in/empty.jpg")
    assert third == "failed: missing.png"


def test_a_target_that_cannot_be_written_fails_alone(room):
    for name in ("in/a.png", "in/sub/b.png"):
        room.photo(name)
    (room.folder / "out").mkdir()
    (room.folder / "out/sub").write_text("a file where a folder belongs")
    result = room.upscale("in", "-o", "out")
    assert room.names("out") == ["out/a.png", "out/sub"]
    assert "out/sub" in result.stderr
    assert result.exit_code == 1


REFUSED = {
    "two into one": (["in", "-o", "out", "--format", "png"], "both become out/a.png"),
    "over what is read": (["in", "-o", "in"], "which is read too"),
    "several into one": (["in/a.png", "in/b.png", "-o", "c.png"], "several may be written"),
    "folder into one": (["in", "-o", "c.png"], "several may be written"),
    "no folder, no picture": (["in/a.png", "-o", "large"], "or in / for a folder"),
    "file in place of a folder": (["in", "-o", "notes"], "is a file"),
    "slash after a file": (["in/a.png", "-o", "notes/"], "is a file"),
    "two formats": (["in/a.png", "-o", "b.png", "--format", "jpg"], "not named like a jpg"),
    "no pictures": (["empty"], "no picture to upscale in empty"),
    "no such file": (["missing.png"], "cannot be read"),
    "one that exists": (["in/a.png", "-o", "in/b.png"], "exists"),
    "made-up name that exists": (["in/b.png"], "exists"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_clear_is_refused_before_anything_is_written(room, kind):
    arguments, reason = REFUSED[kind]
    for name in ("in/a.png", "in/b.png", "in/b.x3.png", "in/a.jpg"):
        room.photo(name)
    (room.folder / "empty").mkdir()
    (room.folder / "notes").write_text("mine")
    before = room.names()
    with pytest.raises(ImageError, match=reason) as caught:
        room.upscale(*arguments)
    assert caught.value.exit_code == 2
    assert room.names() == before


def test_several_pictures_have_no_comparison(room):
    room.photo("a.png")
    room.photo("b.png")
    result = room.upscale("a.png", "b.png", "--comparison", "c.png")
    assert result.exit_code == 2
    assert "name one" in result.stderr


def test_no_model_is_one_error_and_not_one_per_picture(room):
    room.photo("a.png")
    room.photo("b.png")
    tried = []

    def opener(path, *, engine, threads):
        tried.append(path)
        raise ModelLoadError(f"{path} is damaged.")

    with pytest.raises(ModelLoadError):
        run_upscale(opener, "a.png", "b.png", "-m", "x.onnx")
    assert tried == [Path("x.onnx")]


def test_an_interrupted_run_keeps_what_is_done_and_says_so(room, upscaler):
    for number in range(30):
        room.photo(f"in/{number:02}.png", size=(300, 300))
    program = [sys.executable, "-u", "-m", "mobile_runtime", "upscale", "in", "-o", "out"]
    run = subprocess.Popen(
        [*program, "-m", str(upscaler), "--tile", "16", "--threads", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert run.stdout.readline().startswith("30 pictures")
    assert "00.png 300x300" in run.stdout.readline()
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    *_, summary = rest.splitlines()
    done = room.names("out")
    assert summary == f"{len(done)} upscaled, {30 - len(done)} not begun"
    assert all(room.size(name) == (900, 900) for name in done)
    assert len(done) < 30


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from mobile_runtime.engines.session import open_session
from mobile_runtime.upscaling.jobs import Job
from mobile_runtime.upscaling.run_job import run_job
from mobile_runtime.upscaling.settings import Settings

session = open_session(Path(sys.argv[3]), threads=1)
assert run_job(session, Job(Path("small.png"), Path("warm.png")), Settings()).upscaled
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
used, free = int(status["VmSize"].split()[0]) * 2**10, int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (used + free, resource.RLIM_INFINITY))
tile = int(sys.argv[2])
print(run_job(session, Job(Path("large.png"), Path("out.png")), Settings(tile=tile)).error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize(
    ("free_mb", "tile", "words"),
    [
        (20, 256, "large.png cannot be read: 4000 x 4000 pixels"),
        (300, 256, "cannot be upscaled: 4000 x 4000 pixels"),
        (700, 4000, "cannot be upscaled: 4000 x 4000 pixels"),  # onnxruntime's own array
        (700, 256, "out.png cannot be written: 12000 x 12000 pixels"),
    ],
)
def test_too_little_memory_is_told_with_its_size(room, upscaler, free_mb, tile, words):
    room.photo("small.png")
    Image.new("RGB", (4000, 4000)).save(room.folder / "large.png")
    run = subprocess.run(
        [sys.executable, "-c", SHORT_OF_MEMORY, str(free_mb), str(tile), str(upscaler)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        check=True,
    )
    assert words in run.stdout
    assert "more memory than there is" in run.stdout
    assert room.names() == ["large.png", "small.png", "warm.png"]


def picture(room, name):
    with Image.open(room.folder / name) as file:
        return np.asarray(file).astype(int)


def test_a_size_is_reached_by_reducing_what_the_network_makes(room):
    room.photo("wide.png", size=(40, 20))
    room.photo("high.png", size=(20, 40))
    room.upscale("wide.png", "high.png", "--size", "100x100")
    assert (room.size("wide.100x100.png"), room.size("high.100x100.png")) == ((100, 50), (50, 100))
    room.upscale("wide.png", "-o", "whole.png")
    with Image.open(room.folder / "whole.png") as file:
        reduced = np.asarray(file.resize((100, 50), Image.Resampling.LANCZOS))
    assert np.array_equal(picture(room, "wide.100x100.png"), reduced)


def test_a_scale_with_a_model_reduces_what_that_makes(room):
    room.photo("a.png", size=(41, 20))
    room.upscale("a.png", "--scale", "2.5", "-m", "x.onnx", "--comparison", "beside.png")
    assert room.size("a.x2.5.png") == (102, 50)
    assert room.size("beside.png") == (3 * 102, 50 + 28)


@pytest.mark.parametrize(
    ("scale", "weights"), [("2", "x2"), ("3", "x3"), ("4", "x4"), ("1.5", "x2"), ("2.5", "x3")]
)
def test_a_scale_without_a_model_chooses_the_weights(room, scale, weights):
    room.photo("a.png")
    asked = []

    def opener(path, *, engine, threads):
        asked.append(path)
        raise ModelLoadError("enough")

    with pytest.raises(ModelLoadError):
        run_upscale(opener, "a.png", "--scale", scale)
    assert asked == [Path(f"scnet-t-{weights}-direct-photo")]


def test_quality_is_that_of_the_lossy_outputs(room):
    sizes = []
    for quality in (30, 90):
        for name in ("a.jpg", "b.webp", "c.png"):
            room.photo(f"in/{name}", size=(64, 64))
        room.upscale("in", "-o", f"q{quality}", "--quality", quality)
        sizes.append(
            [(room.folder / f"q{quality}" / n).stat().st_size for n in ("a.jpg", "b.webp")]
        )
    assert sizes[0][0] < sizes[1][0]
    assert sizes[0][1] < sizes[1][1]


def test_a_background_takes_the_place_of_transparency(room):
    pixels = np.zeros((12, 12, 4), np.uint8)
    pixels[5:8, 5:8] = 255  # a white square, nothing around
    Image.fromarray(pixels).save(room.folder / "cut.png")
    Image.fromarray(pixels[..., 2:]).save(room.folder / "gray.png")
    options = ["--background", "#ff0000", "--format", "jpg", "--quality", "100", "-o", "out/"]
    room.upscale("cut.png", "gray.png", *options)
    for name in ("out/cut.jpg", "out/gray.jpg"):
        assert np.abs(picture(room, name)[7, 7] - (255, 0, 0)).max() <= 3
        assert np.abs(picture(room, name)[19, 19] - 255).max() <= 3


WRONG = {
    "size and scale": (["--size", "20x", "--scale", "2"], "contradict"),
    "no size": (["--size", "big"], "write 1920x1080"),
    "no color": (["--background", "mauvish"], "mauvish"),
    "transparent color": (["--background", "#00000000"], "transparent itself"),
    "more than the weights make": (["--scale", "5"], "4 at most"),
    "more than the model makes": (["--scale", "3.5", "-m", "x.onnx"], "which is x3"),
    "smaller": (["--size", "5x"], "nothing is left to upscale"),
    "scale that is no number": (["--scale", "nan"], "nan"),
    "larger": (["--size", "28x"], "27x21 at most"),
    "quality of a PNG": (["--quality", "80"], ".png is none"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_asked_of_a_result_is_possible_or_refused(room, kind):
    options, reason = WRONG[kind]
    room.photo("a.png")
    try:
        result = room.upscale("a.png", *options)
        told, code = result.stderr, result.exit_code
    except ImageError as error:
        told, code = str(error), error.exit_code
    assert reason in " ".join(told.split())
    assert code == 2
    assert room.names() == ["a.png"]


STREAMS = {
    "PNG": ("a.png", [], "PNG"),
    "JPEG": ("a.jpg", [], "JPEG"),
    "WebP": ("a.webp", ["-o", "-"], "WEBP"),
    "TIFF": ("a.tif", [], "TIFF"),
    "cannot be written": ("a.bmp", [], "PNG"),
    "chosen": ("a.png", ["-o", "-", "-f", "jpg", "--quality", "50"], "JPEG"),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_picture_goes_from_standard_input_to_standard_output(room, kind):
    name, options, written = STREAMS[kind]
    content = room.photo(name).read_bytes()
    result = room.upscale("-", *options, stdin=content)
    with Image.open(BytesIO(result.stdout_bytes)) as file:
        assert (file.format, file.size) == (written, (27, 21))
    assert "standard input 9x7 -> standard output 27x21" in result.stderr
    assert room.names() == [name]


def test_a_file_can_go_to_standard_output_and_standard_input_into_a_file(room):
    content = room.photo("a.jpg").read_bytes()
    result = room.upscale("a.jpg", "-o", "-")
    room.upscale("-", "-o", "b.jpg", stdin=content)
    assert (room.folder / "b.jpg").read_bytes() == result.stdout_bytes


STREAMS_REFUSED = {
    "no transparency": (["clear.png", "-o", "-", "-f", "jpg"], "standard output: JPEG cannot hold"),
    "two": (["-", "a.png"], "hold one picture"),
    "two outputs": (["a.png", "b.png", "-o", "-"], "hold one picture"),
    "folder": (["-", "-o", "out/"], "has no name"),
    "nothing": (["-"], "standard input is empty"),
}


@pytest.mark.parametrize("kind", STREAMS_REFUSED)
def test_what_streams_cannot_hold_is_refused(room, kind):
    arguments, reason = STREAMS_REFUSED[kind]
    room.photo("a.png")
    room.photo("b.png")
    Image.new("RGBA", SIZE).save("clear.png")
    try:
        told = room.upscale(*arguments, stdin=b"").stderr
    except ImageError as error:
        told = str(error)
    assert reason in told
    assert room.names() == ["a.png", "b.png", "clear.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="opens a terminal of its own")
def test_a_terminal_is_no_place_for_a_picture(room, upscaler):
    import pty

    room.photo("a.png")
    ours, terminal = pty.openpty()
    program = [sys.executable, "-m", "mobile_runtime", "upscale", "-m", str(upscaler)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    for arguments, words in ((["a.png", "-o", "-"], b"redirect it"), (["-"], b"pipe a picture")):
        run = subprocess.run(
            [*program, *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
        )
        assert (run.returncode, words in run.stderr) == (2, True)
    os.close(ours)
    os.close(terminal)


def test_a_mixed_folder_is_upscaled_in_one_start(room):
    """Good, odd and broken pictures of every kind that a folder of 200 may hold."""
    for number in range(12):
        room.photo(f"in/{number:02}{('.png', '.jpg', '.webp', '.bmp', '.gif', '.tif')[number % 6]}")
    Image.new("LA", SIZE, (9, 99)).save(room.folder / "in/gray.png")
    Image.new("P", SIZE).save(room.folder / "in/palette.png")
    whole = room.photo("in/cut.png", size=(99, 99)).read_bytes()
    (room.folder / "in/cut.png").write_bytes(whole[: len(whole) // 2])
    (room.folder / "in/text.jpg").write_text("<html>not found</html>")
    frames = [Image.new("RGB", SIZE, color) for color in ("red", "blue")]
    frames[0].save(room.folder / "in/pages.tif", save_all=True, append_images=frames[1:])
    (room.folder / "in/__MACOSX").mkdir()
    for junk in ("__MACOSX/a.png", "._00.png", "Thumbs.db"):
        (room.folder / "in" / junk).write_bytes(b"\0\5\x16\7")
    (room.folder / "in/clip.mp4").write_bytes(b"no picture")
    (room.folder / "in/folder.png").mkdir()
    (room.folder / "in/gone.png").symlink_to("nowhere.png")
    result = room.upscale("in", "-o", "out", "--format", "png")
    *_, summary, first, second, third = result.stdout.splitlines()
    assert summary == "14 upscaled, 3 failed, 2 not a picture by name"
    assert [first, second, third] == [
        f"failed: in/{n}" for n in ("cut.png", "pages.tif", "text.jpg")
    ]
    assert len(room.names("out")) == 14
    assert result.exit_code == 1
