"""Packages for apps: the sources of a library, with one model file and its golden samples added.

Nothing in the sources depends on the file: they find it, and read its manifest.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mobile_runtime.model_file.manifest import Manifest, own_tolerance, tolerance_in
from mobile_runtime.model_file.precision import PRECISIONS

LIBRARIES = Path(__file__).parent.parent
LIMITS = "limits.json"
"""Beside the samples: the tolerances of the file on a device."""
_NO_BUILDS = shutil.ignore_patterns(".build", ".gradle", "build", "node_modules")


@dataclass(frozen=True)
class AppLibrary:
    """Sources that upscale pictures in an app, and where a package holds a model file."""

    folder: str
    """In `mobile_runtime`."""
    model: str
    """Folder of the model file and its manifest."""
    samples: str
    """Folder of the golden samples, which only tests contain."""
    page: str
    """File in `templates/`, for the package's README.md."""
    index: str | None = None
    """File in `templates/` that names all of them, where the sources cannot look for them."""


_SWIFT = AppLibrary(
    *("swift", "Sources/SCNetMobile/Model", "Tests/SCNetMobileTests/Samples", "APP.swift.md")
)
_KOTLIN = AppLibrary("kotlin", "src/main/assets/scnet", "src/androidTest/assets", "APP.kt.md")
_JAVASCRIPT = AppLibrary("javascript", "model", "model", "APP.js.md", "bundled.js")

APP_LIBRARIES: Mapping[tuple[str, str], AppLibrary] = {
    ("coreml", "uint8"): _SWIFT,
    ("tflite", "float32"): _KOTLIN,
    ("tflite", "uint8"): _KOTLIN,
    ("onnx", "float32"): _JAVASCRIPT,
}
"""Format and type of input and output -> library; the others have none."""


def find_library(manifest: Manifest) -> AppLibrary | None:
    """Return the library for a file, or None; that for ONNX files needs one for any size."""
    model = manifest.model
    if model.format == "onnx" and model.sizes is not None:
        return None
    same = model.input.dtype == model.output.dtype
    return APP_LIBRARIES.get((model.format, model.input.dtype)) if same else None


def write_sources(library: AppLibrary, folder: Path) -> None:
    """Write the sources of a library into a new folder."""
    shutil.copytree(LIBRARIES / library.folder, folder, ignore=_NO_BUILDS)
    for part in (library.model, library.samples):
        (folder / part).mkdir(parents=True, exist_ok=True)


def write_limits(folder: Path, manifest: Manifest) -> None:
    """Write what passes on a device, in the file's own arithmetic and in fp16, for a test there."""
    fp16 = tolerance_in(manifest, "fp16")
    exact = manifest.model.output.dtype != "uint8"  # 8-bit outputs cannot be closer than fp16 ones
    limits = {
        "own": own_tolerance(manifest) if exact else fp16,
        "fp16": fp16,
        "signed_error_levels": PRECISIONS[manifest.model.precision].signed_error_levels,
    }
    (folder / LIMITS).write_bytes(msgspec.json.encode(limits) + b"\n")
