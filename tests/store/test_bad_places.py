"""Folders that are missing, locked, empty for the moment, or Segue's own, and disks that are full."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from scanning import OPTIONS, hear_all, numbers
from store_standins import EAR, Unstartable, write_wav

from segue.errors import LibraryError, ModelError
from segue.store.ingest import scan
from segue.store.library import Library
from segue.values import ScanProgress


class TestBadPlaces:
    def test_a_folder_that_is_not_there(self, tmp_path: Path, music: Path, library: Library) -> None:
        report = hear_all(tmp_path / "nowhere", library)
        assert report.exit_code == 1
        assert "nowhere: it is not there" in str(report.failures[0])
        assert library.failures() == ()  # a slip of the fingers is not worth keeping
        report = scan([tmp_path / "nowhere", music], library, ear=EAR, options=OPTIONS)
        assert report.exit_code == 0
        assert report.scanned == 6

    def test_places_that_are_no_folder(self, tmp_path: Path, library: Library) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        for place in (tmp_path / "a", tmp_path / ("long" * 100)):
            report = hear_all(place, library)
            assert report.exit_code == 1
            assert [failure.kind for failure in report.failures] == ["FileAccessError"]

    def test_a_folder_below_one_that_is_locked(self, open_folder: Path, ordinary_user) -> None:
        (open_folder / "data").mkdir()
        (open_folder / "data").chmod(0o777)
        (open_folder / "locked" / "music").mkdir(parents=True)
        (open_folder / "locked").chmod(0)
        with ordinary_user(), Library.open(open_folder / "data") as library:
            report = hear_all(open_folder / "locked" / "music", library)
        assert [failure.message for failure in report.failures] == ["permission denied"]

    def test_an_empty_folder(self, tmp_path: Path, library: Library) -> None:
        (tmp_path / "void").mkdir()
        assert hear_all(tmp_path / "void", library).exit_code == 1

    @pytest.mark.parametrize("left", ["nothing", "an empty folder"])
    def test_a_drive_that_is_not_connected_forgets_nothing(self, music: Path, library: Library, left: str) -> None:
        hear_all(music, library)
        shutil.rmtree(music)
        if left == "an empty folder":
            music.mkdir()
        report = hear_all(music, library)
        assert report.removed == 0
        assert len(report.failures) == 1
        assert "drive" in report.failures[0].remedy
        assert len(library.tracks()) == 6

    def test_a_nested_drive_that_is_not_connected_forgets_nothing(self, music: Path, library: Library) -> None:
        """Only the folder named was looked at: a drive mounted below it, once unplugged, lost all its songs."""
        drive, album = music / "second", music / "second" / "album"
        write_wav(album / "song 6.wav", 6)
        hear_all(music, library)
        shutil.rmtree(drive)
        drive.mkdir()
        report = hear_all(music, library)
        assert numbers(report) == (0, 0, 3, 0, 1)
        assert report.failures[0].path == drive
        assert "knows 4 files there" in report.failures[0].message
        assert "drive" in report.failures[0].remedy
        assert len(library.tracks()) == 7
        drive.rmdir()
        assert numbers(hear_all(music, library)) == (0, 0, 3, 4, 0)  # following the remedy helps
        assert library.failures() == ()

    def test_a_link_to_a_drive_that_is_not_connected_forgets_nothing(
        self, music: Path, library: Library, tmp_path: Path
    ) -> None:
        write_wav(tmp_path / "drive" / "song 6.wav", 6)
        (music / "link").symlink_to(tmp_path / "drive")
        hear_all(music, library)
        (tmp_path / "drive").rename(tmp_path / "unplugged")
        report = hear_all(music, library)
        assert numbers(report) == (0, 0, 6, 0, 1)
        assert report.failures[0].path == music / "link"
        (tmp_path / "unplugged").rename(tmp_path / "drive")
        assert numbers(hear_all(music, library)) == (0, 0, 7, 0, 0)
        assert library.failures() == ()

    def test_a_deleted_album_is_forgotten(self, music: Path, library: Library) -> None:
        hear_all(music, library)
        shutil.rmtree(music / "second")
        assert numbers(hear_all(music, library)) == (0, 0, 3, 3, 0)

    def test_a_file_that_comes_back_during_the_scan_is_kept(self, music: Path, library: Library) -> None:
        """What was missing when the scan began was forgotten at its end, hours later, whatever lay there by then."""
        hear_all(music, library)
        song, away = music / "second" / "song 5.wav", music.parent / "away.wav"
        song.rename(away)
        write_wav(music / "new.wav", 50)

        def bring_back(progress: ScanProgress) -> None:
            if away.exists():
                away.rename(song)

        report = scan([music], library, ear=EAR, options=OPTIONS, on_progress=bring_back)
        assert numbers(report) == (1, 0, 5, 0, 0)
        assert len(library.tracks()) == 7

    def test_the_library_is_no_collection(self, music: Path, tmp_path: Path) -> None:
        """Uploads, songs transcoded for the browser and the demo were heard as music when they lay below the folder."""
        data = music / "Pickles"
        for seed, place in enumerate(("cache/uploads/seed-1.wav", "cache/audio/2.wav", "demo/3.wav"), start=10):
            write_wav(data / place, seed)
        (music / "way round").symlink_to(data / "cache")
        with Library.open(data) as library:
            assert numbers(hear_all(music, library)) == (6, 0, 0, 0, 0)
            assert numbers(hear_all(data / "demo", library)) == (1, 0, 0, 0, 0)
            assert numbers(hear_all(music, library)) == (0, 0, 6, 0, 0)
            assert len(library.tracks()) == 7  # the demo stays

    def test_music_may_lie_in_the_data_folder(self, music: Path) -> None:
        write_wav(music / "cache" / "uploads" / "seed-1.wav", 10)
        with Library.open(music) as library:
            assert hear_all(music, library).scanned == 6

    def test_a_symbolic_link_is_the_folder_it_points_to(self, music: Path, library: Library, tmp_path: Path) -> None:
        hear_all(music, library)
        (tmp_path / "link").symlink_to(music)
        assert hear_all(tmp_path / "link", library).skipped == 6

    def test_a_missing_model_ends_the_scan(self, music: Path, library: Library) -> None:
        with pytest.raises(ModelError, match="not there"):
            hear_all(music, library, listener=Unstartable())

    def test_a_full_disk_ends_the_scan_and_keeps_what_was_heard(self, music: Path, library: Library) -> None:
        def fill(progress: ScanProgress) -> None:
            if progress.done == 3:
                with library._database.reading() as db:
                    pages = db.execute("PRAGMA page_count").fetchone()[0]
                    db.execute(f"PRAGMA max_page_count = {pages}")

        for seed in range(100, 110):
            write_wav(music / f"long {seed}.wav", seed, seconds=100)
        with pytest.raises(LibraryError, match="disk is full"):
            scan([music], library, ear=EAR, options=OPTIONS, on_progress=fill)
        assert 3 <= len(library.tracks()) < 16
