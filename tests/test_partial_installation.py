"""Every command in a plain install, and with each extra alone: works, or says what to install."""

import re

import pytest
import torch
from model_files import copy_whole, options_for
from networks import make_net
from partial_installation import EXTRAS, absent_modules, brings, run_commands
from PIL import Image as Pillow

from converters.__main__ import COMMANDS
from mobile_runtime.model_file.format import FORMATS
from scnet.config import SCNetConfig

INSTALL_LINE = r"Error: [^\n]*: pip install 'scnet-mobile\[(\w+)\]'\.\n"

EXTRA_OF_FORMAT = {"onnx": None, "tflite": "tflite", "coreml": "coreml"}


def _runs_of_a_file(suffix):
    """The words of every command that takes a model file."""
    file = f"small{suffix}"
    return [
        *((name, file) for name in ("info", "check", "validate")),
        ("upscale", "photo.png", "-o", f"large{suffix}.png", "--model", file),
        ("benchmark", file, "--runs", "1", "--warmup-runs", "1"),
        ("evaluate", file, "pictures"),
    ]


RUNS = [
    (None, ("info",)),
    (None, ("info", "scnet-t-x3-direct")),
    (None, ("env",)),
    (None, ("models",)),
    (None, ("models", "scnet-t-x2-direct-photo", "-o", "copied")),
    (None, ("upscale", "photo.png", "-o", "bundled.png")),
    (None, ("bundle", "small.onnx", "-o", "bundled")),
    ("pytorch", ("info", "net.pth")),
    ("pytorch", ("evaluate", "net.pth", "pictures")),
    ("pytorch", ("upscale", "photo.png", "-o", "x.png", "--model", "net.pth")),
    ("pytorch", ("upscale", "photo.png", "-o", "x2.png", "--model", "scnet-t-x2-pixelshuffle")),
    ("plot", ("benchmark", "small.onnx", "--runs", "1", "--plot", "plot.png")),
    ("convert", ("convert", "net.pth", "--format", "onnx", "--no-verify", "-o", "out")),
    ("train", ("train", "pictures", "-o", "run", "--steps", "1", "--patch", "8", "--batch", "1")),
    *(
        (EXTRA_OF_FORMAT[name], words)
        for name, row in FORMATS.items()
        for words in _runs_of_a_file(row.suffix)
    ),
]
"""The extra that is needed, None for none, and the words of a command."""


@pytest.fixture
def folder(tmp_path, converted):
    """A folder with one of each kind of file that a command takes."""
    for name in FORMATS:
        (path,) = converted(options_for(name, (16, 20)))
        copy_whole(path, tmp_path)
    net = make_net(SCNetConfig(2, "pixelshuffle", 8, 1))
    torch.save({"params_ema": net.state_dict()}, tmp_path / "net.pth")
    (tmp_path / "pictures").mkdir()
    for number in range(2):
        noise = Pillow.effect_noise((32, 32), 64).convert("RGB")
        noise.save(tmp_path / "pictures" / f"{number}.png")
    Pillow.new("RGB", (9, 7), "teal").save(tmp_path / "photo.png")
    return tmp_path


@pytest.mark.parametrize(
    "extra", [None, *(pytest.param(e, marks=pytest.mark.full) for e in EXTRAS)]
)
def test_a_command_works_or_says_which_extra_it_needs(folder, extra):
    installed = [extra] if extra else []
    models = {f"small{path.suffix}": path.name for path in folder.iterdir()}
    # What works in a plain install, or with another extra, is run there only: it takes longer.
    runs = [row for row in RUNS if row[0] == extra or not brings(installed, row[0])]
    commands = [[*(models.get(word, word) for word in words), "--quiet"] for _, words in runs]
    done = run_commands(commands, absent_modules(*installed), folder)
    for (needed, words), (code, _, stderr) in zip(runs, done, strict=True):
        if needed == extra:
            assert code == 0, (words, stderr)
        else:
            assert code == 2, (words, stderr)
            found = re.fullmatch(INSTALL_LINE, stderr)
            assert found is not None, (words, stderr)
            assert found[1] == needed, (words, stderr)


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_help_needs_no_extra(tmp_path, extra):
    absent = absent_modules(*[extra] if extra else [])
    done = run_commands([[name, "--help"] for name in COMMANDS], absent, tmp_path)
    for name, (code, stdout, stderr) in zip(COMMANDS, done, strict=True):
        assert (code, stderr) == (0, ""), name
        assert f"scnet {name}" in stdout
