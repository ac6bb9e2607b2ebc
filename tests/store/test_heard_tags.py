from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from segue.errors import LibraryError
from segue.store.database import Database
from segue.store.heard_tags import TagRow
from segue.store.library import FILE_NAME, Library
from segue.store.schema import MIGRATIONS, SCHEMA_VERSION
from segue.values import FileStat, Fingerprint, Floats, Hearing, TrackId, TrackInfo
from tests.store_heard import EAR, number, older_library

OTHER = Fingerprint("model002", "mel00001")


def slices(i: int) -> Floats:
    vectors = np.random.default_rng(i).standard_normal((3, 10)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def add(library: Library, i: int, *, ear: Fingerprint = EAR, title: str = "") -> None:
    hearing = Hearing(number(i), TrackInfo(title or f"Song {i}", "Band"), slices(i), ear)
    library.add(hearing, Path(f"/music/{i}.mp3"), stat=FileStat(1000, 5), vector=slices(i)[0])


def row(*confident: str, value: float = 0.5) -> TagRow:
    return TagRow(np.array([value, 0.25], np.float32), confident)


class TestKeeping:
    def test_tags_come_back_as_they_went_in(self, library: Library) -> None:
        add(library, 1)
        library.heard_tags.put({number(1): row("jazz", value=0.3)}, EAR, "head")
        found = library.heard_tags.of(number(1), EAR, "head")
        assert found is not None
        np.testing.assert_array_equal(found, np.array([0.3, 0.25], np.float32))
        assert [track_id for track_id, _ in library.heard_tags.items(EAR, "head")] == [number(1)]

    def test_what_lacks_tags_is_what_this_ear_heard_and_this_head_has_not_seen(self, library: Library) -> None:
        tags = library.heard_tags
        for i in (1, 2, 3):
            add(library, i)
        add(library, 4, ear=OTHER)
        assert tags.count_lacking(EAR, "head") == 3
        tags.put({number(2): row()}, EAR, "head")
        assert [i for i, _ in tags.lacking(EAR, "head", after=TrackId(""), limit=10)] == [number(1), number(3)]
        assert [i for i, _ in tags.lacking(EAR, "head", after=number(1), limit=10)] == [number(3)]
        ((_, vectors),) = tags.lacking(EAR, "head", after=TrackId(""), limit=1)
        np.testing.assert_allclose(vectors, slices(1), atol=1e-3)  # float16 at rest
        assert tags.count_lacking(EAR, "another head") == 3
        assert tags.of(number(2), EAR, "another head") is None
        assert tags.count_lacking(OTHER, "head") == 1

    def test_tags_go_with_their_track_and_never_outlive_it(self, library: Library) -> None:
        add(library, 1)
        library.heard_tags.put({number(1): row("jazz"), number(9): row("jazz")}, EAR, "head")
        library.forget_paths([Path("/music/1.mp3")])
        assert list(library.heard_tags.items(EAR, "head")) == []

    def test_keeping_tags_is_a_change_that_others_see(self, library: Library) -> None:
        add(library, 1)
        version, content = library.version(), library.content()
        library.heard_tags.put({number(1): row("jazz")}, EAR, "head")
        assert (library.version() > version, library.content()) == (True, content)


class TestSearching:
    def test_words_find_what_is_confidently_heard_after_what_the_file_says(self, library: Library) -> None:
        add(library, 1)
        add(library, 2, title="Jazz for one")
        add(library, 3)
        library.heard_tags.put({number(1): row("jazz", "hip-hop"), number(3): row("rock")}, EAR, "head")
        assert [track.id for track in library.search("jazz")] == [number(2), number(1)]
        assert [track.id for track in library.search("hip-hop")] == [number(1)]
        assert [track.id for track in library.search("band jazz song")] == [number(1)]
        assert library.search("azz roc") == ()

    def test_naming_a_track_by_words_goes_by_what_the_file_says(self, library: Library) -> None:
        add(library, 1)
        add(library, 2, title="Jazz for one")
        library.heard_tags.put({number(1): row("jazz")}, EAR, "head")
        assert [track.id for track in library.find("jazz")] == [number(2)]


class TestAnOlderLibrary:
    """``library-1.db`` was made by the first schema: three tracks by `EAR`, with their vectors."""

    @pytest.fixture
    def old(self, data: Path) -> Path:
        return older_library(data, 1)

    def test_is_brought_up_to_date_and_keeps_all_it_held(self, old: Path) -> None:
        with Library.open(old) as library:
            assert [track.info.title for track in library.tracks()] == ["Song 1", "Song 2", "Song 3"]
            assert library.vectors(EAR).matrix.shape == (3, 10)
            assert library.heard_tags.count_lacking(EAR, "head") == 3
            library.heard_tags.put({number(1): row("jazz")}, EAR, "head")
        with sqlite3.connect(old / FILE_NAME) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        connection.close()
        with Library.open(old) as library:
            assert [track.id for track in library.search("jazz")] == [number(1)]

    def test_can_be_read_without_being_changed(self, old: Path) -> None:
        before = (old / FILE_NAME).read_bytes()
        with Library.open(old, read_only=True) as library:
            assert len(library.search("song")) == 3
            assert library.heard_tags.of(number(1), EAR, "head") is None
            assert library.heard_tags.count_lacking(EAR, "head") == 3
            with pytest.raises(LibraryError, match="reading only"):
                library.heard_tags.put({number(1): row("jazz")}, EAR, "head")
        assert (old / FILE_NAME).read_bytes() == before

    def test_every_connection_of_a_reader_knows_all_tables(self, old: Path) -> None:
        database = Database(old / FILE_NAME, read_only=True)
        with database.reading() as one, database.reading() as another:
            for connection in (one, another):
                assert connection.execute("SELECT count(*) FROM heard_tags").fetchone() == (0,)
        database.close()

    def test_an_upgrade_that_is_cut_short_leaves_the_old_library(
        self, old: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "segue.store.database.MIGRATIONS",
            {**MIGRATIONS, 1: "CREATE TABLE heard_tags (track_id); SELECT * FROM nowhere;"},
        )
        with pytest.raises(LibraryError, match="nowhere"):
            Library.open(old)
        monkeypatch.undo()
        with Library.open(old) as library:
            assert library.heard_tags.count_lacking(EAR, "head") == 3
