"""What `nox -s bench` measured: the summary that is kept, and its tables."""

from collections.abc import Sequence
from typing import Any

from bench.subjects import BASELINES_GROUP, LABELS

from docs_tables.results import Row, load, markdown, round_to


def summarize(report: dict[str, Any]) -> dict[str, Any]:
    """Reduce a report of `nox -s bench` to medians, ratios and their spread.

    Args:
        report: The JSON with every run.

    Returns:
        `device`, `date`, `versions` and `runs` as they were; `forms`, a row per engine, network and
        input size; `baselines`, a row per network and input size; `growth`.
    """
    ours = [row for row in report["rows"] if not row["group"].startswith(BASELINES_GROUP)]
    baselines = [row for row in report["rows"] if row["group"].startswith(BASELINES_GROUP)]
    kept = ("device", "date", "versions", "runs", "warmup_runs", "seconds_limit")
    return {
        **{key: report[key] for key in kept},
        "forms": _gather(ours, ("engine", "threads", "network", "scale", "height", "width"), _form),
        "baselines": _gather(
            baselines,
            ("network", "form", "scale", "height", "width", "parameters", "macs"),
            lambda row: f"{row['engine']}, {row['threads']}",
        ),
        "growth": [
            {
                **{key: value for key, value in point.items() if key != "failure"},
                "median_ms": round_to(point["median_ms"]),
                "peak_memory_mb": round_to(point["peak_memory_mb"]),
            }
            for point in report["growth"]
        ],
    }


def _form(row: Row) -> str:
    return row["form"]


def _gather(rows: Sequence[Row], keys: tuple[str, ...], column: Any) -> list[Row]:
    gathered: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        place = tuple(row[key] for key in keys)
        found = gathered.setdefault(place, {**dict(zip(keys, place, strict=True)), "measured": {}})
        ratio = row["to_first"] or {"median": None, "p10": None, "p90": None}
        found["measured"][column(row)] = {
            "median_ms": round_to(row["median_ms"]),
            "ratio": round_to(ratio["median"], 6),  # shown with two decimals: not rounded twice
            "p10": round_to(ratio["p10"], 3),
            "p90": round_to(ratio["p90"], 3),
            "peak_memory_mb": round_to(row["peak_memory_mb"], 3),
        }
    return list(gathered.values())


def forms_table(saved: str, scale: int, height: int) -> str:
    """Write latency, and its ratio to the lower bound, of each form of the network.

    Args:
        saved: Name of the saved results.
        scale: Of the networks.
        height: Of the input, in pixels.
    """
    rows = [row for row in load(saved)["forms"] if (row["scale"], row["height"]) == (scale, height)]
    forms = list(dict.fromkeys(form for row in rows for form in row["measured"]))
    cells = [
        [
            f"{row['engine']}, {row['threads']}",
            row["network"].removeprefix("SCNet-T "),
            *(show_timing(row["measured"].get(form)) for form in forms),
        ]
        for row in rows
    ]
    columns = ["engine, threads", "head", *(LABELS.get(form, form) for form in forms)]
    return markdown(columns, cells, range(2, len(columns)))


def growth_table() -> str:
    """Write latency and memory by size of the input, whole and in tiles."""
    rows = [
        [
            point["engine"],
            point["network"].removeprefix("SCNet-T "),
            LABELS.get(point["form"], point["form"]),
            point["way"],
            f"{point['height']}x{point['width']}",
            f"{point['median_ms']:,.0f}",
            f"{point['peak_memory_mb']:,.0f}",
        ]
        for point in load("benchmark")["growth"]
    ]
    columns = ["engine", "head", "form", "input as", "input", "median, ms", "peak memory, MB"]
    return markdown(columns, rows, range(5, 7))


def latency_ms(name: str) -> float | None:
    """Look up fp32 depthwise on XNNPACK at 128x128 for weights such as `scnet-t-x4-direct`."""
    _, _, scale, head, *_ = name.split("-")  # weights of one network take the same time
    for row in load("benchmark")["forms"]:
        place = row["engine"], row["network"], row["scale"], row["height"]
        if place == ("TFLite XNNPACK", f"SCNet-T {head}", int(scale[1:]), 128):
            return row["measured"]["depthwise fp32"]["median_ms"]
    return None


def environment(saved: str) -> str:
    """Write on what and with what a benchmark was measured, as one line."""
    results = load(saved)
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return f"{results['device']}; {results['date'][:10]}; {versions}."


def show_timing(found: Row | None) -> str:
    """Return a median in ms and its ratio to the first row of the group, or the ratio alone."""
    if found is None:
        return "not measured"
    if found["ratio"] is None:
        return "does not run"
    ratio = f"({found['ratio']:.2f})"
    return ratio if found["median_ms"] is None else f"{found['median_ms']:.1f} {ratio}"
