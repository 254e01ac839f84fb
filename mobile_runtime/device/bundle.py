"""Folder with a model file, its golden samples and a test for a device."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mobile_runtime.atomic_write import replace_atomically
from mobile_runtime.device.instructions import Sample, format_instructions
from mobile_runtime.device.test_templates import choose_test
from mobile_runtime.errors import ManifestError, ScnetError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.golden_samples import read_golden, write_array
from mobile_runtime.model_file.manifest import Manifest, hash_file, manifest_path, read_manifest
from mobile_runtime.model_file.tolerance import own_tolerance

PROTOCOL = "PROTOCOL.md"
SIGN = b"Written by `scnet bundle`"
"""In the page of every bundle; a folder without it is not replaced."""

Golden = list[tuple[str, Image, Image]]


def bundle(model: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Write a folder with a model file, manifest, golden samples and instructions for a test.

    The folder appears once it is complete and every hash in it is right, or not at all.

    Args:
        model: A model file with a manifest beside it.
        folder: Path of the new folder.
        overwrite: Replace an existing bundle.

    Raises:
        ManifestError: The manifest or a sample is missing, damaged, or about another file.
        ScnetError: The folder cannot be written, or exists.
    """
    manifest = read_manifest(model)
    golden = read_golden(manifest, model.parent)
    own_tolerance(manifest)  # an edited one is refused
    _check_folder(folder, model, overwrite=overwrite)
    with _staging_dir(folder) as aside:
        _copy_model(model, aside)
        samples = list(_write_samples(manifest, golden, aside))
        page = format_instructions(manifest, samples, folder.resolve().name)
        (aside / PROTOCOL).write_text(page, encoding="utf-8")
        _check(aside / model.name, samples)
        _check_folder(folder, model, overwrite=overwrite)  # it may exist by now
        replace_atomically(aside, folder, spare=aside.parent / "replaced")


def _check_folder(folder: Path, model: Path, *, overwrite: bool) -> None:
    """Check that a folder may be made or replaced."""
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
    """Write the golden samples, and also in the layout of the file where that differs."""
    test = choose_test(manifest)
    for kept, (name, image, output) in zip(manifest.golden, golden, strict=True):
        height, width = image.shape[2:]
        paths, hashes = (kept.input, kept.output), (kept.input_sha256, kept.output_sha256)
        for path, array in zip(paths, (image, output), strict=True):
            write_array(_target(aside, path), array)
        if test.write is not None:
            paths = f"samples/{name}.input.{test.suffix}", f"samples/{name}.output.{test.suffix}"
            wanted = np.clip(output, 0, 1) if manifest.model.output.clipped else output
            hashes = (
                _write(_target(aside, paths[0]), test.write(image)),
                _write(_target(aside, paths[1]), test.write(wanted)),
            )
        yield Sample(*paths, height, width, *hashes)


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _target(aside: Path, name: str) -> Path:
    """Return the path of a file that a manifest names, in a folder made for it."""
    path = (aside / name).resolve()
    if not path.is_relative_to(aside.resolve()):
        raise ManifestError(f"The golden sample {name[:99]!r} lies outside the folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _check(model: Path, samples: list[Sample]) -> None:
    """Read everything back: each file has its hash, and none has overwritten another."""
    read_golden(read_manifest(model), model.parent)
    for sample in samples:
        _check_hash(model.parent / sample.input, sample.input_sha256)
        _check_hash(model.parent / sample.output, sample.output_sha256)


def _check_hash(path: Path, sha256: str) -> None:
    if hash_file(path) != sha256:
        raise ManifestError(f"Two files of the bundle would be called {path.name}: convert again.")


@contextmanager
def _staging_dir(folder: Path) -> Iterator[Path]:
    """A folder on the same file system, gone afterwards, come what may."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".scnet-", dir=folder.parent))
    except OSError as error:
        raise ScnetError(f"{folder} cannot be written: {error.strerror or error}.") from error
    try:
        inner = staging / "bundle"
        inner.mkdir()
        yield inner
    except OSError as error:
        raise ScnetError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
