"""Corrections in a real library: over everything that is measured, and longer-lived than the files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segue.listen.by_hand import Correction
from segue.store.library import Library
from tests.store_heard import KNOWN, STAT, add, heard, number


def known(library: Library, i: int) -> tuple[float | None, str | None]:
    found = library.rhythm(number(i))
    assert found is not None
    return found.tempo_bpm, found.camelot


def test_it_lies_over_what_was_measured_wherever_that_is_read(library: Library) -> None:
    for i in (1, 2):
        add(library, replace(heard(i), rhythm=KNOWN), f"/music/{i}.mp3")
    before = library.version()
    library.corrections.put({number(1): Correction(175.0, "9A")}, at_s=1.0)
    assert library.version() > before  # what is made of the library is made anew
    assert known(library, 1) == (175.0, "9A")
    assert known(library, 2) == (KNOWN.tempo_bpm, KNOWN.camelot)
    rhythm, songs = library.rhythms()[number(1)], library.songs()
    assert (rhythm.tempo_bpm, rhythm.by_hand, len(rhythm.beats_s)) == (175.0, ("tempo", "key"), 5)
    at = songs.ids.index(number(1))
    assert (songs.tempo_bpm[at], songs.camelot[at]) == (175.0, "9A")
    assert songs.by_hand == {number(1): ("tempo", "key")}
    measured = library.heard_rhythm(number(1))
    assert measured is not None
    assert measured.tempo_bpm == KNOWN.tempo_bpm
    library.corrections.put({number(1): None}, at_s=2.0)
    assert known(library, 1) == (KNOWN.tempo_bpm, KNOWN.camelot)
    assert library.corrections.of(number(1)) is None


def test_measuring_anew_moving_and_going_away_for_a_while_do_not_overwrite_it(library: Library) -> None:
    add(library, replace(heard(1), rhythm=KNOWN), "/music/1.mp3")
    library.corrections.put({number(1): Correction(tempo_bpm=175.0)}, at_s=1.0)
    library.set_rhythm(number(1), replace(KNOWN, tempo_bpm=90.0, camelot="1B"))
    assert known(library, 1) == (175.0, "1B")
    library.attach_path(number(1), Path("/elsewhere/one.mp3"), stat=STAT)
    library.forget_paths([Path("/music/1.mp3")])
    assert known(library, 1) == (175.0, "1B")
    library.forget_paths([Path("/elsewhere/one.mp3")])
    assert library.rhythm(number(1)) is None
    assert library.rhythms() == {}
    add(library, replace(heard(1), rhythm=KNOWN), "/music/back.mp3")
    assert known(library, 1) == (175.0, KNOWN.camelot)


def test_it_holds_for_a_track_that_was_never_measured(library: Library) -> None:
    add(library, heard(1), "/music/1.mp3")
    library.corrections.put({number(1): Correction(camelot="8A")}, at_s=1.0)
    assert known(library, 1) == (None, "8A")
    assert library.rhythms()[number(1)].key == "A minor"


def test_a_damaged_one_is_passed_over(library: Library) -> None:
    add(library, replace(heard(1), rhythm=KNOWN), "/music/1.mp3")
    for body in ({"tempo_bpm": 5.0}, {"camelot": "99Z"}, {"tempo_bpm": "fast", "camelot": 8}):
        library.kept.put("correction", number(1), body, at_s=1.0)
        assert known(library, 1) == (KNOWN.tempo_bpm, KNOWN.camelot)
        assert library.rhythms()[number(1)].by_hand == ()


def test_the_track_at_a_path(library: Library) -> None:
    add(library, replace(heard(1), rhythm=KNOWN), "/music/1.mp3")
    assert library.correction_at(Path("/music/1.mp3")) is None
    library.corrections.put({number(1): Correction(100.0)}, at_s=1.0)
    assert library.correction_at(Path("/music/1.mp3")) == Correction(100.0)
    assert library.correction_at(Path("/music/2.mp3")) is None
