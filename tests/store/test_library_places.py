"""Where a library cannot be, or no longer is what it was."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from segue.errors import EmptyLibraryError, LibraryError, UnknownTrackError
from segue.store.exports import vectors_by_path
from segue.store.library import FILE_NAME, Library
from segue.store.schema import SCHEMA_VERSION
from tests.store_heard import EAR, add, heard, number


class TestBadPlaces:
    def test_the_folder_is_made_but_not_the_one_above(self, tmp_path: Path) -> None:
        with Library.open(tmp_path / "new"):
            assert (tmp_path / "new" / FILE_NAME).is_file()
        with pytest.raises(LibraryError, match=r"no/such: .*not there.*--data"):
            Library.open(tmp_path / "no" / "such")

    def test_a_file_in_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(LibraryError, match="a file, not a folder"):
            Library.open(tmp_path / "file")

    def test_reading_where_nothing_is(self, tmp_path: Path) -> None:
        with pytest.raises(EmptyLibraryError, match=r"[Ss]can"):
            Library.open(tmp_path, read_only=True)
        (tmp_path / FILE_NAME).write_bytes(b"")
        with pytest.raises(EmptyLibraryError):
            Library.open(tmp_path, read_only=True)

    def test_not_a_database(self, tmp_path: Path) -> None:
        (tmp_path / FILE_NAME).write_bytes(b"these are not the pages of a database\n" * 100)
        with pytest.raises(LibraryError, match=r"library.db: it is damaged, or not a Segue library\. Let it be"):
            Library.open(tmp_path)

    def test_a_damaged_database(self, data: Path) -> None:
        with Library.open(data) as library:
            for i in range(50):
                add(library, heard(i, slices=20), f"/music/{i}.mp3")
        file = data / FILE_NAME
        content = bytearray(file.read_bytes())
        content[4096:] = os.urandom(len(content) - 4096)
        file.write_bytes(content)
        with pytest.raises(LibraryError, match="damaged"), Library.open(data) as library:
            library.tracks()

    def test_another_programs_database(self, tmp_path: Path) -> None:
        other = sqlite3.connect(tmp_path / FILE_NAME)
        other.execute("CREATE TABLE recipes (name)")
        other.commit()
        other.close()
        with pytest.raises(LibraryError, match="another program's"):
            Library.open(tmp_path)

    def test_a_newer_schema_is_refused_and_left_alone(self, data: Path) -> None:
        with Library.open(data) as library:
            add(library, heard(1), "/music/a.mp3")
        newer = sqlite3.connect(data / FILE_NAME)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        for read_only in (True, False):
            with pytest.raises(LibraryError, match=rf"schema 99; this one reads up to {SCHEMA_VERSION}.*Upgrade"):
                Library.open(data, read_only=read_only)

    def test_a_full_disk_loses_nothing_that_was_there(self, library: Library) -> None:
        add(library, heard(1), "/music/a.mp3")
        with library._database.reading() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(LibraryError, match=r"library.db: the disk is full\. Free some space"):
            add(library, heard(2, slices=2000), "/music/b.mp3")
        assert [t.id for t in library.tracks()] == [number(1)]
        assert [len(s) for _, s in library.iter_slice_vectors(EAR)] == [3]

    def test_a_folder_that_cannot_be_written(self, open_folder: Path, ordinary_user) -> None:
        with Library.open(open_folder / "Pickles") as library:
            add(library, heard(1), "/music/a.mp3")
        (open_folder / "empty").mkdir()
        for path in (open_folder, *open_folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with ordinary_user():
            with pytest.raises(LibraryError, match="cannot be"):
                Library.open(open_folder / "Pickles")
            with pytest.raises(LibraryError, match="cannot be"):
                Library.open(open_folder / "empty")
            with pytest.raises(LibraryError, match="cannot be made"):
                Library.open(open_folder / "other")
            with Library.open(open_folder / "Pickles", read_only=True) as library:
                assert library.vectors(EAR).ids == (number(1),)
                with pytest.raises(LibraryError, match="reading only"):
                    add(library, heard(2), "/music/b.mp3")

    def test_an_odd_folder_name(self, tmp_path: Path) -> None:
        folder = tmp_path / os.fsdecode("50% off? #1 & \u00e9 ".encode() + b"\xff")
        with Library.open(folder) as library:
            add(library, heard(1), "/music/a.mp3")
        assert [p.name for p in folder.iterdir()] == [FILE_NAME]


def test_a_track_that_lies_nowhere_is_left_out(data: Path, library: Library, caplog: pytest.LogCaptureFixture) -> None:
    """It was a KeyError wherever songs were chosen, named or exported."""
    for i in (1, 2, 3):
        add(library, heard(i), f"/music/{i}.mp3")
    with closing(sqlite3.connect(data / FILE_NAME)) as db, db:
        db.execute("DELETE FROM paths WHERE path = ?", (b"/music/2.mp3",))
    with Library.open(data, read_only=True) as damaged:
        left = (number(1), number(3))
        assert tuple(track.id for track in damaged.tracks()) == left
        assert set(damaged.songs().ids) == set(left)
        assert {track.id for track in damaged.search("song")} == set(left)
        assert set(vectors_by_path(damaged, EAR)) == {"/music/1.mp3", "/music/3.mp3"}
        with pytest.raises(UnknownTrackError):
            damaged.track(number(2))
    assert "tracks that lie nowhere are left out (1)" in caplog.text
    assert "segue doctor --repair" in caplog.text
