"""Listening over a real library: what is noted, what is learnt of it, and when that counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.choose.catalogue import Catalogue
from segue.config import TASTE
from segue.ears import InUse
from segue.errors import ModelError
from segue.listening import Listening, ending
from segue.store.events import Event
from segue.store.library import Library
from segue.values import TrackInfo
from tests.choose.listeners import Shelf, demo_shelf, heard, listeners
from tests.store_heard import EAR, number

A, B = number(1), number(2)


class NoTags:
    """An ear that hears no tags."""

    def confident(self) -> dict[Any, Any]:
        raise ModelError("the ear has no tags", remedy="Choose another")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def listening(library: Library) -> Listening:
    now = iter(range(1_000_000))
    return Listening(library, NoTags(), lambda: InUse(EAR, "speccy"), clock=lambda: float(next(now)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return demo_shelf()


def catalogue_of(shelf: Shelf) -> Catalogue:
    infos = {i: TrackInfo(i, genre=f"style {style}") for i, style in zip(shelf.index.ids, shelf.styles, strict=True)}
    return replace(Catalogue.plain(shelf.index, infos), tempo_bpm=shelf.tempo_bpm.astype(np.float32))


def listen(library: Library, shelf: Shelf, who: str, count: int) -> None:
    library.events.add(*heard(shelf, listeners(shelf)[who], count, rng=np.random.default_rng(0)))


# What happens ---------------------------------------------------------------------------------------------------------


def test_ratings_are_said_once_and_can_be_taken_back(listening: Listening, library: Library) -> None:
    for rating in ("liked", "liked", "disliked", None, None):
        listening.rate(A, rating, before_id=B)
    assert [event.kind for event in library.events.all().events] == ["liked", "disliked", "unrated"]
    assert listening.ratings() == {}
    listening.rate(A, "liked")
    assert listening.ratings() == {A: "liked"}


def test_a_ban_outlives_what_is_forgotten(listening: Listening, library: Library) -> None:
    assert listening.ban(A)
    assert not listening.ban(A)
    listening.rate(B, "liked")
    assert listening.forget() == 2
    assert (listening.bans(), listening.ratings()) == ({A}, {})
    assert listening.ban(A, on=False)
    assert not listening.ban(A, on=False)
    assert [event.kind for event in library.events.all().events] == ["unbanned"]


@pytest.mark.parametrize(
    ("heard_s", "duration_s", "ended", "kind", "share"),
    [
        (200.0, 200.0, True, "played", 1.0),
        (203.0, 200.0, True, "played", 1.0),
        (10.0, 200.0, True, "skipped_late", 0.05),  # it was wound to its end
        (29.0, 60.0, False, "skipped_early", 29 / 60),
        (31.0, 60.0, False, "skipped_late", 31 / 60),
        (49.0, 200.0, False, "skipped_early", 0.245),
        (51.0, 200.0, False, "skipped_late", 0.255),
        (15.0, 20.0, False, "skipped_late", 0.75),
        (40.0, 0.0, False, "skipped_late", None),
        (4.0, 0.0, False, "skipped_early", None),
        (4.0, 0.0, True, "played", None),
    ],
)
def test_what_it_means_that_a_song_is_over(
    heard_s: float, duration_s: float, ended: bool, kind: str, share: float | None
) -> None:
    found_kind, found_share = ending(heard_s, duration_s, ended=ended)
    assert found_kind == kind
    assert found_share == (None if share is None else pytest.approx(share))


# What is learnt -------------------------------------------------------------------------------------------------------


def test_nothing_is_learnt_of_little(listening: Listening, library: Library, shelf: Shelf) -> None:
    listen(library, shelf, "likes it slow", TASTE.fewest_lessons - 1)
    report = listening.report(catalogue_of(shelf))
    assert not report.in_force
    assert report.lessons == 29
    assert report.why == "Nothing is learnt before 30 songs were heard, skipped or rated; so far 29."
    listening.switch("on")
    assert listening.taste(catalogue_of(shelf)) is None
    assert listening.report(None).lessons == 0  # an empty library


def test_what_helps_counts_by_itself_and_is_said(listening: Listening, library: Library, shelf: Shelf) -> None:
    listen(library, shelf, "likes it slow", 800)
    catalogue = catalogue_of(shelf)
    report = listening.report(catalogue)
    assert report.in_force
    assert report.why.startswith("It helps. Of the newest 160 songs the ear alone ranks ")
    assert any("slow songs" in one.name and "surely" in one.how for one in report.favours)
    assert any("quick songs" in one.name for one in report.avoids)
    told = report.to_json()
    assert told["verdict"]["held_out"] == 160
    assert told["favours"][0]["odds"] > 1.0
    assert listening.taste(catalogue) is not None
    listening.switch("off")
    assert listening.taste(catalogue) is None
    assert listening.report(catalogue).why == "It is switched off."


def test_what_does_not_help_counts_only_where_it_is_switched_on(
    listening: Listening, library: Library, shelf: Shelf
) -> None:
    listen(library, shelf, "agrees with the ear", 300)
    catalogue = catalogue_of(shelf)
    assert listening.taste(catalogue) is None
    assert listening.report(catalogue).why.startswith("It is not shown to help, and stays off until it is.")
    listening.switch("on")
    assert listening.taste(catalogue) is not None
    assert "but you switched it on" in listening.report(catalogue).why


def test_it_is_learnt_anew_after_some_events_and_when_they_are_forgotten(
    listening: Listening, library: Library, shelf: Shelf
) -> None:
    listen(library, shelf, "likes it slow", 400)
    listening.switch("on")
    catalogue = catalogue_of(shelf)
    first = listening.taste(catalogue)
    listening.note("liked", shelf.index.ids[0])
    assert listening.taste(catalogue) is first
    for row in range(TASTE.relearn_after):
        listening.note("disliked", shelf.index.ids[row])
    assert listening.taste(catalogue) not in (None, first)
    listening.forget()
    assert listening.taste(catalogue) is None
    assert listening.report(catalogue).events == 0


def test_strangers_and_damage_are_counted(listening: Listening, library: Library, shelf: Shelf, tmp_path: Path) -> None:
    listen(library, shelf, "likes it slow", 40)
    library.events.add(Event(1.0, "played", number(99_999)))
    with library._database.writing() as db:
        db.execute("UPDATE events SET kind = 'danced' WHERE id = 1")
        db.execute("INSERT OR REPLACE INTO meta VALUES ('taste', 'perhaps')")
    report = listening.report(catalogue_of(shelf))
    assert (report.events, report.lessons, report.strangers, report.damaged) == (40, 39, 1, 1)
    assert report.switch == "auto"
