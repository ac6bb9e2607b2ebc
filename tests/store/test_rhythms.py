from __future__ import annotations

import sqlite3
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from segue.errors import LibraryError
from segue.store.library import FILE_NAME, Library
from segue.store.schema import SCHEMA_VERSION
from segue.values import UNKNOWN_RHYTHM as UNKNOWN
from segue.values import Rhythm, TrackId
from tests.store_heard import EAR, KNOWN, add, heard, number, older_library


def same(one: Rhythm | None, other: Rhythm) -> bool:
    """Field by field, with the beats as plain numbers."""
    assert one is not None
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in astuple(one)] == [
        value.tolist() if isinstance(value, np.ndarray) else value for value in astuple(other)
    ]


class TestKeeping:
    @pytest.mark.parametrize("rhythm", [KNOWN, UNKNOWN])
    def test_a_rhythm_comes_back_as_it_went_in(self, library: Library, rhythm: Rhythm) -> None:
        add(library, replace(heard(1), rhythm=rhythm), "/music/1.mp3")
        found = library.rhythm(number(1))
        assert same(found, rhythm)
        assert found is not None
        assert found.beats_s.dtype == np.float32
        assert list(library.rhythms()) == [number(1)]

    def test_numbers_as_numpy_makes_them_are_kept_as_numbers(self, library: Library) -> None:
        measured = replace(KNOWN, tempo_bpm=np.float32(87.5), key_confidence=np.float64(0.5))
        add(library, replace(heard(1), rhythm=measured), "/music/1.mp3")
        assert same(library.rhythm(number(1)), KNOWN)

    def test_what_was_never_measured_is_unknown(self, library: Library) -> None:
        add(library, heard(1), "/music/1.mp3")
        assert library.rhythm(number(1)) is None
        assert library.rhythm(number(2)) is None
        assert library.rhythms() == {}

    def test_a_hearing_without_rhythm_leaves_the_one_that_is_known(self, library: Library) -> None:
        add(library, replace(heard(1), rhythm=KNOWN), "/music/1.mp3")
        add(library, heard(1), "/music/1.mp3")
        assert same(library.rhythm(number(1)), KNOWN)

    def test_a_rhythm_can_be_added_later_and_never_outlives_its_track(self, library: Library) -> None:
        add(library, heard(1), "/music/1.mp3")
        before = library.version()
        library.set_rhythm(number(1), KNOWN)
        library.set_rhythm(number(2), KNOWN)
        assert library.version() > before
        assert list(library.rhythms()) == [number(1)]
        library.forget_paths([Path("/music/1.mp3")])
        assert library.rhythms() == {}

    def test_a_hearing_that_cannot_be_kept_keeps_no_rhythm_either(self, library: Library) -> None:
        with pytest.raises(LibraryError, match="absolute"):
            add(library, replace(heard(1), rhythm=KNOWN), "relative.mp3")
        assert library.rhythms() == {}

    def test_what_lacks_a_rhythm_is_what_this_version_of_the_analyser_has_not_measured(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add(library, heard(1), "/music/1.mp3")
        add(library, replace(heard(2), rhythm=KNOWN), "/music/2.mp3")
        assert library.lacking_rhythm() == {number(1)}
        monkeypatch.setattr("segue.store.rhythms.RHYTHM_VERSION", 999)
        assert library.lacking_rhythm() == {number(1), number(2)}
        assert same(library.rhythm(number(2)), KNOWN)  # the old answer is better than none


class TestAnOlderLibrary:
    """``library-2.db`` was made by the second schema: three tracks by `EAR`, one of them with heard tags."""

    @pytest.fixture
    def old(self, data: Path) -> Path:
        return older_library(data, 2)

    def test_is_brought_up_to_date_and_keeps_all_it_held(self, old: Path) -> None:
        with Library.open(old) as library:
            assert [track.info.title for track in library.tracks()] == ["Song 1", "Song 2", "Song 3"]
            assert library.vectors(EAR).matrix.shape == (3, 10)
            assert [track.id for track in library.search("jazz")] == [number(1)]
            assert library.chosen_ear() == EAR
            assert library.lacking_rhythm() == {number(1), number(2), number(3)}
            library.set_rhythm(number(1), KNOWN)
        with sqlite3.connect(old / FILE_NAME) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        connection.close()
        with Library.open(old) as library:
            assert same(library.rhythm(number(1)), KNOWN)

    def test_can_be_read_without_being_changed(self, old: Path) -> None:
        before = (old / FILE_NAME).read_bytes()
        with Library.open(old, read_only=True) as library:
            assert library.rhythm(number(1)) is None
            assert library.rhythms() == {}
            assert library.lacking_rhythm() == {number(1), number(2), number(3)}
            with pytest.raises(LibraryError, match="reading only"):
                library.set_rhythm(number(1), KNOWN)
        assert (old / FILE_NAME).read_bytes() == before

    def test_the_oldest_library_takes_both_steps(self, data: Path) -> None:
        with Library.open(older_library(data, 1)) as library:
            library.set_rhythm(number(2), KNOWN)
            assert library.heard_tags.of(TrackId(number(1)), EAR, "head") is None
            assert same(library.rhythm(number(2)), KNOWN)
