"""Terminal and output files of a command."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
from rich.box import MARKDOWN, SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mobile_runtime.atomic_write import atomic_write, unwritable_reason
from mobile_runtime.errors import ScnetError

STDOUT = Path("-")
"""Path that means standard output."""

Verbosity = Literal["quiet", "normal", "verbose"]
"""How much a command prints: `quiet` errors and what `--json -` asks for, `verbose` also what
libraries log, and a traceback with an error."""

_verbosity: Verbosity = "normal"

UNLIMITED = 1_000_000
"""Columns of a line where standard output is a file or a pipe, and COLUMNS sets none."""

NARROWEST = 40
"""Columns that are used of a narrower terminal, or of one that says 0."""


def set_verbosity(level: Verbosity) -> None:
    """Set how much this process prints from here on."""
    global _verbosity
    _verbosity = level


def verbosity() -> Verbosity:
    """Return how much this process is to print."""
    return _verbosity


def say(message: str, *, err: bool = False) -> None:
    """Print a line, without control characters, unless the user asked for quiet."""
    if _verbosity != "quiet":
        click.echo(printable(message), err=err)


def open_console() -> Console:
    """Return a console as wide as the terminal, or as COLUMNS says; else a line has no limit."""
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        console.width = max(console.width, NARROWEST)
    else:
        console.width = UNLIMITED
    return console


def print_table(table: Table) -> None:
    """Print a table of strings; where it is wider than the terminal, a block for each row.

    Where a line has no limit, it is Markdown. Cells may have several lines; none has markup.
    """
    console = open_console()
    if console.width == UNLIMITED:
        _print(_copy(table, separator=", ", box=MARKDOWN), console)
        return
    lined = _copy(table, separator="\n  ", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    lined.show_edge = lined.pad_edge = False
    unlimited = console.options.update(max_width=UNLIMITED)
    if console.measure(lined, options=unlimited).maximum <= console.width:
        _print(lined, console)
        return
    names = [str(column.header) for column in table.columns[1:]]
    for head, *cells in _rows(table):
        print_facts(head, dict(zip(names, cells, strict=True)))


def print_facts(
    title: str | Text, facts: Mapping[str, str | Text], *, failed: bool = False
) -> None:
    """Print what is known of one thing: a name and its value on each line, empty ones left out.

    Args:
        title: The line above them.
        facts: Name -> value.
        failed: They are about a failure: --quiet does not suppress them.
    """
    console = open_console()
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(no_wrap=True)
    block.add_column(overflow="fold")
    for name, value in facts.items():
        if str(value):
            block.add_row(_clean(name), _clean(value))
    _print(_clean(title, separator="\n  "), console, style="bold", failed=failed)
    _print(Padding(block, (0, 0, 0, 2), expand=False), console, failed=failed)


def print_text(text: str, style: str = "", *, failed: bool = False) -> None:
    """Print a line; where it must be wrapped, its indentation is kept. `failed`: as above."""
    line = Text(printable(text.lstrip()), style)
    indent = len(text) - len(text.lstrip())
    _print(Padding(line, (0, 0, 0, indent), expand=False), open_console(), failed=failed)


def _print(
    content: RenderableType, console: Console, style: str | None = None, *, failed: bool = False
) -> None:
    """Print without blanks at the ends of lines, and without lines of nothing else."""
    if _verbosity == "quiet" and not failed:
        return
    if console.is_terminal:
        console.print(content, style=style)
        return
    with console.capture() as capture:
        console.print(content, style=style)
    lines = (line.rstrip() for line in capture.get().splitlines())
    click.echo("\n".join(filter(None, lines)))


def _copy(table: Table, *, separator: str, **style: Any) -> Table:
    """Return a table in another style, its cells without control characters."""
    copy = Table(**style)
    for column in table.columns:
        copy.add_column(column.header, justify=column.justify)
    for cells in _rows(table):
        copy.add_row(*(_clean(cell, separator=separator) for cell in cells))
    return copy


def _rows(table: Table) -> Iterator[Sequence[Any]]:
    return zip(*(column.cells for column in table.columns), strict=True)


def _clean(cell: str | Text, *, separator: str = "\n") -> Text:
    """Return a cell without control characters, which names in files may have."""
    style = cell.style if isinstance(cell, Text) else ""
    return Text(separator.join(map(printable, str(cell).splitlines())), style)


def printable(text: str) -> str:
    r"""Return text without control characters, which could steer a terminal.

    Bytes in a name that are no text, which Python keeps as lone surrogates, are shown as \udcXX.
    """
    readable = text.encode(errors="backslashreplace").decode()
    return "".join(character for character in readable if character.isprintable())


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
