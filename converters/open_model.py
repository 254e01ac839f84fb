"""Opening of whatever holds a network: a checkpoint, bundled weights, or a model file."""

from importlib import import_module
from pathlib import Path

from mobile_runtime.engines.session import Session, open_session
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX


def open_model(
    path: Path | None, *, engine: str | None = None, threads: int | None = None
) -> Session:
    """Open a checkpoint or a model file; PyTorch is imported for a checkpoint only.

    Args:
        path: A model file, a checkpoint, or the name of bundled weights; None opens the default.
        engine: The first one of the format if not given.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ScnetError: As `open_session` and `converters.pytorch_session.open_session`.
    """
    if path is not None and path.suffix in FORMAT_OF_SUFFIX:
        return open_session(path, engine=engine, threads=threads)
    pytorch_session = import_module("converters.pytorch_session")
    session: Session = pytorch_session.open_session(path, engine=engine, threads=threads)
    return session
