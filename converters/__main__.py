"""The `scnet` program: finds each room's command, and turns errors into words and exit codes.

Exit codes: 0 all right, 1 a verdict was bad, 2 no verdict could be had, 130 interrupted.
"""

import logging
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from converters import signals as interruption
from converters.errors import ConversionError, VerificationError
from mobile_runtime.console import complain
from mobile_runtime.engines.session import Session, open_session
from mobile_runtime.errors import ScnetError
from mobile_runtime.formats.reader import READERS
from scnet.errors import CheckpointError, TrainingError

COMMANDS = {
    "benchmark": ("mobile_runtime.cli.benchmark", "Measure latency and memory of model files."),
    "bundle": ("mobile_runtime.cli.bundle", "Gather what a test on a device needs."),
    "check": ("mobile_runtime.cli.check", "Say where each operator would run."),
    "convert": ("converters.cli.convert", "Convert a checkpoint to files, proved right."),
    "device": ("mobile_runtime.cli.device", "Run a model file on a connected phone."),
    "evaluate": ("converters.cli.evaluate", "Measure PSNR and SSIM on a folder of pictures."),
    "info": ("converters.cli.info", "Say what a checkpoint or model file is."),
    "train": ("scnet.training.command", "Train weights on a folder of pictures."),
    "upscale": ("mobile_runtime.cli.upscale", "Enlarge a picture."),
    "validate": ("mobile_runtime.cli.validate", "Compare a model file with PyTorch again."),
}
"""Name -> module that holds its `command`, and one line; imported when it is called."""


class Program(click.Group):
    """The commands of all rooms, each imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Program)
@click.version_option(package_name="scnet-mobile")
@click.pass_context
def program(context: click.Context) -> None:
    """SCNet super-resolution as Core ML, TFLite and ONNX files that are proved right."""
    context.obj = _open_model


def main() -> None:
    """Run the program; an error is a sentence on stderr, a traceback only a fault of its own."""
    interruption.listen()
    logging.disable(logging.WARNING)  # coremltools and torchao, on what this system lacks
    try:
        code = program.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VerificationError as error:
        _fail(str(error), 1)
    except (CheckpointError, ConversionError, ScnetError, TrainingError) as error:
        _fail(str(error), 2)
    except (OSError, MemoryError) as error:
        _fail(str(error) or "not enough memory", 2)
    except click.Abort:
        _fail("Interrupted.", 130)
    except Exception:  # noqa: BLE001  Python itself would exit with 1, which says: a bad file
        traceback.print_exc()
        _fail("This is a fault of the program: please report it, with what stands above.", 2)


def _open_model(path: Path | None, *, engine: str | None, threads: int | None) -> Session:
    """Open a checkpoint or a converted file; PyTorch is imported only for a checkpoint."""
    if path is not None and path.suffix in READERS:
        return open_session(path, engine=engine, threads=threads)
    opener = import_module("converters.pytorch_session")
    opened: Session = opener.open_session(path, engine=engine, threads=threads)
    return opened


def _fail(message: str, code: int) -> NoReturn:
    complain(message)
    sys.exit(code)


if __name__ == "__main__":
    main()
