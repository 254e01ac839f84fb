"""Page of instructions for verifying one model file on a device, with the source of its test.

The texts are in `templates/`. What is put into them comes from a manifest that anybody may have
written, so only plain names and numbers are allowed.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from mobile_runtime.device.test_templates import AppLibrary, DeviceTest, choose_test
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.manifest import GoldenSample, Manifest, own_tolerance, tolerance_in
from mobile_runtime.model_file.model import TensorSpec
from mobile_runtime.model_file.parity import SIGNED_ERROR_LIMIT_LEVELS
from mobile_runtime.model_file.precision import Tolerance

TEMPLATES = Path(__file__).parent / "templates"

ROW = (
    "| `{input}` | `{output}` | {height}x{width} | {stride} | `{input_sha256}`, `{output_sha256}` |"
)
HASHED_FOLDER = " (of its files, in the order of their paths: path, a zero byte, content)"


def format_instructions(manifest: Manifest, samples: Sequence[GoldenSample], folder: str) -> str:
    """Return the page for one file, in Markdown.

    Args:
        manifest: Of the file.
        samples: As `write_golden` has written them.
        folder: Name of the folder that holds all of it.

    Raises:
        ManifestError: There is no test for this kind of file, or a name is not safe in code.
    """
    test, model = choose_test(manifest), manifest.model
    passed = [_plain_text(str(result.engine_info)) for result in manifest.verified if result.passed]
    names = {
        "file": _identifier(manifest.file),
        "folder": _identifier(folder),
        "input_name": _identifier(model.input.name),
        "output_name": _identifier(model.output.name),
    }
    rows = [_describe_sample(sample) for sample in samples]
    return _fill(
        "PROTOCOL.md",
        **names,
        sha256=_identifier(manifest.sha256),
        hashed=HASHED_FOLDER if model.format == "coreml" else "",
        variant=_identifier(model.variant),
        scale=model.scale,
        precision=model.precision,
        input=_describe(model.input),
        output=_describe(model.output),
        weights=_plain_text(model.weights.name),
        licence=_plain_text(model.weights.licence),
        layout=test.layout,
        rows="\n".join(ROW.format(**row) for row in rows),
        gates="\n".join(_describe_tolerances(manifest)),
        language=test.language,
        engine=test.engine,
        install=test.install,
        fence=test.language.lower(),
        code=_format_code(manifest, test, names, rows),
        verified="; ".join(passed) or "nothing",
    )


def format_app_page(manifest: Manifest, library: AppLibrary) -> str:
    """Return how to use a file in an app with a library that lies beside it, in Markdown.

    Raises:
        ManifestError: The file's name is not safe in code.
    """
    file = _identifier(manifest.file)
    return _fill(library.page, file=file, stem=Path(file).stem, scale=manifest.model.scale)


def _describe_sample(sample: GoldenSample) -> dict[str, str]:
    """Return what a row of the page, or of the test, says of a sample."""
    *_, height, width = sample.input_shape
    fields = {
        "input": sample.input,
        "output": sample.output,
        "height": height,
        "width": width,
        "stride": sample.output_stride,
        "input_sha256": sample.input_sha256,
        "output_sha256": sample.output_sha256,
    }
    return {key: _identifier(str(value)) for key, value in fields.items()}


def _format_code(
    manifest: Manifest, test: DeviceTest, names: dict[str, str], rows: list[dict[str, str]]
) -> str:
    tolerance, fp16 = _tolerance(manifest), tolerance_in(manifest, "fp16")
    code = _fill(
        test.code,
        **names,
        scale=manifest.model.scale,
        samples="\n".join(test.row.format(**row) for row in rows),
        max_abs=_max_abs(tolerance, test),
        psnr_db=float(tolerance.psnr_db),
        fp16_max_abs=_max_abs(fp16, test),
        fp16_psnr_db=float(fp16.psnr_db),
        signed_error=SIGNED_ERROR_LIMIT_LEVELS,
    )
    return code.rstrip()


def _fill(name: str, **blanks: object) -> str:
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(blanks)


def _describe_tolerances(manifest: Manifest) -> list[str]:
    tolerance, fp16 = _tolerance(manifest), tolerance_in(manifest, "fp16")
    if manifest.model.input.dtype == "uint8":
        return [
            f"- {_describe_tolerance(tolerance)}, of 8-bit values, which are rounded",
            f"- the median of the samples' mean errors within {SIGNED_ERROR_LIMIT_LEVELS} of a "
            "level: beyond, the device truncates instead of rounding",
        ]
    if manifest.model.format == "tflite":
        return [
            f"- CPU: {_describe_tolerance(tolerance)}",
            f"- GPU, which computes in fp16: {_describe_tolerance(fp16)}",
        ]
    return [f"- {_describe_tolerance(tolerance)}"]


def _tolerance(manifest: Manifest) -> Tolerance:
    """Return the tolerance on a device; 8-bit outputs cannot be closer than fp16 ones."""
    if manifest.model.output.dtype == "uint8":
        return tolerance_in(manifest, "fp16")
    return own_tolerance(manifest)


def _max_abs(tolerance: Tolerance, test: DeviceTest) -> str:
    return test.infinity if tolerance.max_abs is None else repr(float(tolerance.max_abs))


def _describe_tolerance(tolerance: Tolerance) -> str:
    limit = "" if tolerance.max_abs is None else f", and no |d| over {tolerance.max_abs:.1e}"
    return f"PSNR at least {tolerance.psnr_db:g} dB{limit}"


def _describe(port: TensorSpec) -> str:
    shape = " x ".join("any" if side is None else str(side) for side in port.shape)
    clipped = ", clipped" if port.clipped else ""
    return f"{port.dtype} {port.layout} {shape}, {port.colour_order} in {port.range}{clipped}"


def _identifier(name: str) -> str:
    """Check that a name cannot end a string or begin an expression in code, and return it."""
    if not re.fullmatch(r"[\w./+ -]+", name):
        raise ManifestError(
            f"{name[:99]!r} cannot stand in a test: expected letters, digits and ._+/- only. "
            "Convert again, or rename the folder."
        )
    return name


def _plain_text(text: str) -> str:
    """Return text without anything that Markdown or HTML would interpret."""
    return re.sub(r"[^\w.,:;()/+ -]+", " ", " ".join(text.split()))
