"""Reader of model files of any format: their graphs, without running them."""

from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from mobile_runtime.errors import MissingDependencyError, ModelLoadError
from mobile_runtime.extras import find_extra
from mobile_runtime.formats.graph import Graph
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX

OLD_CORE_ML = {
    ".mlmodel": "is a Core ML model in the older form of one file, and is neither checked nor run "
    "here; scnet info shows what it holds. Convert its source with coremltools to an mlprogram "
    "(minimum_deployment_target=coremltools.target.iOS15), which is saved as .mlpackage.",
    ".mlmodelc": "is a Core ML model that was compiled for apps, which is not read here: name the "
    ".mlpackage that it was compiled from.",
}
"""Suffix -> what such a file is and what to do, for those that are no `Format`."""


class Reader(Protocol):
    """A module that reads files of one format; `Format.graph_reader` names it."""

    def read_graph(self, path: Path) -> Graph:
        """Return the graph of a file.

        Raises:
            ModelLoadError: A damaged file.
        """

    def cut(self, path: Path, tensor: str, target: Path) -> None:
        """Write a file that ends at a tensor of the graph."""


def read_graph(path: Path) -> Graph:
    """Return the graph of a model file.

    Raises:
        ModelLoadError: No such file, an unknown format, or a damaged file.
        MissingDependencyError: The library of the format is not installed.
    """
    return _reader(path).read_graph(path)


def describe_graph(path: Path) -> Graph:
    """Return what a model file holds, of Core ML's older types, which do not run here, too.

    Raises:
        ModelLoadError, MissingDependencyError: As `read_graph`.
    """
    if path.suffix in (".mlpackage", ".mlmodel") and path.exists():
        layers = _import("mobile_runtime.formats.coreml_layers", "coremltools")
        if layers.is_layered(path):
            return cast(Graph, layers.read_layers(path))
    return read_graph(path)


def count_operators(path: Path) -> dict[str, int]:
    """Count operators by kind, most frequent first, without constants; errors as `read_graph`."""
    return count_kinds(read_graph(path))


def count_kinds(graph: Graph) -> dict[str, int]:
    """Count operators by kind, most frequent first, without constants."""
    counted = Counter(op.kind for op in graph.operators)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def cut(path: Path, tensor: str, target: Path) -> None:
    """Write a model file, of the same suffix, that ends at a tensor of the graph."""
    _reader(path).cut(path, tensor, target)


def require_model_file(path: Path) -> None:
    """Check by its name that a path may be a model file.

    Raises:
        ModelLoadError: No such file, an unknown format, or a name that is not UTF-8.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ModelLoadError(f"{str(path)!r} is not UTF-8, as names must be: rename it.") from error
    if path.suffix in OLD_CORE_ML:
        raise ModelLoadError(f"{path} {OLD_CORE_ML[path.suffix]}")
    if path.suffix not in FORMAT_OF_SUFFIX:
        expected = ", ".join(FORMAT_OF_SUFFIX)
        raise ModelLoadError(f"{path} is not a model file: expected one of {expected}.")
    if not path.exists():
        raise ModelLoadError(f"{path} does not exist.")


def _reader(path: Path) -> Reader:
    require_model_file(path)
    format_ = FORMAT_OF_SUFFIX[path.suffix]
    return cast(Reader, _import(format_.graph_reader, format_.package))


def _import(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(package, find_extra(package)) from error
