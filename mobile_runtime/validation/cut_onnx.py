"""Cut an `.onnx` after an operator, and run it on ONNX's reference evaluator."""

from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.errors import MissingDependencyError
from mobile_runtime.imaging.pictures import Image

try:
    import onnx
    from onnx import version_converter
    from onnx.reference import ReferenceEvaluator
    from onnx.utils import extract_model
except ModuleNotFoundError as error:
    raise MissingDependencyError("onnx", "onnx") from error

REFERENCE = "ONNX's reference evaluator"
"""Written in numpy by those who define the operators; shares nothing with onnxruntime."""

QUANTIZING = ("QuantizeLinear", "DequantizeLinear")
QUANTIZING_SINCE = 19
"""The oldest operator set that the evaluator has these in; they mean what they did before."""


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a file that ends at a tensor."""
    source = onnx.load(path).graph.input[0].name
    extract_model(path, target, [source], [tensor], check_model=False)


def run_reference(path: Path, image: Image) -> Image:
    """Run a file that ends in features or a picture: (1, 3, H, W) in, (1, C, H, W) out."""
    model = onnx.load(path)
    if any(node.op_type in QUANTIZING for node in model.graph.node):
        model = version_converter.convert_version(model, QUANTIZING_SINCE)
    with np.errstate(all="ignore"):  # infinities are for the caller to find
        output: Any = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: image})
    return output[0]  # type: ignore[no-any-return]
