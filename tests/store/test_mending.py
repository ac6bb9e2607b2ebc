"""Libraries damaged as disks, crashes and other programs damage them, and what is said and made of that."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from segue.errors import LibraryError
from segue.store.library import Library
from segue.store.mending import inspect, repair
from segue.store.schema import APPLICATION_ID, SCHEMA_VERSION
from tests.store_heard import EAR, SLICES, add, closed_library, heard, number

TRACKS = 120
PAGE = 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 120 tracks, closed, in one file."""
    path = closed_library(tmp_path_factory.mktemp("sound") / "data", TRACKS, "/music/artist {artist}/song {i}.mp3")
    alter(path, "PRAGMA journal_mode = DELETE")
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    (tmp_path / "data").mkdir()
    return shutil.copy(sound, tmp_path / "data" / "library.db")


def alter(path: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement, values)


def words(path: Path) -> str:
    return " | ".join(map(str, inspect(path)))


def usable(path: Path) -> int:
    """How many tracks the library gives, with all that the booth asks of it, and every vector as it should be."""
    with Library.open(path.parent) as library:
        tracks = library.tracks()
        ids, matrix = library.vectors(EAR)
        assert set(ids) <= {track.id for track in tracks}
        assert len(ids) == 0 or np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-3)
        for _, slices in library.iter_slice_vectors(EAR):
            assert np.isfinite(slices).all()
        library.counts(), library.version(), library.failures(), library.heard()
        add(library, heard(9999), "/music/new.mp3")
        library.forget_paths([Path("/music/new.mp3")])
        return len(tracks)


def test_a_sound_library_is_not_touched(path: Path) -> None:
    before = path.read_bytes()
    assert inspect(path) == ()
    done = repair(path)
    assert (done.backup, done.mended, done.tracks) == (None, (), TRACKS)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["library.db"]


def test_there_need_be_none(tmp_path: Path) -> None:
    assert inspect(tmp_path / "library.db") == ()
    assert repair(tmp_path / "library.db").tracks == 0


