"""Protobuf classes of Core ML files, out of coremltools without the rest of it.

Importing coremltools itself takes seconds, and brings PyTorch where it is installed.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PACKAGE = f"{__name__}_classes"
"""Under this name its folder `proto` is a package of its own."""


def _load(name: str) -> Any:
    if "coremltools" in sys.modules:
        return import_module(f"coremltools.proto.{name}")
    if PACKAGE not in sys.modules:
        found = find_spec("coremltools")
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError("No module named 'coremltools'", name="coremltools")
        package = ModuleType(PACKAGE)
        package.__path__ = [f"{place}/proto" for place in found.submodule_search_locations]
        sys.modules[PACKAGE] = package
    return import_module(f"{PACKAGE}.{name}")


FeatureTypes_pb2 = _load("FeatureTypes_pb2")
MIL_pb2 = _load("MIL_pb2")
Model_pb2 = _load("Model_pb2")
