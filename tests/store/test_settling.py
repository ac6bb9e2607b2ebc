from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue.config import WatchSpec
from segue.store.settling import Settling

SPEC = WatchSpec(settle_s=3.0, longest_hold_s=60.0)


@pytest.fixture
def settling() -> Settling:
    return Settling(SPEC)


def test_a_file_is_settled_when_nothing_has_happened_for_a_while(settling: Settling, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"1")
    settling.note(song, now_s=0.0)
    assert settling.settled(now_s=2.9) == ()
    assert settling.settled(now_s=3.0) == (song,)
    assert settling.settled(now_s=4.0) == (song,)  # until it is dropped
    settling.drop([song])
    assert settling.settled(now_s=9.0) == ()


def test_a_file_that_grows_is_not_settled_even_if_nobody_says_that_it_grows(settling: Settling, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"1")
    settling.note(song, now_s=0.0)
    song.write_bytes(b"12")
    assert settling.settled(now_s=3.0) == ()
    os.utime(song, ns=(5, 5))  # its size was given out at once; only its time tells that it is being written
    assert settling.settled(now_s=6.0) == ()
    assert settling.settled(now_s=9.0) == (song,)


def test_what_is_gone_waits_for_what_comes(settling: Settling, tmp_path: Path) -> None:
    """A move from one disk to another is a copy that takes a while, and then a deletion."""
    gone, coming = tmp_path / "gone.mp3", tmp_path / "coming.mp3"
    coming.write_bytes(b"1")
    settling.note(gone, now_s=0.0)
    settling.note(coming, now_s=2.0)
    assert settling.settled(now_s=4.0) == ()
    assert settling.settled(now_s=5.0) == (coming, gone)


def test_but_not_for_ever(settling: Settling, tmp_path: Path) -> None:
    gone, coming = tmp_path / "gone.mp3", tmp_path / "coming.mp3"
    settling.note(gone, now_s=0.0)
    for now_s in range(70):
        coming.write_bytes(b"1" * now_s)
        settling.note(coming, now_s=float(now_s))
    assert settling.settled(now_s=59.0) == ()
    assert settling.settled(now_s=70.0) == (gone,)


def test_a_folder_waits_for_its_files(settling: Settling, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    settling.note(album, now_s=0.0)
    (album / "1.mp3").write_bytes(b"1")
    settling.note(album / "1.mp3", now_s=2.0)
    assert settling.settled(now_s=4.0) == ()
    assert settling.settled(now_s=5.0) == (album, album / "1.mp3")


def test_what_was_in_a_folder_that_is_gone_need_not_be_said(settling: Settling, tmp_path: Path) -> None:
    settling.note(tmp_path / "album", now_s=0.0)
    settling.note(tmp_path / "album" / "1.mp3", now_s=0.0)
    assert settling.settled(now_s=3.0) == (tmp_path / "album",)


def test_what_comes_back_in_time_was_never_gone(settling: Settling, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    settling.note(song, now_s=0.0)
    song.write_bytes(b"1")
    assert settling.settled(now_s=3.0) == ()
    assert settling.settled(now_s=6.0) == (song,)


def test_a_drive_that_is_not_connected_any_more_is_not_asked_about(settling: Settling, tmp_path: Path) -> None:
    for name in ("drive/1.mp3", "drive/2.mp3", "here.mp3"):
        settling.note(tmp_path / name, now_s=0.0)
    settling.drop_below(tmp_path / "drive")
    assert settling.settled(now_s=9.0) == (tmp_path / "here.mp3",)


def test_a_link_to_nowhere_and_a_link_in_a_circle_are_for_the_scan_to_judge(settling: Settling, tmp_path: Path) -> None:
    for name, target in (("nowhere.mp3", "gone.mp3"), ("circle.mp3", "circle.mp3")):
        (tmp_path / name).symlink_to(tmp_path / target)
        settling.note(tmp_path / name, now_s=0.0)
    assert len(settling.settled(now_s=3.0)) == 2
