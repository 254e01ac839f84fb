"""The header of our `.safetensors`: configuration, origin and tensor shapes; needs no PyTorch.

A file begins with the length of its header, 8 bytes, little-endian, and the header in JSON
(safetensors' description of its format).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import msgspec

from scnet.config import SCNetConfig

METADATA_KEY = "scnet"
"""The one metadata key of our safetensors: several would be written in random order."""


@dataclass(frozen=True)
class WeightsHeader:
    """What a file says of its weights, as JSON under `METADATA_KEY`."""

    config: SCNetConfig
    notes: dict[str, str]
    """Licence, source, recipe."""

    def encode(self) -> str:
        """Return it as JSON; equal headers give equal text."""
        return msgspec.json.encode(self, order="sorted").decode()


def read_bundled(path: Path) -> tuple[WeightsHeader, int]:
    """Return the header of bundled weights and their number of parameters.

    Only for files that came with the program: `open_checkpoint` checks any other.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        tensors: dict[str, Mapping[str, list[int]]] = json.loads(file.read(length))
    text = tensors.pop("__metadata__")[METADATA_KEY]
    header = msgspec.json.decode(str(text), type=WeightsHeader)
    return header, sum(prod(tensor["shape"]) for tensor in tensors.values())
