from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from segue.choose import masks
from segue.choose.catalogue import Catalogue
from segue.choose.rules import GIVES_WAY, SPACING, rules_for
from segue.choose.standing import HeardAs, InFolder, Listed, NotLately, OfGenre, Says, StandingRule, Within
from segue.choose.wishes import Facts, Wishes
from segue.choose.wordlists import CHRISTMAS, SPOKEN
from segue.values import TrackId, TrackInfo
from tests.choose.libraries import library, named, number


def kept(rule: StandingRule, catalogue: Catalogue) -> list[int]:
    return np.flatnonzero(~rule.refused(catalogue)).tolist()


def test_what_the_listener_refused_never_comes() -> None:
    songs = library(named(4))
    rule = Listed(frozenset({number(1), TrackId("gone")}), "you disliked it")
    assert kept(rule, songs) == [0, 2, 3]
    assert rule.reason(songs, 1) == "you disliked it"


def test_what_is_heard_as_something_else_never_comes() -> None:
    songs = library(named(4))
    heard = {number(0): ("jazz", "mellow"), number(1): ("soul",), number(2): ("metal", "jazz")}
    rule = HeardAs(heard, only=frozenset({"soul", "jazz"}), never=frozenset({"metal"}))
    assert kept(rule, songs) == [0, 1]
    assert rule.reason(songs, 2) == "it is heard as metal"
    assert rule.reason(songs, 3) == "it is not heard as jazz or soul"
    assert kept(HeardAs(heard, never=frozenset({"metal"})), songs) == [0, 1, 3]


def test_lengths_have_limits_and_an_unknown_length_has_none() -> None:
    songs = library(
        [replace(info, duration_s=s) for info, s in zip(named(5), (29.0, 30.0, 720.0, 721.0, 0.0), strict=True)]
    )
    rule = Within("length limits", 30.0, 720.0)
    assert kept(rule, songs) == [1, 2, 4]
    assert rule.reason(songs, 3) == "it lasts 12:01"
    assert kept(Within("length limits", 30.0, None), songs) == [1, 2, 3, 4]


def test_years_must_be_known_to_be_within() -> None:
    songs = library([replace(info, year=year) for info, year in zip(named(4), (1969, 1970, 1989, None), strict=True)])
    rule = Within("year range", 1970, 1989)
    assert kept(rule, songs) == [1, 2]
    assert [rule.reason(songs, row) for row in (0, 3)] == ["it is from 1969", "its year is unknown"]
    assert kept(Within("year range", None, 1969), songs) == [0]


def test_tempi_must_be_known_to_be_within_half_and_double_where_asked() -> None:
    songs = library(named(5), tempi=[62.0, 124.0, 248.0, 100.0, float("nan")])
    assert kept(Within("tempo range", 118, 126), songs) == [1]
    assert kept(Within("tempo range", 118, 126, octaves=True), songs) == [0, 1, 2]
    assert Within("tempo range", 118, 126).reason(songs, 3) == "its tempo is 100 BPM"


def test_genres_are_told_by_whole_words() -> None:
    genres = ("Hard Rock", "rock & roll", "Rockabilly", "Jazz/ROCK", "", "Électro")
    songs = library([replace(info, genre=genre) for info, genre in zip(named(6), genres, strict=True)])
    assert kept(OfGenre(frozenset({"Rock"})), songs) == [0, 1, 3]
    assert kept(OfGenre(frozenset({"rock"}), wanted=False), songs) == [2, 4, 5]
    assert kept(OfGenre(frozenset({"electro", "hard rock"})), songs) == [0, 5]
    assert OfGenre(frozenset({"rock"})).reason(songs, 2) == "its genre is Rockabilly"
    assert OfGenre(frozenset({"rock"})).reason(songs, 4) == "its genre is unknown"


def test_folders_are_paths_or_names_on_the_way() -> None:
    songs = library(named(5), places=("/m/Jazz", "/m/Jazz/Blue", "/m/Jazzy", "/n/jazz/x", ""))
    assert kept(InFolder(frozenset({"/m/Jazz"})), songs) == [0, 1]
    assert kept(InFolder(frozenset({"/m/Jazz/"})), songs) == [0, 1]
    assert kept(InFolder(frozenset({"Jazz"})), songs) == [0, 1, 3]
    assert kept(InFolder(frozenset({"Jazz"}), wanted=False), songs) == [2, 4]
    assert InFolder(frozenset({"/m/Jazz"})).reason(songs, 2) == "it lies outside /m/Jazz"


def test_a_track_in_several_folders_is_in_each() -> None:
    songs = replace(library(named(1)), places={number(0): ("/a", "/b/c")})
    assert kept(InFolder(frozenset({"/b"})), songs) == [0]
    assert kept(InFolder(frozenset({"/b"}), wanted=False), songs) == []


