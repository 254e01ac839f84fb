"""Checkpoints: untrusted files opened safely, and our own written.

Files by the author are in BasicSR's style: a `.pth` with `params_ema` and/or `params`, or with a
bare state dict; `wrappers` knows those of other training programs. Ours are `.safetensors` with the
configuration in the header. Nothing is unpickled but tensors and plain containers.
"""

import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from mobile_runtime.atomic_write import atomic_write
from scnet.config import Head, SCNetConfig
from scnet.errors import CheckpointError
from scnet.network import SCNet
from scnet.state_dict import build_net, check_tensors, infer_config
from scnet.unreadable import check_inflation, explain
from scnet.weights_header import METADATA_KEY, WeightsHeader
from scnet.wrappers import unwrap

SUFFIXES = (".pth", ".pt", ".safetensors", ".ckpt")

_READ_FAILURES = (
    *(pickle.UnpicklingError, SafetensorError, struct.error, ArithmeticError, AssertionError),
    *(AttributeError, EOFError, ImportError, LookupError, MemoryError, OSError, TypeError),
    *(ValueError, RuntimeError),  # with NotImplementedError and RecursionError
)
"""What torch and safetensors raise on damaged files of every kind."""

_MORE_THAN_TENSORS = re.compile(r"GLOBAL|allowlisted|Unsupported operand 149|TorchScript")
"""In torch's messages when it refuses to unpickle."""

_OTHER_PROTOCOL = "Unsupported operand 149"
"""So begin pickles of protocol 4 and later, not by torch or by torch.save(pickle_protocol=4)."""


@dataclass(frozen=True)
class Checkpoint:
    """A network with its weights and their origin."""

    net: SCNet
    """In paper form, float32, evaluation mode."""
    path: Path
    sha256: str
    """Of the file, in hexadecimal."""
    part: str
    """Which weights of the file: `safetensors`, `state dict`, or a key such as `params_ema`."""
    notes: Mapping[str, str]
    """From the file's header: licence, source, recipe. Empty for a `.pth`."""
    remarks: tuple[str, ...] = ()
    """What was taken off or left out to find the weights: sentences, to be told to the user."""


def open_checkpoint(
    path: Path, *, scale: int | None = None, head: Head | None = None
) -> Checkpoint:
    """Return a checkpoint, loaded strictly, its configuration inferred from its shapes.

    Args:
        path: A `.pth`, `.pt`, `.ckpt` or `.safetensors` file.
        scale: Needed for an `mlp` head with one upsampler, which may be x2 or x3; otherwise only
            compared with the file's.
        head: Compared with the file's if given.

    Raises:
        CheckpointError: Not a checkpoint, not an SCNet, or not the one asked for.
    """
    if path.suffix not in SUFFIXES:
        raise CheckpointError(f"{path} is not a checkpoint: expected one of {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise CheckpointError(f"{path} {'is no file' if path.exists() else 'does not exist'}.")
    safe = path.suffix == ".safetensors"
    file = _read_safetensors(path) if safe else _File(unpickle(path))
    try:
        weights = unwrap(file.content)
        check_tensors(weights.tensors)
        config = infer_config(weights.tensors, header=file.config, scale=scale, head=head)
        net = build_net(config, weights.tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    with path.open("rb") as opened:
        sha256 = file_digest(opened, "sha256").hexdigest()
    part = "safetensors" if safe else weights.part
    remarks = tuple(f"{path.name}: {remark}" for remark in weights.remarks)
    return Checkpoint(net, path, sha256, part, file.notes, remarks)


def save_weights(net: SCNet, path: Path, notes: Mapping[str, str]) -> None:
    """Write `.safetensors` atomically, with the configuration and the notes in the header.

    Equal weights and notes give equal bytes.

    Raises:
        OSError: The file cannot be written; an older one is as it was.
    """
    header = WeightsHeader(net.config, dict(notes)).encode()
    tensors = {name: tensor.contiguous().cpu() for name, tensor in net.state_dict().items()}
    with atomic_write(path) as unfinished:
        try:
            save_file(tensors, unfinished, metadata={METADATA_KEY: header})
        except SafetensorError as error:
            raise OSError(f"{path} cannot be written: {error}") from error


def unpickle(path: Path) -> Any:
    """Return the tensors, numbers, strings and plain containers of a `.pth`.

    Raises:
        CheckpointError: It is damaged, or contains anything else.
    """
    check_inflation(path)
    try:
        with warnings.catch_warnings(action="ignore"):  # about other pickle protocols
            return torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except _READ_FAILURES as error:
        refused = isinstance(error, pickle.UnpicklingError | RuntimeError)
        if refused and _MORE_THAN_TENSORS.search(str(error)):
            other = _OTHER_PROTOCOL in str(error)
            what = (
                "is pickled in another protocol than PyTorch's own"
                if other
                else "holds more than tensors"
            )
            raise CheckpointError(
                f"{path} {what}, which is never unpickled, because that could run "
                "any program: save only the network's state_dict() where the file was made, by "
                f"torch.save({_network(error)}.state_dict(), 'weights.pth')."
            ) from error
        raise CheckpointError(f"{path} {explain(path)}.") from error


def _network(error: Exception) -> str:
    """Return what stands for the network, in Python, where a file was made that is refused."""
    return "torch.jit.load(FILE)" if "TorchScript" in str(error) else "net"


@dataclass(frozen=True)
class _File:
    """The contents of a file, not yet checked."""

    content: Any
    config: SCNetConfig | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def _read_safetensors(path: Path) -> _File:
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(METADATA_KEY)
            # Copies: reading mapped memory would crash the process once the file is overwritten.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except PermissionError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except _READ_FAILURES as error:
        raise CheckpointError(f"{path} {explain(path)}.") from error
    if header is None:  # written by another program
        return _File(tensors)
    try:
        ours = msgspec.json.decode(header, type=WeightsHeader)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its header is damaged or forged: {error}") from error
    return _File(tensors, ours.config, ours.notes)
