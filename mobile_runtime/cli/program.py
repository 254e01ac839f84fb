"""The group of commands behind `scnet`, and its exit codes.

Exit codes: 0 success, 1 a verdict was bad, 2 no verdict could be had, 130 interrupted.
"""

import logging
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from mobile_runtime.cli import signals
from mobile_runtime.console import complain
from mobile_runtime.engines.session import Opener, Session, open_session
from mobile_runtime.errors import ScnetError
from mobile_runtime.extras import missing_dependency

COMMANDS = {
    "benchmark": ("mobile_runtime.cli.benchmark", "Measure latency and memory of model files."),
    "bundle": ("mobile_runtime.cli.bundle", "Collect what a test on a device needs."),
    "check": ("mobile_runtime.cli.check", "Show where each operator would run."),
    "device": ("mobile_runtime.cli.device", "Run a model file on a connected phone."),
    "upscale": ("mobile_runtime.cli.upscale", "Upscale a picture."),
    "validate": ("mobile_runtime.cli.validate", "Compare model files with PyTorch's outputs."),
}
"""Name -> module that holds its `command`, and one line of help; those that need no PyTorch."""


class Program(click.Group):
    """A group of commands whose modules are imported when they are called."""

    def __init__(self, modules: Mapping[str, tuple[str, str]], open_model: Opener) -> None:
        super().__init__(
            help="SCNet super-resolution as Core ML, TFLite and ONNX files that are proved right.",
            context_settings={"obj": open_model, "help_option_names": ["-h", "--help"]},
        )
        self.modules = modules
        click.version_option(package_name="scnet-mobile", prog_name="scnet")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.modules:
            return None
        command: click.Command = import_module(self.modules[cmd_name][0]).command
        return command

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
    try:
        code = program.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ScnetError as error:
        _fail(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        command = next((word for word in sys.argv[1:] if word in program.modules), None)
        if (missing := missing_dependency(error, command=command)) is None:
            _report_bug()
        _fail(str(missing), missing.exit_code)
    except (OSError, MemoryError) as error:
        _fail(str(error) or "not enough memory", 2)
    except click.Abort:
        _fail("Interrupted.", 130)
    except Exception:  # noqa: BLE001  Python itself would exit with 1, which means a bad file
        _report_bug()


def open_model_file(path: Path | None, *, engine: str | None, threads: int | None) -> Session:
    """Open a model file for a command of a program without PyTorch.

    Raises:
        ScnetError: No file is named; and all that `open_session` raises.
    """
    if path is None:
        raise ScnetError(
            "Name a model file: the bundled weights need PyTorch, which `scnet` has with "
            "pip install 'scnet-mobile[convert]'."
        )
    return open_session(path, engine=engine, threads=threads)


def _report_bug() -> NoReturn:
    traceback.print_exc()
    _fail("This is a bug in scnet: please report it, with the traceback above.", 2)


def _fail(message: str, code: int) -> NoReturn:
    complain(message)
    sys.exit(code)
