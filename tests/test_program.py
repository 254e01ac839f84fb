"""The `scnet` program as a user meets it: words, exit codes, nothing left behind."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from model_files import options_for
from networks import make_net
from PIL import Image as Pillow

from converters.__main__ import COMMANDS, main
from mobile_runtime.atomic_write import atomic_write
from mobile_runtime.bundled_models import DEFAULT
from mobile_runtime.console import complain
from mobile_runtime.model_file.manifest import manifest_path
from scnet.config import SCNetConfig
from scnet.weights import WEIGHTS

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["torch._dynamo", "converters.cli.convert", "converters.to_onnx"])


def scnet(*arguments, folder):
    """Run the program in a process of its own, forked from one that has imported PyTorch."""
    command = ["scnet", *map(str, arguments)]
    with TemporaryDirectory() as made:
        streams = Path(made, "stdout"), Path(made, "stderr")
        process = FORKS.Process(target=_become, args=(command, folder, *streams))
        process.start()
        process.join()
        printed = (stream.read_text() for stream in streams)
        return subprocess.CompletedProcess(command, process.exitcode, *printed)


def _become(command, folder, *streams):
    for number, stream in enumerate(streams, start=1):
        os.dup2(os.open(stream, os.O_CREAT | os.O_WRONLY), number)
    os.chdir(folder)
    sys.argv = command
    main()


def save_net(folder):
    net = make_net(SCNetConfig(2, "pixelshuffle", 8, 1))
    torch.save({"params_ema": net.state_dict()}, folder / "net.pth")


@pytest.fixture
def folder(tmp_path):
    """A folder with a checkpoint, a photo, and things that only look like them."""
    save_net(tmp_path)
    torch.save(make_net(SCNetConfig(3, "mlp", 8, 1)).state_dict(), tmp_path / "mlp.pth")
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pth")
    (tmp_path / "truncated.pth").write_bytes((tmp_path / "net.pth").read_bytes()[:999])
    (tmp_path / "broken.onnx").write_bytes(b"broken")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    Pillow.new("RGB", (9, 7), "teal").save(tmp_path / "photo.png")
    Pillow.new("RGB", (9, 7), "teal").save(tmp_path / "there.png")
    (tmp_path / "pictures").mkdir()
    return tmp_path


MODEL = "scnet-d8b1-x2-pixelshuffle-fp32-slice_concat.onnx"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What `scnet convert` makes of the checkpoint."""
    folder = tmp_path_factory.mktemp("made")
    save_net(folder)
    done = scnet("convert", "net.pth", "--format", "onnx", "-o", "out", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out"


REFUSED = {
    "no such command": (["sharpen"], "No such command"),
    "misspelt command": (["upscal"], "Did you mean upscale?"),
    "another network": (["convert", "other.pth"], "Not an SCNet"),
    "truncated checkpoint": (["convert", "truncated.pth"], "damaged"),
    "no such weights": (["convert", "waifu2x"], "there are scnet-t-x"),
    "misspelt weights": (["convert", "scnet-t-x4-drect"], "did you mean scnet-t-x4-direct?"),
    "quiet and verbose": (["info", "-q", "-v"], "exclude each other"),
    "wrong scale": (["convert", "net.pth", "--scale", "4"], "Scale 4 contradicts the file"),
    "wrong head": (["convert", "net.pth", "--head", "direct"], "not direct"),
    "no scale": (["convert", "mlp.pth"], "may be x2 or x3"),
    "half a size": (["convert", "net.pth", "--height", "64"], "go together"),
    "several sizes of onnx": (
        [
            *("convert", "net.pth", "--format", "onnx", "--height", "8", "--width", "8"),
            *("--other-size", "9x9"),
        ],
        "Only Core ML takes several sizes, not onnx",
    ),
    "operator set that is too new": (
        ["convert", "net.pth", "--format", "onnx", "--opset", "22"],
        "13<=x<=21",
    ),
    "interface of tflite": (
        ["convert", "net.pth", "--format", "tflite", "--interface", "image"],
        "coreml files, and tflite files in w8a8",
    ),
    "precision of another format": (
        ["convert", "net.pth", "--format", "onnx", "--precision", "w4"],
        "onnx files come in fp32, fp16, w8a8, not in w4",
    ),
    "calibration of nothing": (
        ["convert", "net.pth", "--format", "onnx", "--calibration", "."],
        "--calibration is for --precision w8a8",
    ),
    "scale of no file": (["info", "--scale", "3"], "name one"),
    "unwritable folder": (["convert", "net.pth", "-o", "photo.png/x"], "cannot be written to"),
    "broken model": (["info", "broken.onnx"], "broken.onnx"),
    "unknown file": (["info", "photo.png"], "not a checkpoint"),
    "no manifest": (["validate", "broken.onnx"], "cannot be read"),
    "no file to validate": (["validate", "none.onnx"], "Error: none.onnx does not exist."),
    "no file to bundle": (["bundle", "none.onnx", "-o", "x"], "Error: none.onnx does not exist."),
    "no folder to evaluate on": (["evaluate", "net.pth"], "scnet evaluate model.onnx pictures"),
    "folder first": (
        ["evaluate", "pictures", "net.pth"],
        "pictures is one: the folder of pictures",
    ),
    "folder of another name": (["evaluate", "net.pth", "pics"], "pics is not a folder: the folder"),
    "engine of another name": (
        ["upscale", "photo.png", "-o", "x.png", "-m", "broken.onnx", "--engine", "OnnxRuntim"],
        "did you mean onnxruntime?",
    ),
    "no picture": (["upscale", "text.png", "-o", "x.png", "-m", "net.pth"], "text.png"),
    "empty picture": (["upscale", "empty.png", "-o", "x.png", "-m", "net.pth"], "empty.png"),
    "too many pixels": (
        ["upscale", "photo.png", "-o", "x.png", "-m", "net.pth", "--max-pixels", "62"],
        "more than the limit of 62",
    ),
    "output is there": (
        ["upscale", "photo.png", "-o", "there.png", "-m", "net.pth"],
        "--overwrite",
    ),
    "no pictures": (["evaluate", "net.pth", "pictures"], "holds no picture"),
    "no training pictures": (["train", "pictures", "-o", "run"], "holds no picture"),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=list(REFUSED))
def test_bad_input_is_a_sentence_and_exit_code_2(folder, arguments, words):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = scnet(*arguments, folder=folder)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_convert_validate_info_and_upscale_work_together(folder):
    made = scnet("convert", "net.pth", "--format", "onnx", "-o", "out", folder=folder)
    assert made.returncode == 0, made.stderr
    name = f"out/{MODEL}"
    assert "1 of 1" in made.stdout
    again = scnet("convert", "net.pth", "--format", "onnx", "-o", "out", folder=folder)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr
    assert scnet("validate", name, folder=folder).returncode == 0
    facts = json.loads(scnet("info", name, "--json", "-", folder=folder).stdout)
    assert facts["scale"] == 2
    assert facts["operators"]["Conv"] > 0
    upscaled = scnet("upscale", "photo.png", "-m", name, "-o", "large.png", folder=folder)
    assert upscaled.returncode == 0, upscaled.stderr
    assert "18x14" in upscaled.stdout
    with Pillow.open(folder / "large.png") as picture:
        assert picture.size == (18, 14)


def test_a_file_that_nothing_has_run_says_so(folder):
    wanted = ("--format", "onnx", "--no-verify", "-o", "out")
    made = scnet("convert", "net.pth", *wanted, folder=folder)
    assert made.returncode == 0, made.stderr
    assert "not run" in made.stdout


def test_wrong_file_is_exit_code_1(folder, made):
    shutil.copytree(made, folder / "out")
    path = folder / "out" / MODEL
    manifest = json.loads(manifest_path(path).read_text())
    manifest["tolerance"] = {"max_abs": 0.0, "psnr_db": 1000.0}
    manifest_path(path).write_text(json.dumps(manifest))
    result = scnet("validate", path, folder=folder)
    assert result.returncode == 1
    assert "no" in result.stdout


def test_fault_of_the_program_is_not_taken_for_a_wrong_file(tmp_path):
    broken = "from converters import __main__ as m; m.COMMANDS['info'] = ('nowhere', ''); m.main()"
    command = [sys.executable, "-c", broken, "info"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "No module named 'nowhere'" in result.stderr
    assert "please report it" in result.stderr


def test_interrupted_says_so_in_a_line(tmp_path):
    """It waits for a file that nobody writes, and so has begun as soon as that can be opened."""
    os.mkfifo(tmp_path / "endless.onnx")
    command = [sys.executable, "-m", "converters", "check", "endless.onnx"]
    with (
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running,
        (tmp_path / "endless.onnx").open("w"),
    ):
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate()
    assert (running.returncode, stderr) == (130, "Interrupted.\n")


def test_a_pipe_that_is_read_no_further_is_no_error(tmp_path):
    line = f"{sys.executable} -m converters info | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("0\n", "")


def test_quiet_prints_errors_and_json_alone(folder):
    assert scnet("info", "--quiet", folder=folder).stdout == ""
    assert json.loads(scnet("info", "--quiet", "--json", "-", folder=folder).stdout)
    refused = scnet("info", "broken.onnx", "-q", folder=folder)
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: ")


def test_verbose_prints_a_traceback_with_an_error(folder):
    refused = scnet("info", "broken.onnx", "-v", folder=folder)
    assert refused.returncode == 2
    assert "Traceback" in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_common_options(tmp_path, name):
    printed = scnet(name, "-h", folder=tmp_path).stdout
    for option in ("-v, --verbose", "-q, --quiet", "-h, --help"):
        assert option in printed


def test_a_full_disk_is_named_with_the_file(tmp_path):
    def fill(path):
        with atomic_write(path):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"large\.png"):
        fill(tmp_path / "large.png")


def test_bytes_in_a_name_that_are_no_text_are_shown(capsys):
    complain(f"{os.fsdecode(b'f' + bytes([0xF6]) + b'.png')} exists")
    assert capsys.readouterr().err == "Error: f\\udcf6.png exists\n"


def test_name_in_a_file_cannot_steer_the_terminal(capsys):
    complain("the engine refused\n\x1b]0;owned\x07 of the file")
    assert capsys.readouterr().err == "Error: the engine refused\n]0;owned of the file\n"


def test_info_describes_a_checkpoint(folder):
    facts = json.loads(scnet("info", "net.pth", "--json", "-", folder=folder).stdout)
    expected = {"kind": "checkpoint (params_ema)", "variant": "d8b1", "scale": 2, "halo_pixels": 2}
    assert facts | expected == facts


def test_info_prints_a_table_of_a_model_file(folder, converted):
    (path,) = converted(options_for("tflite", (16, 20)))
    printed = scnet("info", path, folder=folder).stdout
    for words in (path.name, "model file (.tflite)", "precision", "slice_concat", "CONV_2D"):
        assert words in printed


def test_evaluate_prints_each_picture_and_runs_a_file_of_fixed_size_in_tiles(folder, converted):
    (path,) = converted(options_for("tflite", (16, 20)))
    for name in ("first", "second"):
        noise = Pillow.effect_noise((72, 64), 64).convert("RGB")
        noise.save(folder / "pictures" / f"{name}.png")
    arguments = ("evaluate", path.parent.parent / "net.safetensors", path, "pictures")
    found = json.loads(scnet(*arguments, "--json", "-", folder=folder).stdout)
    bicubic, checkpoint, file = (row["mean"]["psnr_db"] for row in found)
    assert file == pytest.approx(checkpoint, abs=0.01)
    assert abs(checkpoint - bicubic) > 0.1
    assert "first" not in scnet(*arguments, folder=folder).stdout
    printed = scnet(*arguments, "--each", folder=folder).stdout
    assert printed.count("first") == printed.count("second") == 3


def test_info_lists_the_bundled_weights_and_describes_each_by_name(folder):
    listed = json.loads(scnet("info", "--json", "-", folder=folder).stdout)
    assert listed.keys() == WEIGHTS.keys()
    for name, facts in listed.items():
        assert json.loads(scnet("info", name, "--json", "-", folder=folder).stdout) == facts
    rows = scnet("info", folder=folder).stdout.splitlines()
    assert [DEFAULT in row for row in rows if "default" in row] == [True]


@pytest.mark.parametrize(
    "arguments",
    [
        ("info",),
        ("info", "net.pth"),
        ("check", f"out/{MODEL}"),
        ("evaluate", "net.pth", "pictures"),
    ],
    ids=" ".join,
)
def test_json_goes_into_a_file_that_is_not_replaced_unasked_or_is_printed(folder, made, arguments):
    shutil.copytree(made, folder / "out")
    Pillow.effect_noise((32, 32), 64).convert("RGB").save(folder / "pictures" / "noise.png")
    written = scnet(*arguments, "--json", "found.json", folder=folder)
    refused = scnet(*arguments, "--json", "found.json", folder=folder)
    printed = scnet(*arguments, "--json", "-", folder=folder)

    assert (written.returncode, refused.returncode, printed.returncode) == (0, 2, 0)
    assert "found.json exists" in refused.stderr
    found = json.loads((folder / "found.json").read_text())
    assert json.loads(printed.stdout) == found
    assert len(written.stdout.splitlines()) > 3


def test_conversion_needs_no_terminal(folder):
    """Standard output closed, as some services start programs."""
    line = f"{sys.executable} -m converters convert net.pth --format onnx -o out >&-"
    result = subprocess.run(["sh", "-c", line], cwd=folder, stderr=subprocess.PIPE, text=True)
    assert "Traceback" not in result.stderr
    assert len(list((folder / "out").glob("*.onnx"))) == 1


def test_help_lists_every_command(folder):
    listed = scnet("--help", folder=folder).stdout
    assert all(name in listed for name in COMMANDS)


WITHOUT_PYTORCH = """
import runpy, sys
sys.modules["torch"] = None
runpy.run_module("mobile_runtime", run_name="__main__")
"""


def without_pytorch(*arguments, folder):
    """Run `python -m mobile_runtime` where PyTorch cannot be imported."""
    command = [sys.executable, "-c", WITHOUT_PYTORCH, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_mobile_runtime_upscales_where_there_is_no_pytorch(folder, converted):
    (path,) = converted(options_for("onnx", None))
    photo = ("upscale", "photo.png", "-o", "large.png")
    done = without_pytorch(*photo, "-m", path, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "18x14" in done.stdout
    bundled = without_pytorch("upscale", "photo.png", "-o", "bundled.png", folder=folder)
    assert bundled.returncode == 0, bundled.stderr
    assert "36x28" in bundled.stdout
    wanted = ("--model", "scnet-t-x2-pixelshuffle")
    refused = without_pytorch("upscale", "photo.png", "-o", "no.png", *wanted, folder=folder)
    assert refused.returncode == 2
    assert "scnet-t-x2-pixelshuffle has no finished model file" in refused.stderr
    assert "Traceback" not in refused.stderr
