from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue.errors import FileAccessError
from segue.files import expanded, is_file, real_path, walk_audio


def walk(folder: Path) -> list[str]:
    """Names of the files found, where nothing may go wrong."""

    def refuse(error: FileAccessError) -> None:
        raise error

    return [os.fspath(path.relative_to(folder)) for path in walk_audio(folder, on_error=refuse)]


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


class TestWalk:
    def test_folders_and_files_come_in_one_order_without_what_is_hidden_or_no_audio(self, tmp_path: Path) -> None:
        for name in ("b/z.mp3", "b/a/y", "a.mp3", "c.mp3", ".hidden.mp3", ".git/x.mp3", "b/cover.JPG"):
            write(tmp_path / name)
        assert walk(tmp_path) == ["a.mp3", "b/a/y", "b/z.mp3", "c.mp3"]

    def test_links_are_followed_and_circles_are_not(self, tmp_path: Path) -> None:
        write(tmp_path / "music" / "a.mp3")
        (tmp_path / "music" / "up").symlink_to(tmp_path / "music")
        (tmp_path / "root").symlink_to(tmp_path / "music")
        assert walk(tmp_path / "root") == ["a.mp3"]

    def test_a_thousand_nested_folders(self, tmp_path: Path) -> None:
        """The walk called itself for each level and ended in a RecursionError at some 1,100 folders."""
        deep = ["/".join([os.fspath(tmp_path), *"d" * depth]) for depth in range(1, 1201)]
        for folder in deep:
            Path(folder).mkdir()
        write(Path(deep[-1], "a.mp3"))
        found = walk(tmp_path)
        Path(deep[-1], "a.mp3").unlink()
        for folder in reversed(deep):  # shutil.rmtree() would end as the walk did
            Path(folder).rmdir()
        assert found == ["d/" * 1200 + "a.mp3"]

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileAccessError, match="it is not there"):
            walk(tmp_path / "nowhere")


class TestPlaces:
    def test_links_in_a_circle_have_a_path(self, tmp_path: Path) -> None:
        """Path.resolve() raised a RuntimeError, which nobody put into words."""
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        assert real_path(tmp_path / "a").is_absolute()
        assert not is_file(tmp_path / "a")

    def test_links_are_resolved(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "there")
        assert real_path(tmp_path / "link") == real_path(tmp_path) / "there"

    def test_homes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Path.expanduser() raised a RuntimeError for a user that the system does not know."""
        monkeypatch.setenv("HOME", "/home/me")
        assert expanded("~/music") == Path("/home/me/music")
        assert expanded("~nobody-of-that-name/music") == Path("~nobody-of-that-name/music")

    def test_whether_a_file_is_there_is_always_answered(self, tmp_path: Path, open_folder: Path, ordinary_user) -> None:
        """Path.is_file() raised for a name too long and for a folder that may not be entered."""
        assert is_file(write(tmp_path / "a"))
        assert not is_file(tmp_path)
        assert not is_file(tmp_path / ("a" * 5000))
        write(open_folder / "locked" / "a")
        (open_folder / "locked").chmod(0)
        with ordinary_user():
            assert not is_file(open_folder / "locked" / "a")
