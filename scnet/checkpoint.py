"""Open a checkpoint safely, find out which SCNet it is, and name what does not fit.

Files by the author are BasicSR style: a dict with `params_ema` and/or `params`, or a bare state
dict, in a `.pth`. Ours are `.safetensors` with the configuration in the header. Nothing is ever
unpickled beyond tensors and plain containers.
"""

import pickle
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mobile_runtime.atomic import write_aside
from scnet.errors import CheckpointError
from scnet.network import HEADS, STAGES, Head, SCNet, SCNetConfig

SUFFIXES = (".pth", ".pt", ".safetensors")

_AUTHORS_HEADS: Mapping[int, Head] = {0: "pixelshuffle", 1: "mlp"}
"""Position of the first convolution in `up_layer` -> head."""

_HEADER = "scnet"
"""The one metadata key of our safetensors: several would be written in random order."""

_REAL = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

_READ_FAILURES = (
    pickle.UnpicklingError,
    SafetensorError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,  # with NotImplementedError and RecursionError
    TypeError,
    ValueError,
)
"""What torch and safetensors raise, as damaged files of every kind showed."""

_MORE_THAN_TENSORS = re.compile(r"GLOBAL|allowlisted|Unsupported operand 149")
"""How torch refuses to unpickle; operand 149 opens the pickles that torch does not write."""


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
    content = read(path)
    try:
        _check_tensors(content.tensors)
        config = infer_config(content.tensors, header=content.config, scale=scale, head=head)
        net = _build(config, content.tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return Checkpoint(net, path, content.part, content.notes)


def save_weights(net: SCNet, path: Path, notes: Mapping[str, str]) -> None:
    """Write `.safetensors` atomically, with the configuration and the notes in the header.

    Equal weights and notes give equal bytes.

    Raises:
        OSError: The file cannot be written; an older one is as it was.
    """
    header = msgspec.json.encode(_Header(net.config, dict(notes)), order="sorted").decode()
    tensors = {name: tensor.contiguous().cpu() for name, tensor in net.state_dict().items()}
    with write_aside(path) as aside:
        try:
            save_file(tensors, aside, metadata={_HEADER: header})
        except SafetensorError as error:
            raise OSError(f"{path} cannot be written: {error}") from error


def unpickle(path: Path) -> Any:
    """Read the tensors, numbers, texts and plain containers of a `.pth`; never anything else.

    Raises:
        CheckpointError: It is damaged, or holds more than that.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # about other pickle protocols
            return torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except _READ_FAILURES as error:
        if isinstance(error, pickle.UnpicklingError) and _MORE_THAN_TENSORS.search(str(error)):
            raise CheckpointError(
                f"{path} holds more than tensors, which is never unpickled, because that could run "
                "any program: save only the network's state_dict() where the file was made."
            ) from error
        raise CheckpointError(
            f"{path} is damaged or was cut off: it is no whole PyTorch file. Get it again."
        ) from error


def infer_config(
    tensors: Mapping[str, Tensor],
    *,
    header: SCNetConfig | None = None,
    scale: int | None = None,
    head: Head | None = None,
) -> SCNetConfig:
    """Find out from names and shapes which SCNet a state dict belongs to.

    Args:
        tensors: The state dict.
        header: What the file says that it is; it must be one that the shapes allow.
        scale: See `open_checkpoint`.
        head: See `open_checkpoint`.

    Raises:
        CheckpointError: It belongs to none, or not to the one asked for.
    """
    possible = _infer_configs(tensors)
    if header is not None and header not in possible:
        raise CheckpointError(
            f"Damaged or forged: its header says {_describe(header)}, but its tensors are of "
            f"{' or '.join(map(_describe, possible))}."
        )
    possible = [header] if header is not None else possible
    found, scales = possible[0].head, [config.scale for config in possible]
    if head is not None and head != found:
        raise CheckpointError(
            f"Its head is {found}, not {head}: the weights of one head do not fit another."
        )
    if scale is None and len(scales) > 1:
        raise CheckpointError(
            f"An mlp head with one upsampler may be x{' or x'.join(map(str, scales))}, and the "
            "file does not say which: say it when converting (scnet convert --scale)."
        )
    if scale is not None and scale not in scales:
        raise CheckpointError(
            f"Scale {scale} contradicts the file, which is x{' or x'.join(map(str, scales))}."
        )
    return possible[0 if scale is None else scales.index(scale)]


def _infer_configs(tensors: Mapping[str, Tensor]) -> list[SCNetConfig]:
    """List the networks that names and shapes allow; only their scales may differ."""
    for name in ("conv_first.weight", "conv_hr.weight", "conv_last.weight"):
        if name not in tensors:
            raise CheckpointError(f"Not an SCNet: it has no {name}. {_what_it_has(tensors)}")
        shape = tuple(tensors[name].shape)
        if len(shape) != 4 or shape[2:] != (1, 1) or 0 in shape:
            raise CheckpointError(f"Not an SCNet: {name} is {shape}, not a 1x1 convolution's.")
    width = tensors["conv_first.weight"].shape[0]
    depth = len({name.split(".")[1] for name in tensors if re.match(r"body\.\d+\.", name)})
    head = _infer_head(tensors)
    try:
        return [SCNetConfig(scale, head, width, depth) for scale in _infer_scales(tensors, head)]
    except ValueError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"Not an SCNet: {error}") from error


def _infer_head(tensors: Mapping[str, Tensor]) -> Head:
    for position, head in _AUTHORS_HEADS.items():
        if f"upconv1.up_layer.{position}.weight" in tensors:
            return head
    if "conv_up.weight" in tensors:
        return "direct"
    raise CheckpointError(
        f"Not an SCNet: no upsampler of a known head ({', '.join(HEADS)}). {_what_it_has(tensors)}"
    )


def _infer_scales(tensors: Mapping[str, Tensor], head: Head) -> list[int]:
    """List the scales that the upsampler's shapes allow."""
    if head == "direct":
        outputs = tensors["conv_last.weight"].shape[0]
        scales = [scale for scale in STAGES if 3 * scale**2 == outputs]
    else:
        found = (re.match(r"upconv\d+\.", name) for name in tensors)
        stages = len({match[0] for match in found if match})
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


def _check_tensors(tensors: Mapping[str, Tensor]) -> None:
    """Refuse what cannot be weights before anything is computed with it."""
    for name, tensor in tensors.items():
        if flaw := _flaw(tensor):
            raise CheckpointError(
                f"{_shown(name)} {flaw}: expected plain tensors of real floating-point numbers."
            )


def _flaw(tensor: Tensor) -> str | None:
    if tensor.layout != torch.strided or tensor.is_nested:
        return "is sparse or nested"
    if tensor.device.type != "cpu":
        return f"holds no values (device {tensor.device.type})"
    if tensor.dtype not in _REAL:
        return f"is {str(tensor.dtype).removeprefix('torch.')}"
    claimed, stored = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    if claimed > stored:
        return f"claims {claimed} bytes, but the file stores {stored}"
    return None


def _build(config: SCNetConfig, tensors: Mapping[str, Tensor]) -> SCNet:
    with torch.device("meta"):  # no memory for what a forged file only claims to hold
        net = SCNet(config)
    _check_fit(config, net.state_dict(), tensors)
    weights = {name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}
    broken = [name for name, tensor in weights.items() if not tensor.isfinite().all()]
    if broken:
        raise CheckpointError(f"{_some(broken)}: some values are not finite numbers.")
    net.load_state_dict(weights, assign=True)
    return net.eval()


def _check_fit(
    config: SCNetConfig, wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor]
) -> None:
    misfits = [f"{name} is missing" for name in wanted if name not in tensors]
    misfits += [f"{_shown(name)} is unknown" for name in tensors if name not in wanted]
    misfits += [
        f"{name} is {tuple(tensors[name].shape)}, expected {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    if misfits:
        raise CheckpointError(
            f"Almost an SCNet {_describe(config)}, "
            f"but {'; '.join(misfits[:5])}{'; ...' if len(misfits) > 5 else ''}."
        )


@dataclass(frozen=True)
class _Header:
    """What our safetensors say of themselves, as JSON."""

    config: SCNetConfig
    notes: dict[str, str]


@dataclass(frozen=True)
class _Content:
    """What was read from a file, not yet judged."""

    tensors: Mapping[str, Tensor]
    part: str
    config: SCNetConfig | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def _read_pickle(path: Path) -> _Content:
    content, part = unpickle(path), "state dict"
    if isinstance(content, dict):
        for name in ("params_ema", "params"):
            if content.get(name) is not None:
                content, part = content[name], name
                break
    if not isinstance(content, dict) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items()
    ):
        nested = isinstance(content, dict) and isinstance(content.get("state_dict"), dict)
        hint = " It has one inside, under state_dict: save that alone." if nested else ""
        raise CheckpointError(f"{path}: its {part} is not a mapping from names to tensors.{hint}")
    return _Content(content, part)


def _read_safetensors(path: Path) -> _Content:
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(_HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except PermissionError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except _READ_FAILURES as error:
        raise CheckpointError(
            f"{path} is damaged or was cut off: it is no whole safetensors file. Get it again."
        ) from error
    if header is None:  # another program's
        return _Content(tensors, "safetensors")
    try:
        said = msgspec.json.decode(header, type=_Header)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its header is damaged or forged: {error}") from error
    return _Content(tensors, "safetensors", said.config, said.notes)


def _describe(config: SCNetConfig) -> str:
    return f"x{config.scale}, head {config.head}, D{config.width}B{config.depth}"


def _what_it_has(tensors: Mapping[str, Tensor]) -> str:
    if not tensors:
        return "It is empty."
    if all(name.startswith("module.") for name in tensors):
        return "Its names begin with module., as DataParallel's do: save net.module.state_dict()."
    return f"It has {_some(tensors)}."


def _some(names: Iterable[str]) -> str:
    listed = [_shown(name) for name in names]
    return ", ".join(listed[:4]) + (", ..." if len(listed) > 4 else "")


def _shown(name: str) -> str:
    """Give a name out of a file as it may go to a terminal."""
    return repr(name[:80])[1:-1]
