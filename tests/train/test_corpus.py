from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest

from segue.config import SPECCY_MEL
from segue.errors import FileAccessError, ParameterError
from segue.train.corpus import Recording, gather, load_recordings, save_recordings, split
from tests.train.conftest import write_wav


def test_what_is_music_is_found_and_what_is_not_is_left_out(tmp_path: Path) -> None:
    music = tmp_path / "music"
    write_wav(music / "band" / "music" / "song.wav", seconds=31)
    write_wav(music / "band" / "music" / "jingle.wav", seconds=5)
    write_wav(music / "band" / "sounds" / "wind.wav", seconds=40)
    write_wav(music / "band" / "music" / "silence.wav", seconds=31, level=0.0)
    write_wav(music / "band" / "music" / "bare", seconds=32, seed=3)
    (music / "band" / "music" / "broken.ogg").write_bytes(b"no sound at all" * 100)
    found = gather(music, tmp_path / "cache")
    assert sorted(recording.name for recording in found) == ["bare", "song"]
    song = next(recording for recording in found if recording.name == "song")
    assert song.package == "band"
    assert song.duration_s == pytest.approx(31.0, abs=0.01)
    stretch = song.read(1000, 500)
    assert stretch.dtype == np.float32
    assert 0.05 < np.abs(stretch).max() <= 1.0


def test_a_second_gathering_decodes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    music = tmp_path / "music"
    path = write_wav(music / "band" / "song.wav", seconds=31)
    first = gather(music, tmp_path / "cache")
    path.write_bytes(b"the cache is read instead")
    with caplog.at_level(logging.WARNING):
        assert gather(music, tmp_path / "cache") == first
    assert not caplog.records


def test_music_inside_a_game_archive_is_found(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "song.wav", seconds=31)
    (tmp_path / "music" / "game").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "music" / "game" / "0music.pk3", "w") as archive:
        archive.write(wav, "music/theme.wav")
        archive.write(wav, "sounds/wind.wav")
        archive.writestr("readme.txt", "hello")
    assert [recording.name for recording in gather(tmp_path / "music", tmp_path / "cache")] == ["theme"]


def test_stems_of_a_song_become_one_recording(tmp_path: Path) -> None:
    folder = tmp_path / "music" / "frets" / "anthem"
    for seed, stem in enumerate(("song.ogg", "guitar.ogg")):  # by content, whatever the name says
        write_wav(folder / stem, seconds=31, seed=seed)
    (found,) = gather(tmp_path / "music", tmp_path / "cache")
    assert found.name == "anthem/song"


def test_one_recording_in_two_packages_is_kept_once(tmp_path: Path) -> None:
    for package in ("one", "two"):
        write_wav(tmp_path / "music" / package / "same.wav", seconds=31)
    assert len(gather(tmp_path / "music", tmp_path / "cache")) == 1


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="nowhere"):
        gather(tmp_path / "nowhere", tmp_path)


def test_the_split_never_shares_a_package(music: list[Recording]) -> None:
    learn, held_out = split(music, ["package-1", "package-3"])
    assert {r.package for r in learn} == {"package-0", "package-2"}
    assert {r.package for r in held_out} == {"package-1", "package-3"}
    assert len(learn) + len(held_out) == len(music)


def test_a_held_out_package_without_music_is_refused(music: list[Recording]) -> None:
    with pytest.raises(ParameterError, match="no-such-package"):
        split(music, ["no-such-package"])
    with pytest.raises(ParameterError, match="nothing is left"):
        split(music, [f"package-{k}" for k in range(4)])


def test_a_list_of_recordings_survives_the_disk(music: list[Recording], tmp_path: Path) -> None:
    save_recordings(music, tmp_path / "list.json")
    assert load_recordings(tmp_path / "list.json") == music
    assert music[0].duration_s == pytest.approx(12.0)
    assert SPECCY_MEL.sample_rate_hz == 22_050
