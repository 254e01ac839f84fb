"""`scnet benchmark`: the arithmetic on a fake clock, and real files from end to end.

No test asserts an absolute time: machines differ.
"""

import json
import sys
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from model_files import copy_whole, exact_files
from PIL import Image as Pillow

from mobile_runtime.benchmark.cold_start import ColdStartConfig, measure_cold_start
from mobile_runtime.benchmark.run import choose_sizes, describe_placement
from mobile_runtime.benchmark.timing import Plan, compare, run_warm, summarize
from mobile_runtime.cli.benchmark import command
from mobile_runtime.engines.session import CPU, Placement, open_session
from mobile_runtime.errors import (
    EngineUnavailableError,
    ImageError,
    ManifestError,
    MissingDependencyError,
    ModelLoadError,
    ScnetError,
)
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.model_file.manifest import manifest_path

SIZE = (16, 20)
QUICK = ("--runs", "4", "--warmup-runs", "2", "--threads", "1")


class FakeClock:
    """Time passes only when something takes it."""

    def __init__(self):
        self.seconds = 0.0
        self.order = []

    def __call__(self):
        return self.seconds

    def action(self, name, *seconds):
        """What takes so many seconds at each call; the last one for ever."""
        left = list(seconds)

        def act():
            self.order.append(name)
            self.seconds += left.pop(0) if len(left) > 1 else left[0]

        return act


@pytest.fixture
def clock():
    return FakeClock()


# Statistics


def test_statistics_are_those_computed_by_hand():
    found = summarize([3, 1, 2, 4, 100, 5, 6, 7, 8, 9])
    assert found.median_ms == 5.5
    assert found.mean_ms == 14.5
    assert found.trimmed_mean_ms == 5.5  # (2 + ... + 9) / 8
    assert found.min_ms == 1
    assert found.p90_ms == pytest.approx(9 + 0.1 * 91)  # position 8.1 of 0..9
    assert found.p95_ms == pytest.approx(9 + 0.55 * 91)
    assert found.stdev_ms == pytest.approx((8182.5 / 9) ** 0.5)
    assert found.samples_ms == (3, 1, 2, 4, 100, 5, 6, 7, 8, 9)


def test_one_run_has_no_deviation():
    found = summarize([2.0])
    assert found.stdev_ms is None
    assert found.median_ms == found.trimmed_mean_ms == found.p95_ms == 2


def test_noise_that_meets_both_files_cancels_in_the_ratio():
    first = np.array([1.0, 50, 3, 900, 2])
    ratio = compare(first * 2, first)
    assert (ratio.median, ratio.p10, ratio.p90) == (2, 2, 2)


def test_spread_of_the_ratio_is_that_of_the_rounds():
    ratio = compare([10, 22, 36, 40, 70], [10, 11, 12, 10, 14])  # 1, 2, 3, 4, 5
    assert ratio.median == 3
    assert ratio.p10 == pytest.approx(1.4)
    assert ratio.p90 == pytest.approx(4.6)


# Rounds


def test_warm_up_is_apart(clock):
    actions = [clock.action("a", 9, 9, 2, 3, 4), clock.action("b", 8, 8, 1, 1, 1)]
    warmup, rounds = run_warm(actions, Plan(3, 2), clock=clock)
    assert warmup == [(9e3, 8e3)] * 2
    assert rounds == [(2e3, 1e3), (3e3, 1e3), (4e3, 1e3)]


@pytest.mark.parametrize(
    ("names", "order"),
    [("a", "a a a"), ("ab", "ab ba ba ab"), ("abc", "abc cba bca acb cab bac")],
)
def test_order_is_rotated_and_reversed(clock, names, order):
    actions = [clock.action(name, 0.001) for name in names]
    run_warm(actions, Plan(len(order.split()), 1), clock=clock)
    assert "".join(clock.order)[len(names) :] == order.replace(" ", "")


def test_time_limit_cuts_whole_rounds(clock):
    actions = [clock.action("slow", 1), clock.action("fast", 0.1)]
    warmup, rounds = run_warm(actions, Plan(50, 5, seconds_limit=8), clock=clock)
    assert len(warmup) == 4
    assert len(rounds) == 4
    assert clock.order.count("slow") == clock.order.count("fast") == 8


