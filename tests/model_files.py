"""Small converted files, to use and to damage."""

import hashlib
import json
import shutil
from pathlib import Path

from networks import make_net

from converters.conversion import convert, file_name
from converters.options import ConversionOptions
from mobile_runtime.atomic_write import file_lock
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.manifest import manifest_path
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig

SMALLEST = SCNetConfig(2, "direct", 8, 1)

CALM = 0.125
"""Strength of a network's weights, for pictures to stay pictures in it: 8 bits are for those."""


class Converter:
    """Converts small random networks once in a run of the tests, for all of its processes.

    The files are shared: copy one, with `copy_whole`, before changing anything about it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened = {}

    def __call__(self, *wanted, config=SMALLEST, seed=0, strength=CALM):
        """Paths of the files; each lies alone in its folder, beside manifest and golden samples."""
        return [self._convert(options, config, seed, strength) for options in wanted]

    def _convert(self, options, config, seed, strength):
        key = repr((options, config, seed, strength)).encode()
        home = self.folder / hashlib.sha256(key).hexdigest()[:12]
        home.mkdir(parents=True, exist_ok=True)
        path = home / "out" / file_name(config, options)
        with file_lock(home):
            if not path.exists():
                weights = home / "net.safetensors"
                save_weights(make_net(config, seed, strength), weights, {})
                # Opened once for all its files, it is measured once.
                opened = self.opened.setdefault((config, seed, strength), open_checkpoint(weights))
                convert(opened, [options], path.parent)
        return path


def options_for(format_, size, **fields):
    """Ask for a file that takes a size, or any size where the format can."""
    return ConversionOptions(format_, sizes=None if format_ == "onnx" else (size,), **fields)


def exact_files(size):
    """Ask for one fp32 file of each format."""
    return [options_for(name, size) for name in FORMATS]


def all_precisions(size):
    """Ask for a file of each format in each precision."""
    return [
        options_for(name, size, precision=precision)
        for name in FORMATS
        for precision in FORMATS[name].precisions
    ]


def copy_whole(path, folder):
    """Copy a file with all that lies around it; return where the copy is."""
    return shutil.copytree(path.parent, folder, dirs_exist_ok=True) / path.name


def copy_alone(path, folder):
    """Copy a model file without what lies beside it; return where the copy is."""
    folder.mkdir(exist_ok=True)
    copy = shutil.copytree if path.is_dir() else shutil.copy
    return Path(copy(path, folder / path.name))


def edit_manifest(model, edit):
    """Let `edit` change the JSON in place."""
    content = json.loads(manifest_path(model).read_text())
    edit(content)
    manifest_path(model).write_text(json.dumps(content))


def list_parts(model):
    """The file, or every file of the folder."""
    return sorted(p for p in model.rglob("*") if p.is_file()) if model.is_dir() else [model]


def corrupt(content, random, counts=(1, 4, 16), among_first=None):
    """Change a few bytes, anywhere or among the first ones, by one bit or altogether."""
    changed = bytearray(content)
    for _ in range(random.choice(counts) if content else 0):
        place = random.randrange(min(len(changed), among_first or len(changed)))
        changed[place] = random.choice(
            [changed[place] ^ 1 << random.randrange(8), random.randrange(256)]
        )
    return bytes(changed)
