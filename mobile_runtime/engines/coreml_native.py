"""Core ML itself, on a Mac, for one compute unit or for all. Never run yet.

Written from the source of coremltools 9.0: `models/model.py`, `models/compute_plan.py`.
"""

import platform
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import coremltools
import numpy as np
from coremltools.models.compute_device import (
    MLCPUComputeDevice,
    MLGPUComputeDevice,
    MLNeuralEngineComputeDevice,
)
from coremltools.models.compute_plan import MLComputePlan
from PIL import Image as PillowImage

from mobile_runtime.engines.session import Placement
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.coreml_package import Array
from mobile_runtime.formats.coreml_program import Program
from mobile_runtime.imaging.pictures import Image, to_image, to_pixels
from mobile_runtime.model_file.validation_result import EngineInfo

NEURAL_ENGINE, GPU, CPU = "the Neural Engine", "GPU", "CPU"
DEVICES = {
    MLNeuralEngineComputeDevice: NEURAL_ENGINE,
    MLGPUComputeDevice: GPU,
    MLCPUComputeDevice: CPU,
}
UNITS: dict[str, tuple[coremltools.ComputeUnit, str | None]] = {
    "coreml-all": (coremltools.ComputeUnit.ALL, None),
    "coreml-neural-engine": (coremltools.ComputeUnit.CPU_AND_NE, NEURAL_ENGINE),
    "coreml-gpu": (coremltools.ComputeUnit.CPU_AND_GPU, GPU),
    "coreml-cpu": (coremltools.ComputeUnit.CPU_ONLY, CPU),
}
"""Engine -> the compute units that Core ML may use, and the one that all must run on, if any."""


def load_core_ml(
    path: Path, engine: str
) -> tuple[EngineInfo, coremltools.models.MLModel, Placement]:
    """Return the engine, the loaded model, and where Core ML runs the operators.

    Raises:
        ModelLoadError: Core ML refused the package.
    """
    units, asked = UNITS[engine]
    model = coremltools.models.MLModel(str(path), compute_units=units)
    if model.__proxy__ is None:  # coremltools has warned of the reason, and goes on without
        raise ModelLoadError(f"Core ML on this Mac cannot load {path}: it may need a newer macOS.")
    plan = MLComputePlan.load_from_path(model.get_compiled_model_path(), units)
    info = EngineInfo(engine, f"Core ML on macOS {platform.mac_ver()[0]}")
    return info, model, place(_count_devices(plan), asked)


def place(operators: Counter[str], asked: str | None) -> Placement:
    """Return where operators run, by how many run on each device; None asks for no device."""
    total = operators.total()
    where = " and ".join(f"{count} on {device}" for device, count in operators.most_common())
    complete = asked is None or operators[asked] == total
    return Placement(f"of {total} operators {where or 'none is placed'}", complete=complete)


def _count_devices(plan: MLComputePlan) -> Counter[str]:
    """Count operators by device; constants have none, and are left out."""
    block = plan.model_structure.program.functions["main"].block
    usages = map(plan.get_compute_device_usage_for_mlprogram_operation, block.operations)
    return Counter(DEVICES[type(u.preferred_compute_device)] for u in usages if u is not None)


def to_native(program: Program, values: Mapping[str, Array]) -> dict[str, Any]:
    """Return inputs as Core ML takes them: (1, C, H, W) of an image feature as a Pillow image."""
    images = {source.name for source in program.inputs if source.kind == "imageType"}
    return {name: _to_picture(array) if name in images else array for name, array in values.items()}


def _to_picture(array: Array) -> PillowImage.Image:
    pixels = array[0].transpose(1, 2, 0)
    return PillowImage.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def predictor(program: Program, model: coremltools.models.MLModel) -> Callable[[Image], Image]:
    """Return the function that upscales a picture with a loaded model."""
    (source,), (target,) = program.inputs, program.outputs

    def predict(image: Image) -> Image:
        value = PillowImage.fromarray(to_pixels(image)) if source.kind == "imageType" else image
        result = model.predict({source.name: value})[target.name]
        if target.kind == "imageType":
            return to_image(np.asarray(result.convert("RGB")))
        return np.asarray(result, np.float32)

    return predict
