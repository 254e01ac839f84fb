"""Finished model files of the bundled weights, beside this module; `nox -s bundled` makes them.

They are what `scnet convert` writes in fp16, with manifest and golden samples.
"""

from dataclasses import dataclass
from pathlib import Path

DEFAULT = "scnet-t-x4-direct-photo"
"""The weights that are used where none are named."""

PRECISION = "fp16"
"""Half the size of fp32, and as fast on a CPU: onnxruntime 1.32 computes in fp32 either way."""

FOLDER = Path(__file__).parent

_SUFFIXES = (".onnx", ".tflite", ".mlpackage")


@dataclass(frozen=True)
class BundledModel:
    """A finished model file."""

    weights: str
    """Name of the weights, such as `scnet-t-x4-direct-photo`."""
    path: Path


MODELS = tuple(
    BundledModel(path.name.partition(f"-{PRECISION}-")[0], path)
    for path in sorted(FOLDER.glob(f"*-{PRECISION}-*"))
    if path.suffix in _SUFFIXES
)


def find_bundled(named: Path | None, suffix: str) -> Path | None:
    """Return the finished file of weights that are given by name; None if there is none.

    Args:
        named: The name, or a path, which is never that of bundled weights if it exists; None
            stands for `DEFAULT`.
        suffix: Of the file: `.onnx`, which a plain install can run, `.tflite` or `.mlpackage`.
    """
    if named is not None and named.exists():
        return None
    wanted = DEFAULT if named is None else str(named)
    paths = (model.path for model in MODELS if model.weights == wanted)
    return next((path for path in paths if path.suffix == suffix), None)
