"""Where a command writes what it found: a file, refused before the work, or the terminal."""

import os
from pathlib import Path

import click
from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.errors import ScnetError

STDOUT = Path("-")
"""Stands for standard output."""

LOG_WIDTH = 400
"""Columns for tables that go to a file or a log, where nothing else sets a width."""


def open_console() -> tuple[Console, Box]:
    """Return what prints tables, and their style: Markdown where nothing sets a width."""
    console = Console()
    if console.is_terminal or "COLUMNS" in os.environ:
        return console, SIMPLE_HEAD
    console.width = LOG_WIDTH
    return console, MARKDOWN


def print_table(table: Table) -> None:
    """Print a table, as Markdown where nothing sets a width, and without a frame of blanks."""
    console, table.box = open_console()
    if console.is_terminal:
        console.print(table)
        return
    if table.box == MARKDOWN:
        table.show_edge, table.pad_edge, table.padding = True, True, (0, 1)
    with console.capture() as capture:
        console.print(table)
    lines = (line.rstrip() for line in capture.get().splitlines())
    click.echo("\n".join(filter(None, lines)))


def printable(text: str) -> str:
    """Leave out what could steer a terminal: the words of files and phones are not ours."""
    return "".join(character for character in text if character.isprintable())


def complain(message: str) -> None:
    """Print an error on stderr, whoever wrote the words in it: engines quote names from files."""
    shown = "\n".join(map(printable, message.splitlines()))
    click.secho(f"Error: {shown}", fg="red", err=True)


def check_output(path: Path | None, *, overwrite: bool) -> None:
    """Make sure that a file, if one is wanted, can be written, or may be replaced.

    Raises:
        ScnetError: It is there already, or its folder cannot be written to.
    """
    if path is None or path == STDOUT or _is_stream(path):
        return
    if obstacle := unwritable_reason(path, overwrite=overwrite):
        raise ScnetError(obstacle)


def write_output(path: Path | None, content: bytes) -> None:
    """Write a file, whole or not at all; print it for `STDOUT`, do nothing for None.

    Pipes and devices take what they are given, and stay what they are.

    Raises:
        ScnetError: It cannot be written.
    """
    if path is None:
        return
    if path == STDOUT:
        click.echo(content, nl=not content.endswith(b"\n"))
        return
    try:
        if _is_stream(path):
            path.write_bytes(content)
            return
        with atomic_write(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise ScnetError(f"{path} cannot be written: {error.strerror}.") from error


def _is_stream(path: Path) -> bool:
    """Tell whether something is there that is neither a file nor a folder: a pipe, a device."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:  # a name that is too long, say: to be told when it is written to
        return False
