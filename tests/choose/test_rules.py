from __future__ import annotations

import numpy as np
import pytest

from segue.choose.names import artist_key, recording_key
from segue.choose.rules import (
    ArtistSpacing,
    Candidate,
    History,
    NoRepeat,
    NoSecondCopy,
    Song,
)
from segue.values import TrackId, TrackInfo


def _song(name: str, artist: str = "", title: str = "", duration_s: float = 0.0) -> Song:
    return Song(TrackId(name), TrackInfo(title=title or name, artist=artist, duration_s=duration_s))


def test_no_repeats_for_ever_or_for_a_while() -> None:
    history = History.of([_song("a"), _song("b"), _song("c")])
    assert NoRepeat(0).refusal(_candidate("a"), history) == "it has played or comes already"
    assert NoRepeat(2).refusal(_candidate("a"), history) is None
    assert NoRepeat(3).refusal(_candidate("a"), history) == "it has played or comes already"
    assert NoRepeat(0).relaxed() is None


def _candidate(name: str, artist: str = "", title: str = "", duration_s: float = 0.0) -> Candidate:
    return Candidate(TrackId(name), _song(name, artist, title, duration_s).info)


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Björk", "Hyperballad"),
        ("BJORK", "Hyperballad (2011 Remaster)"),
        ("Björk feat. Someone", "Hyperballad"),
        ("Björk", "Hyperballad - Remastered 2009"),
        ("Björk", "Hyper’ballad [Official Video]"),
        ("", "07 - Björk - Hyperballad"),
        ("", "Bjo\u0308rk - Hyperballad (feat. Someone)"),
    ],
)
def test_another_copy_of_a_song_is_known(artist: str, title: str) -> None:
    history = History.of([_song("a", "Björk", "Hyperballad", 321.0)])
    copy = _candidate("b", artist, title, 323.0)
    assert NoSecondCopy(0).refusal(copy, history) == "another copy of it has played or comes already"


@pytest.mark.parametrize(
    ("artist", "title", "duration_s"),
    [
        ("Björk", "Hyperballad (Live)", 321.0),
        ("Björk", "Hyperballad", 500.0),
        ("Someone", "Hyperballad", 321.0),
        ("", "Hyperballad", 321.0),
        ("", "", 0.0),
    ],
)
def test_another_song_is_no_copy(artist: str, title: str, duration_s: float) -> None:
    history = History.of([_song("a", "Björk", "Hyperballad", 321.0)])
    assert NoSecondCopy(0).refusal(_candidate("b", artist, title, duration_s), history) is None


def test_untagged_namesakes_are_no_copies() -> None:
    assert recording_key(TrackInfo(title="Intro")) == ""
    assert recording_key(TrackInfo(title="", artist="X")) == ""


def test_marks_of_other_scripts_tell_words_apart() -> None:
    assert recording_key(TrackInfo("में", artist="X")) != recording_key(TrackInfo("मा", artist="X"))
    assert recording_key(TrackInfo("カ", artist="X")) != recording_key(TrackInfo("ガ", artist="X"))


def test_a_copy_may_come_again_when_the_song_may() -> None:
    history = History.of([_song("a", "X", "T"), _song("b"), _song("c")])
    assert NoSecondCopy(2).refusal(_candidate("d", "X", "T"), history) is None
    assert NoSecondCopy(3).refusal(_candidate("d", "X", "T"), history) is not None


def test_artists_keep_their_distance() -> None:
    history = History.of([_song("a", "X"), _song("b", "Y"), _song("c", "Z")])
    rule = ArtistSpacing(2)
    assert rule.refusal(_candidate("d", "Y"), history) == "Y comes just before"
    assert rule.refusal(_candidate("d", "z feat. W"), history) == "z feat. W comes just before"
    assert rule.refusal(_candidate("d", "X"), history) is None
    assert rule.relaxed() == ArtistSpacing(1)
    assert ArtistSpacing(0).relaxed() is None
    assert ArtistSpacing(0).refusal(_candidate("d", "Z"), history) is None


def test_unknown_artists_are_nobodys_namesakes() -> None:
    history = History.of([_song("a"), _song("b")])
    assert ArtistSpacing(2).refusal(_candidate("c"), history) is None
    assert artist_key(TrackInfo(title="03 Someone - Song")) == "someone"


def test_then_leaves_the_history_as_it_was() -> None:
    before = History.of([_song("a")])
    after = before.then(_song("b"))
    assert [song.track_id for song in before.songs] == ["a"]
    assert [song.track_id for song in after.songs] == ["a", "b"]


def test_song_by_song_it_is_the_same_history() -> None:
    """Songs without vectors first, then with them, one of them twice."""
    rng = np.random.default_rng(0)
    songs = [_song(name, artist, "Title") for name, artist in zip("abcdb", "XYXZY", strict=True)]
    songs = [
        song._replace(vector=rng.normal(size=3).astype(np.float32)) if at > 1 else song for at, song in enumerate(songs)
    ]
    grown = History()
    for song in songs:
        grown = grown.then(song)
    whole = History.of(songs)
    assert grown == whole
    assert np.array_equal(grown._vectors, whole._vectors)
    assert grown.tracks_since(TrackId("b")) == 0
    assert grown.tracks_since_recording(_song("e", "X", "Title").info) == 2
