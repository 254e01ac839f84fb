"""Folders of pictures: what counts, what is left out, and that nothing in them stops a listing."""

import shutil

import numpy as np
import pytest
from PIL import Image

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.folder import find_pictures, list_pictures


@pytest.fixture
def folder(tmp_path):
    """Two pictures, and all that stopped whole folders."""
    root = tmp_path / "pictures"
    (root / "sub").mkdir(parents=True)
    for name in ("b.JPG", "sub/a.png"):
        Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(root / name)
    (root / "folder.png").mkdir()
    (root / "notes.txt").write_text("not a picture")
    for name in ("._b.JPG", "Thumbs.db", "desktop.ini", ".DS_Store", ".hidden.png"):
        (root / name).write_bytes(b"\0\5\x16\7")
    for name in ("__MACOSX", "@eaDir", ".git", "$RECYCLE.BIN"):
        (root / name).mkdir()
        (root / name / "c.png").write_bytes(b"")
    (root / "dangling.png").symlink_to("gone.png")
    (root / "circle.png").symlink_to("circle.png")
    (root / "sub/up").symlink_to("..")
    return root


def names(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_pictures_are_found_whatever_else_lies_about(folder):
    assert names(list_pictures(folder), folder) == ["b.JPG", "sub/a.png"]


def test_what_a_user_may_take_for_a_picture_is_told(folder):
    others = names(find_pictures(folder).others, folder)
    assert others == ["circle.png", "dangling.png", "notes.txt", "sub/up"]


def test_a_subfolder_can_be_left_out(folder):
    without = folder / "folder.png" / ".." / "sub"
    assert names(find_pictures(folder, without=without).pictures, folder) == ["b.JPG"]


def test_a_link_to_a_picture_is_a_picture(folder):
    (folder / "link.jpg").symlink_to("b.JPG")
    assert "link.jpg" in names(list_pictures(folder), folder)


def test_a_folder_may_be_a_link_and_be_named_like_a_picture(folder, tmp_path):
    (tmp_path / "link.png").symlink_to(folder)
    assert len(list_pictures(tmp_path / "link.png")) == 2


@pytest.mark.parametrize("kind", ["missing", "a file", "without a picture"])
def test_a_folder_without_pictures_is_refused(folder, kind):
    wanted = {"missing": folder / "x", "a file": folder / "b.JPG", "without a picture": folder}
    if kind == "without a picture":
        shutil.rmtree(folder / "sub")
        (folder / "b.JPG").unlink()
    with pytest.raises(ImageError, match=r"holds no picture|is not a folder"):
        list_pictures(wanted[kind])
