"""Core ML models of other types than mlprogram: neural networks in layers, pipelines, trees.

They are described, not run: `mobile_runtime.formats.coreml_graph` reads what can be run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.coreml_graph import describe_release, read_metadata, to_port
from mobile_runtime.formats.coreml_package import (
    damaged,
    find_specification,
    parse_specification,
    read_features,
)
from mobile_runtime.formats.graph import Graph, Operator
from mobile_runtime.model_file.file_hash import measure_file

NETWORKS = ("neuralNetwork", "neuralNetworkClassifier", "neuralNetworkRegressor")
PIPELINES = ("pipeline", "pipelineClassifier", "pipelineRegressor")
SUFFIX = ".mlmodel"
"""Of a specification that is a file of its own, weights included."""


def is_layered(path: Path) -> bool:
    """Check whether a file holds a Core ML model of another type than mlprogram.

    Raises:
        ModelLoadError: Damaged, or incomplete.
    """
    if path.suffix == SUFFIX:
        return True
    return path.suffix == ".mlpackage" and _parse(path).WhichOneof("Type") != "mlProgram"


def read_layers(path: Path) -> Graph:
    """Return what a `.mlmodel`, or such a model in a `.mlpackage`, says of itself.

    The operators are its layers, or the models of a pipeline; other types have none.

    Raises:
        ModelLoadError: Damaged, incomplete, or no Core ML model.
    """
    model = _parse(path)
    kind = model.WhichOneof("Type")
    if kind is None or not model.specificationVersion:
        raise ModelLoadError(f"{path} is no Core ML model, or was cut off: get it again.")
    return Graph(
        format="coreml",
        operators=tuple(Operator(layer, str(at)) for at, layer in enumerate(_layers(model, kind))),
        tensors={},
        inputs=tuple(map(to_port, read_features(model.description.input))),
        outputs=tuple(map(to_port, read_features(model.description.output))),
        version=model.specificationVersion,
        size_bytes=measure_file(path),
        release=f"{kind}, {describe_release(model.specificationVersion)}",
        weights=_count_weights(model),
        metadata=read_metadata(model.description.metadata),
    )


def _parse(path: Path) -> Any:
    file = path if path.suffix == SUFFIX else find_specification(path)
    try:
        return parse_specification(file)
    except DecodeError as error:
        raise damaged(path, f"{file.name} is no Core ML specification, or was cut off") from error


def _layers(model: Any, kind: str) -> list[str]:
    content = getattr(model, kind)
    if kind in NETWORKS:
        return [layer.WhichOneof("layer") or "no layer" for layer in content.layers]
    if kind in PIPELINES:
        inner = content if kind == "pipeline" else content.pipeline
        return [each.WhichOneof("Type") or "no model" for each in inner.models]
    return []


def _count_weights(model: Any) -> dict[str, int]:
    """Return how many numbers the layers store, by type: `4-bit` where they are quantized."""
    counts: dict[str, int] = {}
    for weights in _walk(model):
        bits = weights.quantization.numberOfBits or 8
        for dtype, count in (
            ("float32", len(weights.floatValue)),
            ("float16", len(weights.float16Value) // 2),
            (f"{bits}-bit", len(weights.rawValue) * 8 // bits),
            ("int8", len(weights.int8RawValue)),
        ):
            counts[dtype] = counts.get(dtype, 0) + count
    return {dtype: count for dtype, count in sorted(counts.items()) if count}


def _walk(message: Any) -> Iterator[Any]:
    """Yield all `WeightParams` of NeuralNetwork.proto inside a message."""
    if message.DESCRIPTOR.name == "WeightParams":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for part in value if _is_list(value) else [value]:
                yield from _walk(part)


def _is_list(value: Any) -> bool:
    return not hasattr(value, "DESCRIPTOR")
