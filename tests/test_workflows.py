"""The workflows for forks: they parse, name versions, and call what there is. GitHub runs them."""

import re
from pathlib import Path

import pytest
import yaml

from mobile_runtime.engines.registry import ENGINES

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def read_steps(path):
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_of_a_version(path):
    """And each step runs a command or one action."""
    steps = read_steps(path)
    assert all(("run" in step) != ("uses" in step) for step in steps)
    actions = [step["uses"] for step in steps if "uses" in step]
    assert actions
    assert all(re.fullmatch(r"[\w-]+(/[\w-]+)+@v\d+(\.\d+)*", action) for action in actions)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_files_and_engines_exist(path):
    text = path.read_text()
    for name in re.findall(r"mobile_runtime/\S+?\.(?:mlpackage|tflite)\b", text):
        assert list(ROOT.glob(name))
    for engine in re.findall(r"\bcoreml-[\w-]+", text):
        assert engine in ENGINES[".mlpackage"]
