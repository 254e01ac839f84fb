"""Rights of written files: those that `open` would give, or of the file that was replaced."""

import os
import stat
import sys

import pytest
from model_files import SMALLEST, copy_whole, exact_files
from networks import make_net

from converters.output_folder import publish
from mobile_runtime.atomic_write import atomic_write, replace_atomically
from mobile_runtime.console import write_output
from mobile_runtime.model_file.manifest import manifest_path, read_manifest, write_manifest
from scnet.checkpoint import save_weights
from scnet.training.plot import plot_run
from scnet.training.state import Progress

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


def write_aside(path):
    with atomic_write(path) as aside:
        aside.write_text("new")


def write_anew(path):
    """As writers do that make a file of their own, for nobody else to read."""
    with atomic_write(path) as aside:
        aside.unlink()
        os.close(os.open(aside, os.O_CREAT, 0o600))


WRITERS = {
    "text": write_aside,
    "a file of its own": write_anew,
    "output of a command": lambda path: write_output(path, b"new"),
    "weights": lambda path: save_weights(make_net(SMALLEST), path, {}),
    "plot": lambda path: plot_run([Progress(1, 0.1, 30.0)], path),
}


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_new_file_has_the_rights_that_open_gives(tmp_path, write, umask):
    write(tmp_path / "file")
    (tmp_path / "plain").touch()
    assert rights(tmp_path / "file") == rights(tmp_path / "plain") == 0o666 & ~umask


@pytest.mark.parametrize("before", [0o600, 0o644, 0o664, 0o440], ids=oct)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_replaced_file_keeps_its_rights(tmp_path, write, before):
    path = tmp_path / "file"
    path.touch()
    path.chmod(before)
    write(path)
    assert rights(path) == before
    assert path.stat().st_size > 0 or write is write_anew


def test_what_replaces_a_private_file_is_private_from_the_start(tmp_path):
    path = tmp_path / "file"
    path.touch(0o600)
    with atomic_write(path) as aside:
        assert rights(aside) == 0o600
        aside.write_text("new")


def test_a_folder_that_is_replaced_keeps_its_rights(tmp_path):
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
    (tmp_path / "old").chmod(0o700)
    replace_atomically(tmp_path / "new", tmp_path / "old", spare=tmp_path / "spare")
    assert rights(tmp_path / "old") == 0o700


def test_a_converted_file_and_its_manifest_keep_the_rights_of_those_before(tmp_path, converted):
    (original,) = converted(*exact_files((16, 20))[-1:])
    model = copy_whole(original, tmp_path / "out")
    for path in (model, manifest_path(model)):
        path.chmod(0o600)
    staging = copy_whole(original, tmp_path / "staging").parent
    publish(staging, model)
    assert [rights(path) for path in (model, manifest_path(model))] == [0o600, 0o600]
    write_manifest(read_manifest(model), model.parent)
    assert rights(manifest_path(model)) == 0o600
