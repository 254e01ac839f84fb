"""Engines for `.mlpackage`: the MIL reference executor anywhere, Core ML itself on a Mac."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import contains
from pathlib import Path

import numpy as np

from mobile_runtime.engines.coreml_native import load_core_ml, predictor, to_native
from mobile_runtime.engines.mil_reference import executor
from mobile_runtime.engines.session import Placement, TensorSession
from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.formats.coreml_package import Shape
from mobile_runtime.formats.coreml_program import Program, load_program
from mobile_runtime.formats.feed import Feed
from mobile_runtime.imaging.pictures import Image, to_pixels
from mobile_runtime.model_file.model import Model
from mobile_runtime.model_file.validation_result import EngineInfo

REFERENCE: dict[str, executor.Arithmetic] = {"reference-fp16": "fp16", "reference-fp32": "fp32"}
"""Engine -> its arithmetic."""


@dataclass(frozen=True)
class CoreMLSession:
    """An open `.mlpackage`; see `mobile_runtime.engines.session.Session`."""

    path: Path
    shapes: tuple[Shape, ...]
    model: Model | None
    engine: EngineInfo
    predict: Callable[[Image], Image]
    placement: Placement

    def run(self, image: Image) -> Image:
        """Return the upscaled image; see `mobile_runtime.engines.session.Session.run`."""
        if not any(_fits(image, shape) for shape in self.shapes):
            raise ImageError(
                f"{self.path.name} takes {', '.join(map(_describe, self.shapes))} (height x "
                f"width), not {image.shape[-2]}x{image.shape[-1]}: tile the picture, or convert "
                "for its size."
            )
        return self.predict(image)


def open_session(path: Path, engine: str, threads: int) -> CoreMLSession:
    """Open an `.mlpackage`; see `mobile_runtime.engines.session.open_session`.

    Threads are ignored: NumPy's BLAS and Core ML decide for themselves.

    Raises:
        ModelLoadError: Damaged, not an mlprogram, or not one image in and one out.
    """
    del threads
    program = load_program(path)
    _check_ports(path, program)
    shapes, model = program.inputs[0].shapes, Model.from_metadata(program.metadata)
    if engine not in REFERENCE:
        info, native, placement = load_core_ml(path, engine)
        return CoreMLSession(path, shapes, model, info, predictor(program, native), placement)
    predict = _in_numpy(program, REFERENCE[engine])
    placement = Placement("reference executor, no device", complete=True)
    return CoreMLSession(path, shapes, model, EngineInfo(engine), predict, placement)


def open_tensors(path: Path, engine: str, threads: int, feeds: Sequence[Feed]) -> TensorSession:
    """Open an `.mlpackage` of anybody; see `mobile_runtime.engines.session.open_tensors`."""
    del threads
    program = load_program(path)
    values = {feed.name: feed.values() for feed in feeds}
    if engine in REFERENCE:
        reference = executor.Executor(program, REFERENCE[engine])
        placement = Placement("reference executor, no device", complete=True)
        images = {source.name for source in program.inputs if source.kind == "imageType"}
        arrays = {n: a.astype(np.float32) if n in images else a for n, a in values.items()}
        return TensorSession(EngineInfo(engine), placement, partial(reference.run, arrays))
    info, model, placement = load_core_ml(path, engine)
    return TensorSession(info, placement, partial(model.predict, to_native(program, values)))


def read_image_shape(path: Path) -> tuple[int, ...]:
    """Return the first image shape that a file takes: (1, 3, H, W), the smallest of a range.

    Raises:
        ModelLoadError: Damaged, not an mlprogram, or not one image in and one out.
    """
    program = load_program(path)
    _check_ports(path, program)
    return tuple(axis.start for axis in program.inputs[0].shapes[0])


def _check_ports(path: Path, program: Program) -> None:
    ports = (*program.inputs, *program.outputs)
    if len(program.inputs) != 1 or len(program.outputs) != 1:
        raise ModelLoadError(
            f"{path} has {len(program.inputs)} inputs and {len(program.outputs)} outputs: expected "
            "one picture in and one out."
        )
    for port in ports:
        if port.kind not in ("imageType", "multiArrayType"):
            raise ModelLoadError(
                f"{path}: {port.name} is a {port.kind}, neither an image nor an array."
            )
        if port.kind == "imageType" and port.color_space != "RGB":
            raise ModelLoadError(
                f"{path}: {port.name} is a {port.color_space} image: convert with RGB."
            )
    if not all(len(shape) == 4 and 1 in shape[0] and 3 in shape[1] for shape in ports[0].shapes):
        raise ModelLoadError(f"{path}: {ports[0].name} is no picture: expected (1, 3, H, W).")


def _fits(image: Image, shape: Shape) -> bool:
    return image.ndim == len(shape) and all(map(contains, shape, image.shape))


def _describe(shape: Shape) -> str:
    """Return height x width, as ranges where the file takes several."""
    return "x".join(
        str(axis.start) if len(axis) == 1 else f"{axis.start}..{axis.stop - 1}"
        for axis in shape[-2:]
    )


def _in_numpy(program: Program, arithmetic: executor.Arithmetic) -> Callable[[Image], Image]:
    (source,), (target,) = program.inputs, program.outputs
    reference = executor.Executor(program, arithmetic)

    def predict(image: Image) -> Image:
        if source.kind == "imageType":  # 8 bits per value
            image = to_pixels(image).transpose(2, 0, 1)[None].astype(np.float32)
        result: Image = reference.run({source.name: image})[target.name]
        return result / np.float32(255) if target.kind == "imageType" else result

    return predict
