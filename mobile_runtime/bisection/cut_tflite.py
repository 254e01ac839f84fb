"""Cut a `.tflite` after an operator, and run it on TFLite's reference kernels."""

from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.errors import BackendUnavailableError
from mobile_runtime.pictures import Image

try:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ModuleNotFoundError as error:
    raise BackendUnavailableError(
        "Bisecting a .tflite needs ai-edge-litert: pip install 'scnet-mobile[tflite]'."
    ) from error

REFERENCE = "TFLite's reference kernels"
"""Plain loops, written to be right and not to be fast; no delegate and no engine shares them."""


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a file that ends at a tensor, named as `scnet check` does: `T#17`."""
    content = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:  # large ones may lie behind the flatbuffer
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    graph, end = model.subgraphs[0], int(tensor.removeprefix("T#"))
    graph.operators = _leading_to(end, graph.operators)
    graph.outputs = [end]
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    target.write_bytes(builder.Output())


def run_reference(path: Path, image: Image) -> Image:
    """Run a file that ends in features or a picture: (1, 3, H, W) in, (1, C, H, W) out."""
    interpreter = Interpreter(
        model_content=path.read_bytes(), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(source["index"], np.ascontiguousarray(image.transpose(0, 2, 3, 1)))
    interpreter.invoke()
    output: Image = interpreter.get_tensor(sink["index"]).transpose(0, 3, 1, 2)
    return output


def _leading_to(end: int, operators: list[Any]) -> list[Any]:
    needed, kept = {end}, []
    for op in reversed(operators):
        if not needed.isdisjoint(op.outputs):
            needed.update(op.inputs)
            kept.append(op)
    return kept[::-1]
