"""A model file with all that proves it, in one folder that a device's test can take along."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mobile_runtime.atomic_write import replace_atomically, staging_dir
from mobile_runtime.device.protocol import Sample, write_protocol
from mobile_runtime.device.test_templates import choose_test
from mobile_runtime.errors import ManifestError, ScnetError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.golden_samples import read_golden, write_array
from mobile_runtime.model_file.manifest import (
    Manifest,
    hash_file,
    manifest_path,
    own_tolerance,
)

PROTOCOL = "PROTOCOL.md"
SIGN = b"Written by `scnet bundle`"
"""What every such page says, and so tells a bundle from any other folder."""

Golden = list[tuple[str, Image, Image]]


def bundle(model: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Bundle a model file, its manifest, its golden samples, and the protocol written for it.

    The folder appears when it is whole and every hash in it is right; otherwise nothing does.

    Args:
        model: A model file with a manifest beside it.
        folder: What to make.
        overwrite: Replace a bundle that is there.

    Raises:
        ManifestError: The manifest or a sample is missing, damaged, or about another file.
        ScnetError: The folder cannot be written, or is there already.
    """
    manifest = read_model_file(model).manifest
    golden = read_golden(manifest, model.parent)
    own_tolerance(manifest)  # what has been edited is not handed on
    _check_folder(folder, model, overwrite=overwrite)
    try:
        with staging_dir(folder.parent) as staging:
            _fill(staging / "bundle", model, manifest, golden, name=folder.resolve().name)
            _check_folder(folder, model, overwrite=overwrite)  # somebody may have been faster
            replace_atomically(staging / "bundle", folder, spare=staging / "replaced")
    except OSError as error:
        raise ScnetError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _fill(aside: Path, model: Path, manifest: Manifest, golden: Golden, *, name: str) -> None:
    """Write everything into a new folder that will have a name, and check it."""
    aside.mkdir()
    _copy_model(model, aside)
    samples = list(_write_samples(manifest, golden, aside))
    page = write_protocol(manifest, samples, name)
    (aside / PROTOCOL).write_text(page, encoding="utf-8")
    _check(aside / model.name, samples)


def _check_folder(folder: Path, model: Path, *, overwrite: bool) -> None:
    """Refuse what may not be made or replaced."""
    if folder.resolve().is_relative_to(model.resolve()):
        raise ScnetError(f"{folder} lies inside {model}: choose another place.")
    if model.resolve().is_relative_to(folder.resolve()):
        raise ScnetError(f"{folder} holds {model} itself: choose another place.")
    if not folder.exists() and not folder.is_symlink():
        return
    if not overwrite:
        raise ScnetError(f"{folder} exists: name another folder, or give --overwrite.")
    page = folder / PROTOCOL
    if folder.is_symlink() or not page.is_file() or SIGN not in page.read_bytes():
        raise ScnetError(f"{folder} is no bundle: it is not replaced.")


def _copy_model(model: Path, aside: Path) -> None:
    copy = shutil.copytree if model.is_dir() else shutil.copyfile
    copy(model, aside / model.name)
    shutil.copyfile(manifest_path(model), manifest_path(aside / model.name))


def _write_samples(manifest: Manifest, golden: Golden, aside: Path) -> Iterator[Sample]:
    """Write the golden samples, and again as the file takes them if that is another way."""
    test = choose_test(manifest)
    for kept, (name, image, output) in zip(manifest.golden, golden, strict=True):
        height, width = image.shape[2:]
        paths, hashes = (kept.input, kept.output), (kept.input_sha256, kept.output_sha256)
        for path, array in zip(paths, (image, output), strict=True):
            write_array(_place(aside, path), array)
        if test.write is not None:
            paths = f"samples/{name}.input.{test.suffix}", f"samples/{name}.output.{test.suffix}"
            wanted = np.clip(output, 0, 1) if manifest.model.output.clipped else output
            hashes = (
                _write(_place(aside, paths[0]), test.write(image)),
                _write(_place(aside, paths[1]), test.write(wanted)),
            )
        yield Sample(*paths, height, width, *hashes)


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _place(aside: Path, name: str) -> Path:
    """Make room for a file that a manifest names; it must not lie anywhere else."""
    path = (aside / name).resolve()
    if not path.is_relative_to(aside.resolve()):
        raise ManifestError(f"The golden sample {name[:99]!r} lies outside the folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _check(model: Path, samples: list[Sample]) -> None:
    """Read everything again: what was written is what was promised, and nothing hid another."""
    read_golden(read_model_file(model).manifest, model.parent)
    for sample in samples:
        _check_hash(model.parent / sample.input, sample.input_sha256)
        _check_hash(model.parent / sample.output, sample.output_sha256)


def _check_hash(path: Path, sha256: str) -> None:
    if hash_file(path) != sha256:
        raise ManifestError(f"Two files of the bundle would be called {path.name}: convert again.")
