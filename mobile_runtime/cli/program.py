"""The group of commands behind `scnet`, and its exit codes.

Exit codes: 0 success, 1 a verdict was bad, 2 no verdict could be had, 130 interrupted (128 and the
number of any other signal).
"""

import logging
import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from mobile_runtime.bundled_models import DEFAULT
from mobile_runtime.cli import signals
from mobile_runtime.console import Verbosity, complain, set_verbosity, verbosity
from mobile_runtime.engines.session import Opener, Session, find_model, open_session
from mobile_runtime.errors import ModelLoadError, ScnetError
from mobile_runtime.extras import DISTRIBUTION, missing_dependency

COMMANDS = {
    "benchmark": ("mobile_runtime.cli.benchmark", "Measure latency and memory of model files."),
    "bundle": ("mobile_runtime.cli.bundle", "Collect what a test on a device needs."),
    "check": ("mobile_runtime.cli.check", "Show where each operator would run."),
    "device": ("mobile_runtime.cli.device", "Run a model file on a connected phone."),
    "env": ("mobile_runtime.cli.env", "Show versions, engines and hardware, for bug reports."),
    "upscale": ("mobile_runtime.cli.upscale", "Upscale a picture."),
    "validate": ("mobile_runtime.cli.validate", "Compare model files with PyTorch's outputs."),
}
"""Name -> module that holds its `command`, and one line of help; those that need no PyTorch."""


def _verbosity_option(name: str, level: Verbosity, help_text: str) -> click.Option:
    def set_level(context: click.Context, option: click.Parameter, given: bool) -> None:
        if not given:
            return
        if verbosity() not in ("normal", level):
            raise click.UsageError("--quiet and --verbose exclude each other.", context)
        set_verbosity(level)
        if level == "verbose":
            logging.disable(logging.NOTSET)
            logging.basicConfig(level=logging.INFO)

    return click.Option(
        [f"-{name[0]}", f"--{name}"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=set_level,
        help=help_text,
    )


QUIET = _verbosity_option(
    "quiet",
    "quiet",
    "Print errors and what failed only; files, --json and the exit code are as ever.",
)
VERBOSE = _verbosity_option(
    "verbose", "verbose", "Print also each step, what libraries log, and a traceback with an error."
)


class Program(click.Group):
    """A group of commands whose modules are imported when they are called."""

    def __init__(self, modules: Mapping[str, tuple[str, str]], open_model: Opener) -> None:
        super().__init__(
            help="SCNet super-resolution as Core ML, TFLite and ONNX files that are proved right.",
            context_settings={"obj": open_model, "help_option_names": ["-h", "--help"]},
        )
        self.modules = modules
        click.version_option(package_name=DISTRIBUTION, prog_name="scnet")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, and add the options that all commands have."""
        if cmd_name not in self.modules:
            return None
        command: click.Command = import_module(self.modules[cmd_name][0]).command
        command.params += [one for one in (VERBOSE, QUIET) if one not in command.params]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; where there is none, name one that is spelled alike."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if near := get_close_matches(args[0], self.modules, n=1):
                raise click.UsageError(f"{error.message} Did you mean {near[0]}?", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a pipe that nobody reads any more, as after `| head`, is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return ctx.exit(0)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments of a run, which starts with the usual verbosity."""
        set_verbosity("normal")
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that complete a word, without importing a command."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=self.modules[name][1]) for name in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.modules[name][1]) for name in self.list_commands(ctx)])


def run(program: Program) -> NoReturn:
    """Run a program and exit; errors are a sentence on stderr, a traceback is printed for a bug."""
    signals.install_handlers()
    logging.disable(logging.WARNING)  # coremltools and torchao, on what this system lacks
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None where the program was started without it
            stream.reconfigure(errors="backslashreplace")  # letters that a terminal cannot show
    try:
        code = _run(program)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        if reason := signals.describe_received():
            with suppress(OSError):  # such as a terminal that was closed
                click.echo(reason, err=True)
    _flush()
    sys.exit(code)


def _run(program: Program) -> int:
    """Run a program and return its exit code."""
    try:
        code = program.main(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ScnetError as error:
        return _fail(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        command = next((word for word in sys.argv[1:] if word in program.modules), None)
        if (missing := missing_dependency(error, command=command)) is None:
            return _report_bug()
        return _fail(str(missing), missing.exit_code)
    except (OSError, MemoryError) as error:
        return _fail(_describe(error), 2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except Exception:  # noqa: BLE001  Python itself would exit with 1, which means a bad file
        return _report_bug()


def open_model_file(path: Path | None, *, engine: str | None, threads: int | None) -> Session:
    """Open a model file, or bundled weights by name, for a program without PyTorch.

    Raises:
        ScnetError: As `open_session`.
    """
    found = find_model(path, engine)
    if found is None:
        raise ModelLoadError(
            f"{path or DEFAULT} has no finished model file: `scnet`, with PyTorch, opens "
            "checkpoints and other weights."
        )
    return open_session(found, engine=engine, threads=threads)


def _describe(error: OSError | MemoryError) -> str:
    if not isinstance(error, OSError):
        return str(error) or "not enough memory"
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}."


def _report_bug() -> int:
    traceback.print_exc()
    complain("This is a bug in scnet: please report it, with the traceback above.")
    return 2


def _fail(message: str, code: int) -> int:
    if verbosity() == "verbose":
        traceback.print_exc()
    complain(message)
    return code


def _flush() -> None:
    """Write out what is printed; if nobody reads it, Python must not try again at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
