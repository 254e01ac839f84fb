"""Every shell block of the README, and with `full` of docs/ too, runs as it stands there, in order.

Each page starts in a folder of its own with the few files that it may assume. Lines that install
the project or start a session of nox are what CI itself runs; they are not run again here.
"""

import os
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

ELSEWHERE = re.compile(r"python -m (pip install|nox)\b|scnet device android\b")
"""What CI runs; and what needs a phone: tests/test_android.py runs it with a replayed one."""

NEEDS_A_MAC = "--engine coreml-"
TRAINING = "scnet train "
SHORT = " --steps 2 --batch 1 --patch 16 --precision 32-true"
"""Added to lines that train, where the last value of an option counts."""


def read_commands(page: Path) -> list[str]:
    """List the commands of a page's shell blocks, continued lines joined."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not ELSEWHERE.match(line)]


COMMANDS = {
    page.relative_to(ROOT).as_posix(): commands
    for page in PAGES
    if (commands := read_commands(page))
}


@pytest.fixture
def folder(tmp_path):
    """A folder with the files that pages may assume."""
    with Pillow.open(PHOTOGRAPHS[0]) as photograph:
        picture = photograph.convert("RGB").crop((80, 80, 208, 176))
    picture.resize((480, 360)).save(tmp_path / "photo.jpg")
    for name in ("photos", "photographs", "pictures", "Set5"):
        (tmp_path / name).mkdir()
        picture.save(tmp_path / name / "baby.png")
        picture.rotate(90, expand=True).save(tmp_path / name / "bird.png")
    for scale in (2, 4):
        net = make_net(SCNetConfig(scale, "mlp", 8, 1))
        torch.save(net.state_dict(), tmp_path / f"SCNet-T-x{scale}.pth")
    return tmp_path


def test_the_readme_shows_commands():
    assert len(COMMANDS["README.md"]) >= 3


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=() if page == "README.md" else pytest.mark.full)
        for page in COMMANDS
    ],
)
def test_commands_of_a_page_run_in_order(folder, page):
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    for line in COMMANDS[page]:
        command = line + SHORT if line.startswith(TRAINING) else line
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        expected = 2 if NEEDS_A_MAC in line and sys.platform != "darwin" else 0
        assert done.returncode == expected, f"{command}\n{done.stdout}{done.stderr}"
