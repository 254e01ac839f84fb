"""`scnet device android`, against an adb that replays logs. No phone has run here."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from mobile_runtime.cli.device import command
from mobile_runtime.device.android.benchmark_model import (
    ENGINES,
    Delegation,
    read_delegation,
    read_latency,
    read_profile,
)
from mobile_runtime.device.android.measure import measure
from mobile_runtime.device.android.report import PhoneReport
from mobile_runtime.errors import ModelLoadError, ScnetError
from mobile_runtime.model_file.file import keep_results, read_model_file
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.golden_samples import GoldenImages, write_golden
from mobile_runtime.model_file.manifest import (
    Manifest,
    manifest_path,
    read_manifest,
    tolerance_in,
    write_manifest,
)
from mobile_runtime.model_file.model import Model, TensorSpec, Weights
from mobile_runtime.model_file.precision import PRECISIONS, Tolerance, tolerance_for

LOGS = Path(__file__).parent / "android_logs"
LOW, HIGH = (1, 3, 8, 12), (1, 3, 16, 24)
GPU, CPU = "TfLiteGpuDelegateV2", "TfLiteXNNPackDelegate"


class Desk:
    """A model file, a tool, and a phone on a cable."""

    def __init__(self, folder):
        self.folder = folder
        self.model = folder / "it's a; model $(x).tflite"
        self.tool = folder / "-bench mark"
        self.tool.write_bytes(b"\x7fELF")
        self.adb = shutil.copy(LOGS / "adb", folder)
        for name in ("replay", "answers"):
            (folder / name).mkdir()
        self.samples = tuple(self._write_sample(name) for name in ("coffee", "worst-case"))
        self._write_model()
        for name in ("devices.txt", "getprop.txt", "cpu.log", "gpu.log"):
            self.replay(name.partition(".")[0], name)
        for name in ("profile_cpu", "profile_gpu"):
            self.replay(name, f"{name}.csv")

    def replay(self, what, log=None, code=0):
        """Let adb or the phone say this from now on."""
        if log is not None:
            shutil.copy(LOGS / log, self.folder / "replay" / what)
        (self.folder / "replay" / f"{what}.code").write_text(str(code))

    def hang(self, verb):
        (self.folder / "replay" / "hangs").write_text(verb)

    def change_answers(self, change):
        for path in (self.folder / "answers").iterdir():
            path.write_bytes(change(np.fromfile(path, "<f4")).astype("<f4").tobytes())

    def run(self, *options):
        words = [self.model, "--benchmark-model", self.tool, "--adb", self.adb, *options]
        return CliRunner().invoke(command, ["android", *map(str, words)])

    def report(self, *options):
        result = self.run("--json", "-", *options)
        return result.exit_code, msgspec.json.decode(result.stdout, type=PhoneReport)

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()

    def left_on_phone(self):
        return [path for path in (self.folder / "phone").rglob("*") if path.is_file()]

    def _write_sample(self, name):
        random = np.random.default_rng(len(name))
        image = random.integers(0, 256, LOW).astype(np.float32) / np.float32(255)
        output = random.random(HIGH, np.float32)
        asked = image.transpose(0, 2, 3, 1).astype("<f4").tobytes()
        answer = output.transpose(0, 2, 3, 1).astype("<f4").tobytes()
        (self.folder / "answers" / sha256(asked).hexdigest()).write_bytes(answer)
        return write_golden(self.folder, GoldenImages.keep(name, image, output, scale=2))

    def _write_model(self):
        self.model.write_bytes(b"1234TFL3")
        model = Model(
            *("tflite", "t", "direct", 2, "fp32", "depthwise", ((8, 12),), 3),
            TensorSpec("image", (1, 8, 12, 3), "float32", "NHWC", "0..1"),
            TensorSpec("upscaled_image", (1, 16, 24, 3), "float32", "NHWC", "0..1"),
            Weights("weights", "0", "Apache-2.0", "made up"),
            {},
        )
        digest, tolerance = hash_file(self.model), tolerance_for("tflite", "fp32")
        manifest = Manifest(
            self.model.name, digest, model, {"CONV_2D": 99}, tolerance, self.samples
        )
        write_manifest(manifest, self.folder)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_right_file_on_a_right_phone(desk):
    code, report = desk.report()
    assert code == 0
    assert str(report.device) == "Example Phone 1, Android 15 (API 35), QTI SM8550"
    cpu, gpu = report.runs
    assert cpu.result.passed
    assert cpu.result.worst.max_abs == 0
    assert cpu.result.compared == "PyTorch, 2 golden samples"
    assert (cpu.latency.median_ms, cpu.latency.p95_ms, cpu.latency.runs) == (7.08, 7.333, 50)
    assert gpu.delegation == Delegation(GPU, 99, 99, 1, complete=True)
    assert (gpu.latency.init_ms, gpu.latency.first_run_ms) == (612.345, 5.12)
    assert [node.kind for node in gpu.profile] == [GPU]
    assert desk.left_on_phone() == []


def test_table_names_phone_engines_and_figures(desk):
    result = desk.run()
    assert result.exit_code == 0
    for words in ("Example Phone 1, Android 15", "XNNPACK", "99/99", "3.30 ms", "7.08 ms"):
        assert words in result.stdout


def test_report_fits_80_columns(desk, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    result = desk.run()
    assert max(map(len, result.stdout.splitlines())) <= 80
    for words in ("Example Phone 1, Android 15", "XNNPACK", "99/99", "3.30 ms", "7.08 ms", "yes"):
        assert words in result.stdout


def test_progress_is_told_beside_the_report(desk):
    result = desk.run("--json", "-")
    assert "GPU delegate, fp16: worst-case" in result.stderr.splitlines()
    msgspec.json.decode(result.stdout)


def test_json_goes_into_a_file_that_is_not_replaced_unasked(desk):
    path = desk.folder / "report.json"
    assert desk.run("--json", path).exit_code == 0
    assert msgspec.json.decode(path.read_bytes(), type=PhoneReport).file == desk.model.name
    assert isinstance(desk.run("--json", path).exception, ScnetError)
    assert desk.run("--json", path, "--overwrite").exit_code == 0


def test_results_are_added_to_the_manifest(desk):
    """Once for each engine and phone, however often it is asked."""
    assert [desk.run().exit_code for _ in range(2)] == [0, 0]
    verified = read_manifest(desk.model).verified
    assert [result.device.split(",")[0] for result in verified] == ["Example Phone 1"] * 2
    assert verified[1].placement == f"99/99 nodes on {GPU}, 1 partition"


def test_results_that_came_meanwhile_stay(desk, monkeypatch):
    """The phone takes minutes, in which others may write into the manifest too."""

    def measure_slowly(bench, subject, *rest):
        found = measure(bench, subject, *rest)
        other = replace(found.result, engine="another")
        write_manifest(replace(subject.file.manifest, verified=(other,)), desk.folder)
        return found

    monkeypatch.setattr("mobile_runtime.cli.device.measure", measure_slowly)
    assert desk.run("--engine", "cpu").exit_code == 0
    another, ours = read_manifest(desk.model).verified
    assert another.engine == "another"
    assert str(ours.engine_info) == "XNNPACK, benchmark_model, 4 threads"


def test_file_that_was_replaced_meanwhile_gets_no_result(desk, monkeypatch):
    """The table is shown, but says nothing about the new file."""

    def replace_file(bench, subject, *rest):
        found = measure(bench, subject, *rest)
        desk.model.write_bytes(b"new!TFL3")
        now = replace(subject.file.manifest, sha256=hash_file(desk.model))
        write_manifest(now, desk.folder)
        return found

    monkeypatch.setattr("mobile_runtime.cli.device.measure", replace_file)
    result = desk.run("--engine", "cpu")
    assert "was replaced while it was validated" in str(result.exception)
    assert "XNNPACK" in result.stdout
    assert read_manifest(desk.model).verified == ()


def test_results_of_many_at_once_are_all_kept(desk):
    desk.run("--engine", "cpu")
    file = read_model_file(desk.model)
    (result,) = file.manifest.verified
    others = [replace(result, engine=f"engine {number}") for number in range(20)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda other: keep_results(file, [other]), others))
    kept = {found.engine for found in read_manifest(desk.model).verified}
    assert kept == {result.engine, *(other.engine for other in others)}


def test_the_tool_is_asked_for_as_many_runs_as_planned_and_no_more(desk):
    """Without a word on seconds it would go on for one, and half of one to warm up."""
    assert desk.run("--engine", "cpu", "--runs", "7", "--warmup-runs", "3").exit_code == 0
    timed = [call for call in desk.calls() if "--num_runs=7 " in call]
    assert len(timed) == 1
    assert {"--min_secs=0", "--warmup_runs=3", "--warmup_min_secs=0"} <= set(timed[0].split())


@pytest.mark.parametrize("seconds", ["inf", "nan"])
def test_time_without_an_end_is_a_usage_error(desk, seconds):
    assert desk.run("--step-seconds", seconds).exit_code == 2


def test_daemon_that_starts_is_no_phone(desk):
    desk.replay("devices", "devices_daemon_starts.txt")
    assert desk.run().exit_code == 0


def test_soc_before_android_12_is_the_board(desk):
    desk.replay("getprop", "getprop_android_11.txt")
    _, report = desk.report("--engine", "cpu")
    assert str(report.device) == "Example Phone 0, Android 11 (API 30), exynos9810"


def test_one_of_several_phones(desk):
    desk.replay("devices", "devices_several.txt")
    assert desk.run("--serial", "emulator-5554").exit_code == 0
    assert all(call.startswith("-s emulator-5554 ") for call in desk.calls()[1:])


NOISY = {
    "fp16 noise on the GPU in fp16": (1e-3, "gpu", True),
    "fp16 noise on the GPU in fp32": (1e-3, "gpu-fp32", False),
    "fp16 noise on the CPU": (1e-3, "cpu", False),
    "more than fp16 explains": (1e-2, "gpu", False),
    "not a number": ("nan", "gpu", False),
}


@pytest.mark.parametrize(("noise", "engine", "passes"), NOISY.values(), ids=NOISY)
def test_outputs_are_judged_by_the_precision_of_the_engine(desk, noise, engine, passes):
    desk.change_answers(lambda values: values + float(noise))
    code, report = desk.report("--engine", engine)
    assert (code, report.runs[0].result.passed) == ((0, True) if passes else (1, False))


@pytest.mark.parametrize(
    ("log", "nodes"), [("gpu_partial.log", 97), ("gpu_unsupported.log", 0)], ids=["two left", "all"]
)
def test_nodes_left_to_the_cpu_fail_the_gpu(desk, log, nodes):
    """The tool ends well, and its outputs are right."""
    desk.replay("gpu", log)
    code, report = desk.report("--engine", "gpu")
    (run,) = report.runs
    assert (code, run.result.passed, run.result.worst.max_abs) == (1, False, 0)
    assert "not all of it ran on the GPU" in run.result.failure
    assert (run.delegation.nodes, run.delegation.complete) == (nodes, False)


def test_engine_that_fails_hides_no_other(desk):
    desk.replay("gpu", "gpu_fails.log", code=1)
    result = desk.run()
    assert result.exit_code == 2
    assert "XNNPACK" in result.stdout
    assert "benchmark_model failed: ERROR: Failed to apply GPU delegate." in result.stderr


CABLE = {
    "no phone": (("devices", "devices_none.txt"), [], "No phone is connected"),
    "several": (("devices", "devices_several.txt"), [], "R3CT90ABCDE, emulator-5554"),
    "another serial": (None, ["--serial", "$(reboot)"], "No phone $(reboot) is connected"),
    "unauthorised": (("devices", "devices_unauthorized.txt"), [], "allow this computer"),
    "offline": (("devices", "devices_offline.txt"), [], "is offline"),
    "udev": (("devices", "devices_no_permissions.txt"), [], "no permissions"),
    "adb fails": (("devices", None, 1), [], "cannot list phones"),
    "silent phone": (("getprop", None, 1), [], "does not say what it is"),
    "no adb": (None, ["--adb", "/nowhere/adb"], "platform-tools"),
    "adb is a folder": (None, ["--adb", "/"], "platform-tools"),
    "push fails": (("push", "push_no_space.log", 1), [], "No space left on device"),
    "no folder": (("mkdir", None, 1), [], "cannot be made on the phone"),
    "no tool": (None, ["--benchmark-model", "/nowhere/tool"], "built for arm64-v8a"),
}


@pytest.mark.parametrize(("replayed", "options", "words"), CABLE.values(), ids=CABLE)
def test_phone_that_cannot_be_used(desk, replayed, options, words):
    if replayed is not None:
        desk.replay(*replayed)
    error = desk.run(*options).exception
    assert isinstance(error, ScnetError)
    assert words in str(error)
    assert desk.left_on_phone() == []


TOOL = {
    "crash": ("segmentation_fault.log", 139, "crashed with signal 11"),
    "abort": ("wrong_input_size.log", 134, "should be 196608 bytes"),
    "another ABI": ("foreign_abi.log", 126, "built for arm64-v8a"),
    "library missing": ("library_missing.log", 1, "libc++_shared.so"),
    "another tool": ("litert_compiled_model.log", 0, "take TFLite's own"),
    "no timings": ("devices.txt", 0, "printed no timings"),
}


@pytest.mark.parametrize(("log", "code", "words"), TOOL.values(), ids=TOOL)
def test_tool_that_gives_no_verdict(desk, log, code, words):
    desk.replay("cpu", log, code)
    result = desk.run("--engine", "cpu")
    assert result.exit_code == 2
    assert words in result.stderr
    assert desk.left_on_phone() == []


def test_output_that_is_missing(desk):
    shutil.rmtree(desk.folder / "answers")
    result = desk.run("--engine", "cpu")
    assert result.exit_code == 2
    assert "left no out.f32 behind" in result.stderr


def test_output_of_another_size(desk):
    desk.change_answers(lambda values: values[:-1])
    result = desk.run("--engine", "cpu")
    assert result.exit_code == 2
    assert "wrote 4604 bytes" in result.stderr


@pytest.mark.parametrize("verb", ["devices", "push", "shell"])
def test_adb_that_does_not_end(desk, verb):
    desk.hang(verb)
    error = desk.run("--step-seconds", "2").exception
    assert isinstance(error, ScnetError)
    assert f"`adb {verb}` did not end within 2 s" in str(error)


def test_folder_that_stays_on_the_phone_is_told(desk):
    """After the figures: they are not lost."""
    desk.replay("rm", code=1)
    result = desk.run()
    assert "could not be removed" in str(result.exception)
    assert "99/99" in result.stdout


def test_file_without_samples_never_reaches_the_phone(desk):
    manifest_path(desk.model).unlink()
    assert "cannot be read" in str(desk.run().exception)
    assert not (desk.folder / "calls").exists()


def test_edited_tolerance_never_reaches_the_phone(desk):
    loose = replace(read_manifest(desk.model), tolerance=Tolerance(None, 1))
    write_manifest(loose, desk.folder)
    assert "was edited" in str(desk.run().exception)
    assert not (desk.folder / "calls").exists()


@pytest.mark.parametrize(
    ("own", "in_fp16"),
    [
        (PRECISIONS["fp32"].tolerance, PRECISIONS["fp16"].tolerance),
        (Tolerance(None, 60), PRECISIONS["fp16"].tolerance),
    ],
    ids=["as usual", "stricter than need be"],
)
def test_engine_that_rounds_may_be_as_far_off_as_rounding_makes_it(desk, own, in_fp16):
    manifest = read_manifest(desk.model)
    model = replace(manifest.model, precision="fp32" if own.max_abs else "fp16")
    assert tolerance_in(replace(manifest, model=model, tolerance=own), "fp16") == in_fp16


def test_no_name_of_ours_reaches_the_phone(desk):
    """Whatever files are called here, the phone's shell sees only names that need no quoting."""
    assert desk.run().exit_code == 0
    commands = [call for call in desk.calls() if " shell " in call]
    assert commands
    assert not set("".join(commands)) & set("'\"$;&|()`\\")


