"""The Swift package does what the Python implementation does; its Apple parts are type-checked."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from swift_toolchain import require_swift, run_swift, swift_command
from vectors.store import FILE

from converters.options import ConversionOptions
from mobile_runtime.device.bundle import bundle
from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.pictures import Picture, to_image, to_pixels
from mobile_runtime.upscaling.upscale_picture import upscale_picture

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "mobile_runtime" / "swift"
CORE = sorted((PACKAGE / "Sources/SCNetTiles").glob("*.swift"))
APPLE = sorted((PACKAGE / "Sources/SCNetMobile").glob("*.swift"))
GOLDEN = sorted((PACKAGE / "Tests/SCNetMobileTests").glob("*.swift"))
TEST = ("swift", "test", "--configuration", "release", "-Xswiftc", "-enable-testing")
IMAGE_FILE = ConversionOptions("coreml", sizes=((32, 40),), interface="image")

FAULTS = {
    "halo": ("Tiles.swift", "max(covered - halo, 0)", "max(covered - max(halo - 1, 0), 0)"),
    "mirror": ("Pixels.swift", "2 * length - 1 - phase", "max(2 * length - 2 - phase, 0)"),
    "paste": ("Pixels.swift", "first - tile.columns.read.lowerBound * scale", "first * 0"),
}
"""Name -> file, a piece of it and what is planted: a halo short by one pixel, a mirror image that
does not repeat the border, a paste from the tile's left side."""


@pytest.fixture(autouse=True, scope="module")
def swift():
    require_swift()


@pytest.fixture(scope="module")
def pipe(swift, tmp_path_factory):
    """A program that upscales a picture, its network being whoever is behind the pipe."""
    folder = tmp_path_factory.mktemp("pipe")
    compiler = ("swiftc", "-O", "-swift-version", "6", "-parse-as-library", "-o", folder / "pipe")
    run_swift(*compiler, *CORE, HERE / "swift/Pipe.swift", scratch=folder)
    return folder / "pipe"


@pytest.fixture(scope="module")
def package(swift, converted, tmp_path_factory):
    """A bundle, whose tests are joined by those that compare with the vectors."""
    (path,) = converted(IMAGE_FILE)
    package = tmp_path_factory.mktemp("bundle") / "package"
    bundle(path, package)
    shutil.copy(HERE / "swift/VectorsTests.swift", package / "Tests/SCNetTilesTests")
    return package


def test_bundle_passes_its_tests_and_reproduces_the_vectors(package):
    """As its README.md says; what needs Core ML is left out on Linux."""
    printed = run_swift(
        *TEST, "--package-path", package, scratch=package.parent, SCNET_VECTORS=str(FILE)
    )
    names = set(re.findall(r"Test Case '(\w+\.\w+)' passed", printed))
    assert "GoldenTests.testModelAndSamplesBelongTogether" in names
    assert "Executed 9 tests, with 0 failures" in printed


@pytest.mark.parametrize("fault", FAULTS)
def test_vectors_and_the_own_tests_show_a_planted_fault(package, fault):
    """Compiled in the package's own build folder, so that only what is changed is made anew."""
    file, piece, wrong = FAULTS[fault]
    source = package / "Sources/SCNetTiles" / file
    right = source.read_text()
    assert right.count(piece) == 1
    source.write_text(right.replace(piece, wrong))
    command = swift_command(
        *TEST, "--package-path", package, scratch=package.parent, SCNET_VECTORS=str(FILE)
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    source.write_text(right)
    assert done.returncode != 0
    assert done.stdout.count("error: VectorsTests.testPlansAndResultsAreThoseOfPython") >= 10
    assert "error: UpscaleTests.testTilesGiveWhatTheWholePictureGives" in done.stdout


@pytest.mark.parametrize("system", ["UIKit", "AppKit"])
@pytest.mark.parametrize("version", ["5", "6"])
def test_apple_parts_and_an_app_are_well_typed(tmp_path, version, system):
    """On stand-ins for Apple's frameworks; warnings are errors, concurrency is checked whole."""
    checks = ("-swift-version", version, "-warnings-as-errors", "-strict-concurrency=complete")
    for name in ("CoreVideo", "CoreGraphics", "CoreML", system):
        emit(name, [HERE / f"swift/stand_ins/{name}.swift"], tmp_path, "-swift-version", "5")
    emit("SCNetTiles", CORE, tmp_path, *checks)
    bundle_module = HERE / "swift/stand_ins/BundleModule.swift"
    emit("SCNetMobile", [*APPLE, bundle_module], tmp_path, *checks)
    emit("App", [HERE / "swift/App.swift"], tmp_path, *checks)
    emit("GoldenTests", [*GOLDEN, bundle_module], tmp_path, *checks, "-D", "SWIFT_PACKAGE")


def emit(module, sources, folder, *options):
    """Compile a module, which others may import then, without making code of it."""
    command = ("swiftc", "-emit-module", "-parse-as-library", "-module-name", module, *options)
    place = ("-I", folder, "-o", folder / f"{module}.swiftmodule")
    run_swift(*command, *place, *sources, scratch=folder)


@pytest.mark.parametrize("size", [(70, 83), (20, 11)])
def test_picture_equals_that_of_scnet_upscale(converted, pipe, tmp_path, size):
    """The core runs a real file behind a pipe, by the executor of its MIL program."""
    (path,) = converted(IMAGE_FILE)
    session = open_session(path)
    bgra = np.random.default_rng(5).integers(0, 256, (*size, 4), dtype=np.uint8)
    bgra[::3, ::2, 3] = 0  # hides what is there
    (tmp_path / "picture").write_bytes(bgra.tobytes())
    program = shutil.copy(pipe, tmp_path / "pipe")
    metadata = json.dumps(session.model.to_metadata())
    files = tmp_path / "picture", tmp_path / "result"
    serve(swift_command(program, metadata, *size, *files, scratch=tmp_path), session)
    expected = upscale_picture(session, Picture(bgra[..., 2::-1], bgra[..., 3]))
    result = np.fromfile(files[1], np.uint8).reshape(*expected.pixels.shape[:2], 4)
    np.testing.assert_array_equal(result[..., 2::-1], expected.pixels)
    np.testing.assert_array_equal(result[..., 3], expected.alpha)


def serve(command, session):
    """Run tiles that come from a process, as blue, green, red and a byte that does not count."""
    ((height, width),) = session.model.sizes
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        while tile := process.stdout.read(4 * height * width):
            pixels = np.frombuffer(tile, np.uint8).reshape(height, width, 4)[..., 2::-1]
            output = to_pixels(session.run(to_image(np.ascontiguousarray(pixels))))
            opaque = np.full((*output.shape[:2], 1), 7, np.uint8)
            process.stdin.write(np.concatenate([output[..., ::-1], opaque], axis=2).tobytes())
            process.stdin.flush()
    assert process.returncode == 0
