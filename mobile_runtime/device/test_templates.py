"""Templates of the tests on a device: language, engine and sample layout per kind of file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mobile_runtime.errors import ManifestError
from mobile_runtime.imaging.pictures import Image, to_pixels
from mobile_runtime.model_file.manifest import Manifest


@dataclass(frozen=True)
class DeviceTest:
    """Test of one kind of file on a device."""

    code: str
    """File in `templates/`."""
    language: str
    engine: str
    install: str
    row: str
    """Format of one sample, as a line of code."""
    infinity: str
    """In that language, where there is no limit on max_abs."""
    layout: str
    suffix: str = ""
    """Of samples rewritten in the layout of the file; empty if the golden ones already have it."""
    write: Callable[[Image], bytes] | None = None
    """Encodes such a sample, (1, 3, H, W) float32 RGB in [0, 1]."""


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
        write=lambda image: to_pixels(image)[..., ::-1].tobytes(),
    ),
    ("tflite", "float32"): DeviceTest(
        *("tflite.kt", "Kotlin", "LiteRT"),
        f"{_ANDROID} `scnet device android` does the same over adb, without an app.",
        *(_KOTLIN_ROW, "Double.POSITIVE_INFINITY"),
        layout="Raw little-endian float32, NHWC, RGB in 0..1; the outputs are not clipped. They "
        "are the golden samples, which lie in `golden/` as NCHW, transposed.",
        suffix="f32",
        write=lambda image: image.transpose(0, 2, 3, 1).astype("<f4").tobytes(),
    ),
    ("tflite", "uint8"): DeviceTest(
        *("tflite_image.kt", "Kotlin", "LiteRT", _ANDROID),
        *(_KOTLIN_ROW, "Double.POSITIVE_INFINITY"),
        layout="Raw bytes, row by row, red, green and blue of each pixel; white is 255. "
        "They are the golden samples, clipped and rounded.",
        suffix="rgb",
        write=lambda image: to_pixels(image).tobytes(),
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
    """Return the test for a file.

    Raises:
        ManifestError: There is none for this kind of file.
    """
    model = manifest.model
    test = TESTS.get((model.format, model.input.dtype))
    if test is None or model.input.dtype != model.output.dtype:
        raise ManifestError(
            f"There is no test for a {model.format} file from {model.input.dtype} to "
            f"{model.output.dtype}: expected one of {', '.join(' '.join(key) for key in TESTS)}."
        )
    return test
