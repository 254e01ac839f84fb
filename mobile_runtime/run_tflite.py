"""Run `.tflite` files with the ai-edge-litert interpreter."""

import json
import struct
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mobile_runtime.errors import BackendUnavailableError, ImageError, ModelLoadError
from mobile_runtime.manifest import Model
from mobile_runtime.pictures import Image

try:
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ModuleNotFoundError as error:
    raise BackendUnavailableError(
        "Running a .tflite needs ai-edge-litert: pip install 'scnet-mobile[tflite]'."
    ) from error

ENGINES = ("xnnpack", "builtin")
"""XNNPACK is what Android's CPU path uses; `builtin` is TFLite's own kernels, no delegate."""

METADATA = b"scnet"


@dataclass(frozen=True)
class TFLiteSession:
    """An open `.tflite`; see `mobile_runtime.session.Session`."""

    engine: str
    model: Model | None
    interpreter: Any

    def run(self, image: Image) -> Image:
        """Upscale; the file's channel-last layout ends here."""
        (source,), (sink,) = (
            self.interpreter.get_input_details(),
            self.interpreter.get_output_details(),
        )
        pixels = np.ascontiguousarray(image.transpose(0, 2, 3, 1))
        if pixels.shape != tuple(source["shape"]):
            _, height, width, _ = source["shape"]
            raise ImageError(f"The file takes {height}x{width} pixels, not {image.shape[2:]}.")
        self.interpreter.set_tensor(source["index"], pixels)
        self.interpreter.invoke()
        output: Image = self.interpreter.get_tensor(sink["index"]).transpose(0, 3, 1, 2)
        return output


def open_session(path: Path, engine: str, threads: int) -> TFLiteSession:
    """Open a `.tflite`; see `mobile_runtime.session.open_session`."""
    if engine not in ENGINES:
        raise BackendUnavailableError(f"{path} runs on {', '.join(ENGINES)}, not {engine}.")
    content = _read(path)
    model = Model.from_metadata(_metadata(_parse(content, path)))
    resolver = {
        "xnnpack": OpResolverType.AUTO,
        "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    }[engine]
    try:
        # From memory: the interpreter maps a file into memory, and replacing that file on disk
        # would corrupt the running model.
        interpreter = Interpreter(
            model_content=content, num_threads=threads, experimental_op_resolver_type=resolver
        )
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelLoadError(f"{path} was refused by the TFLite interpreter: {error}") from error
    name = f"{engine}, ai-edge-litert {version('ai-edge-litert')}, {threads} threads"
    return TFLiteSession(name, model, interpreter)


def count_operators(path: Path) -> dict[str, int]:
    """Count the operators of all subgraphs by kind; see `session.count_operators`."""
    model = _parse(_read(path), path)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    kinds = [
        names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "UNKNOWN")
        for code in model.operatorCodes
    ]
    return dict(
        Counter(kinds[op.opcodeIndex] for graph in model.subgraphs for op in graph.operators)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error.strerror}.") from error


def _parse(content: bytes, path: Path) -> Any:
    """Walk the whole flatbuffer in Python, which refuses what would crash the native parser."""
    if content[4:8] != b"TFL3":
        raise ModelLoadError(f"{path} is not a .tflite file: it does not start as one does.")
    try:
        return schema.ModelT.InitFromPackedBuf(content, 0)
    except (ValueError, TypeError, IndexError, struct.error) as error:
        raise ModelLoadError(f"{path} is not a whole .tflite file: {error}.") from error


def _metadata(model: Any) -> dict[str, str]:
    """Read what `converters.to_tflite` put into the metadata buffer; empty for foreign files."""
    for entry in model.metadata or ():
        if entry.name == METADATA:
            found = json.loads(bytes(model.buffers[entry.buffer].data))
            return found if isinstance(found, dict) else {}
    return {}
