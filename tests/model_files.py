"""Small converted files, to use and to damage."""

import json
import shutil

from networks import make_net

from converters.conversion import convert
from converters.options import ConversionOptions
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.manifest import manifest_path
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.network import SCNetConfig

SMALLEST = SCNetConfig(2, "direct", 8, 1)


def exact_files(size):
    """Ask for one fp32 file of each format."""
    return [ConversionOptions(name, sizes=None if name == "onnx" else (size,)) for name in FORMATS]


CALM = 0.125
"""Strength of a network of 64 channels, for pictures to stay pictures in it."""


def make_files(folder, wanted, config=SMALLEST, **random):
    """Convert a small random network; the files lie in `folder/out`."""
    save_weights(make_net(config, **random), folder / "net.safetensors", {})
    return convert(open_checkpoint(folder / "net.safetensors"), wanted, folder / "out")


def copy_whole(path, folder):
    """Copy a file with all that lies around it; say where the copy is."""
    return shutil.copytree(path.parent, folder) / path.name


def edit_manifest(model, edit):
    """Let `edit` change the JSON in place."""
    content = json.loads(manifest_path(model).read_text())
    edit(content)
    manifest_path(model).write_text(json.dumps(content))
