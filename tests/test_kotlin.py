"""The Kotlin module does what the Python implementation does, on a JVM and on stand-ins."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from android_jar import JAR
from kotlin_compiler import compile_kotlin, java_command, require_kotlin
from model_files import options_for
from vectors.store import FILE
from wrong_outputs import WRONG_OUTPUTS

from converters.options import ConversionOptions
from mobile_runtime.atomic_write import file_lock
from mobile_runtime.device.bundle import bundle
from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.pictures import Picture, to_image, to_pixels
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import manifest_path, read_manifest
from mobile_runtime.upscaling.upscale_picture import upscale_picture

HERE = Path(__file__).parent
SOURCES = HERE.parent / "mobile_runtime/kotlin/src"
PACKAGE = "io.github.scnetmobile"

FAULTS = {
    "halo": ("Tiles.kt", "maxOf(covered - halo, 0)", "maxOf(covered - halo + 1, 0)"),
    "mirror": ("Upscale.kt", "2 * length - 1 - phase", "2 * length - 2 - phase"),
    "paste": ("Upscale.kt", "(rows.kept.first - rows.read.first)", "rows.kept.first"),
}
"""Name -> file, a piece of it and what is planted: a halo short by one pixel, a mirror image that
does not repeat the border, a paste from the wrong row."""

SIZE = (32, 40)
FILES = {
    "float32": options_for("tflite", SIZE),
    "uint8": ConversionOptions("tflite", sizes=(SIZE,), precision="w8a8", interface="image"),
}


def truncate(output):
    """Make every other column one level too dark: 51 dB, as by an engine that truncates."""
    return output - np.float32(1 / 255) * (np.arange(output.shape[3]) % 2)


@pytest.fixture(scope="module")
def classes(shared_folder):
    """The module with all of its tests, and the core of it with each fault, in a package each.

    Compiled once in a run of the tests, for all of its processes.
    """
    require_kotlin()
    folder = shared_folder / "kotlin"
    folder.mkdir(exist_ok=True)
    with file_lock(folder):
        if not (folder / "classes").exists():
            sources = list(SOURCES.rglob("*.kt"))
            for part in ("checks", "stand_ins"):
                sources += (HERE / "kotlin" / part).glob("*.kt")
            for fault in FAULTS:
                sources += plant(fault, folder / fault)
            compile_kotlin(sources, folder / "classes")
    return folder / "classes"


def plant(fault, folder):
    """Write the parts of the library that run on any JVM, one of them changed."""
    folder.mkdir(exist_ok=True)
    file, piece, wrong = FAULTS[fault]
    core = [path for path in SOURCES.rglob("*.kt") if "import android" not in path.read_text()]
    for path in (*core, HERE / "kotlin/checks/Vectors.kt"):
        text = path.read_text().replace(f"package {PACKAGE}", f"package fault.{fault}")
        if path.name == file:
            assert text.count(piece) == 1
            text = text.replace(piece, wrong)
        (folder / path.name).write_text(text)
    return folder.glob("*.kt")


def run(classes, main, *arguments):
    command = java_command(classes, main, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_vectors_are_reproduced(classes):
    assert re.fullmatch(r"\d{3} tilings, 0 differ\n", run(classes, f"{PACKAGE}.VectorsKt", FILE))


@pytest.mark.parametrize("fault", FAULTS)
def test_vectors_show_a_planted_fault(classes, fault):
    found = run(classes, f"fault.{fault}.VectorsKt", FILE)
    assert found.count("differs: tiling") >= 10


def test_tests_of_the_module_pass(classes):
    results = run(classes, f"{PACKAGE}.TestsKt", f"{PACKAGE}.UpscaleTest").splitlines()
    assert len(results) >= 4
    assert all(result.startswith("passed ") for result in results)


@pytest.mark.parametrize("fault", FAULTS)
def test_tests_of_the_module_show_a_planted_fault(classes, fault):
    results = run(classes, f"{PACKAGE}.TestsKt", f"fault.{fault}.UpscaleTest").splitlines()
    assert "failed tilesGiveWhatTheWholePictureGives" in results


@pytest.mark.parametrize("options", FILES.values(), ids=FILES)
def test_golden_samples_on_stand_ins(classes, converted, tmp_path, options):
    """The test on a device passes for what the file computes, and for nothing else."""
    (path,) = converted(options)
    bundle(path, tmp_path / "module")
    session, samples = open_session(path), read_golden(read_manifest(path), path.parent)
    outputs = [session.run(sample.image) for sample in samples]
    wrong = WRONG_OUTPUTS | ({"truncated": truncate} if options.interface == "image" else {})
    cases = {"right": lambda output: output, "no GPU": lambda output: output, **wrong}
    for name, change in cases.items():
        (tmp_path / name).mkdir()
        for number, (sample, output) in enumerate(zip(samples, outputs, strict=True)):
            sample.image.astype("<f4").tofile(tmp_path / name / f"{number}.input")
            change(output).astype("<f4").tofile(tmp_path / name / f"{number}.output")
    folders = (tmp_path / name for name in cases)
    test = (f"{PACKAGE}.TestsKt", f"{PACKAGE}.GoldenTest", tmp_path / "module", *folders)
    results = run(classes, *test).splitlines()
    assert len(results) == 3 * len(cases)
    assert {line for line in results if line.startswith("skipped")} == {
        "skipped gpuComputesWhatPyTorchDoes no GPU"
    }
    for processor in ("cpu", "gpu"):
        assert f"passed {processor}ComputesWhatPyTorchDoes right" in results
        for name in wrong:
            assert f"failed {processor}ComputesWhatPyTorchDoes {name}" in results
    assert "passed bitmapBecomesWhatTheFileComputes right" in results


def test_android_part_on_stand_ins(classes):
    """See `checks/Android.kt`: color spaces, alpha, accelerators, cancellation, refusals."""
    lines = run(classes, f"{PACKAGE}.AndroidKt").splitlines()
    assert len(lines) >= 13
    assert [line for line in lines if not line.startswith("passed: ")] == []


@pytest.mark.skipif(not JAR.exists(), reason="no dist/android: nox -s android makes it on Debian")
def test_android_part_compiles_against_a_real_android(tmp_path):
    """Only what stands in `after_api_23` needs a later Android, and LiteRT is a stand-in."""
    require_kotlin()
    stand_ins = [
        HERE / f"kotlin/stand_ins/{name}.kt" for name in ("LiteRt", "Instrumentation", "JUnit")
    ]
    sources = [*SOURCES.rglob("*.kt"), *stand_ins, *(HERE / "kotlin/after_api_23").glob("*.kt")]
    compile_kotlin(sources, tmp_path / "classes", JAR)


@pytest.mark.parametrize("size", [(70, 83), (20, 11)])
@pytest.mark.parametrize("options", FILES.values(), ids=FILES)
def test_picture_equals_that_of_scnet_upscale(classes, converted, tmp_path, options, size):
    """The core runs a real file behind a pipe, by XNNPACK; every value and the alpha are equal."""
    (path,) = converted(options)
    random = np.random.default_rng(5)
    rgba = random.integers(0, 256, (*size, 4), dtype=np.uint8)
    rgba[::3, ::2, 3] = 0  # hides what is there
    (tmp_path / "picture").write_bytes(rgba.tobytes())
    session = open_session(path)
    command = java_command(
        *(classes, f"{PACKAGE}.PipeKt", manifest_path(path), *size),
        *(tmp_path / "picture", tmp_path / "result"),
    )
    serve(command, session)
    expected = upscale_picture(session, Picture(rgba[..., :3], rgba[..., 3]))
    result = np.fromfile(tmp_path / "result", np.uint8)
    result = result.reshape(*expected.pixels.shape[:2], 4)
    np.testing.assert_array_equal(result[..., :3], expected.pixels)
    np.testing.assert_array_equal(result[..., 3], expected.alpha)


def serve(command, session):
    """Run tiles that come from a process, in the types and the layout of the file."""
    ((height, width),) = session.model.sizes
    floats = session.model.input.dtype == "float32"
    count = height * width * 3 * (4 if floats else 1)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        while tile := process.stdout.read(count):
            values = np.frombuffer(tile, "<f4" if floats else np.uint8).reshape(height, width, 3)
            image = values.transpose(2, 0, 1)[None] if floats else to_image(values)
            output = session.run(np.ascontiguousarray(image))
            process.stdin.write((hwc(output) if floats else to_pixels(output)).tobytes())
            process.stdin.flush()
    assert process.returncode == 0


def hwc(image):
    return image[0].transpose(1, 2, 0).astype("<f4")
