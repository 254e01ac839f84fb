"""Folder with a model file, its golden samples, a test for a device and a library for an app."""

import shutil
from dataclasses import replace
from pathlib import Path

from mobile_runtime.atomic_write import replace_atomically, staging_dir
from mobile_runtime.device.instructions import format_app_page, format_instructions
from mobile_runtime.device.test_templates import choose_test
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.golden_samples import GoldenImages, read_golden, write_golden
from mobile_runtime.model_file.manifest import Manifest, own_tolerance, write_manifest

PROTOCOL = "PROTOCOL.md"
APP = "README.md"
LIBRARIES = Path(__file__).parent.parent
SIGN = b"Written by `scnet bundle`"
"""In the page of every bundle; a folder without it is not replaced."""
_NO_BUILDS = shutil.ignore_patterns(".build", ".gradle", "build")


def bundle(model: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Write a folder with a model file, manifest, golden samples and instructions for a test.

    Where there is a library for this kind of file in an app, it lies beside them, with a page.

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
    staging: Path, model: Path, manifest: Manifest, golden: list[GoldenImages], *, name: str
) -> None:
    """Write and check the content of a new folder that will be renamed to `name`."""
    staging.mkdir()
    copy = shutil.copytree if model.is_dir() else shutil.copyfile
    copy(model, staging / model.name)
    samples = tuple(write_golden(staging, sample) for sample in golden)  # older ones get smaller
    write_manifest(replace(manifest, golden=samples), staging)
    page = format_instructions(manifest, samples, name)
    (staging / PROTOCOL).write_text(page, encoding="utf-8")
    if library := choose_test(manifest).library:
        shutil.copytree(LIBRARIES / library.folder, staging / library.folder, ignore=_NO_BUILDS)
        text = format_app_page(manifest, library)
        (staging / APP).write_text(text, encoding="utf-8")
    read_golden(read_model_file(staging / model.name).manifest, staging)


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
