"""Reference executors: a second implementation of each format, to compare an engine with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.pictures import Image

QUANTIZING = ("QuantizeLinear", "DequantizeLinear")
QUANTIZING_SINCE = 19
"""The oldest operator set in which ONNX's evaluator has these; their meaning is unchanged."""


@dataclass(frozen=True)
class Reference:
    """The reference executor of one format."""

    name: str
    run: Callable[[Path, Image], Image]
    """Runs a file that ends in features or an image: (1, 3, H, W) in, (1, C, H, W) out."""


def _run_coreml(path: Path, image: Image) -> Image:
    return open_session(path, engine="reference-fp32").run(image)


def _run_tflite(path: Path, image: Image) -> Image:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from mobile_runtime.formats.tflite_file import read_file

    file = read_file(path)
    interpreter = Interpreter(
        model_content=file.content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(source["index"], file.to_pixels(image))
    interpreter.invoke()
    return file.output.to_image(interpreter.get_tensor(sink["index"]))


def _run_onnx(path: Path, image: Image) -> Image:
    import onnx
    from onnx import version_converter
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(path)
    if any(node.op_type in QUANTIZING for node in model.graph.node):
        model = version_converter.convert_version(model, QUANTIZING_SINCE)
    with np.errstate(all="ignore"):  # infinities are for the caller to find
        output: Any = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: image})
    return output[0]  # type: ignore[no-any-return]


REFERENCES = {
    # Shares its operators with the executor that rounds as typed: they differ in rounding alone.
    ".mlpackage": Reference("this project's executor, all in fp32", _run_coreml),
    # Plain loops, written to be right and not to be fast; no delegate and no engine shares them.
    ".tflite": Reference("TFLite's reference kernels", _run_tflite),
    # In NumPy, by those who define the operators; shares nothing with onnxruntime.
    ".onnx": Reference("ONNX's reference evaluator", _run_onnx),
}
"""Suffix -> reference executor."""
