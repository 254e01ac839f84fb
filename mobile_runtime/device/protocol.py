"""The page that says how to verify one file on a device, with the test that does it.

The texts lie in `protocols/`. What is put into them comes from a manifest that anybody may have
written, so only plain names and numbers go in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from mobile_runtime.device.test_templates import DeviceTest, choose_test
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.manifest import (
    Manifest,
    TensorSpec,
    own_tolerance,
    tolerance_in,
)
from mobile_runtime.model_file.precision import Tolerance

TEXTS = Path(__file__).parent / "templates"

ROW = "| `{input}` | `{output}` | {height}x{width} | `{input_sha256}`, `{output_sha256}` |"
HASHED_FOLDER = " (of its files, in the order of their paths: path, a zero byte, content)"


@dataclass(frozen=True)
class Sample:
    """A golden sample as the file itself takes and gives it; paths are beside the file."""

    input: str
    output: str
    height: int
    """Of the input, in pixels."""
    width: int
    input_sha256: str
    output_sha256: str


def write_protocol(manifest: Manifest, samples: Sequence[Sample], folder: str) -> str:
    """Write the page for one file.

    Args:
        manifest: Of the file.
        samples: As they lie beside it.
        folder: The name of the folder that holds it all.

    Raises:
        ManifestError: There is no test for such a file, or a name would not be safe in code.
    """
    test, model = choose_test(manifest), manifest.model
    names = {
        "file": _plain(manifest.file),
        "folder": _plain(folder),
        "input_name": _plain(model.input.name),
        "output_name": _plain(model.output.name),
    }
    rows = [{key: _plain(str(value)) for key, value in vars(sample).items()} for sample in samples]
    return _fill(
        "PROTOCOL.md",
        **names,
        sha256=_plain(manifest.sha256),
        hashed=HASHED_FOLDER if model.format == "coreml" else "",
        variant=_plain(model.variant),
        scale=model.scale,
        precision=model.precision,
        input=_describe(model.input),
        output=_describe(model.output),
        weights=_words(model.weights.name),
        licence=_words(model.weights.licence),
        layout=test.layout,
        rows="\n".join(ROW.format(**row) for row in rows),
        gates="\n".join(_gates(manifest)),
        language=test.language,
        engine=test.engine,
        install=test.install,
        fence=test.language.lower(),
        code=_write_code(manifest, test, names, rows),
        verified="; ".join(_words(name) for name in _passed_on(manifest)) or "nothing",
    )


def _write_code(
    manifest: Manifest, test: DeviceTest, names: dict[str, str], rows: list[dict[str, str]]
) -> str:
    tolerance, fp16 = _tolerance(manifest), tolerance_in(manifest, "fp16")
    code = _fill(
        test.code,
        **names,
        samples="\n".join(test.row.format(**row) for row in rows),
        max_abs=_limit(tolerance, test),
        psnr_db=float(tolerance.psnr_db),
        fp16_max_abs=_limit(fp16, test),
        fp16_psnr_db=float(fp16.psnr_db),
    )
    return code.rstrip()


def _passed_on(manifest: Manifest) -> list[str]:
    return [str(result.engine_info) for result in manifest.verified if result.passed]


def _fill(name: str, **blanks: object) -> str:
    return Template((TEXTS / name).read_text(encoding="utf-8")).substitute(blanks)


def _gates(manifest: Manifest) -> list[str]:
    tolerance, fp16 = _tolerance(manifest), tolerance_in(manifest, "fp16")
    if manifest.model.input.dtype == "uint8":
        return [f"- {_describe_tolerance(tolerance)}, of 8-bit values, which are rounded"]
    if manifest.model.format == "tflite":
        return [
            f"- CPU: {_describe_tolerance(tolerance)}",
            f"- GPU, which computes in fp16: {_describe_tolerance(fp16)}",
        ]
    return [f"- {_describe_tolerance(tolerance)}"]


def _tolerance(manifest: Manifest) -> Tolerance:
    """Say what the file must keep to on a device; 8-bit outputs cannot be nearer than fp16 ones."""
    if manifest.model.output.dtype == "uint8":
        return tolerance_in(manifest, "fp16")
    return own_tolerance(manifest)


def _limit(tolerance: Tolerance, test: DeviceTest) -> str:
    return test.unlimited if tolerance.max_abs is None else repr(float(tolerance.max_abs))


def _describe_tolerance(tolerance: Tolerance) -> str:
    limit = "" if tolerance.max_abs is None else f", and no |d| over {tolerance.max_abs:.1e}"
    return f"PSNR at least {tolerance.psnr_db:g} dB{limit}"


def _describe(port: TensorSpec) -> str:
    shape = " x ".join("any" if side is None else str(side) for side in port.shape)
    clipped = ", clipped" if port.clipped else ""
    return f"{port.dtype} {port.layout} {shape}, {port.colour_order} in {port.range}{clipped}"


def _plain(name: str) -> str:
    """Let nothing into code that could end a string or begin an expression."""
    if not re.fullmatch(r"[\w./+ -]+", name):
        raise ManifestError(
            f"{name[:99]!r} cannot stand in a test: expected letters, digits and ._+/- only. "
            "Convert again, or rename the folder."
        )
    return name


def _words(text: str) -> str:
    """Let nothing into the page that could be more than words."""
    return re.sub(r"[^\w.,:;()/+ -]+", " ", " ".join(text.split()))
