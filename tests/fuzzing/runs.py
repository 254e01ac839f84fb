"""What users do, done with one damaged file: it must end in an exit code and a sentence."""

import contextlib
import io
import resource
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import click
import numpy as np
from model_files import Converter, all_precisions, copy_whole
from PIL import Image as Pillow

from converters.__main__ import program
from fuzzing.damaged_files import damage
from mobile_runtime.benchmark.cold_start import resident_bytes
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.manifest import manifest_path, read_manifest

BYTES_LIMIT = 2**31
"""Of memory, for the worker and for any process that it starts."""

SIZE = (16, 20)

Codes = dict[str, int]
"""Command -> exit code."""


@dataclass(frozen=True)
class Outcome:
    """What came of one case."""

    number: int
    suffix: str
    recipe: str
    codes: Codes
    faults: tuple[str, ...]
    """What must not be."""
    caught: int = 0
    """How often a native library crashed, in a process made for that."""


def make_originals(converted: Converter, folder: Path) -> Path:
    """Fill a folder with a small network in every format and precision."""
    for path in converted(*all_precisions(SIZE)):
        copy_whole(path, folder)
    return folder


def run_case(originals: Path, seed: int, number: int, folder: Path) -> Outcome:
    """Damage a copy of the originals in an empty folder, and use it as users do."""
    copytree(originals, folder / "models")
    model, recipe = damage(folder / "models", seed, number)
    photo, enlarged = folder / "photo.png", folder / "enlarged.png"
    Pillow.fromarray(np.full((*SIZE, 3), 99, np.uint8)).save(photo)
    commands = {
        "check": ["check", model],
        "info": ["info", model],
        "upscale": ["upscale", photo, "-m", model, "-o", enlarged, "--threads", 1],
        "validate": ["validate", model, "--threads", 1],
    }
    codes, faults, caught = {}, [], 0
    for name, arguments in commands.items():
        before = snapshot(folder)
        try:
            codes[name], text = call([str(argument) for argument in arguments])
        except Exception as error:  # noqa: BLE001  whatever it is, it is the finding
            faults.append(f"{name}: {type(error).__name__}: {error}"[:300])
            continue
        caught += text.count("brought down the process")
        if codes[name] not in (0, 1, 2) or (codes[name] == 2 and "Error: " not in text):
            faults.append(f"{name}: exit code {codes[name]} without a sentence")
        faults += [f"{name} touched {path.name}" for path in touched(before, folder, model)]
        enlarged.unlink(missing_ok=True)
    faults += [f"{used >> 20} MiB of memory" for used in peaks() if used > BYTES_LIMIT]
    return Outcome(number, model.suffix, recipe, codes, tuple(faults), caught)


def call(arguments: list[str]) -> tuple[int, str]:
    """Run the program as `main` does, but let what is no error of its own pass through."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = program.main(arguments, prog_name="scnet", standalone_mode=False)
        except (click.ClickException, ScnetError) as error:
            return 2, f"Error: {error}"
    return code if isinstance(code, int) else 0, said.getvalue()


def snapshot(folder: Path) -> dict[Path, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: sha256(path.read_bytes()).hexdigest() for path in files}


def touched(before: dict[Path, str], folder: Path, model: Path) -> list[Path]:
    """Files that changed, came or went; but a manifest may take up verdicts, and stay one."""
    after = snapshot(folder)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    changed.discard(folder / "enlarged.png")
    if manifest_path(model) in changed:
        with contextlib.suppress(ScnetError):
            read_manifest(model)
            changed.remove(manifest_path(model))
    return sorted(changed)


def peaks() -> tuple[int, int]:
    """Peak memory in bytes, of this process and of the largest that it started.

    The first is not getrusage's, which begins with the peak of the process that started this one.
    """
    own = resident_bytes("VmHWM")
    assert own is not None  # on Linux it is there
    return own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
