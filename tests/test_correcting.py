"""Tempo and key set by hand: the words that are taken, what they change, and how that is taken back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from segue.correcting import Correcting
from segue.errors import ParameterError, UnknownTrackError
from segue.listen.by_hand import Correction
from segue.store.library import Library
from tests.command_line import answer, refusal
from tests.store_heard import KNOWN, add, heard, number


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A song at 87.5 BPM in 8A, one at 100, and one that was never measured."""
    with Library.open(tmp_path / "data") as opened:
        add(opened, replace(heard(1), rhythm=KNOWN), "/music/1.mp3")
        add(opened, replace(heard(2), rhythm=replace(KNOWN, tempo_bpm=100.0)), "/music/2.mp3")
        add(opened, heard(3), "/music/3.mp3")
        yield opened


def tempo(library: Library, i: int) -> float | None:
    found = library.rhythm(number(i))
    return None if found is None else found.tempo_bpm


@pytest.mark.parametrize(
    ("said", "bpm"), [("90", 90.0), (" 87,25 ", 87.25), ("half", 43.75), ("double", 175.0), ("heard", 87.5), ("", 87.5)]
)
def test_words_for_a_tempo(library: Library, said: str, bpm: float) -> None:
    Correcting(library).change([number(1)], tempo=said)
    assert tempo(library, 1) == bpm


def test_half_counts_from_what_was_set_by_hand(library: Library) -> None:
    correcting = Correcting(library)
    correcting.change([number(1)], tempo="80")
    correcting.change([number(1)], tempo="half")
    assert tempo(library, 1) == 40.0


def test_tempo_and_key_are_taken_back_each_by_itself(library: Library) -> None:
    correcting = Correcting(library)
    correcting.change([number(1)], tempo="175", key="C#m")
    assert library.corrections.of(number(1)) == Correction(175.0, "12A")
    correcting.change([number(1)], tempo="heard")
    assert library.corrections.of(number(1)) == Correction(None, "12A")
    correcting.change([number(1)], key="heard")
    assert library.corrections.of(number(1)) is None


def test_a_change_of_several_is_taken_back_as_one(library: Library) -> None:
    correcting = Correcting(library, clock=lambda: 5.0)
    correcting.change([number(1)], key="1A")
    before = correcting.change([number(1), number(2), number(3)], tempo="double", key="2A")
    assert (tempo(library, 1), tempo(library, 2), tempo(library, 3)) == (175.0, 200.0, None)
    correcting.put_back(before)
    assert [library.corrections.of(number(i)) for i in (1, 2, 3)] == [Correction(None, "1A"), None, None]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"tempo": "fast"}, "'fast' is no tempo"),
        ({"tempo": "900"}, "Give 20 to 400"),
        ({"tempo": "nan"}, "Give 20 to 400"),
        ({"key": "H"}, "'H' is no key"),
        ({"tempo": "90", "key": "H"}, "'H' is no key"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    library: Library, words: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ParameterError, match=complaint):
        Correcting(library).change([number(1), number(2)], **words)
    assert library.kept.all("correction") == {}


def test_the_song_that_cannot_be_counted_so_is_named(library: Library) -> None:
    """Of many songs nobody could tell which one it was."""
    library.corrections.put({number(2): Correction(210.0)}, at_s=1.0)
    title = library.track(number(2)).info.title
    with pytest.raises(ParameterError, match=f"420 BPM for “{title}”.*leave it out"):
        Correcting(library).change([number(1), number(2)], tempo="double")
    assert library.corrections.of(number(1)) is None


def test_tempo_and_key_that_are_set_at_the_same_moment_both_hold(library: Library) -> None:
    """What was set before was read first and written back later, over what somebody else had set meanwhile."""
    with Library.open(library.folder) as other, ThreadPoolExecutor(2) as pool:
        for bpm in range(100, 140):
            start = threading.Barrier(2)

            def change(where: Library, start: threading.Barrier = start, **words: str) -> None:
                start.wait()
                Correcting(where).change([number(1)], **words)

            list(pool.map(lambda job: job(), (
                partial(change, library, tempo=str(bpm)), partial(change, other, key=f"{bpm % 12 + 1}A"),
            )))  # fmt: skip
            assert library.corrections.of(number(1)) == Correction(float(bpm), f"{bpm % 12 + 1}A")


def test_songs_that_are_gone_are_passed_over_as_others_are_put_back(library: Library) -> None:
    Correcting(library).put_back({number(1): Correction(100.0), number(9): Correction(100.0)})
    assert list(library.kept.all("correction")) == [number(1)]


def test_what_is_not_there_is_said(library: Library) -> None:
    correcting = Correcting(library)
    with pytest.raises(ParameterError, match="no tempo is known"):
        correcting.change([number(3)], tempo="half")
    with pytest.raises(UnknownTrackError):
        correcting.change([number(1), number(9)], tempo="100")
    assert tempo(library, 1) == 87.5


def test_the_command_line_sets_shows_and_takes_back(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", library.folder)
    row = answer(capsys, "correct", number(1), "--tempo", "double", "--key", "9a", *data, "--json")
    assert (row["tempo_bpm"], row["key"], row["rhythm"]["by_hand"]) == (175.0, "E minor", ["tempo", "key"])
    assert answer(capsys, "show", number(1), *data, "--json")["rhythm"]["tempo_confidence"] == 1.0
    row = answer(capsys, "correct", number(1), "--heard", *data, "--json")
    assert (row["tempo_bpm"], row["camelot"], row["rhythm"]["by_hand"]) == (87.5, "8A", [])
    assert "Give 20 to 400" in refusal(capsys, "correct", number(1), "--tempo", "5", *data)
    for words in ((), ("--heard", "--tempo", "90")):
        assert "--heard" in refusal(capsys, "correct", number(1), *words, *data)
