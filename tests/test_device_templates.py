"""The tests in Kotlin that `scnet bundle` writes: they compile, and pass a right output only."""

import re
import subprocess
from pathlib import Path

import pytest
from kotlin_compiler import compile_kotlin, java_command, require_kotlin
from wrong_outputs import WRONG_OUTPUTS

from converters.options import ConversionOptions
from mobile_runtime.device.bundle import PROTOCOL, bundle
from mobile_runtime.device.test_templates import TESTS
from mobile_runtime.engines.session import open_session
from mobile_runtime.model_file.golden_samples import read_golden
from mobile_runtime.model_file.manifest import read_manifest

HERE = Path(__file__).parent
STAND_INS = (*(HERE / "device_stand_ins").glob("*.kt"), HERE / "kotlin/stand_ins/JUnit.kt")
SIZE = (17, 22)

FILES = (ConversionOptions("onnx", sizes=(SIZE,)),)
"""One for each test in Kotlin."""

FAULTS = {"none": lambda output: output} | WRONG_OUTPUTS


@pytest.fixture(scope="module")
def compiled(converted, tmp_path_factory):
    """The tests of all files, compiled, and the outputs that the networks should return."""
    require_kotlin()
    folder = tmp_path_factory.mktemp("device")
    sources = [*STAND_INS]
    for index, path in enumerate(converted(*FILES)):
        bundle(path, folder / f"bundle{index}")
        page = (folder / f"bundle{index}" / PROTOCOL).read_text()
        (code,) = re.findall("```kotlin\n(.*?)```", page, re.DOTALL)
        sources.append(folder / f"Golden{index}.kt")
        sources[-1].write_text(f"package test{index}\n{code}")
    compile_kotlin(sources, folder / "classes")
    return folder, [read_pairs(path) for path in converted(*FILES)]


def read_pairs(path):
    """Inputs of the golden samples, and what the file makes of them."""
    session = open_session(path)
    return [
        (golden.image, session.run(golden.image))
        for golden in read_golden(read_manifest(path), path.parent)
    ]


@pytest.mark.parametrize("index", range(len(FILES)))
def test_a_right_output_passes_and_a_wrong_one_fails(compiled, tmp_path, index):
    folder, pairs = compiled
    for fault, change in FAULTS.items():
        (tmp_path / fault).mkdir()
        for number, (image, output) in enumerate(pairs[index]):
            image.astype("<f4").tofile(tmp_path / fault / f"{number}.input")
            change(output).astype("<f4").tofile(tmp_path / fault / f"{number}.output")
    places = [tmp_path / fault for fault in FAULTS]
    command = java_command(
        folder / "classes", "standin.RunnerKt", f"test{index}.GoldenTest", *places
    )
    command.insert(1, f"-Dassets={folder}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    expected = {f"{'passed' if fault == 'none' else 'failed'} {fault}" for fault in FAULTS}
    assert set(done.stdout.splitlines()) == expected


def test_every_template_in_kotlin_is_compiled():
    kinds = {key for key, test in TESTS.items() if test.language == "Kotlin"}
    assert len(kinds) == len(FILES)
