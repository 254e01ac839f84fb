"""Every Python example in the README and docs/examples, and with `full` in docs/ too, runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from networks import make_net
from PIL import Image as Pillow

from converters.golden_samples import PHOTOGRAPHS
from scnet.config import SCNetConfig

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = {
    page.relative_to(ROOT).as_posix(): "\n".join(blocks)
    for page in PAGES
    if (blocks := re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
}
"""Page -> its examples in their order: later ones go on where earlier ones end."""


@pytest.fixture
def folder(tmp_path):
    """A folder with the files that examples may name."""
    with Pillow.open(PHOTOGRAPHS[0]) as photograph:
        small = photograph.convert("RGB").crop((80, 80, 144, 128))
    small.save(tmp_path / "photo.jpg")
    small.save(tmp_path / "photo.png")
    (tmp_path / "Set5").mkdir()
    small.save(tmp_path / "Set5" / "baby.png")
    torch.save(make_net(SCNetConfig(4, "mlp", 8, 1)).state_dict(), tmp_path / "SCNet-T-x4.pth")
    return tmp_path


def test_the_readme_has_an_example():
    assert "README.md" in EXAMPLES


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=() if page == "README.md" else pytest.mark.full)
        for page in EXAMPLES
    ],
)
def test_examples_of_a_page_run(folder, page):
    command = [sys.executable, "-c", EXAMPLES[page]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "script", sorted((ROOT / "docs/examples").glob("*.py")), ids=lambda path: path.name
)
def test_example_script_runs_on_a_photograph(folder, script):
    command = [sys.executable, script, "photo.png"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout
    assert len(list((folder / "compared").glob("*.png"))) == 3
