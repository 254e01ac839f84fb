"""Published networks with their authors' weights beside SCNet-T: `docs/results/peers.json`."""

from math import inf
from pathlib import Path
from typing import Any

from docs_tables.benchmarks import show_timing
from docs_tables.results import ROOT, Row, load, markdown
from docs_tables.weights import quality
from mobile_runtime.benchmark.plot import import_figure
from scnet.checkpoint import open_checkpoint
from scnet.config import macs_per_pixel
from scnet.network import count_parameters
from scnet.weights import WEIGHTS

OUTPUT_PIXELS = 1280 * 720

PLOT = ROOT / "docs" / "peers.png"

SCALES = (2, 4)

PLOTTED = {
    "latency_ratio": "CPU time (onnxruntime, 1 thread, 128x128, fp32), SCNet-T slice_concat = 1",
    "gmacs_720p": "G MACs for an output of 1280x720",
}
"""What PSNR is drawn against, and its axis."""


def peers_table(scale: int) -> str:
    """Write size, work, relative latency and PSNR of each network."""
    rows = [
        [
            _name(row),
            _number(row["parameters_k"], "{} K"),
            _number(row["gmacs_720p"], "{:.1f}"),
            _number(row["latency_ratio"], "{:.2f}"),
            f"{row['set5_db']:.2f}",
        ]
        for row in _networks(scale)
    ]
    columns = ["network", "parameters", "G MACs, 1280x720", "latency", "Set5"]
    return markdown(columns, rows, range(1, 5))


def front_table() -> str:
    """Write ours, and the networks that no network with less latency beats on Set5."""
    rows = []
    for scale in SCALES:
        best_db = 0.0
        for row in _networks(scale):
            if row["latency_ratio"] is None or (row["set5_db"] <= best_db and not row["ours"]):
                continue
            best_db = max(best_db, row["set5_db"])
            size, latency = f"{row['parameters_k']} K", f"{row['latency_ratio']:.2f}"
            rows.append([_name(row), f"x{scale}", size, latency, f"{row['set5_db']:.2f}"])
    return markdown(["network", "scale", "parameters", "latency", "Set5"], rows, range(2, 5))


def baselines_table(scale: int, height: int) -> str:
    """Write size, work, latency on each engine, and PSNR where there were weights to measure."""
    saved = load("benchmark")["baselines"]
    rows = [row for row in saved if (row["scale"], row["height"]) == (scale, height)]
    set5_db = {row["network"]: row["set5_db"] for row in _networks(scale)}
    set5_db["SCNet-T direct"] = set5_db["SCNet-T direct, depthwise"]
    engines = list(rows[0]["measured"])
    cells = [
        [
            row["network"],
            f"{row['parameters']:,}",
            f"{row['macs'] / 1e9:.2f}",
            *(show_timing(row["measured"].get(engine)) for engine in engines),
            _number(set5_db.get(row["network"]), "{:.2f}"),
        ]
        for row in rows
    ]
    columns = ["network", "parameters", "G MACs", *(f"{name}, ms" for name in engines), "Set5"]
    return markdown(columns, cells, range(1, len(columns)))


def draw_plot(path: Path = PLOT) -> None:
    """Draw PSNR on Set5 against latency and against work, at x2 and at x4."""
    from adjustText import adjust_text  # the tests, which check the tables, do without

    figure = import_figure()(figsize=(15, 19), layout="constrained")
    grid = figure.subplots(len(PLOTTED), len(SCALES))
    for (measure, label), row in zip(PLOTTED.items(), grid, strict=True):
        for axes, scale in zip(row, SCALES, strict=True):
            _scatter(axes, scale, measure)
            axes.set_xlabel(label)
    figure.suptitle(f"Authors' code and weights, {load('peers')['date']}")
    figure.draw_without_rendering()  # labels are placed by the final size of the axes
    for axes in grid.flat:
        forces = {"expand": (1.3, 1.5), "force_text": (0.3, 0.5), "iter_lim": 2000}
        lines = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6}
        adjust_text(axes.texts, ax=axes, **forces, arrowprops=lines)
    figure.savefig(path, dpi=100)


def _scatter(axes: Any, scale: int, measure: str) -> None:
    timed = measure == "latency_ratio"
    points = {  # forms of one head differ in latency alone
        (row["network"] if timed else row["network"].split(",")[0]): row
        for row in _networks(scale)
        if row[measure] is not None
    }
    for name, row in points.items():
        color = "tab:red" if row["ours"] else "tab:blue"
        place = row[measure], row["set5_db"]
        axes.plot(*place, "o", color=color, markersize=4)
        axes.text(*place, name, fontsize=7, color=color)
    axes.set_xscale("log")
    axes.set_ylabel("PSNR on Y, Set5, dB")
    axes.set_title(f"x{scale}")
    axes.margins(x=0.2, y=0.1)
    axes.grid(alpha=0.3)


def _networks(scale: int) -> list[Row]:
    """List ours and the peers by latency; those that were not timed come last, by PSNR."""
    saved = load("peers")
    peers = [{**row, "ours": False} for row in saved["peers"] if row["scale"] == scale]
    ours = [_ours(row) for row in saved["ours"] if row["scale"] == scale]
    return sorted((*ours, *peers), key=lambda row: (row["latency_ratio"] or inf, row["set5_db"]))


def _name(row: Row) -> str:
    return f"**{row['network']}**" if row["ours"] else row["network"]


def _number(value: float | None, form: str) -> str:
    return "not measured" if value is None else form.format(value)


def _ours(row: Row) -> Row:
    """Complete a row with what the weights themselves and the saved scores say."""
    head = row["network"].split()[1].rstrip(",")
    name = f"scnet-t-x{row['scale']}-{head}"
    net = open_checkpoint(WEIGHTS[name]).net
    macs = macs_per_pixel(net.config) * OUTPUT_PIXELS / row["scale"] ** 2
    work = {"parameters_k": round(count_parameters(net) / 1000), "gmacs_720p": macs / 1e9}
    return {**row, **work, "set5_db": quality(name, row["scale"], "Set5")[0], "ours": True}
