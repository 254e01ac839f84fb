"""Published networks with their authors' weights beside SCNet-T: `docs/results/peers.json`."""

from pathlib import Path

from docs_tables.results import ROOT, Row, load, markdown
from docs_tables.weights import quality
from mobile_runtime.benchmark.plot import import_figure
from scnet.checkpoint import open_checkpoint
from scnet.config import macs_per_pixel
from scnet.network import count_parameters
from scnet.weights import WEIGHTS

OUTPUT_PIXELS = 1280 * 720

PLOT = ROOT / "docs" / "peers.png"


def peers_table(scale: int) -> str:
    """Write size, work, relative latency and PSNR of each network that was timed."""
    rows = sorted(_networks(scale), key=lambda row: row["latency_ratio"])
    cells = [
        [
            f"**{row['network']}**" if row["ours"] else row["network"],
            f"{row['parameters_k']} K",
            f"{row['gmacs_720p']:.1f}",
            f"{row['latency_ratio']:.2f}",
            f"{row['set5_db']:.2f}",
        ]
        for row in rows
    ]
    columns = ["network", "parameters", "G MACs, 1280x720", "latency", "Set5"]
    return markdown(columns, cells, range(1, 5))


def draw_plot(path: Path = PLOT) -> None:
    """Draw latency against PSNR on Set5 of every network in the tables, at x2 and at x4."""
    figure = import_figure()(figsize=(15, 9), layout="constrained")
    for axes, scale in zip(figure.subplots(1, 2), (2, 4), strict=True):
        for row in _networks(scale):
            color = "tab:red" if row["ours"] else "tab:blue"
            place = row["latency_ratio"], row["set5_db"]
            axes.plot(*place, "o", color=color)
            axes.annotate(f" {row['network']}", place, fontsize=8, rotation=35, color=color)
        axes.set_xscale("log")
        axes.set_xlabel("CPU time, SCNet-T direct slice_concat = 1")
        axes.set_ylabel("PSNR on Y, Set5, dB")
        axes.set_title(f"x{scale}, onnxruntime, 1 thread, input 128x128, fp32")
        axes.margins(x=0.3, y=0.12)
        axes.grid(alpha=0.3)
    figure.suptitle(f"Authors' code and weights, {load('peers')['date']}")
    figure.savefig(path, dpi=100)


def _networks(scale: int) -> list[Row]:
    saved = load("peers")
    peers = [{**row, "ours": False} for row in saved["peers"] if row["scale"] == scale]
    ours = [_ours(row) for row in saved["ours"] if row["scale"] == scale]
    return [row for row in (*ours, *peers) if row["latency_ratio"] is not None]


def _ours(row: Row) -> Row:
    """Complete a row with what the weights themselves and the saved scores say."""
    head = row["network"].split()[1].rstrip(",")
    name = f"scnet-t-x{row['scale']}-{head}"
    net = open_checkpoint(WEIGHTS[name]).net
    macs = macs_per_pixel(net.config) * OUTPUT_PIXELS / row["scale"] ** 2
    work = {"parameters_k": round(count_parameters(net) / 1000), "gmacs_720p": macs / 1e9}
    return {**row, **work, "set5_db": quality(name, row["scale"], "Set5")[0], "ours": True}
