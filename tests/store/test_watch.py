"""Real folders, real notices of the system, and what is named in the end."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from segue.config import WatchSpec
from segue.store import watch as watching
from segue.store.background import BackgroundWatch
from segue.store.library import Library
from segue.store.settling import Changes
from segue.store.watch import Watch
from tests.conftest import ROOT

QUICK = WatchSpec(settle_s=0.3, longest_hold_s=2.0, poll_s=0.3, look_s=3600.0)


@dataclass
class Witness:
    """Takes down what a watch names, and may be too busy to be told."""

    watch: Watch
    told: list[Changes] = field(default_factory=list)
    busy: bool = False

    def rescan(self, changes: Changes) -> bool:
        if self.busy:
            return False
        self.told.append(changes)
        return True

    @property
    def places(self) -> set[Path]:
        return {place for changes in self.told for place in changes.places}

    @property
    def folders(self) -> list[Path]:
        return [folder for changes in self.told for folder in changes.folders]


def until(condition: Callable[[], bool], *, seconds: float = 15.0) -> None:
    """Wait for it."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.02)


def settle() -> None:
    """As long as anything takes to come to rest and be named."""
    time.sleep(1.2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "music" / "album").mkdir(parents=True)
    (tmp_path / "music" / "album" / "old.mp3").write_bytes(b"old")
    return tmp_path / "music"


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Witness]]:
    """Watch folders until the test ends."""
    monkeypatch.setattr(watching, "_TURN_S", 0.1)
    monkeypatch.setattr(watching, "_GROUP_MS", 20)
    stop = threading.Event()
    threads = []

    def begin(*roots: Path, spec: WatchSpec = QUICK) -> Witness:
        witness = Witness(Watch(lambda: roots, own=tmp_path / "data", spec=spec))
        thread = threading.Thread(target=witness.watch.run, args=(witness.rescan,), kwargs={"stop": stop})
        thread.start()
        threads.append(thread)
        there = [root for root in roots if root.is_dir() and any(root.iterdir())]
        until(lambda: set(witness.folders) >= set(there))
        time.sleep(0.2)
        return witness

    yield begin
    stop.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_it_begins_by_looking_through_everything(folder: Path, start) -> None:
    witness = start(folder)
    assert witness.folders == [folder]
    assert witness.watch.state.watched == (folder,)
    assert witness.watch.state.away == witness.watch.state.polled == ()
    settle()
    assert len(witness.told) == 1  # and then says nothing as long as nothing happens


def test_new_changed_moved_and_deleted_files_are_named_and_no_others(folder: Path, start) -> None:
    (folder / "still.mp3").write_bytes(b"still")
    witness = start(folder)
    (folder / "new.mp3").write_bytes(b"new")
    (folder / "album" / "old.mp3").rename(folder / "moved.mp3")
    settle()
    assert witness.places == {folder / "new.mp3", folder / "moved.mp3", folder / "album" / "old.mp3"}
    assert len(witness.told) == 2  # so that a move is one event
    (folder / "new.mp3").write_bytes(b"changed")
    (folder / "moved.mp3").unlink()
    settle()
    assert set(witness.told[-1].places) == {folder / "new.mp3", folder / "moved.mp3"}


def test_a_copy_in_progress_is_named_when_it_is_done(folder: Path, start) -> None:
    witness = start(folder)
    with (folder / "long.mp3").open("wb") as file:
        for _ in range(12):
            file.write(b"x" * 1000)
            file.flush()
            time.sleep(0.1)
            assert witness.places == set()
    until(lambda: witness.places == {folder / "long.mp3"})


def test_whole_folders_that_come_go_and_are_renamed(folder: Path, start, tmp_path: Path) -> None:
    witness = start(folder)
    (tmp_path / "outside" / "a" / "b").mkdir(parents=True)
    (tmp_path / "outside" / "a" / "b" / "deep.mp3").write_bytes(b"deep")
    (tmp_path / "outside").rename(folder / "came")
    until(lambda: folder / "came" in witness.places)
    (folder / "came").rename(folder / "renamed")
    until(lambda: folder / "renamed" in witness.places)
    assert folder / "came" in witness.told[-1].places
    (folder / "renamed" / "a" / "b" / "more.mp3").write_bytes(b"more")
    until(lambda: folder / "renamed" / "a" / "b" / "more.mp3" in witness.places)
    shutil.rmtree(folder / "renamed")
    until(lambda: folder / "renamed" in witness.told[-1].places)


