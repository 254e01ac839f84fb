"""The `scnet` program: the commands of `mobile_runtime`, and those that know checkpoints."""

from pathlib import Path
from typing import NoReturn

from converters.open_model import open_model
from mobile_runtime.cli import program as without_pytorch
from mobile_runtime.console import say
from mobile_runtime.engines.session import Session

COMMANDS = without_pytorch.COMMANDS | {
    "convert": ("converters.cli.convert", "Convert a checkpoint to files that are proved right."),
    "evaluate": ("converters.cli.evaluate", "Measure PSNR and SSIM on a folder of pictures."),
    "info": ("converters.cli.info", "Describe a checkpoint or a model file."),
    "models": ("converters.cli.models", "List finished model files, or copy them."),
    "train": ("scnet.training.command", "Train weights on a folder of pictures."),
}
"""Name -> module that holds its `command`, and one line of help."""


def open_and_remark(
    path: Path | None, *, engine: str | None = None, threads: int | None = None
) -> Session:
    """Open what a command names; what had to be taken off a checkpoint is told on stderr."""
    session = open_model(path, engine=engine, threads=threads)
    for remark in getattr(session, "remarks", ()):  # a checkpoint's; model files have none
        say(remark, err=True)
    return session


program = without_pytorch.Program(COMMANDS, open_and_remark)


def main() -> NoReturn:
    """Run `scnet`."""
    without_pytorch.run(program)


if __name__ == "__main__":
    main()
