"""Core ML itself, on a Mac, for one compute unit or for all. Never run yet.

Written from the source of coremltools 9.0: `models/model.py`, `models/compute_plan.py`.
"""

import platform
from collections import Counter
from collections.abc import Callable
from pathlib import Path

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
    path: Path, program: Program, engine: str
) -> tuple[EngineInfo, Callable[[Image], Image], Placement]:
    """Return the engine, the function that upscales, and where Core ML runs the operators.

    Raises:
        ModelLoadError: Core ML refused the package.
    """
    units, asked = UNITS[engine]
    model = coremltools.models.MLModel(str(path), compute_units=units)
    if model.__proxy__ is None:  # coremltools has warned of the reason, and goes on without
        raise ModelLoadError(f"Core ML on this Mac cannot load {path}: it may need a newer macOS.")
    plan = MLComputePlan.load_from_path(model.get_compiled_model_path(), units)
    info = EngineInfo(engine, f"Core ML on macOS {platform.mac_ver()[0]}")
    return info, _predictor(program, model), place(_count_devices(plan), asked)


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


def _predictor(program: Program, model: coremltools.models.MLModel) -> Callable[[Image], Image]:
    (source,), (target,) = program.inputs, program.outputs

    def predict(image: Image) -> Image:
        value = PillowImage.fromarray(to_pixels(image)) if source.kind == "imageType" else image
        result = model.predict({source.name: value})[target.name]
        if target.kind == "imageType":
            return to_image(np.asarray(result.convert("RGB")))
        return np.asarray(result, np.float32)

    return predict
