"""Table of engines: what runs which format, and why not here. Imports none of them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

from mobile_runtime.engines.gpu_adapter import find_adapter
from mobile_runtime.errors import MissingDependencyError
from mobile_runtime.extras import find_extra

OLD_RUNTIME = (
    "give it an environment of its own, with Python 3.11: "
    "pip install tflite-runtime==2.14.0 'numpy<2' 'scnet-mobile[tflite]'."
)

UnavailableReason = str | None
"""Why an engine cannot run here and what to do, as a sentence; None if it can."""


@dataclass(frozen=True)
class Engine:
    """One way to run files of one format."""

    runner: str
    """Module that meets `mobile_runtime.engines.session.Runner`."""
    library: str
    """Module that the runner needs; importing it takes time and memory."""
    unavailable_reason: Callable[[], UnavailableReason]
    native: bool = True
    """Whether it reads the file in native code, which a damaged file can crash."""
    crash_prone: bool = False
    """Whether it has ended whole processes on sound files: even a file that its manifest vouches
    for is first run in a child process."""


def _needs(package: str) -> UnavailableReason:
    if find_spec(package.replace("-", "_")) is not None:
        return None
    return str(MissingDependencyError(package, find_extra(package)))


_reference = partial(_needs, "coremltools")
_litert = partial(_needs, "ai-edge-litert")


def _core_ml() -> UnavailableReason:
    if sys.platform != "darwin":
        return "Core ML runs on a Mac only: use reference-fp16 here, and check on a Mac."
    return _reference()


def _litert_gpu() -> UnavailableReason:
    return _litert() or find_adapter().unavailable_reason


def _tflite_runtime() -> UnavailableReason:
    if find_spec("tflite_runtime") is None:
        return f"tflite_runtime is not installed: {OLD_RUNTIME}"
    if not version("numpy").startswith("1."):
        return f"tflite_runtime needs NumPy 1, and this is {version('numpy')}: {OLD_RUNTIME}"
    return _litert()  # whose schema reads the file first


def _onnxruntime() -> UnavailableReason:
    return _needs("onnxruntime") or _needs("onnx")


_REFERENCE = {
    name: Engine("mobile_runtime.engines.coreml", "coremltools", _reference, native=False)
    for name in ("reference-fp16", "reference-fp32")
}
_CORE_ML = {
    name: Engine("mobile_runtime.engines.coreml", "coremltools", _core_ml, crash_prone=True)
    for name in ("coreml-neural-engine", "coreml-all", "coreml-gpu", "coreml-cpu")
}
"""The Neural Engine first: Apple's compiler for the GPU has ended whole processes."""
_TFLITE = "mobile_runtime.engines.tflite_interpreter"
_LITERT_GPU = "mobile_runtime.engines.litert_gpu"

ENGINES: dict[str, dict[str, Engine]] = {
    ".mlpackage": (_CORE_ML | _REFERENCE if sys.platform == "darwin" else _REFERENCE | _CORE_ML),
    ".tflite": {
        "xnnpack": Engine(_TFLITE, "ai_edge_litert.interpreter", _litert),
        "builtin": Engine(_TFLITE, "ai_edge_litert.interpreter", _litert),
        "tflite-runtime": Engine(_TFLITE, "tflite_runtime.interpreter", _tflite_runtime),
        "litert-gpu": Engine(_LITERT_GPU, "ai_edge_litert.compiled_model", _litert_gpu),
    },
    ".onnx": {
        "onnxruntime": Engine("mobile_runtime.engines.onnxruntime_cpu", "onnxruntime", _onnxruntime)
    },
}
"""Suffix -> the engines for such files, the default of this system first.

`xnnpack` is what Android's CPU path uses, `builtin` TFLite's own kernels without a delegate,
`tflite-runtime` the package that many shipped apps embed, `litert-gpu` LiteRT's ML Drift."""
