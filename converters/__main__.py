"""The `scnet` program: the commands of `mobile_runtime`, and those that need PyTorch."""

from importlib import import_module
from pathlib import Path
from typing import NoReturn

from mobile_runtime.cli import program as without_pytorch
from mobile_runtime.engines.session import Session, open_session
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX

COMMANDS = without_pytorch.COMMANDS | {
    "convert": ("converters.cli.convert", "Convert a checkpoint to files that are proved right."),
    "evaluate": ("converters.cli.evaluate", "Measure PSNR and SSIM on a folder of pictures."),
    "info": ("converters.cli.info", "Describe a checkpoint or a model file."),
    "train": ("scnet.training.command", "Train weights on a folder of pictures."),
}
"""Name -> module that holds its `command`, and one line of help."""


def open_model(path: Path | None, *, engine: str | None, threads: int | None) -> Session:
    """Open a checkpoint or a model file; PyTorch is imported for a checkpoint only."""
    if path is not None and path.suffix in FORMAT_OF_SUFFIX:
        return open_session(path, engine=engine, threads=threads)
    pytorch_session = import_module("converters.pytorch_session")
    session: Session = pytorch_session.open_session(path, engine=engine, threads=threads)
    return session


program = without_pytorch.Program(COMMANDS, open_model)


def main() -> NoReturn:
    """Run `scnet`."""
    without_pytorch.run(program)


if __name__ == "__main__":
    main()