DAMAGED: dict[str, tuple[str, str, int]] = {
    "schema version": ("PRAGMA user_version = 0", "user_version is 0", TRACKS),
    "application's mark": ("PRAGMA application_id = 0", "application_id is 0", TRACKS),
    "tracks that lie nowhere": ("DELETE FROM paths WHERE rowid <= 7", "7 tracks that lie nowhere", TRACKS - 7),
    "rows of no track": ("DELETE FROM tracks WHERE rowid <= 5", "5 rows in slice_vectors of tracks", TRACKS - 5),
    "cut slices": ("UPDATE slice_vectors SET vectors = x'0011' WHERE rowid = 3", "1 track whose slice", TRACKS),
    "endless slices": (
        "UPDATE slice_vectors SET vectors = CAST(x'ff7f' || zeroblob(5998) AS BLOB) WHERE rowid = 3",
        "1 track whose slice",
        TRACKS,
    ),
    "count": ("UPDATE slice_vectors SET count = 0 WHERE rowid = 9", "1 track whose slice", TRACKS),
    "track vectors": ("UPDATE track_vectors SET vector = zeroblob(40)", "120 tracks whose own vector", TRACKS),
    "lost track vectors": ("DELETE FROM track_vectors WHERE rowid < 4", "3 tracks whose own vector", TRACKS),
    "tags": ("UPDATE tracks SET title = CAST(x'ffff41' AS TEXT) WHERE rowid < 3", "2 tracks whose tags", TRACKS - 2),
    "counters": ("DELETE FROM meta WHERE key = 'version'", "counter 'version' is not there", TRACKS),
    "choices": ("INSERT INTO meta VALUES ('ear', 'nonsense')", "keeps as 'ear'", TRACKS),
    "roots": ("INSERT INTO meta VALUES ('roots', '[1')", "keeps as 'roots'", TRACKS),
    "a table": ("DROP TABLE rhythms", "'rhythms' is not there", TRACKS),
    "an index": ("DROP INDEX paths_by_track", "'paths_by_track' is not there", TRACKS),
    "events": ("INSERT INTO events VALUES (1, 1, 'danced', '0', NULL, NULL, 'picked')", "1 event that cannot", TRACKS),
    "bans": ("INSERT INTO bans VALUES (CAST(x'ff' AS TEXT), 1)", "1 ban of what is no song", TRACKS),
    "a profile": ("INSERT INTO profiles VALUES ('Sunday', '{')", "the profile 'Sunday' cannot be read", TRACKS),
    "kept": ("INSERT INTO kept VALUES ('setting', 'rules', '{', 1)", "1 setting or the like", TRACKS),
    "paths": ("UPDATE paths SET path = 17 WHERE rowid = 1", "1 file whose path", TRACKS - 1),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_wrong_in_the_rows_is_said_and_mended(path: Path, kind: str) -> None:
    statement, said, left = DAMAGED[kind]
    alter(path, statement)
    damaged = path.read_bytes()
    assert said in words(path)
    assert path.read_bytes() == damaged  # looking changes nothing
    done = repair(path)
    assert done.backup is not None
    assert done.backup.read_bytes() == damaged
    assert said in " | ".join(map(str, done.mended))
    assert inspect(path) == ()
    assert repair(path).mended == ()
    assert usable(path) == left == done.tracks


def test_a_damaged_index_is_made_anew_and_that_is_said(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'paths_by_track'").fetchone()[0]
        track = db.execute("SELECT track_id FROM paths LIMIT 1").fetchone()[0].encode()
    content = bytearray(path.read_bytes())
    at = content.index(track, (page - 1) * PAGE, page * PAGE)
    content[at : at + 2] = b"zz"
    path.write_bytes(content)
    assert "indexes of the database are damaged" in words(path)
    done = repair(path)
    assert [damage.cure for damage in done.mended] == ["the indexes are made anew"]
    assert inspect(path) == ()
    assert usable(path) == TRACKS


def test_a_track_whose_slices_are_damaged_is_heard_anew(path: Path) -> None:
    alter(path, "UPDATE slice_vectors SET vectors = x'0011' WHERE rowid = 3")
    repair(path)
    with Library.open(path.parent) as library:
        unheard = [file for file in library.files(EAR).values() if not file.heard]
        assert len(unheard) == 1
        assert not library.is_pooled(EAR, "tfidf")  # for it changed what is rare


def test_a_track_vector_is_made_of_its_slices_until_all_is_pooled_again(path: Path) -> None:
    alter(path, "DELETE FROM track_vectors WHERE rowid = 4")
    repair(path)
    with Library.open(path.parent) as library:
        ids, matrix = library.vectors(EAR)
        mean = heard(3, slices=SLICES).slice_vectors.mean(axis=0)
        assert np.allclose(matrix[ids.index(number(3))], mean / np.linalg.norm(mean), atol=2e-3)
        assert not library.is_pooled(EAR, "tfidf")


@pytest.mark.parametrize("version", [0, -3])
def test_a_version_that_no_segue_wrote_is_an_error_in_words(path: Path, version: int) -> None:
    """It was a bare KeyError."""
    alter(path, f"PRAGMA user_version = {version}")
    for read_only in (False, True):
        with pytest.raises(LibraryError, match=r"no Segue wrote.*doctor --repair"):
            Library.open(path.parent, read_only=read_only)


def test_an_older_library_is_no_damaged_one(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "library-2.db", tmp_path / "library.db")
    assert inspect(tmp_path / "library.db") == ()


def test_an_older_library_without_its_version(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "library-2.db", tmp_path / "library.db")
    alter(tmp_path / "library.db", "PRAGMA user_version = 0")
    repair(tmp_path / "library.db")
    with Library.open(tmp_path) as library:
        assert library.tracks()
    assert inspect(tmp_path / "library.db") == ()


def flip(path: Path, *, seed: int, pages: int, skip: int = 1) -> None:
    """Overwrite some bytes in some pages, none of the first ones."""
    rng = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for page in rng.choice(np.arange(skip, len(content) // PAGE), size=pages, replace=False):
        at = int(page) * PAGE + int(rng.integers(0, 60))
        content[at : at + 40] = rng.bytes(40)
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_in_pages(path: Path, seed: int) -> None:
    """Whatever page is hit, repair gives a library that works, and most of what was in the others."""
    flip(path, seed=seed, pages=1 + seed % 3)
    damaged = path.read_bytes()
    said = words(path)
    done = repair(path)
    assert inspect(path) == ()
    assert bool(said) == bool(done.mended)
    if done.backup is not None:
        assert done.backup.read_bytes() == damaged
    kept = usable(path)
    assert kept >= TRACKS // 3
    assert sorted(p.name for p in path.parent.glob("library.db.*")) == ([done.backup.name] if done.backup else [])


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_file_cut_short(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "pages of the database are damaged" in words(path)
    done = repair(path)
    assert inspect(path) == ()
    assert usable(path) == done.tracks


def test_a_header_that_is_gone(path: Path) -> None:
    """Sixteen bytes made all of it unreadable."""
    content = path.read_bytes()
    path.write_bytes(b"\0" * 64 + content[64:])
    with pytest.raises(LibraryError, match=r"damaged.*segue doctor --repair"):
        Library.open(path.parent)
    assert "not a database" in words(path)
    assert repair(path).tracks == TRACKS
    assert usable(path) == TRACKS


def test_a_file_that_is_no_database_at_all(path: Path) -> None:
    path.write_bytes(b"a letter to the bank\n" * 1000)
    done = repair(path)
    assert done.tracks == 0
    assert done.backup is not None
    assert done.backup.read_bytes().startswith(b"a letter")
    assert usable(path) == 0


def test_a_journal_that_was_deleted_or_cut(tmp_path: Path) -> None:
    """A crash leaves a journal; whoever tidies up takes it away. What was in it is lost, the rest is not."""
    for cut in (0, 5000):
        data, copy = tmp_path / f"data {cut}", tmp_path / f"copy {cut}"
        with Library.open(data) as library:
            for i in range(40):
                add(library, heard(i, slices=30), f"/music/{i}.mp3")
            copy.mkdir()
            shutil.copy(data / "library.db", copy)
            (copy / "library.db-wal").write_bytes((data / "library.db-wal").read_bytes()[:cut])
        assert repair(copy / "library.db").tracks <= 40
        assert inspect(copy / "library.db") == ()
        usable(copy / "library.db")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA application_id = 7; DROP TABLE tracks", "another program's"),
        (f"PRAGMA user_version = {SCHEMA_VERSION + 1}", "a newer Segue made it"),
    ],
)
def test_what_is_not_ours_to_mend_is_left_alone(path: Path, statement: str, said: str) -> None:
    alter(path, *statement.split("; "))
    before = path.read_bytes()
    for look in (inspect, repair):
        with pytest.raises(LibraryError, match=said):
            look(path)
    assert path.read_bytes() == before


def test_a_library_that_is_open_elsewhere_is_not_replaced_under_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.store.mending._BUSY_S", 0.2)
    alter(path, "DELETE FROM paths WHERE rowid <= 7")
    with Library.open(path.parent) as booth:
        assert booth.counts().tracks == TRACKS
        with pytest.raises(LibraryError, match=r"another program holds it\. Stop the booth"):
            repair(path)
        assert list(path.parent.glob("*before-repair*")) == []
    assert repair(path).tracks == TRACKS - 7


def test_the_copy_is_the_file_as_it_was_with_its_journal(path: Path, tmp_path: Path) -> None:
    """Whoever looked whether it was open elsewhere took the journal in, and only then was it copied."""
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("DELETE FROM paths WHERE rowid <= 7")
        before = {suffix: path.with_name(f"library.db{suffix}").read_bytes() for suffix in ("", "-wal")}
    for suffix, content in before.items():
        (crashed / f"library.db{suffix}").write_bytes(content)
    backup = repair(crashed / "library.db").backup
    assert backup is not None
    assert {suffix: backup.with_name(backup.name + suffix).read_bytes() for suffix in before} == before
    assert usable(crashed / "library.db") == TRACKS - 7


def test_a_journal_of_a_drive_that_knows_no_wal_is_taken_in(path: Path, tmp_path: Path) -> None:
    """Killed while it wrote on a network drive: the doctor said that it had no right to write."""
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 2")  # so that changes reach the file before they are complete
        db.execute("BEGIN")
        db.execute("UPDATE tracks SET title = 'half'")
        db.execute("UPDATE slice_vectors SET vectors = zeroblob(length(vectors))")
        for suffix in ("", "-journal"):
            shutil.copy(path.with_name(f"library.db{suffix}"), crashed)
        db.execute("ROLLBACK")
    assert words(crashed / "library.db").startswith("something that was writing it was killed")
    done = repair(crashed / "library.db")
    assert len(done.mended) == 1
    assert inspect(crashed / "library.db") == ()
    assert usable(crashed / "library.db") == TRACKS


def test_a_journal_of_the_damaged_file_does_not_undo_the_new_one(path: Path) -> None:
    path.write_bytes(b"a letter to the bank\n" * 1000)
    path.with_name("library.db-journal").write_bytes(b"what a crash left")
    backup = repair(path).backup
    assert backup is not None
    assert backup.with_name(f"{backup.name}-journal").exists()
    assert not path.with_name("library.db-journal").exists()


def test_no_place_for_the_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alter(path, "DELETE FROM paths WHERE rowid <= 7")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segue.store.mending.shutil.copy2", full)
    with pytest.raises(Exception, match="disk is full"):
        repair(path)
    assert path.read_bytes() == before


def test_the_marks_are_those_that_the_docs_name(path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "data-formats.md").read_text(encoding="utf-8")
    assert f"0x{APPLICATION_ID:08x}" in page
    assert APPLICATION_ID.to_bytes(4, "big") == b"Segu"
