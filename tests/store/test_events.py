"""Events, bans and profiles: kept in order, tolerant of damage, and none of the library's vectors' business."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.errors import LibraryError, ParameterError
from segue.store.events import KINDS, Event, EventLog
from segue.store.library import FILE_NAME, Library
from segue.values import TrackId
from tests.store_heard import add, heard, number, older_library

A, B, C = number(1), number(2), number(3)


def alter(data: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(data / FILE_NAME, isolation_level=None)) as db:
        db.execute(statement, values)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            Event,
            at_s=st.floats(-1e10, 1e10),
            kind=st.sampled_from(KINDS),
            track_id=st.sampled_from([A, B, C]),
            before_id=st.sampled_from([None, A, B]),
            heard_share=st.none() | st.floats(0, 1),
            origin=st.sampled_from(["picked", "chosen"]),
        )
    )
)
def test_events_come_back_as_they_were_in_the_order_in_which_they_were_kept(
    library: Library, events: list[Event]
) -> None:
    library.events.forget()
    for start in range(0, len(events), 3):
        library.events.add(*events[start : start + 3])
    assert library.events.all() == EventLog(tuple(events), 0)
    assert library.events.count() == len(events)
    assert library.events.forget() == len(events)
    assert library.events.all() == EventLog()


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(ParameterError, match="heard share"):
        Event(1.0, "played", A, heard_share=1.5)
    with pytest.raises(ParameterError, match="nan"):
        Event(float("nan"), "played", A)


def test_they_neither_move_the_library_nor_go_with_the_file(library: Library) -> None:
    add(library, heard(1), "/music/1.mp3")
    version = library.version()
    library.events.add(Event(1.0, "liked", A), Event(2.0, "liked", number(77)))
    library.bans.put(A, at_s=3.0)
    library.profiles.put("evening", {"count": 3})
    assert library.version() == version
    library.forget_paths([Path("/music/1.mp3")])
    assert library.events.count() == 2
    assert library.bans.all() == {A}


def test_the_last_word_on_a_track_counts(library: Library) -> None:
    said = [("liked", A), ("liked", B), ("disliked", C), ("unrated", B), ("liked", C), ("disliked", A), ("played", B)]
    library.events.add(*(Event(float(-i), kind, track_id) for i, (kind, track_id) in enumerate(said)))
    assert library.events.ratings() == {A: "disliked", C: "liked"}


def test_last_heard_is_the_latest_and_never_ahead(library: Library) -> None:
    library.events.add(
        Event(100.0, "played", A),
        Event(50.0, "skipped_early", A),
        Event(70.0, "liked", B),
        Event(900.0, "skipped_late", C),
    )
    assert library.events.last_heard(now_s=200.0) == {A: 100.0, C: 200.0}


BROKEN = (
    "UPDATE events SET kind = 'danced' WHERE id = 1",
    "UPDATE events SET kind = CAST(x'ffff' AS TEXT) WHERE id = 1",
    "UPDATE events SET at_s = 'yesterday' WHERE id = 1",
    "UPDATE events SET at_s = 9e999 WHERE id = 1",
    "UPDATE events SET heard_share = 7 WHERE id = 1",
    "UPDATE events SET track_id = x'' WHERE id = 1",
    "UPDATE events SET track_id = CAST(x'c0' AS TEXT) WHERE id = 1",
    "UPDATE events SET before_id = CAST(x'c0' AS TEXT) WHERE id = 1",
    "UPDATE events SET origin = '' WHERE id = 1",
)


@pytest.mark.parametrize("damage", BROKEN)
def test_damaged_events_are_counted_and_passed_over(library: Library, data: Path, damage: str) -> None:
    whole = Event(2.0, "liked", B, before_id=A)
    library.events.add(Event(1.0, "liked", A, before_id=B, heard_share=0.5), whole)
    alter(data, damage)
    assert library.events.all() == EventLog((whole,), 1)
    assert library.events.ratings()[B] == "liked"
    library.events.last_heard(now_s=10.0)


def test_bans(library: Library, data: Path) -> None:
    library.bans.put(A, at_s=1.0)
    library.bans.put(A, at_s=2.0)
    library.bans.put(B, at_s=2.0)
    alter(data, "INSERT INTO bans VALUES (CAST(x'ff' AS TEXT), 1), ('nonsense', 1)")
    assert library.bans.all() == {A, B}
    assert library.bans.drop(A)
    assert not library.bans.drop(A)
    assert library.bans.all() == {B}


def test_profiles(library: Library, data: Path) -> None:
    library.profiles.put("Sunday", {"count": 5, "words": ["Ōsaka", "\ud800"]})
    library.profiles.put("evening", {})
    library.profiles.put("evening", {"noise": 0.5})
    for name, body in (("b", "[1]"), ("c", "{"), ("d", b"\xff"), ("e", "[" * 100_000)):
        alter(data, "INSERT INTO profiles VALUES (?, ?)", name, body)
    shelf = library.profiles.all()
    assert shelf.bodies == {"Sunday": {"count": 5, "words": ["Ōsaka", "\ud800"]}, "evening": {"noise": 0.5}}
    assert shelf.damaged == ("b", "c", "d", "e")
    assert library.profiles.drop("c")
    assert not library.profiles.drop("c")


def test_an_older_library_that_may_not_be_written_has_none(data: Path) -> None:
    with Library.open(older_library(data, 3), read_only=True) as library:
        assert library.events.all() == EventLog()
        assert library.bans.all() == frozenset()
        assert library.profiles.all().bodies == {}
        with pytest.raises(LibraryError, match="reading only"):
            library.events.add(Event(1.0, "liked", TrackId(A)))


@pytest.mark.parametrize("read_only", [True, False])
def test_a_library_of_the_fourth_schema_keeps_what_it_holds_and_gets_a_table_of_what_is_kept(
    data: Path, read_only: bool
) -> None:
    """``library-4.db`` was made by the fourth schema: the tracks of ``library-3.db``, a ban and a profile."""
    with Library.open(older_library(data, 4), read_only=read_only) as library:
        assert len(library.bans.all()) == 1
        assert library.profiles.all().bodies == {"Sunday": {"kept": True}}
    with closing(sqlite3.connect(data / FILE_NAME)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert ("kept" in tables) == (not read_only)


def test_kept_objects(library: Library, data: Path) -> None:
    version = library.version()
    library.kept.put("setting", "rules", {"fade_s": 4.0}, at_s=1.0)
    library.kept.put("setting", "rules", {"fade_s": 6.0, "word": "\ud800"}, at_s=2.0)
    library.kept.put("booth", "rules", {"queue": []}, at_s=1.0)
    alter(data, "INSERT INTO kept VALUES ('setting', 'damaged', x'ff', 1)")
    assert library.kept.get("setting", "rules") == {"fade_s": 6.0, "word": "\ud800"}
    assert library.kept.get("setting", "damaged") is None
    assert library.kept.all("setting").keys() == {"rules"}
    assert library.kept.drop_older("booth", than_s=1.5) == 1
    assert library.kept.all("booth") == {}
    assert library.kept.drop("setting", "rules")
    assert not library.kept.drop("setting", "rules")
    assert library.version() == version
