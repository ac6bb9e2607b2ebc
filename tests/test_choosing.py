"""The choice over a real library: what it takes from the tables, and what becomes of seeds that are gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from segue.choose.playlist import Continuation, ContinueSpec, OutsideSeed
from segue.choose.wishes import Wishes
from segue.choosing import Choosing
from segue.ears import InUse
from segue.errors import ModelError, UnknownTrackError
from segue.listening import Listening
from segue.store.events import Event
from segue.store.library import Library
from segue.values import TrackId, TrackInfo
from tests.store_heard import EAR, KNOWN, add, heard, number

NOW_S = dt.datetime(2026, 6, 1, 12).timestamp()


class SomeTags:
    """An ear that hears speech in a track, or one without any tags."""

    def __init__(self, *, are_there: bool) -> None:
        self.are_there = are_there

    def names(self) -> tuple[str, ...]:
        if not self.are_there:
            raise ModelError("the ear has no tags", remedy="Choose another")
        return ("jazz", "speech")

    def confident(self) -> dict[TrackId, tuple[str, ...]]:
        return {number(1): ("speech",), number(2): ("jazz",)} if self.names() else {}

    def check(self, names: frozenset[str]) -> tuple[str, ...]:
        assert self.names()
        return tuple(name.lower() for name in names)


Make = Callable[..., Choosing]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Five songs in two folders; the rhythm of one is known."""
    with Library.open(tmp_path / "data") as opened:
        for i in range(5):
            info = TrackInfo(f"Song {i}", f"Artist {i}", "Album", "Christmas" if i == 4 else "Rock", 1990, 100.0 + i)
            add(opened, heard(i, info), f"/music/{'odd' if i % 2 else 'even'}/{i}.mp3")
        opened.set_rhythm(number(0), KNOWN)
        yield opened


@pytest.fixture
def choosing(library: Library) -> Make:
    def make(*, tags: bool = False, now_s: float = NOW_S) -> Choosing:
        in_use, some = lambda: InUse(EAR, "speccy"), SomeTags(are_there=tags)
        listening = Listening(library, some, in_use, clock=lambda: now_s)  # type: ignore[arg-type]
        return Choosing(library, in_use, some, listening, clock=lambda: now_s)  # type: ignore[arg-type]

    return make


def go(choosing: Choosing, *seeds: int, spec: ContinueSpec | None = None, **wishes: object) -> Continuation:
    spec = replace(spec or ContinueSpec(), count=9, wishes=Wishes(**wishes))
    return choosing.continue_queue([number(i) for i in seeds], spec, rng=np.random.default_rng(0))


def chosen(found: Continuation) -> set[TrackId]:
    return {pick.track_id for pick in found.picks if not pick.relaxed}


def test_the_catalogue_knows_rhythm_ends_and_folders(choosing: Make) -> None:
    songs = choosing().catalogue()
    assert songs.tempo_bpm[0] == KNOWN.tempo_bpm
    assert np.isnan(songs.tempo_bpm[1:]).all()
    assert songs.heads.any(axis=1).all()
    assert songs.places[number(3)] == ("/music/odd",)


def test_folders_bans_the_month_and_the_hours_are_taken_into_account(library: Library, choosing: Make) -> None:
    assert chosen(go(choosing(), 0)) == {number(1), number(2), number(3)}
    assert chosen(go(choosing(), 0, folders=frozenset({"/music/odd"}))) == {number(1), number(3)}
    december_s = dt.datetime(2026, 12, 24, 12).timestamp()
    assert number(4) in chosen(go(choosing(now_s=december_s), 0))
    library.bans.put(number(1), at_s=1.0)
    assert chosen(go(choosing(), 0)) == {number(2), number(3)}
    library.events.add(Event(NOW_S - 7200.0, "played", number(2)))
    assert chosen(go(choosing(), 0, repeat_after_hours=3.0)) == {number(3)}
    assert chosen(go(choosing(), 0, repeat_after_hours=1.0)) == {number(2), number(3)}


def test_what_an_ear_hears_as_speech_is_no_music(choosing: Make) -> None:
    assert chosen(go(choosing(tags=True), 0)) == {number(2), number(3)}
    assert number(1) in chosen(go(choosing(tags=True), 0, spoken=True))
    assert number(0) in chosen(go(choosing(tags=True), 1))
    assert chosen(go(choosing(tags=True), 0, only_tags=frozenset({"JAZZ"}))) == {number(2)}


def test_tags_are_asked_for_only_where_the_ear_has_some(choosing: Make) -> None:
    with pytest.raises(ModelError, match="no tags"):
        go(choosing(), 0, only_tags=frozenset({"jazz"}))


def test_a_catalogue_that_took_long_to_make_stays_in_use_for_longer(
    library: Library, choosing: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a large library was scanned, every question used to wait for a new one."""
    clock_s = iter([0.0, 3.0, 32.0, 34.0, 34.0, 34.5])
    monkeypatch.setattr("segue.choosing.time", SimpleNamespace(monotonic=lambda: next(clock_s)))
    choose = choosing()
    first = choose.catalogue()
    add(library, heard(7, TrackInfo("Song 7", duration_s=100.0)), "/music/7.mp3")
    assert choose.catalogue() is first
    assert len(choose.catalogue().index) == len(first.index) + 1


def test_seeds_and_beginnings_that_are_gone_are_passed_over(choosing: Make) -> None:
    spec, rng = ContinueSpec(anchor=1.0), np.random.default_rng(0)
    gone = number(99)
    assert choosing().continue_queue([gone, number(0)], spec, rng=rng, home=[gone]).picks
    with pytest.raises(UnknownTrackError):
        choosing().continue_queue([gone], spec, rng=rng)


def test_a_dropped_file_is_known_by_its_token_to_the_ear_that_heard_it(choosing: Make) -> None:
    one, rng = choosing(), np.random.default_rng(0)
    one.keep("drop:1", OutsideSeed(one.catalogue().index.vector(number(3)), TrackInfo("Out")), EAR)
    spec = ContinueSpec(join_weight=0.0)
    assert one.continue_queue(["drop:1"], spec, rng=rng).picks[0].track_id == number(3)
    told = one.why(["drop:1"], number(3), spec, rng=rng)
    assert told.why.startswith("It comes next. Closest to the last song (1.00)")
