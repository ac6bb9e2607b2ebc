"""The rooms put together: seeds from anywhere, a library that changes under the choice, and scans in the background."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from segue import services as services_module
from segue.choose.playlist import ContinueSpec
from segue.errors import AudioError, EmptyLibraryError, FileAccessError, SegueError, UnknownTrackError
from segue.services import Services
from segue.values import TrackId
from tests.songs import write_song, write_songs


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_songs(tmp_path_factory.mktemp("music"), each=2)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = Services(tmp_path / "data", workers=1)
    yield opened
    opened.close()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def wait_for(what: Callable[[], bool], *, at_most_s: float = 60.0) -> None:
    ends = time.monotonic() + at_most_s
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_dropped_file_seeds_a_queue_and_may_then_go(services: Services, music: Path, tmp_path: Path) -> None:
    services.scan([music])
    upload = write_song(tmp_path / "upload-123.wav", 55, bright=True)
    dropped = services.drop(upload, name="Holiday.wav")
    upload.unlink()
    assert dropped.track_id is None
    assert dropped.info.title == "Holiday"
    found = services.choosing.continue_queue([dropped.token], ContinueSpec(count=2), rng=rng())
    artists = [services.track(pick.track_id).info.artist for pick in found.picks]
    assert [artist.split()[0] for artist in artists] == ["Bright", "Bright"]


def test_a_dropped_file_that_the_library_holds_is_that_track(services: Services, music: Path, tmp_path: Path) -> None:
    services.scan([music])
    copy = Path(shutil.copy(next(music.rglob("Dark 1*")), tmp_path / "x.bin"))
    dropped = services.drop(copy, name="whatever.wav")
    assert dropped.track_id is not None
    assert dropped.token == dropped.track_id
    assert services.track(dropped.track_id).info.artist == "Dark 1"


def test_a_dropped_file_that_is_no_audio(services: Services, tmp_path: Path) -> None:
    (tmp_path / "letter.mp3").write_text("Dear DJ" * 100)
    with pytest.raises(AudioError, match=r"no audio|cannot be opened"):
        services.drop(tmp_path / "letter.mp3", name="letter.mp3")


def test_the_choice_sees_what_was_scanned_since(services: Services, music: Path, tmp_path: Path) -> None:
    with pytest.raises(EmptyLibraryError, match="empty"):
        services.choosing.continue_queue(["0" * 16], ContinueSpec(), rng=rng())
    services.scan([music / "dark"])
    seed = services.search("low 0")[0].id
    assert len(services.choosing.similar(seed, 9)) == 1
    services.scan([music])
    wait_for(lambda: len(services.choosing.similar(seed, 9)) == 3)


def test_seeds_that_left_the_library_are_passed_over(services: Services, music: Path) -> None:
    services.scan([music])
    here = services.search("low 0")[0].id
    found = services.choosing.continue_queue(["f" * 16, here], ContinueSpec(count=1), rng=rng())
    assert len(found.picks) == 1
    with pytest.raises(UnknownTrackError, match="any more"):
        services.choosing.continue_queue(["f" * 16], ContinueSpec(count=1), rng=rng())


def test_a_scan_in_the_background(services: Services, music: Path) -> None:
    services.start_scan(music)
    with pytest.raises(SegueError, match="running already"):
        services.start_scan(music)
    wait_for(lambda: not services.scan_status().running)
    report = services.scan_status().report
    assert report is not None
    assert report.scanned == 4
    assert services.counts().tracks == 4


def test_a_folder_that_cannot_be_scanned_is_said_at_once(services: Services, music: Path) -> None:
    with pytest.raises(FileAccessError, match="not there"):
        services.start_scan(music / "gone")
    with pytest.raises(FileAccessError, match="not a folder"):
        services.start_scan(next(music.rglob("*.wav")))
    assert not services.scan_status().running


def test_the_demo_makes_way_for_ones_own_music(
    services: Services, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compose(folder: Path, *, on_progress: Callable[[int, int], None]) -> None:
        on_progress(1, 1)
        write_song(folder / "Demo - Song.wav", 9)

    monkeypatch.setattr(services_module, "make_demo", compose)
    services.start_demo()
    wait_for(lambda: not services.scan_status().running)
    assert [track.info.artist for track in services.search("")] == ["Demo"]
    assert not services.has_own_music()
    with_nothing = music.parent / "nothing here"
    with_nothing.mkdir(exist_ok=True)
    services.scan([with_nothing])
    services.scan([music / "mistyped"])
    assert [track.info.artist for track in services.search("")] == ["Demo"]
    services.scan([music])
    assert "Demo" not in {track.info.artist for track in services.search("")}
    assert services.counts().tracks == 4
    assert services.has_own_music()


def test_the_demo_can_be_stopped_while_it_is_composed(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def compose(folder: Path, *, on_progress: Callable[[int, int], None]) -> None:
        for done in range(1000):
            on_progress(done, 1000)
            time.sleep(0.01)

    monkeypatch.setattr(services_module, "make_demo", compose)
    services.start_demo()
    wait_for(lambda: (now := services.scan_status().preparing) is not None and now.total == 1000)
    services.cancel_scan()
    wait_for(lambda: not services.scan_status().running, at_most_s=5)
    assert services.scan_status().error is None


def test_audio_and_artwork_by_id(services: Services, music: Path) -> None:
    services.scan([music])
    track = services.search("low 0")[0]
    playable = services.audio(track.id)
    assert (playable.path, playable.mime) == (track.paths[0], "audio/wav")
    assert services.artwork(track.id) is None
    with pytest.raises(UnknownTrackError, match=r"f{16}"):
        services.audio(TrackId("f" * 16))


def test_a_file_that_left_is_named(services: Services, music: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(music, tmp_path / "mine"))
    services.scan([mine])
    track = services.search("low 0")[0]
    track.paths[0].unlink()
    with pytest.raises(FileAccessError, match="not there any more"):
        services.audio(track.id)
