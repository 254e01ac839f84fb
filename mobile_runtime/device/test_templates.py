"""How each kind of file is tested on a device: in which language, with what, fed how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mobile_runtime.errors import ManifestError
from mobile_runtime.imaging.pictures import Image, to_pixels
from mobile_runtime.model_file.manifest import Manifest


@dataclass(frozen=True)
class DeviceTest:
    """How one kind of file is tested on a device."""

    code: str
    """A text in `protocols/`."""
    language: str
    engine: str
    install: str
    row: str
    """A sample as a line of code."""
    unlimited: str
    """Infinity in that language."""
    layout: str
    suffix: str = ""
    """Of samples that must be rewritten for the file; empty if the golden ones fit as they are."""
    write: Callable[[Image], bytes] | None = None
    """How they are."""


def _write_nhwc(image: Image) -> bytes:
    return np.ascontiguousarray(image.transpose(0, 2, 3, 1), dtype="<f4").tobytes()


def _write_bgr(image: Image) -> bytes:
    return np.ascontiguousarray(to_pixels(image)[..., ::-1]).tobytes()


def _write_rgb(image: Image) -> bytes:
    return to_pixels(image).tobytes()


_XCODE = (
    "Add this folder to a test target as a folder reference (blue in Xcode), so that it is copied "
    "as it is. From iOS 16 and macOS 13 on."
)
_ANDROID = (
    "Copy this folder into `src/androidTest/assets`, with `com.google.ai.edge.litert:litert` "
    "and `litert-gpu` 2.3 or later, `androidx.test:runner` and `junit:junit` as dependencies "
    "of the tests."
)
_KOTLIN_ROW = '        "{input}" to "{output}",'
_SWIFT_ROW = '        (input: "{input}", output: "{output}", height: {height}, width: {width}),'

TESTS: Mapping[tuple[str, str], DeviceTest] = {
    ("coreml", "float32"): DeviceTest(
        *("coreml_tensor.swift", "Swift", "Core ML", _XCODE, _SWIFT_ROW, ".infinity"),
        layout="Raw little-endian float32, NCHW, RGB in 0..1; the outputs are not clipped.",
    ),
    ("coreml", "uint8"): DeviceTest(
        *("coreml_image.swift", "Swift", "Core ML", _XCODE, _SWIFT_ROW, ".infinity"),
        layout="Raw bytes, row by row, blue, green and red of each pixel; white is 255. "
        "They are the golden samples, clipped and rounded.",
        suffix="bgr",
        write=_write_bgr,
    ),
    ("tflite", "float32"): DeviceTest(
        *("tflite.kt", "Kotlin", "LiteRT"),
        f"{_ANDROID} `scnet device android` does the same over adb, without an app.",
        *(_KOTLIN_ROW, "Double.POSITIVE_INFINITY"),
        layout="Raw little-endian float32, NHWC, RGB in 0..1; the outputs are not clipped. They "
        "are the golden samples, which lie in `golden/` as NCHW, transposed.",
        suffix="f32",
        write=_write_nhwc,
    ),
    ("tflite", "uint8"): DeviceTest(
        *("tflite_image.kt", "Kotlin", "LiteRT", _ANDROID),
        *(_KOTLIN_ROW, "Double.POSITIVE_INFINITY"),
        layout="Raw bytes, row by row, red, green and blue of each pixel; white is 255. "
        "They are the golden samples, clipped and rounded.",
        suffix="rgb",
        write=_write_rgb,
    ),
    ("onnx", "float32"): DeviceTest(
        *("onnx.kt", "Kotlin", "onnxruntime"),
        "Copy this folder into `src/androidTest/assets`, with "
        "`com.microsoft.onnxruntime:onnxruntime-android` 1.20 or later, `androidx.test:runner` "
        "and `junit:junit` as dependencies of the tests.",
        '        Sample("{input}", "{output}", {height}, {width}),',
        "Double.POSITIVE_INFINITY",
        layout="Raw little-endian float32, NCHW, RGB in 0..1; the outputs are not clipped.",
    ),
}
"""Format and type of the input -> test."""


def choose_test(manifest: Manifest) -> DeviceTest:
    """Choose the test for a file.

    Raises:
        ManifestError: There is none for such a file.
    """
    model = manifest.model
    test = TESTS.get((model.format, model.input.dtype))
    if test is None or model.input.dtype != model.output.dtype:
        raise ManifestError(
            f"There is no test for a {model.format} file from {model.input.dtype} to "
            f"{model.output.dtype}: expected one of {', '.join(' '.join(key) for key in TESTS)}."
        )
    return test
