"""Opening of whatever holds a network: a model file, bundled weights, or a checkpoint."""

from importlib import import_module
from pathlib import Path

from mobile_runtime.engines.session import Session, find_model, open_session
from mobile_runtime.extras import missing_dependency
from scnet.weights import find_weights

PYTORCH = "pytorch"
"""The engine of checkpoints, and of bundled weights if it is asked for."""


def open_model(
    path: Path | None, *, engine: str | None = None, threads: int | None = None
) -> Session:
    """Open a model file, bundled weights or a checkpoint; only the last one imports PyTorch.

    Bundled weights run as their finished model file, on `pytorch` as a checkpoint.

    Args:
        path: A model file, a checkpoint, or the name of bundled weights; None opens the default.
        engine: The first one of the format if not given.
        threads: For engines that have threads; all cores if not given.

    Raises:
        MissingDependencyError: PyTorch is needed, and not installed.
        ScnetError: As `open_session` and `converters.pytorch_session.open_session`.
    """
    if engine != PYTORCH and (file := find_model(path, engine)) is not None:
        return open_session(file, engine=engine, threads=threads)
    weights = find_weights(path)  # a misspelt name is told before PyTorch is asked for
    try:
        pytorch_session = import_module("converters.pytorch_session")
    except ModuleNotFoundError as error:
        if (missing := missing_dependency(error, command=None)) is None:
            raise
        raise missing from error
    session: Session = pytorch_session.open_session(weights, engine=engine, threads=threads)
    return session
