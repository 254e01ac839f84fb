"""What commands print on a terminal of 80 columns, and in a pipe."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from model_files import copy_whole, edit_manifest, options_for
from PIL import Image as Pillow
from rich.table import Table

from converters.__main__ import program
from mobile_runtime.benchmark.report import print_benchmark
from mobile_runtime.benchmark.results import read_benchmark
from mobile_runtime.console import print_facts, print_table, print_text
from mobile_runtime.model_file.manifest import manifest_path, read_manifest
from mobile_runtime.validation.report import print_results
from scnet.config import SCNetConfig
from scnet.weights import WEIGHTS

WIDTH = 80
SIZE = (16, 20)
DEEP = SCNetConfig(2, "pixelshuffle", 8, 12)
"""A network of many operators."""
LONG_ENGINE = "ai-edge-litert 2.3.0, SwiftShader Device (LLVM 16.0.0) (0x0000c0de), Vulkan 1.3"


def rename(path, stem):
    """Give a file and its manifest another name."""
    renamed = path.with_name(stem + path.suffix)
    edit_manifest(path, lambda content: content.update(file=renamed.name))
    manifest_path(path).rename(manifest_path(renamed))
    return path.rename(renamed)


@pytest.fixture(scope="module")
def folder(converted, tmp_path_factory):
    """A folder as users have it: model files, one with a name of 60 characters, and pictures."""
    folder = tmp_path_factory.mktemp("used")
    onnx, tflite = converted(options_for("onnx", None), options_for("tflite", SIZE), config=DEEP)
    copy_whole(onnx, folder / "models")
    copy_whole(tflite, folder / "models")
    rename(copy_whole(onnx, folder / "long"), "long-".ljust(55, "x"))
    (folder / "net.safetensors").write_bytes((onnx.parent.parent / "net.safetensors").read_bytes())
    (folder / "pictures").mkdir()
    for name in ("first", "a-picture-with-a-rather-long-name-as-cameras-and-chats-make-them"):
        noise = Pillow.effect_noise((72, 64), 64).convert("RGB")
        noise.save(folder / "pictures" / f"{name}.png")
    return folder


ONNX = "models/scnet-d8b12-x2-pixelshuffle-fp32-slice_concat.onnx"
TFLITE = "models/scnet-d8b12-x2-pixelshuffle-fp32-slice_concat-16x20.tflite"
LONG = "long/" + "long-".ljust(55, "x") + ".onnx"
QUICK = ("--runs", "2", "--warmup-runs", "1")

PRINTED = {
    "check": (["check", ONNX, TFLITE], [Path(ONNX).name, "webgpu", "ml-drift", "ONX004"]),
    "check --details": (["check", ONNX, "--details"], ["coreml-provider", "Conv", "source"]),
    "info": (["info"], [*WEIGHTS, "default", "Apache-2.0"]),
    "info of weights": (["info", "scnet-t-x4-direct-photo"], ["parameters", "144,816", "photo"]),
    "info of a file": (
        ["info", ONNX],
        [Path(ONNX).name, "slice_concat", "Conv", "net.safetensors"],
    ),
    "models": (["models"], ["scnet-t-x2-direct-photo", "onnx", "precision", "MB"]),
    "env": (["env"], ["scnet-mobile", "CPU", "onnxruntime", "xnnpack"]),
    "benchmark": (["benchmark", ONNX, TFLITE, *QUICK], [Path(TFLITE).name, "xnnpack", "median"]),
    "benchmark --details": (["benchmark", ONNX, "--details", *QUICK], ["first run", "placement"]),
    "benchmark, long name": (["benchmark", LONG, *QUICK], [Path(LONG).name, "onnxruntime"]),
    "evaluate": (["evaluate", ONNX, "pictures"], ["bicubic x2", Path(ONNX).name, "PSNR", "SSIM"]),
    "evaluate --each": (["evaluate", ONNX, "pictures", "--each"], ["first", "cameras-and", "mean"]),
    "evaluate, long name": (
        ["evaluate", LONG, "pictures", "--degradation", "jpeg75"],
        [Path(LONG).name, "blockiness"],
    ),
    "validate": (["validate", TFLITE], ["16x20.tflite", "2 of 2", "Absent"]),
    "validate --details": (["validate", TFLITE, "--details"], [Path(TFLITE).name, "builtin"]),
    "validate, long name": (["validate", LONG, "--quality", "pictures"], [Path(LONG).name, "PSNR"]),
    "convert": (["convert", "net.safetensors", "--format", "onnx", "-o", "new"], ["1 of 1", "MB"]),
    "bundle": (["bundle", TFLITE, "-o", "bundle"], ["bundle"]),
}


def check_lines(text):
    """No line is too wide, cut, or blank but for spaces; no word is cut into letters."""
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert "…" not in text
    assert not [line for line in lines if line and not line.strip()]
    assert len([line for line in lines if len(line.strip()) <= 1]) <= 1


@pytest.mark.parametrize(("arguments", "facts"), PRINTED.values(), ids=list(PRINTED))
def test_every_command_prints_its_main_facts_in_80_columns(folder, arguments, facts, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.chdir(folder)
    found = CliRunner().invoke(program, arguments, catch_exceptions=False)
    assert found.exit_code == 0, found.stderr
    check_lines(found.stdout)
    assert [fact for fact in facts if fact not in found.stdout] == []


def test_training_keeps_to_80_columns(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.chdir(folder)
    size = ("--scale", "2", "--batch", "1", "--patch", "8", "--steps", "1")
    arguments = ["train", "pictures", "-o", str(tmp_path / "run"), "--head", "direct", *size]
    found = CliRunner().invoke(program, arguments, catch_exceptions=False)
    assert found.exit_code == 0, found.stderr
    *lines, last = found.stderr.splitlines()
    assert "weights.safetensors" in last  # a path is never cut
    check_lines("\n".join(lines))
    assert "step 1: loss" in found.stderr


@pytest.mark.parametrize("arguments", [["info"], ["check", ONNX]], ids=" ".join)
def test_a_pipe_gets_whole_lines(folder, arguments, monkeypatch):
    """Markdown and aligned text: for `grep`, and to paste into a report."""
    monkeypatch.chdir(folder)
    shown = CliRunner().invoke(program, arguments, catch_exceptions=False).stdout
    assert "\x1b" not in shown
    assert all(line == line.rstrip() for line in shown.splitlines())
    assert re.search(r"^\| \S.* \|$", shown, re.MULTILINE)


@pytest.mark.parametrize("columns", ["0", "7", "40", "wide", ""])
def test_no_width_loses_words(folder, columns, monkeypatch):
    """Some shells export COLUMNS=0."""
    monkeypatch.setenv("COLUMNS", columns)
    shown = CliRunner().invoke(program, ["info", "scnet-t-x4-direct"]).stdout
    assert all(word in shown for word in ("parameters", "144,816", "Apache-2.0"))
    assert "…" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_real_terminal_of_80_columns_is_kept_to(folder):
    import fcntl
    import struct
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, "-m", "converters", "info", ONNX]
    with subprocess.Popen(
        command, cwd=folder, stdin=slave, stdout=slave, env=environment | {"TERM": "xterm"}
    ) as process:
        os.close(slave)
        shown = b"".join(iter(lambda: _read(master), b"")).decode()
    assert process.returncode == 0
    check_lines(re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", ""))
    assert "sha256" in shown


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way of telling that nobody writes any more
        return b""


def test_a_long_engine_and_a_long_name_take_lines_of_their_own(folder, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    manifest = read_manifest(folder / LONG)
    engines = tuple(
        replace(result, engine="litert-gpu", version=LONG_ENGINE) for result in manifest.verified
    )
    for details in (False, True):
        print_results([(replace(manifest, verified=engines), 620_000)], details=details)
        shown = capsys.readouterr().out
        check_lines(shown)
        assert manifest.file in shown
        assert ("SwiftShader" in shown) == details


def test_a_benchmark_of_engines_with_long_names_is_read_in_80_columns(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.chdir(folder)
    path = tmp_path / "found.json"
    arguments = ["benchmark", ONNX, *QUICK, "--json", str(path)]
    assert CliRunner().invoke(program, arguments, catch_exceptions=False).exit_code == 0
    found = read_benchmark(path)
    (row,) = found.files
    print_benchmark(replace(found, files=(replace(row, engine=f"litert-gpu, {LONG_ENGINE}"),)))
    shown = capsys.readouterr().out
    check_lines(shown)
    assert row.file in shown
    assert f"{row.warm.median_ms:.2f}" in shown


def test_what_names_hold_is_neither_markup_nor_a_command_to_a_terminal(capsys):
    table = Table("name")
    table.add_row("[red]:heart:\x1b]0;owned\x07")
    print_table(table)
    print_facts("\x1b[2J[b]title", {"name": "\x07[/b]"})
    print_text("\x1b[31m[i]text")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert all(word in shown for word in ("[red]:heart:]0;owned", "[b]title", "[/b]", "[i]text"))
