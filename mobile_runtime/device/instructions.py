"""Pages of bundles: how an app uses a package, or how a file is verified, with a test for it.

The texts are in `templates/`. What is put into them comes from a manifest that anybody may have
written, so only plain names and numbers are allowed.
"""

import re
from pathlib import Path
from string import Template

from mobile_runtime.device.app_packages import AppLibrary
from mobile_runtime.device.test_templates import DeviceTest, choose_test
from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.manifest import GoldenSample, Manifest, own_tolerance
from mobile_runtime.model_file.model import TensorSpec
from mobile_runtime.model_file.precision import Tolerance

TEMPLATES = Path(__file__).parent / "templates"

ROW = (
    "| `{input}` | `{output}` | {height}x{width} | {stride} | `{input_sha256}`, `{output_sha256}` |"
)
HASHED_FOLDER = " (of its files, in the order of their paths: path, a zero byte, content)"


def format_instructions(manifest: Manifest, folder: str) -> str:
    """Return the page for one file, in Markdown.

    Args:
        manifest: Of the file, with samples as `write_golden` has written them.
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
    rows = [_describe_sample(sample) for sample in manifest.golden]
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
        gate=_describe_tolerance(own_tolerance(manifest)),
        language=test.language,
        engine=test.engine,
        install=test.install,
        fence=test.language.lower(),
        code=_format_code(manifest, test, names, rows),
        verified="; ".join(passed) or "nothing",
    )


def format_app_page(manifest: Manifest, library: AppLibrary) -> str:
    """Return how to use a package in an app, in Markdown.

    Raises:
        ManifestError: The file's name is not safe in code.
    """
    return _fill(library.page, file=_identifier(manifest.file), scale=manifest.model.scale)


def format_index(template: str, manifest: Manifest, folder: str) -> str:
    """Return a source file that names the files of a model, in JavaScript.

    Args:
        template: File in `templates/`.
        manifest: Of the file, with samples as `write_golden` has written them.
        folder: Folder of the samples in the package.

    Raises:
        ManifestError: A name is not safe in code.
    """
    names = [name for sample in manifest.golden for name in (sample.input, sample.output)]
    row = "    '{name}': new URL('./{folder}/{name}', import.meta.url),"
    rows = [row.format(name=_identifier(name), folder=folder) for name in dict.fromkeys(names)]
    return _fill(template, file=_identifier(manifest.file), samples="\n".join(rows))


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
    tolerance = own_tolerance(manifest)
    code = _fill(
        test.code,
        **names,
        scale=manifest.model.scale,
        samples="\n".join(test.row.format(**row) for row in rows),
        max_abs=test.infinity if tolerance.max_abs is None else repr(float(tolerance.max_abs)),
        psnr_db=float(tolerance.psnr_db),
    )
    return code.rstrip()


def _fill(name: str, **blanks: object) -> str:
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(blanks)


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