def test_time_limit_is_for_each_file_not_for_all(clock):
    actions = [clock.action(str(number), 1) for number in range(7)]
    warmup, rounds = run_warm(actions, Plan(3, 2, seconds_limit=6), clock=clock)
    assert (len(warmup), len(rounds)) == (2, 3)


def test_one_run_is_made_however_long_it_takes(clock):
    warmup, rounds = run_warm([clock.action("a", 99)], Plan(seconds_limit=1), clock=clock)
    assert (len(warmup), len(rounds)) == (1, 1)


def test_every_round_is_told_outside_of_what_is_timed(clock):
    told = []

    def tell():
        told.append(clock())
        clock.seconds += 100

    _, rounds = run_warm([clock.action("a", 1)], Plan(3, 1), clock=clock, on_round=tell)
    assert len(told) == 4
    assert rounds == [(1e3,)] * 3


# Sizes and placement


def file_of(*sizes):
    return SimpleNamespace(sizes=sizes or None)


@pytest.mark.parametrize(
    ("models", "asked", "expected"),
    [
        ([file_of()], None, [(256, 256)]),
        ([file_of()], (5, 7), [(5, 7)]),
        ([file_of(), file_of(SIZE)], None, [SIZE, SIZE]),
        ([file_of(SIZE), file_of((8, 8), SIZE)], None, [SIZE, SIZE]),
        ([file_of(SIZE), file_of((8, 8))], None, [SIZE, (8, 8)]),
        ([file_of((8, 8), SIZE)], SIZE, [SIZE]),
    ],
)
def test_files_get_the_same_size_where_they_can(tmp_path, models, asked, expected):
    assert list(choose_sizes([(tmp_path, model) for model in models], asked)) == expected


def test_size_that_a_file_does_not_take_is_refused(tmp_path):
    with pytest.raises(ImageError, match=r"takes 16x20 or 8x8 .*, not 16x16"):
        list(choose_sizes([(tmp_path, file_of(SIZE, (8, 8)))], (16, 16)))


@pytest.mark.parametrize(
    ("placement", "words"),
    [
        (CPU, "7 operators on CPU"),
        (Placement("reference executor, no device", complete=True), "no device"),
        (Placement("5 of 7 operators on GPU", complete=False), "5 of 7 operators on GPU"),
    ],
)
def test_placement_claims_no_more_than_is_known(placement, words):
    assert words in describe_placement(placement, 7)


# Real files


@pytest.fixture(scope="module")
def originals(converted):
    """One tiny file of each format, by suffix; the ONNX file takes any size."""
    return {path.suffix: path for path in converted(*exact_files(SIZE))}


@pytest.fixture
def copies(originals, tmp_path):
    """The same, free to be damaged."""
    return {suffix: copy_whole(path, tmp_path / "out") for suffix, path in originals.items()}


@pytest.fixture(params=[".onnx", ".tflite"])
def foreign(originals, tmp_path, request):
    """A file without a word of ours; it takes `SIZE`."""
    path = tmp_path / f"foreign{request.param}"
    if request.param == ".onnx":
        model = onnx.load(originals[".onnx"])
        del model.metadata_props[:]
        onnx.save(model, path)
    else:
        ours, others = b"\x05\0\0\0scnet\0", b"\x05\0\0\0other\0"  # the name of our metadata
        path.write_bytes(originals[".tflite"].read_bytes().replace(ours, others))
    return path


@pytest.fixture
def no_timing(monkeypatch):
    """Nothing may be timed."""

    def refuse(*_, **__):
        pytest.fail("something was timed")

    for name in ("measure_cold_start", "run_warm"):
        monkeypatch.setattr(f"mobile_runtime.benchmark.run.{name}", refuse)


def benchmark(*arguments):
    result = CliRunner().invoke(command, [str(a) for a in arguments], obj=open_session)
    if isinstance(result.exception, Exception):
        raise result.exception
    return result


