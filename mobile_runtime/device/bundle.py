"""Folder with a model file, its golden samples and a test for a device."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mobile_runtime.atomic_write import replace_atomically, staging_dir
from mobile_runtime.device.instructions import Sample, format_instructions
from mobile_runtime.device.test_templates import choose_test
from mobile_runtime.errors import ManifestError, ScnetError
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.golden_samples import read_golden, write_array
from mobile_runtime.model_file.manifest import Manifest, hash_file, manifest_path, own_tolerance

PROTOCOL = "PROTOCOL.md"
SIGN = b"Written by `scnet bundle`"
"""In the page of every bundle; a folder without it is not replaced."""

Golden = list[tuple[str, Image, Image]]


def bundle(model: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Write a folder with a model file, manifest, golden samples and instructions for a test.

    The folder appears once it is complete and every hash in it is right, or not at all; an existing
    bundle is replaced if `overwrite` is set.

    Raises:
        ManifestError: The manifest or a sample is missing, damaged, or about another file.
        ScnetError: The folder cannot be written, or exists.
    """
    manifest = read_model_file(model).manifest
    golden = read_golden(manifest, model.parent)
    own_tolerance(manifest)  # an edited one is refused
    _check_folder(folder, model, overwrite=overwrite)
    try:
        with staging_dir(folder.parent) as staging:
            _fill(staging / "bundle", model, manifest, golden, name=folder.resolve().name)
            _check_folder(folder, model, overwrite=overwrite)  # it may exist by now
            replace_atomically(staging / "bundle", folder, spare=staging / "replaced")
    except OSError as error:
        raise ScnetError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _fill(staging: Path, model: Path, manifest: Manifest, golden: Golden, *, name: str) -> None:
    """Write and check the content of a new folder that will be renamed to `name`."""
    staging.mkdir()
    _copy_model(model, staging)
    samples = list(_write_samples(manifest, golden, staging))
    page = format_instructions(manifest, samples, name)
    (staging / PROTOCOL).write_text(page, encoding="utf-8")
    _check(staging / model.name, samples)


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


def _copy_model(model: Path, staging: Path) -> None:
    copy = shutil.copytree if model.is_dir() else shutil.copyfile
    copy(model, staging / model.name)
    shutil.copyfile(manifest_path(model), manifest_path(staging / model.name))


def _write_samples(manifest: Manifest, golden: Golden, staging: Path) -> Iterator[Sample]:
    """Write the golden samples, and also in the layout of the file where that differs."""
    test = choose_test(manifest)
    for kept, (name, image, output) in zip(manifest.golden, golden, strict=True):
        height, width = image.shape[2:]
        paths, hashes = (kept.input, kept.output), (kept.input_sha256, kept.output_sha256)
        for path, array in zip(paths, (image, output), strict=True):
            write_array(_target(staging, path), array)
        if test.write is not None:
            paths = f"samples/{name}.input.{test.suffix}", f"samples/{name}.output.{test.suffix}"
            expected = np.clip(output, 0, 1) if manifest.model.output.clipped else output
            hashes = (
                _write(_target(staging, paths[0]), test.write(image)),
                _write(_target(staging, paths[1]), test.write(expected)),
            )
        yield Sample(*paths, height, width, *hashes)


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _target(staging: Path, name: str) -> Path:
    """Return the path of a file that a manifest names, in a folder made for it."""
    path = (staging / name).resolve()
    if not path.is_relative_to(staging.resolve()):
        raise ManifestError(f"The golden sample {name[:99]!r} lies outside the folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _check(model: Path, samples: list[Sample]) -> None:
    """Read everything back: each file has its hash, and none has overwritten another."""
    read_golden(read_model_file(model).manifest, model.parent)
    for sample in samples:
        pairs = (sample.input, sample.input_sha256), (sample.output, sample.output_sha256)
        for path, sha256 in pairs:
            if hash_file(model.parent / path) != sha256:
                raise ManifestError(f"Two files of the bundle would be {path}: convert again.")
