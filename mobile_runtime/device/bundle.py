"""Folder with a model file for an app: a package with a library, or a page with a test."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mobile_runtime.atomic_write import replace_atomically, staging_dir
from mobile_runtime.device.app_packages import (
    AppLibrary,
    find_library,
    write_limits,
    write_sources,
)
from mobile_runtime.device.instructions import (
    format_app_page,
    format_index,
    format_instructions,
)
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.golden_samples import GoldenImages, read_golden, write_golden
from mobile_runtime.model_file.manifest import Manifest, own_tolerance, write_manifest

PROTOCOL = "PROTOCOL.md"
APP = "README.md"
SIGN = b"Written by `scnet bundle`"
"""In the page of every bundle; a folder without it is not replaced."""


def bundle(model: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Write a folder with a model file, its manifest and golden samples, for an app.

    Where there is a library for this kind of file, the folder is a package of it with a README.md;
    else a PROTOCOL.md says how to call the file, and has a test.

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


def _fill(
    staging: Path, model: Path, manifest: Manifest, golden: Sequence[GoldenImages], *, name: str
) -> None:
    """Write and check the content of a new folder that will be renamed to `name`."""
    if library := find_library(manifest):
        _fill_package(staging, library, model, manifest, golden)
        return
    staging.mkdir()
    complete = _put_model(staging, staging, model, manifest, golden)
    page = format_instructions(complete, name)
    (staging / PROTOCOL).write_text(page, encoding="utf-8")


def _fill_package(
    staging: Path,
    library: AppLibrary,
    model: Path,
    manifest: Manifest,
    golden: Sequence[GoldenImages],
) -> None:
    write_sources(library, staging)
    samples = staging / library.samples
    complete = _put_model(staging / library.model, samples, model, manifest, golden)
    write_limits(samples, manifest)
    if library.index:
        text = format_index(library.index, complete, library.samples)
        (staging / library.index).write_text(text, encoding="utf-8")
    (staging / APP).write_text(format_app_page(manifest, library), encoding="utf-8")


def _put_model(
    folder: Path, samples: Path, model: Path, manifest: Manifest, golden: Sequence[GoldenImages]
) -> Manifest:
    """Write a model file, its samples and the manifest that fits, and check them."""
    copy = shutil.copytree if model.is_dir() else shutil.copyfile
    copy(model, folder / model.name)
    kept = tuple(write_golden(samples, sample) for sample in golden)  # older ones get smaller
    complete = replace(manifest, golden=kept)
    write_manifest(complete, folder)
    read_golden(read_model_file(folder / model.name).manifest, samples)
    return complete


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
    pages = [page for page in (folder / APP, folder / PROTOCOL) if page.is_file()]
    if folder.is_symlink() or not any(SIGN in page.read_bytes() for page in pages):
        raise ScnetError(f"{folder} is no bundle: it is not replaced.")
