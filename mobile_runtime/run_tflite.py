"""Run `.tflite` files with the ai-edge-litert interpreter."""

import struct
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
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

DAMAGE = (
    ArithmeticError,
    AttributeError,
    IndexError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    struct.error,
)
"""What the flatbuffer library, and whoever reads what it returns, raise for a damaged file."""


@dataclass(frozen=True)
class TFLiteSession:
    """An open `.tflite`; see `mobile_runtime.session.Session`."""

    path: Path
    engine: str
    model: Model | None
    interpreter: Any

    def run(self, image: Image) -> Image:
        """Upscale; the file's channel-last layout ends here.

        Raises:
            ImageError: The file does not take this size.
            ModelLoadError: The interpreter failed: the file is damaged.
        """
        (source,) = self.interpreter.get_input_details()
        pixels = np.ascontiguousarray(image.transpose(0, 2, 3, 1))
        if pixels.shape != tuple(source["shape"]):
            _, height, width, _ = source["shape"]
            raise ImageError(f"The file takes {height}x{width} pixels, not {image.shape[2:]}.")
        try:
            return self._invoke(source["index"], pixels)
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"{self.path} cannot be run by the TFLite interpreter ({error}): convert again."
            ) from error

    def _invoke(self, index: int, pixels: Image) -> Image:
        self.interpreter.set_tensor(index, pixels)
        self.interpreter.invoke()
        (sink,) = self.interpreter.get_output_details()
        output: Image = self.interpreter.get_tensor(sink["index"]).transpose(0, 3, 1, 2)
        return output


def open_session(path: Path, engine: str, threads: int) -> TFLiteSession:
    """Open a `.tflite`; see `mobile_runtime.session.open_session`."""
    if engine not in ENGINES:
        raise BackendUnavailableError(f"{path} runs on {', '.join(ENGINES)}, not {engine}.")
    content = _read(path)
    model = Model.from_metadata(_metadata(_parse(content, path), path))
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
        ports = interpreter.get_input_details(), interpreter.get_output_details()
    except (ValueError, RuntimeError) as error:
        raise ModelLoadError(f"{path} was refused by the TFLite interpreter: {error}") from error
    _check_ports(path, *ports)
    name = f"{engine}, ai-edge-litert {version('ai-edge-litert')}, {threads} threads"
    return TFLiteSession(path, name, model, interpreter)


def count_operators(path: Path) -> dict[str, int]:
    """Count the operators of all subgraphs by kind; see `session.count_operators`."""
    model = _parse(_read(path), path)
    try:
        return _count(model)
    except DAMAGE as error:
        raise _damaged(path, error) from error


def _count(model: Any) -> dict[str, int]:
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
    """Walk the whole flatbuffer in Python first: the native parser trusts what it reads."""
    if content[4:8] != b"TFL3":
        raise ModelLoadError(f"{path} is not a .tflite file: it does not start as one does.")
    try:
        return schema.ModelT.InitFromPackedBuf(content, 0)
    except DAMAGE as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ModelLoadError:
    return ModelLoadError(f"{path} is not a whole .tflite file ({error}): convert again.")


def _metadata(model: Any, path: Path) -> dict[str, str]:
    """Read what `converters.to_tflite` put into the metadata buffer; empty for foreign files."""
    try:
        for entry in model.metadata or ():
            if entry.name == METADATA:
                content = bytes(model.buffers[entry.buffer].data)
                return msgspec.json.decode(content, type=dict[str, str])
    except DAMAGE as error:
        raise _damaged(path, error) from error
    return {}


def _check_ports(path: Path, inputs: list[Any], outputs: list[Any]) -> None:
    """Refuse what does not take one picture and give one."""
    ports = [*inputs, *outputs]
    pictures = all(port["dtype"] is np.float32 and len(port["shape"]) == 4 for port in ports)
    if len(inputs) != 1 or len(outputs) != 1 or not pictures:
        raise ModelLoadError(
            f"{path} takes {_describe(inputs)} and gives {_describe(outputs)}: expected one "
            "picture in and one out, float32 of rank 4."
        )


def _describe(ports: list[Any]) -> str:
    return " and ".join(f"{p['dtype'].__name__} {p['shape'].tolist()}" for p in ports) or "nothing"
