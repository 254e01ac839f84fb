"""The folder that files are converted into; they appear there whole or not at all."""

import os
from contextlib import ExitStack
from pathlib import Path

from converters.errors import OutputError
from mobile_runtime.atomic_write import replace_atomically
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


def publish(staging: Path, target: Path) -> None:
    """Move everything from a staging folder to its place.

    A file is never beside the manifest of another.
    """
    for sample in sorted((staging / FOLDER).glob("*")):
        place = target.parent / sample.relative_to(staging)
        place.parent.mkdir(parents=True, exist_ok=True)
        sample.replace(place)
    manifest, spare = manifest_path(target), staging / "replaced.json"
    with ExitStack() as undo:
        if manifest.exists():
            manifest.replace(spare)
            undo.callback(spare.replace, manifest)
        replace_atomically(staging / target.name, target, spare=staging / "replaced")
        undo.pop_all()
    manifest_path(staging / target.name).replace(manifest)
