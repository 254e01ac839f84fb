"""The `scnet` program: the commands of `mobile_runtime`, and those that know checkpoints."""

from typing import NoReturn

from converters.open_model import open_model
from mobile_runtime.cli import program as without_pytorch

COMMANDS = without_pytorch.COMMANDS | {
    "convert": ("converters.cli.convert", "Convert a checkpoint to files that are proved right."),
    "evaluate": ("converters.cli.evaluate", "Measure PSNR and SSIM on a folder of pictures."),
    "info": ("converters.cli.info", "Describe a checkpoint or a model file."),
    "models": ("converters.cli.models", "List finished model files, or copy them."),
    "train": ("scnet.training.command", "Train weights on a folder of pictures."),
}
"""Name -> module that holds its `command`, and one line of help."""


program = without_pytorch.Program(COMMANDS, open_model)


def main() -> NoReturn:
    """Run `scnet`."""
    without_pytorch.run(program)


if __name__ == "__main__":
    main()