def test_what_is_no_music_is_not_named(folder: Path, start, tmp_path: Path) -> None:
    (folder / "data").mkdir()
    witness = start(folder)
    witness.watch._own = folder / "data"
    for name in (".hidden.mp3", "cover.jpg", "song.mp3.part", "data/library.db", "data/song.mp3"):
        (folder / name).write_bytes(b"no")
    (folder / ".folder").mkdir()
    (folder / ".folder" / "song.mp3").write_bytes(b"no")
    settle()
    assert witness.places == set()


def test_a_folder_of_segues_own_may_be_watched_if_it_is_asked_for(tmp_path: Path, start) -> None:
    music = tmp_path / "data" / "music"
    music.mkdir(parents=True)
    (music / "old.mp3").write_bytes(b"old")
    witness = start(music)
    (music / "new.mp3").write_bytes(b"new")
    until(lambda: witness.places == {music / "new.mp3"})


def test_a_folder_that_vanishes_is_not_asked_about_and_looked_through_when_it_is_back(
    folder: Path, start, tmp_path: Path
) -> None:
    witness = start(folder)
    folder.rename(tmp_path / "away")
    until(lambda: witness.watch.state.away == (folder,))
    settle()
    assert witness.places == set()
    (tmp_path / "away" / "meanwhile.mp3").write_bytes(b"new")
    (tmp_path / "away").rename(folder)
    until(lambda: witness.folders == [folder, folder])
    assert witness.watch.state.away == ()
    settle()
    (folder / "later.mp3").write_bytes(b"new")
    until(lambda: folder / "later.mp3" in witness.places)


def test_a_folder_deleted_with_all_that_is_in_it_may_come_back_too(folder: Path, start) -> None:
    witness = start(folder)
    shutil.rmtree(folder)
    until(lambda: witness.watch.state.away == (folder,))
    settle()
    assert witness.places == set()


def test_a_folder_that_is_not_there_yet(tmp_path: Path, start) -> None:
    folder = tmp_path / "later"
    witness = start(folder)
    assert witness.watch.state.away == (folder,)
    folder.mkdir()
    (folder / "song.mp3").write_bytes(b"song")
    until(lambda: witness.folders == [folder] or witness.places == {folder / "song.mp3"})


def test_one_who_is_busy_is_told_later(folder: Path, start) -> None:
    witness = start(folder)
    witness.busy = True
    (folder / "new.mp3").write_bytes(b"new")
    settle()
    assert witness.places == set()
    witness.busy = False
    until(lambda: witness.places == {folder / "new.mp3"})


def test_a_storm_of_renames_ends_in_one_look_through_the_whole_folder(folder: Path, start) -> None:
    for i in range(300):
        (folder / f"{i}.mp3").write_bytes(b"song")
    witness = start(folder, spec=WatchSpec(settle_s=0.3, most_places=100))
    for turn in range(5):
        for i in range(300):
            (folder / f"{turn - 1 if turn else ''}{'-' if turn else ''}{i}.mp3").rename(folder / f"{turn}-{i}.mp3")
    until(lambda: len(witness.folders) > 1)
    settle()
    assert len(witness.folders) <= 6
    assert len(witness.places) <= 200


