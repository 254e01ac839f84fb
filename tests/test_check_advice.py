"""The advice of `scnet check` on our files, taken by its words: what it found is gone then."""

import re

import pytest
from click.testing import CliRunner
from model_files import SMALLEST, options_for
from networks import make_net

from converters.cli.convert import command as convert_command
from mobile_runtime.check.placement import RULES, check
from mobile_runtime.model_file.format import FORMATS
from scnet.checkpoint import save_weights

SIZE = (16, 32)

BREAKS = {
    "ANE001": options_for("coreml", SIZE, precision="fp32"),
    "ANE008": options_for("coreml", SIZE, precision="fp16"),
    "ANE013b": options_for("coreml", SIZE, precision="fp16"),
    "ANE017": options_for("coreml", SIZE, precision="fp16"),
    "ONX006": options_for("onnx", SIZE),
    "ONX006e": options_for("onnx", SIZE),
    "ONX007b": options_for("onnx", SIZE),
    "ONX007c": options_for("onnx", SIZE, precision="w8a8"),
    "ONX007e": options_for("onnx", SIZE, precision="w8a8"),
}
"""Rule -> a file of ours that breaks it. ONX008 needs a thousand operators, and says what ONX006
says."""


def findings(path):
    return {found.rule: found for report in check(path) for found in report.findings}


def test_every_advice_that_names_options_is_tried():
    assert {rule.id for rule in RULES if "--" in rule.fix} == {*BREAKS, "ONX008"}


@pytest.mark.parametrize("rule", BREAKS)
def test_what_is_advised_helps(rule, converted, tmp_path):
    options = BREAKS[rule]
    (path,) = converted(options)
    words = re.findall(r"--[a-z-]+(?: \w+)?", findings(path)[rule].fix)
    weights = tmp_path / "net.safetensors"
    save_weights(make_net(SMALLEST), weights, {})
    command = [str(weights), "--format", options.format, "-o", str(tmp_path / "out")]
    advised = [part for word in words for part in word.split()]
    done = CliRunner().invoke(convert_command, [*command, *advised, "--no-verify"])
    assert done.exit_code == 0, done.output
    (better,) = (tmp_path / "out").glob(f"*{FORMATS[options.format].suffix}")
    assert rule not in findings(better)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_advice_on_files_of_others_names_no_option_of_ours(rule):
    assert "--" not in (rule.foreign_fix or rule.fix)
