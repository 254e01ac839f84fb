"""What `nox -s models` found out about each file, taken from the manifests, and its tables."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docs_tables.results import Row, load, markdown, round_to
from mobile_runtime.check.placement import check
from mobile_runtime.check.rule import Severity
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.file_hash import measure_file
from mobile_runtime.model_file.format import FORMATS

TABULATED = "scnet-t-x4-direct"
"""The weights of the tables: `nox -s models` converts them to everything."""

SHOWN = (
    *(("coreml", "fp16"), ("coreml", "w8"), ("tflite", "fp32"), ("tflite", "w8a8")),
    *(("onnx", "fp32"), ("onnx", "w8a8")),
)
"""Rows of the small table: the default of each format, and what is smallest or fastest."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def collect(folder: Path) -> dict[str, Any]:
    """Read the manifests in a folder, and check where the operators of each file would run.

    Args:
        folder: Such as `dist/models`.

    Returns:
        `date`, when this was done, and `files`, a row each.

    Raises:
        FileNotFoundError: There is no manifest.
    """
    manifests = sorted(folder.glob("scnet-*.json"))
    if not manifests:
        raise FileNotFoundError(f"{folder} holds no manifest: make the files, with nox -s models.")
    files = [_describe(path.with_suffix("")) for path in manifests]
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "files": files}


def _describe(path: Path) -> Row:
    manifest = read_model_file(path).manifest
    facts = ("format", "precision", "shift", "variant", "scale", "head")
    return {
        "file": path.name,
        **{name: getattr(manifest.model, name) for name in facts},
        "size_bytes": measure_file(path),
        "operators": sum(manifest.operators.values()),
        "psnr_loss_db": round_to(manifest.psnr_loss_db, 3),
        "results": [
            {
                "engine": str(result.engine_info),
                "device": result.device,
                "passed": result.passed,
                **{name: round_to(value, 3) for name, value in asdict(result.worst).items()},
                "psnr_db": round(result.worst.psnr_db, 1),
            }
            for result in manifest.verified
        ],
        "targets": [
            {
                "target": report.title,
                "resident": report.resident,
                "partitions": len(report.partitions),
                **{
                    level: sum(f.severity == level for f in report.findings) for level in SEVERITIES
                },
            }
            for report in check(path)
        ],
    }


def summary_table() -> str:
    """Write size, loss and difference to PyTorch of the most used files of one network."""
    rows = []
    for format_, precision in SHOWN:
        file = _find(format_, precision)
        usual = file["results"][0]
        rows.append(
            [
                FORMATS[format_].title,
                f"`{precision}`",
                f"{file['size_bytes'] / 1e6:.2f} MB",
                _loss(file),
                f"{usual['psnr_db']:.1f} dB",
                f"{usual['max_abs']:.1g}",
                usual["engine"],
            ]
        )
    columns = ["format", "precision", "size", "PSNR loss", "PSNR to PyTorch"]
    columns += ["max abs", "engine"]
    return markdown(columns, rows, range(2, 6))


def files_table() -> str:
    """Write a row per file and engine."""
    rows = [
        [
            f"`{file['file']}`" if number == 0 else "",
            f"{file['size_bytes'] / 1e6:.2f} MB" if number == 0 else "",
            str(file["operators"]) if number == 0 else "",
            _loss(file) if number == 0 else "",
            f"{result['psnr_db']:.1f} dB",
            f"{result['max_abs']:.1e}",
            f"{result['mean_abs']:.1e}",
            f"{result['pixels_off_percent']:.2g} %",
            result["engine"],
        ]
        for file in load("models")["files"]
        for number, result in enumerate(file["results"])
    ]
    columns = ["file", "size", "operators", "PSNR loss", "PSNR", "max abs", "mean abs"]
    return markdown([*columns, "over 1/255", "engine"], rows, range(1, 8))


def targets_table() -> str:
    """Write where the operators of the default weights' files would run."""
    rows = []
    for shift in ("slice_concat", "depthwise"):
        for format_, precision in (("coreml", "fp16"), ("tflite", "fp32"), ("onnx", "fp32")):
            file = _find(format_, precision, shift)
            rows += [
                [
                    f"{FORMATS[format_].title} `{precision}`, `{shift}`",
                    target["target"],
                    f"{target['resident']}/{file['operators']}",
                    *(str(target[key]) for key in ("partitions", *SEVERITIES)),
                ]
                for target in file["targets"]
            ]
    columns = ["file", "target", "on the target", "partitions", "errors", "warnings", "notes"]
    return markdown(columns, rows, range(2, 7))


def gpu_table() -> str:
    """Write what LiteRT's GPU engine made of some files."""
    rows = [
        [
            f"`{row['file']}`",
            f"{row['psnr_db']:.1f} dB",
            f"{row['max_abs']:.1e}",
            row["placement"],
        ]
        for row in load("litert_gpu")["files"]
    ]
    return markdown(["file", "PSNR to PyTorch", "max abs", "placement"], rows, range(1, 3))


def environment() -> str:
    """Write when and where the files were made and run, as one line."""
    results = load("models")
    devices = {result["device"] for file in results["files"] for result in file["results"]}
    return f"{', '.join(sorted(devices))}; {results['date']}."


def _find(format_: str, precision: str, shift: str = "slice_concat") -> Row:
    wanted = f"{TABULATED}-{precision}-{shift}"
    return next(
        file
        for file in load("models")["files"]
        if file["format"] == format_ and file["file"].startswith(wanted)
    )


def _loss(file: Row) -> str:
    loss_db = file["psnr_loss_db"]
    return "none" if loss_db is None else f"{round(loss_db, 3) + 0.0:.3f} dB"  # no minus before 0
