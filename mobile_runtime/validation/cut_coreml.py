"""Cut a Core ML `.mlpackage` after an operator, and run it in fp32."""

import shutil
from pathlib import Path
from typing import Any

from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import MissingDependencyError
from mobile_runtime.imaging.pictures import Image

try:
    from coremltools.proto import FeatureTypes_pb2, MIL_pb2, Model_pb2

    from mobile_runtime.formats.coreml_package import find_specification
except ModuleNotFoundError as error:
    raise MissingDependencyError("coremltools", "coreml") from error

REFERENCE = "this project's executor, all in fp32"
"""Shares its operators with the executor that rounds as typed: between those two, only rounding can
be to blame."""

ARRAY_TYPES = {
    MIL_pb2.FLOAT16: FeatureTypes_pb2.ArrayFeatureType.FLOAT16,
    MIL_pb2.FLOAT32: FeatureTypes_pb2.ArrayFeatureType.FLOAT32,
}


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a package that ends at a tensor; Core ML gives it as an array."""
    shutil.copytree(path, target)
    file = find_specification(target)
    model = Model_pb2.Model()
    model.ParseFromString(file.read_bytes())
    main = model.mlProgram.functions["main"]
    block = main.block_specializations[main.opset]
    kept = _leading_to(tensor, list(block.operations))
    del block.operations[:], block.outputs[:], model.description.output[:]
    block.operations.extend(kept)
    block.outputs.append(tensor)
    (kind,) = (port.type.tensorType for op in kept for port in op.outputs if port.name == tensor)
    array = model.description.output.add(name=tensor).type.multiArrayType
    array.dataType = ARRAY_TYPES[kind.dataType]
    array.shape.extend(axis.constant.size for axis in kind.dimensions)
    file.write_bytes(model.SerializeToString())


def run_reference(path: Path, image: Image) -> Image:
    """Run a file that ends in features or a picture: (1, 3, H, W) in, (1, C, H, W) out."""
    return open_session(path, engine="reference-fp32").run(image)


def _leading_to(end: str, operations: list[Any]) -> list[Any]:
    needed, kept = {end}, []
    for op in reversed(operations):
        if not needed.isdisjoint(port.name for port in op.outputs):
            arguments = [a for argument in op.inputs.values() for a in argument.arguments]
            needed.update(argument.name for argument in arguments if argument.name)
            kept.append(op)
    return kept[::-1]
