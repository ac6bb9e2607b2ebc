"""The folders that a library is made of: counted, taken out, and nothing else with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.errors import FileAccessError, LibraryError
from segue.folders import MusicFolders
from segue.services import Services
from tests.embed.conftest import write_ear
from tests.web.stand_in import write_chord

NAMES = ("rock", "rock and roll", "rock0")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    for place, name in enumerate(NAMES):
        (tmp_path / name / "album").mkdir(parents=True)
        write_chord(tmp_path / name / "album" / "song.wav", 200.0 + 40 * place, seconds=6.0)
    (tmp_path / "rock" / "bad.mp3").write_bytes(b"\0" * 5000)
    house = Services(tmp_path / "data", ear=str(write_ear(tmp_path)), workers=1)
    house.scan([tmp_path / name for name in NAMES])
    yield house
    house.close()


def test_a_folder_is_taken_out_with_its_failures_and_its_files_stay(services: Services, tmp_path: Path) -> None:
    assert {f.path.name: f.files for f in services.folders.all()} == {"rock": 2, "rock and roll": 1, "rock0": 1}
    assert services.counts().failures == 1
    assert services.folders.remove(tmp_path / "rock") == 1
    assert [folder.path.name for folder in services.folders.all()] == ["rock and roll", "rock0"]
    assert (services.counts().tracks, services.counts().failures) == (2, 0)
    assert (tmp_path / "rock" / "album" / "song.wav").is_file()
    services.scan([tmp_path / "rock"])
    assert services.counts().tracks == 3


def test_only_a_music_folder_can_be_taken_out_and_only_while_no_scan_runs(services: Services, tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="not among the music folders"):
        services.folders.remove(tmp_path)
    during_a_scan = MusicFolders(services.library, lambda: True)
    with pytest.raises(LibraryError, match="a scan is running"):
        during_a_scan.remove(tmp_path / "rock")
    assert services.counts().tracks == 3


def test_what_lies_on_the_disk_is_measured(services: Services) -> None:
    (services.data / "cache" / "audio").mkdir(parents=True, exist_ok=True)
    before = services.folders.storage()
    (services.data / "cache" / "audio" / "made.opus").write_bytes(b"0" * 12_345)
    after = services.folders.storage()
    assert before.library_bytes > 10_000
    assert after.caches["audio"] - before.caches["audio"] == 12_345
    assert (after.mixes_bytes, after.ears_bytes) == (0, 0)
    assert after.free_bytes > 0
