"""The folder that files are converted into: they appear there whole, or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from converters.errors import OutputError
from mobile_runtime.atomic_write import replace_atomically
from mobile_runtime.model_file.manifest import manifest_path


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Refuse to replace what is there, and in any case what no conversion has made."""
    for path in (target, manifest_path(target)):
        if not os.path.lexists(path):
            continue
        if not overwrite:
            raise OutputError(f"{path} exists already: give --overwrite to replace it.")
        package = path.suffix == ".mlpackage" and (path / "Manifest.json").is_file()
        if path.is_dir() and not package:
            raise OutputError(f"{path} is a folder of something else: it is not replaced.")


@contextmanager
def staging_dir(output_dir: Path) -> Iterator[Path]:
    """A folder on the same file system as the output, gone afterwards, come what may."""
    new = not output_dir.exists()
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        aside = tempfile.mkdtemp(prefix=".scnet-", dir=output_dir)
    except OSError as error:
        raise OutputError(f"{output_dir} cannot be written to: {error.strerror}.") from error
    try:
        yield Path(aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if new and not any(output_dir.iterdir()):
            output_dir.rmdir()


def publish(aside: Path, target: Path) -> None:
    """Move everything to its place; a file never stands beside the manifest of another."""
    for sample in sorted((aside / "golden").rglob("*.f32")):
        place = target.parent / sample.relative_to(aside)
        place.parent.mkdir(parents=True, exist_ok=True)
        sample.replace(place)
    manifest, spare = manifest_path(target), aside / "replaced.json"
    with ExitStack() as undo:
        if manifest.exists():
            manifest.replace(spare)
            undo.callback(spare.replace, manifest)
        replace_atomically(aside / target.name, target, spare=aside / "replaced")
        undo.pop_all()
    manifest_path(aside / target.name).replace(manifest)
