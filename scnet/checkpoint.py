"""Open a checkpoint safely, find out which SCNet it is, and name what does not fit.

Files by the author are BasicSR style: a dict with `params_ema` and/or `params`, or a bare state
dict, in a `.pth`. Ours are `.safetensors` with the configuration in the header. Nothing is ever
unpickled beyond tensors and plain containers.
"""

import json
import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scnet.errors import CheckpointError
from scnet.network import HEADS, STAGES, Head, SCNet, SCNetConfig

SUFFIXES = (".pth", ".pt", ".safetensors")

_AUTHORS_HEADS: Mapping[int, Head] = {0: "pixelshuffle", 1: "mlp"}
"""Position of the first convolution in `up_layer` -> head."""


@dataclass(frozen=True)
class Checkpoint:
    """A network with its weights, and where they come from."""

    net: SCNet
    """In paper form, float32, evaluation mode."""
    path: Path
    part: str
    """Which weights of the file: `params_ema`, `params`, `state dict` or `safetensors`."""
    notes: Mapping[str, str]
    """What the file's header says: licence, source, recipe. Empty for a `.pth`."""


def open_checkpoint(
    path: Path, *, scale: int | None = None, head: Head | None = None
) -> Checkpoint:
    """Load a checkpoint strictly, inferring its configuration from its shapes.

    Args:
        path: A `.pth`, `.pt` or `.safetensors` file.
        scale: Needed for an `mlp` head with one upsampler, which may be x2 or x3; anywhere else it
            is checked against the file.
        head: Checked against the file when given.

    Raises:
        CheckpointError: Not a checkpoint, not an SCNet, or not the one asked for.
    """
    if path.suffix not in SUFFIXES:
        raise CheckpointError(f"{path} is not a checkpoint: expected one of {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist.")
    read = _read_safetensors if path.suffix == ".safetensors" else _read_pickle
    tensors, part, notes = read(path)
    if scale is None and "config" in notes:
        scale = _scale_of(notes["config"])
    try:
        config = infer_config(tensors, scale=scale, head=head)
        net = _build(config, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return Checkpoint(net, path, part, notes)


def save_weights(net: SCNet, path: Path, notes: Mapping[str, str]) -> None:
    """Write `.safetensors` atomically, with the configuration and the notes in the header."""
    header = {"config": json.dumps(asdict(net.config)), **notes}
    tensors = {name: tensor.contiguous().cpu() for name, tensor in net.state_dict().items()}
    with write_aside(path) as aside:
        save_file(tensors, aside, metadata=header)


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; it replaces `path` only if nothing was raised."""
    aside = path.with_name(f".{path.name}.partial")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def infer_config(
    tensors: Mapping[str, Tensor], *, scale: int | None = None, head: Head | None = None
) -> SCNetConfig:
    """Find out from names and shapes which SCNet a state dict belongs to.

    Args:
        tensors: The state dict.
        scale: See `open_checkpoint`.
        head: See `open_checkpoint`.

    Raises:
        CheckpointError: It belongs to none, or not to the one asked for.
    """
    for name in ("conv_first.weight", "conv_hr.weight", "conv_last.weight"):
        if name not in tensors:
            raise CheckpointError(f"Not an SCNet: it has no {name}. It has {_some(tensors)}.")
        if tensors[name].dim() != 4:
            shape = tuple(tensors[name].shape)
            raise CheckpointError(f"Not an SCNet: {name} is {shape}, not a 1x1 convolution's.")
    width = tensors["conv_first.weight"].shape[0]
    depth = len({name.split(".")[1] for name in tensors if re.match(r"body\.\d+\.", name)})
    found = _infer_head(tensors)
    if head is not None and head != found:
        raise CheckpointError(
            f"Its head is {found}, not {head}: the weights of one head do not fit another."
        )
    scales = _infer_scales(tensors, found)
    if scale is None and len(scales) > 1:
        raise CheckpointError(
            f"An mlp head with one upsampler may be x{' or x'.join(map(str, scales))}, and the "
            "file does not say which: say it when converting (scnet convert --scale)."
        )
    if scale is not None and scale not in scales:
        raise CheckpointError(
            f"Scale {scale} contradicts the file, which is x{' or x'.join(map(str, scales))}."
        )
    try:
        return SCNetConfig(scale or scales[0], found, width, depth)
    except ValueError as error:
        raise CheckpointError(f"Not an SCNet: {error}") from error


def _infer_head(tensors: Mapping[str, Tensor]) -> Head:
    for position, head in _AUTHORS_HEADS.items():
        if f"upconv1.up_layer.{position}.weight" in tensors:
            return head
    if "conv_up.weight" in tensors:
        return "direct"
    raise CheckpointError(
        f"Not an SCNet: no upsampler of a known head ({', '.join(HEADS)}). It has {_some(tensors)}."
    )


def _infer_scales(tensors: Mapping[str, Tensor], head: Head) -> list[int]:
    """List the scales that the upsampler's shapes allow."""
    if head == "direct":
        outputs = tensors["conv_last.weight"].shape[0]
        scales = [scale for scale in STAGES if 3 * scale**2 == outputs]
    else:
        stages = len({name.split(".")[0] for name in tensors if name.startswith("upconv")})
        scales = [scale for scale, factors in STAGES.items() if len(factors) == stages]
        if head == "pixelshuffle":
            width = tensors["conv_first.weight"].shape[0]
            shape = tensors.get("upconv1.up_layer.3.weight", torch.empty(0)).shape
            scales = [s for s in scales if shape[:1] == (width * STAGES[s][0] ** 2,)]
    if not scales:
        raise CheckpointError(
            f"Not an SCNet: the shapes of its {head} upsampler fit none of x2, x3, x4, x8."
        )
    return scales


def _build(config: SCNetConfig, tensors: Mapping[str, Tensor]) -> SCNet:
    with torch.device("meta"):  # no memory for what a forged file only claims to hold
        net = SCNet(config)
    wanted = net.state_dict()
    misfits = [f"{name} is missing" for name in wanted if name not in tensors]
    misfits += [f"{name} is unknown" for name in tensors if name not in wanted]
    misfits += [
        f"{name} is {tuple(tensors[name].shape)}, expected {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    if misfits:
        raise CheckpointError(
            f"Almost an SCNet x{config.scale}, head {config.head}, D{config.width}B{config.depth}, "
            f"but {'; '.join(misfits[:5])}{'; ...' if len(misfits) > 5 else ''}."
        )
    broken = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
    if broken:
        raise CheckpointError(f"{_some(broken)}: some values are not finite numbers.")
    net.load_state_dict(dict(tensors), assign=True)
    return net.eval()


def _read_pickle(path: Path) -> tuple[dict[str, Tensor], str, dict[str, str]]:
    try:
        with warnings.catch_warnings(action="ignore"):  # about other pickle protocols
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"{path} is damaged, or holds more than tensors (which is never unpickled): {reason}"
        ) from error
    part = "state dict"
    if isinstance(content, dict):
        for name in ("params_ema", "params"):
            if name in content:
                content, part = content[name], name
                break
    if not isinstance(content, dict) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items()
    ):
        raise CheckpointError(f"{path}: its {part} is not a mapping from names to tensors.")
    return {name: tensor.float() for name, tensor in content.items()}, part, {}


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], str, dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            notes = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    return tensors, "safetensors", notes


def _scale_of(config: str) -> int | None:
    """Read the scale from a header that this project wrote; anything else says nothing."""
    try:
        scale = json.loads(config)["scale"]
    except (ValueError, TypeError, KeyError):
        return None
    return scale if isinstance(scale, int) else None


def _some(names: Mapping[str, Tensor] | list[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:4]) + (", ..." if len(listed) > 4 else "")
