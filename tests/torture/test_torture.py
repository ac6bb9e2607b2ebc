"""Bad files of every kind through the real `segue scan`: no crash, no hang, bounded memory, one clear row for each."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segue.errors import one_line
from tests.torture import running
from tests.torture.hours import write_long_mp3
from tests.torture.seeds import Seeds
from tests.torture.shelf import fill

pytestmark = pytest.mark.ffmpeg
MOST_OF_A_KIND = 20  # `python -m tests.torture.table` scans them all


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    return Seeds(tmp_path_factory.mktemp("seeds"))


@pytest.mark.slow
def test_some_of_every_kind(seeds: Seeds, tmp_path: Path) -> None:
    shelved = fill(tmp_path / "shelf", seeds, most=MOST_OF_A_KIND)
    assert len(shelved) > 400
    scanned = running.scan(tmp_path / "shelf", tmp_path / "data")
    assert running.complaints(scanned, shelved) == []
    again = running.scan(tmp_path / "shelf", tmp_path / "data")
    assert again.report["scanned"] == 0
    assert again.report["unchanged"] == len(scanned.heard)
    assert again.report["failed_before"] + again.report["failed"] == scanned.report["failed"]


@pytest.mark.slow
def test_six_hours_take_no_more_memory_than_a_song(tmp_path: Path) -> None:
    """The whole of it would be 1.9 GB of samples."""
    (tmp_path / "shelf").mkdir()
    song = write_long_mp3(tmp_path / "shelf" / "song.mp3", seconds=240)
    short = running.scan(tmp_path / "shelf", tmp_path / "data")
    long = write_long_mp3(tmp_path / "shelf" / "night.mp3", seconds=6 * 3600)
    scanned = running.scan(tmp_path / "shelf", tmp_path / "data")
    assert scanned.heard == {song, long}
    most_mb = scanned.watched.memory_mb[str(long)]
    assert most_mb < 400
    assert most_mb < short.watched.memory_mb[str(song)] + 150


def test_files_that_change_while_they_are_read(seeds: Seeds, tmp_path: Path) -> None:
    """One grows and one shrinks many times a second; each is heard whole, or refused in words."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "still.mp3").write_bytes(seeds["plain.mp3"])
    with _changing(folder / "grows.mp3", seeds["song.mp3"]), _changing(folder / "shrinks.flac", seeds["song.flac"]):
        scanned = running.scan(folder, tmp_path / "data")
    assert scanned.exit_code == 0
    assert "Traceback" not in scanned.said
    assert folder / "still.mp3" in scanned.heard
    named = Counter(Path(row["path"]).name for row in scanned.report["failures"])
    named.update(path.name for path in scanned.heard)
    assert named == {"still.mp3": 1, "grows.mp3": 1, "shrinks.flac": 1}
    assert {row["kind"] for row in scanned.report["failures"]} <= {
        "DamagedAudioError",
        "FileAccessError",  # it changed while it was listened to
        "NotAudioError",
        "TooShortError",
    }


@contextmanager
def _changing(path: Path, data: bytes) -> Iterator[None]:
    """Another program writes a file, cutting and growing it by turns, for as long as the block runs."""
    path.write_bytes(data)
    done = threading.Event()
    writer = threading.Thread(target=_write_on, args=(path, data, done))
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def _write_on(path: Path, data: bytes, done: threading.Event) -> None:
    for length in _lengths(len(data)):
        if done.wait(0.01):
            return
        with path.open("r+b") as file:
            file.write(data[:length])
            file.truncate()


def _lengths(most: int) -> Iterator[int]:
    while True:
        yield from (most // 2, most // 4, 0, most // 8, most, most // 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a device")
def test_a_device_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    try:
        os.mknod(tmp_path / "shelf" / "endless.mp3", 0o020666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this system lets not even root make a device")
    scanned = running.scan(tmp_path / "shelf", tmp_path / "data")
    assert (scanned.exit_code, scanned.report["failures"]) == (1, [])


def test_names_as_people_see_them() -> None:
    """A newline broke the line of the report in two, and an escape sequence steered the terminal."""
    assert one_line("/a/line\nbreak\x1b[31m\u202e.mp3") == r"/a/line\nbreak\x1b[31m\u202e.mp3"
    assert one_line(Path(os.fsdecode(b"caf\xe9 \xf0\x9f\x8e\xb5.mp3"))) == "caf\ufffd 🎵.mp3"
