"""Terminal and output files of a command."""

import os
from pathlib import Path

import click
import msgspec
from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.errors import ScnetError

STDOUT = Path("-")
"""Path that means standard output."""

LOG_WIDTH = 400
"""Columns of tables where standard output is a file or a log."""


def open_console() -> tuple[Console, Box]:
    """Return a console for tables and their style: Markdown where nothing sets a width."""
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
    """Return text without control characters, which could steer a terminal."""
    return "".join(character for character in text if character.isprintable())


def complain(message: str) -> None:
    """Print an error on stderr, without control characters: engines quote names from files."""
    shown = "\n".join(map(printable, message.splitlines()))
    click.secho(f"Error: {shown}", fg="red", err=True)


def check_output(path: Path | None, *, overwrite: bool) -> None:
    """Check that a file can be written, or may be replaced; None and `STDOUT` always can.

    Raises:
        ScnetError: It exists, or its folder cannot be written to.
    """
    if path is None or path == STDOUT or _is_stream(path):
        return
    if reason := unwritable_reason(path, overwrite=overwrite):
        raise ScnetError(reason)


def write_output(path: Path | None, content: bytes) -> None:
    """Write a file atomically; print it for `STDOUT`, do nothing for None.

    Pipes and devices are written to, not replaced.

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
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise ScnetError(f"{path} cannot be written: {error.strerror}.") from error


def write_json(path: Path | None, content: object) -> None:
    """Write what msgspec encodes, dataclasses among it, as `write_output` does."""
    write_output(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def _is_stream(path: Path) -> bool:
    """Return whether a path is a pipe or a device, neither file nor folder."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:  # such as a name that is too long: reported when it is written
        return False
