"""Libraries cut short, with and without a journal: what can be read is saved, and what cannot is said."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from segue.cli.start import main
from segue.store.library import Library
from segue.store.mending import inspect, repair
from tests.store_heard import closed_library

TRACKS = 100
PAGE = 4096


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that was closed as it should be, with a profile, and events."""
    place = "/home/somebody/Music/Artist {artist}/The album of the year/{i:03} Song.mp3"
    path = closed_library(tmp_path_factory.mktemp("closed") / "data", TRACKS, place)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO profiles VALUES ('Sunday', '{}')")
        some = [(i, i, "liked", f"{i:016x}", "picked") for i in range(1, 31)]
        db.executemany("INSERT INTO events (id, at_s, kind, track_id, origin) VALUES (?, ?, ?, ?, ?)", some)
    return path


@pytest.fixture
def path(closed: Path, tmp_path: Path) -> Path:
    """A copy of it to cut."""
    (tmp_path / "data").mkdir()
    return shutil.copy(closed, tmp_path / "data" / "library.db")


def cut(path: Path, pages: int) -> None:
    os.truncate(path, path.stat().st_size - pages * PAGE)


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def crashed_with_journal(path: Path, folder: Path) -> Path:
    """As a killed booth leaves it: the last changes are in the journal alone."""
    folder.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("INSERT INTO profiles VALUES ('Monday', '{}')")
        for suffix in ("", "-wal"):
            shutil.copy(path.with_name(f"library.db{suffix}"), folder)
    assert (folder / "library.db-wal").stat().st_size
    return folder / "library.db"


@pytest.mark.parametrize("with_journal", [False, True])
@pytest.mark.parametrize("pages", [1, 3])
def test_a_few_pages_cut_off_cost_next_to_nothing(
    path: Path, tmp_path: Path, pages: int, *, with_journal: bool
) -> None:
    """SQLite refused every read, since the header spoke of more pages, and the library was emptied."""
    if with_journal:
        path = crashed_with_journal(path, tmp_path / "crashed")
    cut(path, pages)
    damaged = path.read_bytes()
    done = repair(path)
    assert done.backup is not None
    assert done.backup.read_bytes() == damaged
    assert (done.tracks, done.unread, done.saved) == (TRACKS, (), True)
    assert inspect(path) == ()
    assert count(path, "slice_vectors") >= TRACKS - 3 * pages
    assert (count(path, "events"), count(path, "profiles")) == (30, 2 if with_journal else 1)
    with Library.open(path.parent) as library:
        assert len(library.tracks()) == TRACKS


@pytest.mark.parametrize("with_journal", [False, True])
def test_a_third_cut_off_leaves_what_lay_before_it(path: Path, tmp_path: Path, *, with_journal: bool) -> None:
    if with_journal:
        path = crashed_with_journal(path, tmp_path / "crashed")
    cut(path, path.stat().st_size // PAGE // 3)
    done = repair(path)
    assert done.saved
    assert done.tracks >= TRACKS // 2
    assert "in part" in " ".join(map(str, done.mended))
    assert inspect(path) == ()


def test_rows_behind_the_damage_are_saved_where_the_last_is_lost_too(path: Path) -> None:
    """From the back nothing could be read, and no row between the two was looked for."""
    with closing(sqlite3.connect(path)) as db, db:
        for row in (20, TRACKS):
            db.execute("UPDATE slice_vectors SET vectors = zeroblob(?) WHERE rowid = ?", (10 * PAGE, row))
    cut(path, 12)  # both rows' ends, and nothing else
    done = repair(path)
    assert count(path, "slice_vectors") == TRACKS - 2
    assert done.tracks == TRACKS


def test_a_table_that_cannot_be_read_is_named_and_the_copy_kept(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'profiles'").fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * PAGE : root * PAGE] = b"\xff" * PAGE
    path.write_bytes(content)
    assert main(["doctor", "--repair", "--data", str(path.parent)]) == 1
    said = capsys.readouterr().out
    assert "the table 'profiles' cannot be read: it is made anew, empty (all of it)" in said
    assert "NOT saved, since nothing of it can be read: profiles. Keep the copy" in said
    assert "delete the copy" not in said
    assert count(path, "tracks") == TRACKS


def test_where_nothing_could_be_saved_that_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(b"a letter to the bank\n" * 1000)
    assert main(["doctor", "--repair", "--data", str(path.parent)]) == 1
    said = capsys.readouterr().out
    assert "NOTHING could be saved of it. Keep the copy" in said
    assert "delete the copy" not in said


def test_an_older_library_cut_short_lacks_no_table_of_a_newer_one(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    shutil.copy(Path(__file__).parent / "library-2.db", path)
    before = count(path, "tracks")
    cut(path, 1)
    done = repair(path)
    assert not {"events", "rhythms"} & set(done.unread)
    assert done.tracks == before > 0
