"""What many tests start from."""

import gc
import os

import numpy as np
import pytest
import torch
from model_files import Converter
from networks import make_net
from PIL import Image as Pillow
from small_upscaler import run_upscale, write_onnx

from converters.golden_samples import PHOTOGRAPHS
from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.pictures import to_image
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig


def pytest_configure():
    """Let Triton interpret kernels; it looks when it is first imported, which no file here does."""
    os.environ["TRITON_INTERPRET"] = "1"


@pytest.fixture(autouse=True, scope="module")
def _cheap_garbage_collection():
    """Converters collect garbage often: 0.4 s each time if all that is imported takes part."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder that all processes of this run of the tests share."""
    folder = tmp_path_factory.getbasetemp()
    in_worker = "PYTEST_XDIST_WORKER" in os.environ  # its folder lies in that of the whole run
    return folder.parent if in_worker else folder


@pytest.fixture(scope="session")
def converted(shared_folder):
    """A function that converts small networks, or finds the files that were made before."""
    return Converter(shared_folder / "converted")


@pytest.fixture
def checkpoint(tmp_path):
    """Make a function that saves a small network and opens it again."""

    def make(config=None, seed=0):
        path = tmp_path / "net.safetensors"
        save_weights(make_net(config or SCNetConfig(4, "direct", 16, 2), seed), path, {})
        return open_checkpoint(path)

    return make


@pytest.fixture(scope="session")
def photograph():
    """A real photograph, (1, 3, 96, 80)."""
    with Pillow.open(PHOTOGRAPHS[1]) as picture:
        return to_image(np.asarray(picture)[60:156, 90:170])


@pytest.fixture
def two_photographs(tmp_path):
    """A folder to calibrate on in less time."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for path in PHOTOGRAPHS[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="session")
def upscaler(tmp_path_factory):
    """A model file that means and repeats pixels, three times each way."""
    return write_onnx(tmp_path_factory.mktemp("upscaler") / "model.onnx")


@pytest.fixture(scope="session")
def upscaler_session(upscaler):
    return open_session(upscaler)


@pytest.fixture
def upscale(tmp_path, upscaler_session, monkeypatch):
    """`scnet upscale` with that file, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, stdin=None: run_upscale(
        lambda *_, **__: upscaler_session, *arguments, stdin=stdin
    )


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch):
    """Tables come out as in a pipe; pytest-xdist sets a width for its own lines."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def _one_seed():
    torch.manual_seed(0)
