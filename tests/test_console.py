"""What commands found, written to files, links, pipes and devices; and taking turns at a folder."""

import os
import stat
import threading
import time
from pathlib import Path

import pytest

from mobile_runtime.atomic_write import atomic_write, file_lock
from mobile_runtime.console import check_output, write_output
from mobile_runtime.errors import ScnetError


def write(path, content, *, overwrite=False):
    check_output(path, overwrite=overwrite)
    write_output(path, content)


def test_a_file_appears_and_is_replaced_only_if_told(tmp_path):
    path = tmp_path / "found.json"
    write(path, b"first")
    with pytest.raises(ScnetError, match="--overwrite"):
        write(path, b"second")
    assert path.read_bytes() == b"first"
    write(path, b"second", overwrite=True)
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, there):
    real, link = tmp_path / "elsewhere" / "found.json", tmp_path / "link.json"
    real.parent.mkdir()
    if there:
        real.write_bytes(b"old")
    link.symlink_to(real)
    with pytest.raises(ScnetError, match="--overwrite"):
        write(link, b"new")
    write(link, b"new", overwrite=True)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert [path.name for path in real.parent.iterdir()] == ["found.json"]


def test_a_link_into_no_folder_is_refused_in_advance(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "missing" / "found.json")
    with pytest.raises(ScnetError, match="No such file"):
        check_output(tmp_path / "link.json", overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_pipe_is_written_to_and_stays_one(tmp_path, overwrite):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(pipe, b"found", overwrite=overwrite)
    reader.join(10)
    assert read == [b"found"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there are no devices here")
def test_a_device_is_written_to_and_stays_one():
    write(Path("/dev/null"), b"found")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_the_longest_name_that_is_let_through_can_be_written(tmp_path):
    path = tmp_path / ("a" * 250 + ".json")
    write(path, b"found")
    assert path.read_bytes() == b"found"
    with pytest.raises(ScnetError, match="File name too long"):
        check_output(tmp_path / ("a" * 300), overwrite=False)


def test_two_may_write_one_file_at_once(tmp_path):
    """In one process, as threads: the last one to end is the one that stays."""
    path = tmp_path / "found.json"
    with atomic_write(path) as first, atomic_write(path) as second:
        second.write_bytes(b"second")
        first.write_bytes(b"first")
    assert path.read_bytes() == b"first"


def test_who_takes_turns_finds_what_the_others_wrote(tmp_path):
    count = tmp_path / "count"
    count.write_text("0")

    def add_one():
        with file_lock(tmp_path):
            number = int(count.read_text())
            time.sleep(0.01)
            count.write_text(str(number + 1))

    threads = [threading.Thread(target=add_one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert count.read_text() == "10"
    assert list(tmp_path.iterdir()) == [count]