def test_every_format_in_one_run(originals, tmp_path):
    saved, plot = tmp_path / "found.json", tmp_path / "found.png"
    files = [originals[suffix] for suffix in (".tflite", ".onnx", ".mlpackage")]
    result = benchmark(*files, *QUICK, "--details", "--json", saved, "--plot", plot)
    found = json.loads(saved.read_text())
    assert found["warmup_runs"] == 2
    for path, row in zip(files, found["files"], strict=True):
        assert path.name in result.stdout
        assert row["file"] == path.name
        assert (row["height"], row["width"]) == SIZE
        assert (row["precision"], row["shift"]) == ("fp32", "slice_concat")
        assert len(row["warm"]["samples_ms"]) == 4
        assert row["warm"]["min_ms"] == min(row["warm"]["samples_ms"])
        assert row["cold"]["load_ms"] > 0
        assert row["cold"]["first_run_ms"] > 0
        assert row["cold"]["peak_memory_mb"] is None or row["cold"]["peak_memory_mb"] > 0
        assert row["ratio"]["p10"] <= row["ratio"]["median"] <= row["ratio"]["p90"]
    tflite, _, mlpackage = found["files"]
    assert tflite["ratio"] == {"median": 1, "p10": 1, "p90": 1}
    assert tflite["threads"] == 1
    assert tflite["engine"].startswith("xnnpack")
    operators = sum(count_operators(files[0]).values())
    assert tflite["placement"] == f"{operators} operators on CPU"
    assert mlpackage["threads"] is None
    assert "reference executor, no device" in result.stdout
    with Pillow.open(plot) as picture:
        assert picture.format == "PNG"


def test_json_on_stdout_is_alone_there(originals):
    result = benchmark(originals[".onnx"], *QUICK, "--height", 8, "--width", 6, "--json", "-")
    (row,) = json.loads(result.stdout)["files"]
    assert (row["height"], row["width"]) == (8, 6)


def test_runs_that_the_limit_cut_are_told(originals):
    result = benchmark(originals[".tflite"], "--seconds-limit", 1e-9, "--threads", 1)
    assert "1 of 50" in result.stdout
    assert "after 1 warm-up runs of 5: time ran out" in result.stdout


def test_foreign_file_runs_at_the_size_given(foreign):
    result = benchmark(foreign, *QUICK, "--height", 16, "--width", 20, "--json", "-")
    (row,) = json.loads(result.stdout)["files"]
    assert (row["height"], row["width"]) == SIZE
    assert row["precision"] is row["shift"] is None
    assert len(row["warm"]["samples_ms"]) == 4


@pytest.mark.usefixtures("no_timing")
@pytest.mark.parametrize("suffix", [".tflite", ".onnx", ".mlpackage"])
def test_damaged_file_among_good_ones_is_found_before_anything_is_timed(copies, suffix):
    damaged = copies[suffix]
    manifest_path(damaged).unlink()
    parts = [p for p in damaged.rglob("*") if p.is_file()] if damaged.is_dir() else [damaged]
    for part in parts:
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
    good = [path for other, path in copies.items() if other != suffix]
    with pytest.raises(ModelLoadError, match=damaged.name):
        benchmark(*good, damaged, *QUICK)


@pytest.mark.usefixtures("no_timing")
def test_manifest_of_another_file_is_refused(copies):
    manifest_path(copies[".onnx"]).write_bytes(manifest_path(copies[".tflite"]).read_bytes())
    with pytest.raises(ManifestError, match="belongs to another file"):
        benchmark(copies[".onnx"])


@pytest.mark.usefixtures("no_timing")
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (["--engine", "abacus"], EngineUnavailableError, "abacus"),
        (["--height", 9, "--width", 9], ImageError, "takes 16x20 .*, not 9x9"),
        (["--plot", "plot.jpg"], ScnetError, "plots are .png files"),
        (["--json", "nowhere/found.json"], ScnetError, "cannot be written"),
        (["--json", "."], ScnetError, "exists"),
    ],
)
def test_bad_arguments_are_refused_before_the_work(originals, options, error, message):
    with pytest.raises(error, match=message):
        benchmark(originals[".tflite"], *options)


