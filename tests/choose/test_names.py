from __future__ import annotations

import pytest

from segue.choose.names import album_key, artist_key, has_words, recording_key, song_key
from segue.values import TrackInfo


@pytest.mark.parametrize(
    "title",
    [
        "Roxanne (Live at the Apollo)",
        "Roxanne [Live]",
        "Roxanne - Live",
        "Roxanne - Acoustic Version",
        "Roxanne (Someone's Remix)",
        "Roxanne (2003 Demo Version)",
        "Roxanne (Remix by Someone)",
        "ROXANNE (instrumental)",
        "Roxanne – Unplugged",
        "Roxanne (Live on KEXP)",
    ],
)
def test_versions_of_a_song_are_one_song(title: str) -> None:
    assert song_key(TrackInfo(title, "The Police")) == song_key(TrackInfo("Roxanne", "The Police")) != ""


@pytest.mark.parametrize(
    ("title", "artist"),
    [
        ("Medley - Live and Let Die", "Wings"),
        ("Live", "Wings"),
        ("(Take On Me)", "a-ha"),
        ("Radio Ga Ga", "Queen"),
        ("Long Live (Taylor's Mixtape)", "X"),
        ("Demolition", "X"),
    ],
)
def test_words_that_belong_to_a_title_stay(title: str, artist: str) -> None:
    info = TrackInfo(title, artist)
    assert song_key(info) == recording_key(info) != ""


def test_songs_of_unknown_artists_are_no_versions_of_each_other() -> None:
    assert song_key(TrackInfo("Intro (Live)")) == ""


def test_albums_are_told_apart_by_the_artist_where_many_are_called_so() -> None:
    def album(name: str, artist: str) -> str:
        return album_key(TrackInfo("x", artist, name))

    assert album("Greatest Hits", "Queen") != album("Greatest Hits", "ABBA")
    assert album("Pulp Fiction", "Dick Dale") == album("PULP FICTION", "Chuck Berry")
    assert album("", "X") == ""


def test_words_are_found_next_to_each_other_only() -> None:
    assert has_words("Drum & Bass", "drum bass")
    assert not has_words("Drums and Bass", "drum bass")
    assert artist_key(TrackInfo("x", "Sigur Rós")) == "sigur ros"