def test_a_link_to_a_folder_elsewhere_is_watched_too(folder: Path, start, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.mp3").write_bytes(b"1")
    (folder / "circle").symlink_to(folder)
    witness = start(folder)
    (folder / "link").symlink_to(elsewhere)
    until(lambda: folder / "link" in witness.places)
    time.sleep(0.3)
    (elsewhere / "2.mp3").write_bytes(b"2")
    until(lambda: folder / "link" / "2.mp3" in witness.places)
    settle()
    assert not any("circle" in str(place) for place in witness.places)


def test_a_folder_that_tells_nothing_is_looked_over(folder: Path, start, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a network drive: it can only be asked, and an empty folder in it may be a drive that is not connected."""
    monkeypatch.setattr(watching, "_tells_nothing", lambda root: True)
    witness = start(folder)
    assert witness.watch.state.polled == (folder,)
    (folder / "new.mp3").write_bytes(b"new")
    until(lambda: folder / "new.mp3" in witness.places)
    (folder / "album" / "old.mp3").unlink()
    settle()
    assert folder / "album" / "old.mp3" not in witness.places
    (folder / "new.mp3").unlink()
    until(lambda: sum(folder / "new.mp3" in changes.places for changes in witness.told) == 2)


def test_a_system_that_watches_no_more_folders(
    folder: Path, start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notices = Watch._notices

    def refuse(self, folders, stop, *, poll):
        if not poll:
            raise_limit = OSError("OS file watch limit reached.")
            yield from ()
            raise raise_limit
        yield from notices(self, folders, stop, poll=True)

    monkeypatch.setattr(Watch, "_notices", refuse)
    witness = start(folder)
    assert witness.watch.state.polled == (folder,)
    assert "fs.inotify.max_user_watches" in witness.watch.state.note
    assert caplog.text.count("WARNING") == 1
    (folder / "new.mp3").write_bytes(b"new")
    until(lambda: folder / "new.mp3" in witness.places)


def test_a_look_that_is_hindered_takes_nothing_for_gone(open_folder: Path, ordinary_user) -> None:
    (open_folder / "locked").mkdir()
    (open_folder / "locked" / "song.mp3").write_bytes(b"song")
    stop = threading.Event()
    looks = watching._looked_over([open_folder], Path("/none"), 0.0, stop)
    with ordinary_user():
        assert next(looks) == set()
    (open_folder / "locked").chmod(0)
    (open_folder / "new.mp3").write_bytes(b"new")
    with ordinary_user():
        assert next(looks) == {open_folder / "new.mp3"}
    (open_folder / "locked").chmod(0o755)
    (open_folder / "locked" / "song.mp3").unlink()
    assert next(looks) == {open_folder / "locked" / "song.mp3"}
    stop.set()
    assert next(looks, None) is None


def _may_limit() -> bool:
    words = ["unshare", "-Ur", "sh", "-c", "echo 3 > /proc/sys/user/max_inotify_watches"]
    return bool(shutil.which("unshare")) and subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _may_limit(), reason="the system lets nobody limit himself")
def test_the_systems_own_limit(tmp_path: Path) -> None:
    """For real: a user who may watch three folders, and has more."""
    (tmp_path / "music" / "a" / "b" / "c" / "d").mkdir(parents=True)
    (tmp_path / "music" / "song.mp3").write_bytes(b"song")
    code = (
        "import threading; from pathlib import Path; from segue.store.watch import Watch\n"
        f"folder = Path({str(tmp_path / 'music')!r}); stop = threading.Event()\n"
        f"watch = Watch(lambda: [folder], own=Path({str(tmp_path / 'data')!r}))\n"
        "turns = iter([False, True])\n"
        "def told(changes):\n"
        "    if next(turns): print(watch.state.polled == (folder,)); stop.set()\n"
        "    return False\n"
        "watch.run(told, stop=stop)"
    )
    limited = 'echo 3 > /proc/sys/user/max_inotify_watches; exec "$0" -c "$1"'
    words = ["unshare", "-Ur", "sh", "-c", limited, sys.executable, code]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30, cwd=ROOT)
    assert done.stdout == "True\n"
    assert "fs.inotify.max_user_watches" in done.stderr


def test_drives_are_read_from_the_systems_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "mounts"
    listed.write_text(
        "/dev/sda / ext4 rw 0 0\nnas:/music /home/me/My\\040Music nfs4 rw 0 0\n"
        "/dev/sdb /home/me/My\\040Music/usb vfat rw 0 0\n"
    )
    monkeypatch.setattr(watching, "_MOUNTS", listed)
    music = Path("/home/me/My Music")
    assert watching._tells_nothing(music / "Jazz")
    assert not watching._tells_nothing(music / "usb" / "Jazz")
    assert not watching._tells_nothing(Path("/srv"))
    assert watching._mounts_in([music]) == {music: "nfs4", music / "usb": "vfat"}
    monkeypatch.setattr(watching, "_MOUNTS", tmp_path / "none")
    assert watching._mounts_in([Path("/")]) == {}


def test_a_drive_mounted_in_the_folder_is_looked_through(
    folder: Path, start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed = tmp_path / "mounts"
    listed.write_text("/dev/sda / ext4 rw 0 0\n")
    monkeypatch.setattr(watching, "_MOUNTS", listed)
    witness = start(folder)
    listed.write_text(f"/dev/sda / ext4 rw 0 0\n/dev/sdb {folder}/usb vfat rw 0 0\n")
    until(lambda: witness.folders == [folder, folder])


def test_it_looks_through_everything_now_and_then(folder: Path, start) -> None:
    witness = start(folder, spec=WatchSpec(settle_s=0.3, look_s=1.0))
    until(lambda: len(witness.folders) >= 3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watch_that_ends_on_a_fault_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It said that there was nothing to watch yet."""
    monkeypatch.setattr(Watch, "_look_around", lambda watch, stop: 1 / 0)
    with Library.open(tmp_path / "data") as library:
        watch = BackgroundWatch(library, lambda changes: True)
        watch.start()
        until(lambda: watch.state is not None and "fault of Segue" in watch.state.note)
        watch.stop()


def test_the_watch_costs_next_to_nothing(folder: Path, start) -> None:
    start(folder)
    began_s = time.process_time()
    time.sleep(2.0)
    assert time.process_time() - began_s < 0.4
