"""Cut a `.tflite` after an operator, and run it on TFLite's reference kernels."""

from pathlib import Path
from typing import Any

from mobile_runtime.errors import MissingDependencyError
from mobile_runtime.formats.tflite_file import read_file
from mobile_runtime.formats.tflite_schema import pack, unpack
from mobile_runtime.imaging.pictures import Image

try:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ModuleNotFoundError as error:
    raise MissingDependencyError("ai-edge-litert", "tflite") from error

REFERENCE = "TFLite's reference kernels"
"""Plain loops, written to be right and not to be fast; no delegate and no engine shares them."""


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a file that ends at a tensor, named as `scnet check` does: `T#17`."""
    model = unpack(path.read_bytes())
    graph, end = model.subgraphs[0], int(tensor.removeprefix("T#"))
    graph.operators = _leading_to(end, graph.operators)
    graph.outputs = [end]
    model.signatureDefs = []
    target.write_bytes(pack(model))


def run_reference(path: Path, image: Image) -> Image:
    """Run a file that ends in features or a picture: (1, 3, H, W) in, (1, C, H, W) out."""
    file = read_file(path)
    interpreter = Interpreter(
        model_content=file.content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(source["index"], file.to_pixels(image))
    interpreter.invoke()
    return file.output.to_image(interpreter.get_tensor(sink["index"]))


def _leading_to(end: int, operators: list[Any]) -> list[Any]:
    needed, kept = {end}, []
    for op in reversed(operators):
        if not needed.isdisjoint(op.outputs):
            needed.update(op.inputs)
            kept.append(op)
    return kept[::-1]
