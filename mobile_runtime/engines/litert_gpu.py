"""Engine for `.tflite` on a GPU: LiteRT's CompiledModel with ML Drift, over WebGPU.

The ai-edge-litert wheel for Linux brings the engine; the GPU is found by Vulkan. Without a GPU,
SwiftShader emulates one: the same kernels, computed by the CPU, slowly.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.environment import Environment
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import GpuOptions, Options

from mobile_runtime.engines.gpu_adapter import find_adapter
from mobile_runtime.engines.native_log import captured_stderr
from mobile_runtime.engines.session import Placement, TensorSession
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.feed import Feed
from mobile_runtime.formats.graph import is_free
from mobile_runtime.formats.reader import read_graph
from mobile_runtime.formats.tflite_file import (
    TFLiteFile,
    read_checked,
    read_file,
    read_image_shape,
)
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.validation_result import EngineInfo

__all__ = ["open_session", "open_tensors", "read_image_shape"]

ON_GPU = re.compile(rb"(\d+) operations will run on the GPU")


@dataclass(frozen=True)
class GPUSession:
    """An open `.tflite`; see `mobile_runtime.engines.session.Session`."""

    file: TFLiteFile
    """Kept as long as the session: LiteRT reads the weights from its bytes."""
    engine: EngineInfo
    placement: Placement
    compiled: Any
    inputs: list[Any]
    outputs: list[Any]
    model: Model | None

    def run(self, image: Image) -> Image:
        """Return the upscaled image; see `mobile_runtime.engines.session.Session.run`.

        Raises:
            ImageError: The file does not take this size.
            ModelLoadError: LiteRT failed.
        """
        pixels, port = self.file.to_pixels(image), self.file.output
        try:
            self.inputs[0].write(pixels.reshape(-1))
            self.compiled.run_by_index(0, self.inputs, self.outputs)
            output = self.outputs[0].read(prod(port.shape), np.dtype(port.dtype))
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"{self.file.path} cannot be run by LiteRT on the GPU ({error}): convert again."
            ) from error
        return port.to_image(output.reshape(port.shape))


def open_session(path: Path, engine: str, threads: int) -> GPUSession:
    """Open a `.tflite`; see `mobile_runtime.engines.session.open_session`."""
    del threads
    file = read_file(path)
    adapter = find_adapter().name
    with captured_stderr() as log:  # thirty lines for each model, its placement among them
        try:
            compiled = CompiledModel.from_buffer(
                file.content, environment=_environment(), options=_options(file.model)
            )
            buffers = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"{path} was refused by LiteRT on the GPU ({error}): scnet check says which "
                "operators no GPU takes."
            ) from error
        log.seek(0)
        placement = _place(file.operators, compiled, log.read())
    info = EngineInfo(engine, f"ai-edge-litert {version('ai-edge-litert')}, {adapter}")
    return GPUSession(file, info, placement, compiled, *buffers, file.model)


def open_tensors(path: Path, engine: str, threads: int, feeds: Sequence[Feed]) -> TensorSession:
    """Open a `.tflite` of anybody; see `mobile_runtime.engines.session.open_tensors`.

    Raises:
        ModelLoadError: LiteRT failed.
    """
    del threads
    content, graph = read_checked(path), read_graph(path)
    free = [index for index, port in enumerate(graph.inputs) if is_free(port.shape)]
    values = [feed.values().reshape(-1) for feed in feeds]
    adapter = find_adapter().name
    with captured_stderr() as log:
        try:
            compiled = CompiledModel.from_buffer(
                content, environment=_environment(), options=_options(None)
            )
            for index in free:
                compiled.resize_input_tensor(index, list(feeds[index].shape))
            inputs, outputs = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(f"{path} was refused by LiteRT on the GPU ({error}).") from error
        log.seek(0)
        placement = _place(len(graph.operators), compiled, log.read())

    def run() -> object:
        try:
            for buffer, value in zip(inputs, values, strict=True):
                buffer.write(value)
            return compiled.run_by_index(0, inputs, outputs)
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(f"{path} cannot be run by LiteRT on the GPU: {error}") from error

    info = EngineInfo(engine, f"ai-edge-litert {version('ai-edge-litert')}, {adapter}")
    return TensorSession(info, placement, run)


@cache
def _environment() -> Environment:
    # LiteRT reports its search for OpenCL, which this engine does not need, on stdout.
    os.environ["LITERT_DISABLE_OPENCL"] = "1"
    return Environment.create()


def _options(model: Model | None) -> Options:
    """Return options that allow CPU fallback, so that it shows, and compute fp32 files in fp32.

    By default, LiteRT computes everything in fp16 on a GPU that can.
    """
    exact = model is None or model.precision == "fp32"
    return Options(
        HardwareAccelerator.GPU | HardwareAccelerator.CPU, gpu_options=GpuOptions(enforce_f32=exact)
    )


def _place(operators: int, compiled: Any, log: bytes) -> Placement:
    if compiled.is_fully_accelerated():
        return Placement(f"all {operators} operators on GPU", complete=True)
    found = ON_GPU.search(log)
    some = found[1].decode() if found else "not all"
    return Placement(f"{some} of {operators} operators on GPU, the rest on CPU", complete=False)
