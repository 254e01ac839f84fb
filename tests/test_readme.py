"""The README says what is there: files, commands, options."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from converters.__main__ import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MODULES = (ROOT / "docs" / "modules.md").read_text()
COMMAND_LINES = re.findall(r"^scnet (?:.*\\\n)*.*$", README, re.MULTILINE)


def test_every_command_is_shown():
    assert {line.split()[1] for line in COMMAND_LINES} == set(COMMANDS)


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_shown_command_line_is_understood(line):
    """Each parses: its options exist and their values are allowed."""
    _, name, *arguments = shlex.split(line.replace("\\\n", " "), comments=True)
    command = import_module(COMMANDS[name][0]).command
    assert isinstance(command.make_context(name, arguments), click.Context)


def test_every_file_named_is_there():
    named = re.findall(r"^\| `([\w./-]+)` \|", README + MODULES, re.MULTILINE)
    assert len(named) > 30
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def test_every_module_is_named():
    modules = {
        path.relative_to(ROOT).as_posix()
        for room, suffix in (
            *((name, "py") for name in ("scnet", "converters", "mobile_runtime")),
            ("web_demo/src", "js"),
        )
        for path in (ROOT / room).rglob(f"*.{suffix}")
        if path.name != "__init__.py"
    }
    assert {name for name in modules if f"`{name}`" not in MODULES} == set()


def test_pictures_and_links_are_there():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
