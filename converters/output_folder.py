"""The folder that files are converted or copied into; they appear whole or not at all."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

from converters.errors import OutputError
from mobile_runtime.atomic_write import keep_rights, replace_atomically, staging_dir
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.golden_samples import FOLDER
from mobile_runtime.model_file.manifest import manifest_path


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Check that a file may be written: nothing is there, or what a conversion has made.

    Raises:
        OutputError: Something is there already.
    """
    for path in (target, manifest_path(target)):
        if not os.path.lexists(path):
            continue
        if not overwrite:
            raise OutputError(f"{path} exists already: give --overwrite to replace it.")
        package = path.suffix == ".mlpackage" and (path / "Manifest.json").is_file()
        if path.is_dir() and not package:
            raise OutputError(f"{path} is a folder of something else: it is not replaced.")


def copy_model(model: Path, folder: Path, *, overwrite: bool) -> Path:
    """Copy a model file with its manifest and golden samples; return where the copy is.

    Raises:
        OutputError: The folder cannot be written to, or the file is there already.
        ManifestError: There is no manifest, or it is about another file.
    """
    target = folder / model.name
    manifest = read_model_file(model).manifest
    refuse_existing(target, overwrite=overwrite)
    try:
        with staging_dir(folder) as staging:
            copy = shutil.copytree if model.is_dir() else shutil.copyfile
            copy(model, staging / model.name)
            shutil.copyfile(manifest_path(model), manifest_path(staging / model.name))
            for name in {n for sample in manifest.golden for n in (sample.input, sample.output)}:
                (staging / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(model.parent / name, staging / name)
            publish(staging, target)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to: {error.strerror or error}.") from error
    return target


def publish(staging: Path, target: Path) -> None:
    """Move everything from a staging folder to its place.

    A file is never beside the manifest of another.
    """
    for sample in sorted((staging / FOLDER).glob("*")):
        place = target.parent / sample.relative_to(staging)
        place.parent.mkdir(parents=True, exist_ok=True)
        sample.replace(place)
    manifest, spare = manifest_path(target), staging / "replaced.json"
    keep_rights(manifest_path(staging / target.name), manifest)
    with ExitStack() as undo:
        if manifest.exists():
            manifest.replace(spare)
            undo.callback(spare.replace, manifest)
        replace_atomically(staging / target.name, target, spare=staging / "replaced")
        undo.pop_all()
    manifest_path(staging / target.name).replace(manifest)
