"""What long commands tell while they work."""

import os
import re
import subprocess
import sys

import pytest
from model_files import copy_whole, options_for
from networks import make_net
from rich.table import Table

from converters.conversion import convert, file_name
from mobile_runtime.cli.progress import show_steps
from mobile_runtime.console import print_facts, print_table, print_text, set_verbosity
from mobile_runtime.engines.native_log import without_info
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.steps import Step
from mobile_runtime.validation.validate import available_engines
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig

CONFIG = SCNetConfig(2, "direct", 8, 1)
SIZE = (16, 20)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.safetensors"
    save_weights(make_net(CONFIG, strength=0.125), path, {})
    return open_checkpoint(path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_conversion_tells_each_step_of_each_file(checkpoint, tmp_path, name):
    files = [options_for(name, SIZE, precision=precision) for precision in ("fp32", "w8a8")]
    told = []
    made = convert(checkpoint, files, tmp_path, on_step=told.append)
    assert {(step.file, step.number, step.files) for step in told} == {
        (file_name(CONFIG, options), number, 2) for number, options in enumerate(files, start=1)
    }
    for path in made:
        actions = [step.action for step in told if step.file == path.name]
        assert len(actions) == len(set(actions))
        assert any("tracing" in action for action in actions)
        engines = [action for action in actions if action.startswith("verifying on ")]
        assert engines == [f"verifying on {engine}" for engine in available_engines(path)]
    last = [step.action for step in told if step.number == 2]
    assert "calibrating" in last
    assert last[-1] == "measuring the loss on photographs"


@pytest.fixture(autouse=True)
def _usual_verbosity():
    yield
    set_verbosity("normal")


STEPS = [
    Step("first.onnx", 1, 2, "tracing"),
    Step("first.onnx", 1, 2, "quantizing"),
    Step("second.onnx", 2, 2, "tracing"),
]


def tell(level):
    set_verbosity(level)
    with show_steps() as show:
        for step in STEPS:
            show(step)


def test_a_pipe_gets_a_line_at_the_start_and_one_for_each_file(capfd):
    tell("normal")
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"1 of 2: first.onnx begins\n1 of 2: first.onnx, \d\.\d s\n2 of 2: second.onnx, \d\.\d s\n",
        err,
    )


def test_verbose_adds_the_steps_and_quiet_leaves_all_away(capfd):
    tell("verbose")
    lines = capfd.readouterr().err.splitlines()
    actions = [line.rpartition(": ")[2] for line in lines if line.startswith("  ")]
    assert actions == [step.action for step in STEPS]
    tell("quiet")
    assert capfd.readouterr().err == ""


def test_quiet_prints_what_failed_and_no_results(capsys):
    set_verbosity("quiet")
    print_table(Table("result"))
    print_facts("result", {"a": "b"})
    print_text("result")
    print_facts("failure", {"a": "b"}, failed=True)
    print_text("failure", failed=True)
    shown = capsys.readouterr().out
    assert "result" not in shown
    assert shown.count("failure") == 2


def test_a_file_that_failed_is_not_called_done(capfd):
    def fail():
        with show_steps() as show:
            show(STEPS[0])
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail()
    assert " s\n" not in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_the_step_while_the_libraries_are_kept_quiet(checkpoint, tmp_path):
    master, slave = os.openpty()
    size = ("--height", str(SIZE[0]), "--width", str(SIZE[1]))
    wanted = ("--format", "tflite", "--precision", "fp16", "-o", str(tmp_path), *size)
    command = [sys.executable, "-m", "converters", "convert", str(checkpoint.path), *wanted]
    with subprocess.Popen(
        command, stdin=slave, stderr=slave, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(slave)
        shown = b"".join(iter(lambda: read(master), b"")).decode()
    assert process.returncode == 0
    assert "1 of 1: scnet-d8b1-x2-direct-fp16-slice_concat-16x20.tflite" in shown
    for action in ("tracing", "compressing", "verifying on xnnpack", "measuring the loss"):
        assert action in shown
    assert "Quantization Parameters" not in shown  # a bar of ai-edge-quantizer


def read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way of telling that nobody writes any more
        return b""


def test_native_info_is_dropped_and_the_rest_is_not(capfd):
    with without_info():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: bad\n")
    assert capfd.readouterr().err == "ERROR: bad\n"


def test_no_engine_writes_to_stderr_by_itself(converted, tmp_path):
    """XNNPACK's first delegate of a process announces itself."""
    (path,) = converted(options_for("tflite", SIZE))
    copy = copy_whole(path, tmp_path / "out")
    command = [sys.executable, "-m", "converters", "validate", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 2, done.stderr
