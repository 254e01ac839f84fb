"""The bundled weights: their table, and the generated parts of their cards."""

import json
import re
from functools import cache
from pathlib import Path

from docs_tables.benchmarks import latency_ms
from docs_tables.results import load, markdown
from scnet.checkpoint import Checkpoint, open_checkpoint
from scnet.config import macs_per_pixel
from scnet.network import count_parameters
from scnet.weights import WEIGHTS

SETS = ("Set5", "Set14", "B100")

OUTPUT_PIXELS = 1280 * 720
"""What papers count multiply-accumulates for."""


def quality(method: str, scale: int, folder: str) -> tuple[float, float]:
    """Look up PSNR in dB and SSIM, both on Y, in the saved results."""
    for row in load("quality")["scores"]:
        if (row["method"], row["scale"], row["folder"]) == (method, scale, folder):
            return row["psnr_db"], row["ssim"]
    raise LookupError(f"docs/results/quality.json has no {method} x{scale} on {folder}.")


def short_table() -> str:
    """Write name, scale, parameters, PSNR on Set5 and file size of those with the head `direct`."""
    rows = []
    for name, path in WEIGHTS.items():
        if "-direct" not in name:
            continue
        scale = _open(path).net.config.scale
        rows.append(
            [
                f"`{name}`",
                f"x{scale}",
                f"{count_parameters(_open(path).net):,}",
                f"{quality(name, scale, 'Set5')[0]:.2f} dB",
                f"{quality('bicubic', scale, 'Set5')[0]:.2f} dB",
                f"{path.stat().st_size / 1e6:.2f} MB",
            ]
        )
    columns = ["name", "scale", "parameters", "Set5 PSNR", "bicubic", "file size"]
    return markdown(columns, rows, range(2, 6))


def full_table() -> str:
    """Write steps, work, latency, and PSNR and SSIM on each set, with bicubic in between."""
    rows: list[list[str]] = []
    scales: set[int] = set()
    for name, path in WEIGHTS.items():
        checkpoint, latency = _open(path), latency_ms(name)
        scale = checkpoint.net.config.scale
        if scale not in scales:
            scales.add(scale)
            rows.append([f"bicubic x{scale}", "", "", "", *_scores("bicubic", scale)])
        macs = macs_per_pixel(checkpoint.net.config) * OUTPUT_PIXELS / scale**2
        rows.append(
            [
                f"[`{name}`](../scnet/weights/{name}.md)",
                f"{int(checkpoint.notes['steps']):,}",
                f"{macs / 1e9:.1f} G",
                "not measured" if latency is None else f"{latency:.1f} ms",
                *_scores(name, scale),
            ]
        )
    return markdown(["weights", "steps", "MACs", "latency", *SETS], rows, range(1, 7))


def card_table(card: Path) -> str:
    """Write PSNR and SSIM of one card's weights beside bicubic's."""
    scale = _open(WEIGHTS[card.stem]).net.config.scale
    rows = [
        ["bicubic", *_scores("bicubic", scale)],
        ["these weights", *_scores(card.stem, scale)],
    ]
    return markdown(["", *SETS], rows, range(1, 4))


def front_matter(card: Path) -> str:
    """Write the YAML that model hubs read, without the lines around it."""
    config = _open(WEIGHTS[card.stem]).net.config
    data = (card.parent / "data.md").read_text()
    if not card.stem.endswith("-photo"):
        data = data.partition("\nAdded on ")[0]  # the first table alone
    collections = re.findall(r"^\| ([\w.-]+/[\w.-]+)", data, re.MULTILINE)
    lines = [
        "license: apache-2.0",
        "library_name: scnet-mobile",
        "pipeline_tag: image-to-image",
        "tags: [super-resolution, image-super-resolution, scnet, onnx, coreml, tflite]",
        "metrics: [psnr, ssim]",
        "datasets:  # repositories of photographs; see data.md",
        *(f"- {name}" for name in dict.fromkeys(collections)),
        "model-index:",
        f"- name: {card.stem}",
        "  results:",
    ]
    for name in SETS:
        psnr_db, ssim = quality(card.stem, config.scale, name)
        lines += [
            f"  - task: {{type: image-to-image, name: super-resolution x{config.scale}}}",
            f"    dataset: {{type: {name.lower()}, name: {name}}}",
            "    metrics:",
            f"    - {{type: psnr, name: PSNR on Y in dB, value: {psnr_db:.2f}}}",
            f"    - {{type: ssim, name: SSIM on Y, value: {ssim:.4f}}}",
        ]
    return "\n".join(lines)


def files_quality_table() -> str:
    """Write PSNR and SSIM on Set5 of the files made of one network."""
    rows = [
        [f"`{row['method']}`", row["engine"], f"{row['psnr_db']:.2f}", f"{row['ssim']:.4f}"]
        for row in load("quality")["files"]
    ]
    return markdown(["file", "engine", "PSNR, dB", "SSIM"], rows, range(2, 4))


def quantization_table() -> str:
    """Write what 8 bits cost on each set, in dB of PSNR on Y against fp32."""
    results = load("quantization")
    rows = [
        [
            f"`{row['weights']}`",
            *(" / ".join(f"{loss:.2f}" for loss in row[key]) for key in results["columns"]),
        ]
        for row in results["losses_db"]
    ]
    return markdown(["weights", *results["columns"].values()], rows, range(1, 5))


def add_scores(evaluation: Path) -> dict[str, object]:
    """Put what `scnet evaluate --json` wrote into the saved scores.

    Args:
        evaluation: Its JSON. Checkpoints and bicubic replace their scores; model files, all of the
            saved files. Scores on degraded pictures are left out.

    Returns:
        The new content of docs/results/quality.json.
    """
    saved = load("quality")
    measured = [
        {
            **{key: row[key] for key in ("method", "scale", "engine", "folder")},
            "psnr_db": round(row["mean"]["psnr_db"], 2),
            "ssim": round(row["mean"]["ssim"], 4),
        }
        for row in json.loads(evaluation.read_text())
        if row["degradation"] == "clean"
    ]
    files = [row for row in measured if "." in row["method"]]
    scores = {
        (row["method"], row["scale"], row["folder"]): row
        for row in (*saved["scores"], *(row for row in measured if row not in files))
    }
    return {**saved, "scores": list(scores.values()), "files": files or saved["files"]}


def _scores(method: str, scale: int) -> list[str]:
    return ["{:.2f} / {:.4f}".format(*quality(method, scale, name)) for name in SETS]


@cache
def _open(path: Path) -> Checkpoint:
    return open_checkpoint(path)
