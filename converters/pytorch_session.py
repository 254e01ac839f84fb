"""A session that runs a checkpoint in PyTorch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from torch import fx

from converters.conversion import describe_network
from converters.tensor_specs import ANY_SIZE, tensor_specs
from mobile_runtime.engines.session import CPU, Placement
from mobile_runtime.errors import EngineUnavailableError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.validation_result import EngineInfo
from scnet.checkpoint import open_checkpoint
from scnet.device_form import to_device_form

ENGINE = "pytorch"


@dataclass(frozen=True)
class CheckpointSession:
    """An open checkpoint; see `mobile_runtime.engines.session.Session`."""

    engine: EngineInfo
    model: Model
    network: fx.GraphModule
    placement: Placement = CPU
    remarks: tuple[str, ...] = ()
    """Of the checkpoint."""

    def run(self, image: Image) -> Image:
        """Upscale with the device form, in float32."""
        with torch.inference_mode(), _threads(self.engine.threads or 1):
            output: Image = self.network(torch.from_numpy(image)).numpy()
        return output


def open_session(
    path: Path, *, engine: str | None = None, threads: int | None = None
) -> CheckpointSession:
    """Open a checkpoint; see `converters.open_model.open_model`.

    Raises:
        CheckpointError: Damaged, not of an SCNet, or of two possible scales.
        EngineUnavailableError: Another engine was asked for.
    """
    if engine not in (None, ENGINE):
        raise EngineUnavailableError(f"A checkpoint runs on {ENGINE}, not on {engine}.")
    checkpoint = open_checkpoint(path)
    info = EngineInfo(ENGINE, f"PyTorch {version('torch')}", threads or os.cpu_count() or 1)
    ports = tensor_specs(ANY_SIZE, ANY_SIZE, "NCHW", "tensor")
    written = {"format": "pytorch", "precision": "fp32", "shift": "slice_concat", "sizes": None}
    model = describe_network(checkpoint, ports, ["torch"], **written)
    network = to_device_form(checkpoint.net)
    return CheckpointSession(info, model, network, remarks=checkpoint.remarks)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Let PyTorch compute with so many threads: it has one number for the whole process."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