def test_words_of_the_phone_cannot_steer_the_terminal(desk):
    words = "[ro.product.model]: [\x1b]0;x\x07\x1b[31m[red]P[/red]]\n"
    (desk.folder / "replay" / "getprop").write_text(words)
    result = desk.run("--engine", "cpu")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "[red]P[/red]" in result.stdout


def test_log_of_an_old_tool():
    log = (LOGS / "gpu_2021.log").read_text()
    latency = read_latency(log)
    assert (latency.runs, latency.mean_ms, latency.max_ms) == (50, 1193.75, 1247.76)
    assert (latency.median_ms, latency.p95_ms, latency.memory_mb) == (None, None, None)
    assert read_delegation(log, GPU) == Delegation(GPU, 99, None, 1, complete=True)


def test_log_of_one_run_has_one_figure():
    latency = read_latency((LOGS / "one_run.log").read_text())
    assert latency.runs == 1
    assert latency.mean_ms == latency.min_ms == latency.max_ms == latency.median_ms == 9.12
    assert latency.stdev_ms == 0


def test_xnnpack_that_takes_the_rest_is_not_the_gpu():
    log = (LOGS / "gpu_partial.log").read_text()
    assert read_delegation(log, GPU).nodes == 97
    assert read_delegation(log, CPU) == Delegation(CPU, 1, 3, 2, complete=False)


def test_profile_is_that_of_the_regular_runs():
    nodes = read_profile((LOGS / "profile_cpu.csv").read_text())
    assert [(node.kind, node.count) for node in nodes] == [
        ("Convolution (NHWC, F32) IGEMM", 48),
        ("Constant Pad (ND, X32)", 18),
        ("Add (ND, F32)", 17),
    ]
    assert nodes[0].mean_ms == 4.911


@pytest.mark.parametrize("log", ["", "count=5", "\x00\xff", "Init: 1.2.3, First inference: x"])
def test_log_that_makes_no_sense(log):
    with pytest.raises(ModelLoadError, match="no timings"):
        read_latency(log)
    assert read_profile(log) == ()


def test_every_engine_has_its_own_words():
    names = [engine.name for engine in ENGINES.values()]
    assert len(set(names)) == len(names)
