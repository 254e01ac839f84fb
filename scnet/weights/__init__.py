"""The bundled weights, each beside a model card of the same name."""

from difflib import get_close_matches
from pathlib import Path

from mobile_runtime.bundled_models import DEFAULT
from scnet.errors import CheckpointError

WEIGHTS = dict(sorted((path.stem, path) for path in Path(__file__).parent.glob("*.safetensors")))
"""Name -> file. Names are `scnet-<variant>-x<scale>-<head>[-photo]`; the `photo` weights were
trained on degraded pictures, such as JPEG files."""


def find_weights(named: Path | None) -> Path:
    """Return the path of a checkpoint, given by path, or of bundled weights, given by name.

    Args:
        named: A path, or a key of `WEIGHTS`; None stands for the default.

    Raises:
        CheckpointError: Neither exists; the message lists the names.
    """
    if named is None:
        return WEIGHTS[DEFAULT]
    if named.exists() or named.suffix:
        return named
    if str(named) not in WEIGHTS:
        near = get_close_matches(str(named), WEIGHTS, n=1)
        raise CheckpointError(
            f"{named} is no file, and no bundled weights have that name"
            f"{f' (did you mean {near[0]}?)' if near else ''}; there are {', '.join(WEIGHTS)}."
        )
    return WEIGHTS[str(named)]