@pytest.mark.parametrize(
    "options",
    [
        ["--height", 8],
        ["--runs", 0],
        ["--warmup-runs", 0],
        ["--threads", 0],
        ["--threads", 10**11],
        ["--seconds-limit", 0],
        ["--seconds-limit", "inf"],
        ["--seconds-limit", "nan"],
    ],
)
@pytest.mark.usefixtures("no_timing")
def test_options_out_of_range_are_usage_errors(originals, options):
    assert benchmark(originals[".onnx"], *options).exit_code == 2


@pytest.mark.usefixtures("no_timing")
def test_checkpoint_is_refused_with_advice(tmp_path):
    with pytest.raises(ModelLoadError, match="Convert a checkpoint first"):
        benchmark(tmp_path / "net.safetensors")


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_output_is_replaced_only_if_told(originals, tmp_path, option):
    output = tmp_path / "found.png"
    output.write_text("mine")
    with pytest.raises(ScnetError, match="--overwrite"):
        benchmark(originals[".tflite"], *QUICK, option, output)
    assert output.read_text() == "mine"
    benchmark(originals[".tflite"], *QUICK, option, output, "--overwrite")
    assert output.read_bytes() != b"mine"


@pytest.mark.usefixtures("no_timing")
def test_plot_without_matplotlib_says_what_to_install(originals, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'scnet-mobile\[plot\]'"):
        benchmark(originals[".onnx"], "--plot", tmp_path / "plot.png")


# The fresh process


def test_error_of_the_fresh_process_keeps_its_kind(originals):
    with pytest.raises(ImageError, match="16x20"):
        measure_cold_start(ColdStartConfig(str(originals[".tflite"]), "xnnpack", 1, 9, 9))


def test_error_of_the_fresh_process_may_hold_any_mark(originals, tmp_path):
    """Some end a line to Python; the names in a file are not ours."""
    model = onnx.load(originals[".onnx"])
    model.graph.node[0].op_type = "Co\u2028nv\x85"
    onnx.save(model, tmp_path / "marked.onnx")
    with pytest.raises(ModelLoadError, match="Co\u2028nv\x85"):
        measure_cold_start(ColdStartConfig(str(tmp_path / "marked.onnx"), "onnxruntime", 1, *SIZE))


def test_engine_that_brings_down_its_process_is_an_error(originals, tmp_path, monkeypatch):
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    with pytest.raises(ModelLoadError, match=r"brought down the process \(SIGSEGV\)"):
        measure_cold_start(ColdStartConfig(str(originals[".tflite"]), "xnnpack", 1, *SIZE))


def test_first_use_that_does_not_end_is_an_error(originals, monkeypatch):
    monkeypatch.setattr("mobile_runtime.benchmark.cold_start.HANG_SECONDS", 0)
    with pytest.raises(ModelLoadError, match="did not end within"):
        measure_cold_start(
            ColdStartConfig(str(originals[".tflite"]), "xnnpack", 1, *SIZE), seconds_limit=0.01
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak above a baseline")
def test_memory_is_that_of_the_file_not_of_this_process(originals):
    ballast = np.ones(50_000_000)  # 400 MB
    small = measure_cold_start(ColdStartConfig(str(originals[".onnx"]), "onnxruntime", 1, 16, 16))
    large = measure_cold_start(
        ColdStartConfig(str(originals[".onnx"]), "onnxruntime", 1, 1024, 1024)
    )
    output_mb = 4 * 3 * 2048 * 2048 / 1e6
    assert small.peak_memory_mb < output_mb < large.peak_memory_mb
    assert small.peak_memory_mb < ballast.nbytes / 1e6


# Benchmarks that were saved, or come from browsers


REPORT = {
    "device": "Phone [bold]",
    "date": "2026-11-23T18:00:00+00:00",
    "plan": {"runs": 2, "warmup_runs": 1, "seconds_limit": 20},
    "warmup_runs": 1,
    "files": [
        {
            "file": "scnet-t-x2-direct-fp16-depthwise.onnx",
            "precision": "fp16",
            "shift": "depthwise",
            "engine": "onnxruntime-web 1.30.0 webgpu",
            "threads": None,
            "placement": "128 operators, placed by webgpu",
            "height": 128,
            "width": 128,
            "cold": {"load_ms": 900, "first_run_ms": 80.5, "peak_memory_mb": None},
            "warm": {
                "median_ms": 11,
                "mean_ms": 11,
                "trimmed_mean_ms": 11,
                "stdev_ms": 1.4,
                "min_ms": 10,
                "p90_ms": 11.8,
                "p95_ms": 11.9,
                "samples_ms": [10, 12],
            },
            "ratio": {"median": 1, "p10": 1, "p90": 1},
            "psnr_db": 76.52,
        }
    ],
}
"""As the web page writes it: whole numbers have no point in JavaScript."""


def change(report, *place, to):
    """A copy with another value in some place."""
    if not place:
        return to
    first, *rest = place
    copy = report.copy()
    copy[first] = change(report[first], *rest, to=to)
    return copy


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "phone.json"
    path.write_text(json.dumps(REPORT))
    return path


@pytest.mark.usefixtures("no_timing")
def test_report_of_a_browser_is_shown_and_plotted(report, tmp_path):
    result = benchmark("--read", report, "--details", "--plot", tmp_path / "phone.png")
    for words in ("Phone [bold]", "webgpu", "76.5 dB to PyTorch", "128x128", "900.00"):
        assert words in result.stdout
    assert (tmp_path / "phone.png").exists()


@pytest.mark.usefixtures("no_timing")
def test_table_without_details_fits_80_columns(report, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = benchmark("--read", report).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("11.00" in line and "1.00" in line for line in lines)


@pytest.mark.usefixtures("no_timing")
def test_dollars_in_a_report_begin_no_formula(report, tmp_path):
    written = change(REPORT, "files", to=[REPORT["files"][0] | {"file": r"a$\foo$.onnx"}])
    report.write_text(json.dumps(written | {"device": r"$\bar$"}))
    benchmark("--read", report, "--plot", tmp_path / "plot.png")
    assert (tmp_path / "plot.png").exists()


def test_saved_benchmark_reads_back_as_it_was(originals, tmp_path):
    saved, again = tmp_path / "found.json", tmp_path / "again.json"
    benchmark(originals[".onnx"], *QUICK, "--height", 8, "--width", 6, "--json", saved)
    benchmark("--read", saved, "--json", again)
    assert again.read_bytes() == saved.read_bytes()


ROW = ("files", 0)
NO_BENCHMARKS = {
    "empty": "",
    "no JSON": "latency",
    "other JSON": "{}",
    "deep": "[" * 9999,
    "no files": change(REPORT, "files", to=[]),
    "no runs": change(REPORT, *ROW, "warm", "samples_ms", to=[]),
    "other rounds": change(
        REPORT,
        "files",
        to=[REPORT["files"][0], change(REPORT, *ROW, "warm", "samples_ms", to=[1])["files"][0]],
    ),
    "text as number": change(REPORT, *ROW, "warm", "median_ms", to="fast"),
    "no height": change(REPORT, *ROW, "height", to=0),
    "words for the terminal": change(REPORT, "device", to="Phone\x1b[2J"),
    "line break": change(REPORT, *ROW, "engine", to="wasm\n"),
    "endless name": change(REPORT, *ROW, "file", to="x" * 1001),
}


@pytest.mark.parametrize("content", NO_BENCHMARKS.values(), ids=list(NO_BENCHMARKS))
def test_what_is_no_benchmark_is_refused(tmp_path, content):
    path = tmp_path / "phone.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ScnetError, match=r"phone\.json (is not a benchmark|was edited)"):
        benchmark("--read", path)


def test_missing_report_is_refused(tmp_path):
    with pytest.raises(ScnetError, match="cannot be read"):
        benchmark("--read", tmp_path / "phone.json")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name model files"),
        (["net.onnx", "--read", "phone.json"], "Name model files"),
        (["--read", "phone.json", "--runs", 5], "--runs is for measuring"),
    ],
)
@pytest.mark.usefixtures("no_timing")
def test_reading_and_measuring_exclude_each_other(arguments, words):
    result = benchmark(*arguments)
    assert result.exit_code == 2
    assert words in result.output