@pytest.mark.parametrize(
    "info",
    [
        TrackInfo("Last Christmas", "Wham!"),
        TrackInfo("Stille Nacht, heilige Nacht"),
        TrackInfo("Petit Papa Noël"),
        TrackInfo("Feliz Navidad"),
        TrackInfo("Тихая ночь", album="Рождественские песни"),
        TrackInfo("ホワイト・クリスマスソング"),
        TrackInfo("Vánoční zvony"),
        TrackInfo("x", album="A Very Merry X-Mas"),
        TrackInfo("x", genre="Holiday"),
        TrackInfo("Jingle  Bells (Live)"),
    ],
)
def test_christmas_music_is_known_in_many_languages(info: TrackInfo) -> None:
    assert Says(CHRISTMAS, "season", "it is Christmas music").refused(library([info])).all()


@pytest.mark.parametrize(
    "info",
    [
        TrackInfo("Wonderwall", "Noel Gallagher", "Noel Gallagher's High Flying Birds"),
        TrackInfo("Christmassy"),
        TrackInfo("Holiday", "Madonna"),
        TrackInfo("Joy to the World", "Three Dog Night"),
        TrackInfo("On m'appelle l'ovni", "Jul", "D'or et de platine"),
        TrackInfo("Natalie"),
    ],
)
def test_what_only_sounds_like_christmas_is_not(info: TrackInfo) -> None:
    assert not Says(CHRISTMAS, "season", "").refused(library([info], places=["/m/Jul/Noel"])).any()


def test_spoken_word_is_known_by_genre_album_and_folder_but_not_by_a_bands_name() -> None:
    songs = library(
        [
            TrackInfo("Chapter 1", genre="Audiobook"),
            TrackInfo("Kapitel 1", album="Der Zauberberg (Hörbuch)"),
            TrackInfo("x", genre="Books & Spoken"),
            TrackInfo("Episode 9"),
            TrackInfo("x", genre="Live; Comedy"),
            TrackInfo("Fish Heads", genre="Comedy Rock"),
            TrackInfo("Our Mutual Friend", "The Divine Comedy", "Absent Friends"),
            TrackInfo("Speech", "x", "Speech Therapy"),
        ],
        places=("", "", "", "/m/Podcasts/News", "", "", "/m/The Divine Comedy/Absent Friends", "/spoken word/m/x/y"),
    )
    assert kept(Says(SPOKEN, "spoken word", ""), songs) == [5, 6, 7]


def test_what_was_played_lately_waits() -> None:
    songs, hour_s = library(named(4)), 3600.0
    played = {number(0): 10 * hour_s, number(1): 5 * hour_s, number(2): 9.5 * hour_s, TrackId("gone"): 10 * hour_s}
    rule = NotLately(played, hours=2.0, now_s=11 * hour_s)
    assert kept(rule, songs) == [1, 3]
    assert rule.reason(songs, 0) == "it was played 1 h ago"
    assert NotLately(played, hours=2.0, now_s=10.25 * hour_s).reason(songs, 0) == "it was played 15 min ago"


def test_masks_are_made_once_a_catalogue_and_never_mixed_up() -> None:
    songs = library(named(6))
    some, others = Within("year range", 1962, None), Within("year range", 1964, None)
    mask = masks.refused(songs, [some])
    assert masks.refused(songs, [Within("year range", 1962, None)]) is mask
    assert masks.refused(songs, [some, others]).sum() == masks.refused(songs, [others]).sum() == 4
    assert not masks.refused(songs, []).any()
    for i in range(100):
        masks.refused(songs, [Listed(frozenset({number(i % 6)}), str(i))])
    assert masks.refused(songs, [some]).tolist() == mask.tolist()
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = False


def test_two_accounts_of_what_is_heard_are_never_taken_for_each_other() -> None:
    """A mask that went by the mere address of what was heard could be that of another mapping at the same place."""
    songs = library(named(2))
    for i in range(200):
        rule = HeardAs({number(i % 2): ("jazz",)}, only=frozenset({"jazz"}))
        assert masks.refused(songs, [rule]).tolist() == [i % 2 == 1, i % 2 == 0]


def test_christmas_music_waits_for_december() -> None:
    def names(month: int, **wishes: object) -> list[str]:
        return [rule.name for rule in rules_for(Wishes(**wishes), Facts(today=dt.date(2026, month, 1))).standing]

    assert "season" in names(11)
    assert "season" not in names(12)
    assert "season" not in names(7, christmas="always")
    assert "season" in names(12, christmas="never")
    assert "season" not in [rule.name for rule in rules_for(Wishes(), Facts()).standing]


def test_rules_give_way_in_the_stated_order_and_bans_never() -> None:
    wishes = Wishes(
        first_year=1970, slowest_bpm=100, genres=frozenset({"rock"}), repeat_after_hours=3, folders=frozenset({"/m"})
    )
    facts = Facts(banned=frozenset({number(1)}), today=dt.date(2026, 6, 1))
    rules = rules_for(wishes, facts, disliked=frozenset({number(2)}))
    names = [[rule.name for rule in (*level.standing, *level.history)] for level in rules.levels()]
    gone = [next(iter(set(before) - set(after))) for before, after in pairwise(names)]
    assert gone == [name for name in GIVES_WAY if name in names[0] and name not in SPACING]
    firm = ["never again", "disliked", "genre", "folders", "spoken word", "no repeats", "no second copy"]
    assert names[-1] == [*firm, "artist spacing", "album spacing"]
    assert len(rules_for(replace(wishes, strict=True), facts).levels()) == 1
