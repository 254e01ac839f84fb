"""Templates of tests on a device, for files without a library: language, engine and layout."""

from collections.abc import Mapping
from dataclasses import dataclass

from mobile_runtime.device.app_packages import APP_LIBRARIES
from mobile_runtime.errors import ManifestError
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
    """Of what the model takes and returns, made of the samples' files; a sentence."""


_XCODE = (
    "Add this folder to a test target as a folder reference (blue in Xcode), so that it is copied "
    "as it is. From iOS 16 and macOS 13 on."
)
_SWIFT_ROW = (
    '        (input: "{input}", output: "{output}", height: {height}, width: {width}, '
    "stride: {stride}),"
)
_KOTLIN_ROW = '        Sample("{input}", "{output}", {height}, {width}, {stride}),'

TESTS: Mapping[tuple[str, str], DeviceTest] = {
    ("coreml", "float32"): DeviceTest(
        *("coreml_tensor.swift", "Swift", "Core ML", _XCODE, _SWIFT_ROW, ".infinity"),
        layout="The model takes each byte as a float32, divided by 255, in the same order.",
    ),
    ("onnx", "float32"): DeviceTest(
        *("onnx.kt", "Kotlin", "onnxruntime"),
        "Copy this folder into `src/androidTest/assets`, with "
        "`com.microsoft.onnxruntime:onnxruntime-android` 1.20 or later, `androidx.test:runner` "
        "and `junit:junit` as dependencies of the tests.",
        *(_KOTLIN_ROW, "Double.POSITIVE_INFINITY"),
        layout="The model takes each byte as a float32, divided by 255, in the same order.",
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
    kinds = (" ".join(kind) for kind in (*APP_LIBRARIES, *TESTS))
    if test is None or model.input.dtype != model.output.dtype:
        raise ManifestError(
            f"There is no test for a {model.format} file from {model.input.dtype} to "
            f"{model.output.dtype}: expected one of {', '.join(kinds)}."
        )
    return test
