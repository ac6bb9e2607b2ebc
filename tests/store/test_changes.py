"""A scan of nothing but what a watch saw change."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from scanning import OPTIONS, hear_all, numbers, pooled_exactly
from store_standins import EAR, write_wav

from segue.store import survey
from segue.store.ingest import scan
from segue.store.library import Library
from segue.values import ScanReport


def catch_up(library: Library, *places: Path) -> ScanReport:
    return scan(places, library, ear=EAR, options=replace(OPTIONS, changed=True))


@pytest.fixture
def scanned(music: Path, library: Library) -> Path:
    hear_all(music, library)
    return music


def test_one_new_file_is_heard_and_no_other_is_looked_at(scanned: Path, library: Library, monkeypatch) -> None:
    looked_at: list[Path] = []
    stat_of = survey.stat_of
    monkeypatch.setattr(survey, "stat_of", lambda path: (looked_at.append(path), stat_of(path))[1])
    new = write_wav(scanned / "new.wav", 50)
    assert numbers(catch_up(library, new)) == (1, 0, 0, 0, 0)
    assert looked_at == [new]
    assert len(library.tracks()) == 7
    assert pooled_exactly(library)


def test_a_move_is_heard_by_nobody_and_keeps_the_track(scanned: Path, library: Library, no_workers) -> None:
    no_workers()
    old, new = scanned / "first" / "song 1.wav", scanned / "moved.wav"
    track = library.find(old)[0]
    old.rename(new)
    report = catch_up(library, new, old)
    assert numbers(report) == (0, 0, 0, 0, 0)
    assert (report.moved, report.exit_code) == (1, 0)
    assert library.track(track.id).paths == (new,)


def test_a_renamed_folder_and_one_that_was_merged(scanned: Path, library: Library, no_workers) -> None:
    no_workers()
    (scanned / "second").rename(scanned / "third")
    report = catch_up(library, scanned / "second", scanned / "third")
    assert (report.attached, report.removed, report.moved) == (0, 0, 3)
    assert hear_all(scanned, library).skipped == 6


def test_deleted_files_go_even_the_last_ones_of_a_folder(scanned: Path, library: Library) -> None:
    """An ordinary scan takes an empty folder for a drive that is not connected; here they were seen to go."""
    for i in range(3, 6):
        (scanned / "second" / f"song {i}.wav").unlink()
    report = catch_up(library, *(scanned / "second" / f"song {i}.wav" for i in range(3, 6)))
    assert numbers(report) == (0, 0, 0, 3, 0)
    assert len(library.tracks()) == 3
    assert pooled_exactly(library)


def test_a_deleted_folder(scanned: Path, library: Library) -> None:
    shutil.rmtree(scanned / "second")
    assert catch_up(library, scanned / "second").removed == 3
    assert len(library.tracks()) == 3


def test_a_folder_that_another_one_took_the_place_of(scanned: Path, library: Library, tmp_path: Path) -> None:
    """Its old songs stayed in the library for hours, and could not be played."""
    (scanned / "second").rename(tmp_path / "away")
    (scanned / "second").mkdir()
    assert numbers(catch_up(library, scanned / "second")) == (
        0,
        0,
        0,
        0,
        0,
    )  # a drive that is not there looks like that
    write_wav(scanned / "second" / "new.wav", 50)
    assert numbers(catch_up(library, scanned / "second")) == (1, 0, 0, 3, 0)
    assert len(library.tracks()) == 4


def test_what_is_back_by_then_is_kept(scanned: Path, library: Library) -> None:
    assert numbers(catch_up(library, scanned / "first" / "song 0.wav")) == (0, 0, 1, 0, 0)


def test_a_changed_file_is_heard_anew(scanned: Path, library: Library) -> None:
    song = write_wav(scanned / "first" / "song 0.wav", 60)
    assert numbers(catch_up(library, song)) == (1, 0, 0, 0, 0)
    assert len(library.tracks()) == 6


def test_a_file_that_cannot_be_heard_is_recorded_and_forgotten_with_its_file(scanned: Path, library: Library) -> None:
    bad = scanned / "bad.mp3"
    bad.write_text("no song")
    assert len(catch_up(library, bad).failures) == 1
    assert [failure.path for failure in library.failures()] == [bad]
    bad.unlink()
    catch_up(library, bad)
    assert library.failures() == ()


def test_a_new_folder_with_a_link_back_up_adds_nothing_twice(scanned: Path, library: Library) -> None:
    write_wav(scanned / "new" / "song.wav", 50)
    (scanned / "new" / "up").symlink_to(scanned)
    (scanned / "new" / "round").symlink_to(scanned / "new")
    assert numbers(catch_up(library, scanned / "new")) == (1, 0, 0, 0, 0)
    assert all(len(track.paths) == 1 for track in library.tracks())


def test_nothing_is_forgotten_that_was_not_named(scanned: Path, library: Library) -> None:
    shutil.rmtree(scanned / "second")
    new = write_wav(scanned / "new.wav", 50)
    assert numbers(catch_up(library, new)) == (1, 0, 0, 0, 0)
    assert len(library.tracks()) == 7


def test_what_cannot_be_seen_any_more_is_not_gone(open_folder: Path, ordinary_user, no_workers) -> None:
    """A folder that was locked, or a drive that fails, took its songs out of the library."""
    song = write_wav(open_folder / "music" / "album" / "song.wav", 1)
    write_wav(open_folder / "music" / "other.wav", 2)
    (open_folder / "data").mkdir()
    with Library.open(open_folder / "data") as library:
        hear_all(open_folder / "music", library)
    for path in (open_folder / "data", *(open_folder / "data").iterdir()):
        path.chmod(0o777)
    song.parent.chmod(0)
    no_workers()
    with ordinary_user(), Library.open(open_folder / "data") as library:
        report = catch_up(library, song)
        assert numbers(report) == (0, 0, 0, 0, 1)
        assert report.failures[0].message == "permission denied"
        assert len(library.tracks()) == 2


def test_names_that_begin_alike_are_told_apart(scanned: Path, library: Library) -> None:
    write_wav(scanned / "second part" / "song.wav", 50)
    hear_all(scanned, library)
    shutil.rmtree(scanned / "second")
    assert catch_up(library, scanned / "second").removed == 3


def test_roots_are_noted_once_and_none_within_another(library: Library, tmp_path: Path) -> None:
    assert library.roots.folders() == ()
    assert library.roots.watched
    odd = Path(os.fsdecode(b"/m\xfcsic"))
    library.roots.add([tmp_path / "music" / "jazz", odd])
    library.roots.add([tmp_path / "music", tmp_path / "music" / "pop"])
    version = library.version()
    library.roots.add([tmp_path / "music" / "rock"])
    assert library.version() == version
    assert library.roots.folders() == tuple(sorted([odd, tmp_path / "music"]))
    library.roots.watch(on=False)
    assert not library.roots.watched
