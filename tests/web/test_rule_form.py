"""The form of the house's rules: there and back, and what is wrong with a field is said by its name."""

from __future__ import annotations

from typing import Any

import pytest

from segue.choose.wishes import Wishes
from segue.errors import ParameterError
from segue.web.rule_form import fields_of, rules_of

ALL = Wishes(
    artist_spacing=3,
    album_spacing=2,
    repeat_after_tracks=40,
    repeat_after_hours=1.5,
    versions=False,
    shortest_s=60.0,
    longest_s=None,
    first_year=1970,
    last_year=1989,
    slowest_bpm=117.5,
    fastest_bpm=126.0,
    octaves=True,
    genres=frozenset({"jazz", "rock"}),
    not_genres=frozenset({"polka"}),
    folders=frozenset({"/music/mine"}),
    not_folders=frozenset({"Audiobooks"}),
    only_tags=frozenset({"guitar"}),
    not_tags=frozenset({"metal"}),
    spoken=True,
    christmas="never",
    strict=True,
)


@pytest.mark.parametrize("rules", [Wishes(), ALL])
def test_what_stands_in_the_form_is_what_holds(rules: Wishes) -> None:
    assert rules_of(fields_of(rules)) == rules


def test_a_number_may_come_as_it_was_typed() -> None:
    assert rules_of(fields_of(Wishes()) | {"shortest_s": "1.50"}).shortest_s == 90.0
    with pytest.raises(ParameterError, match="“Minutes from” is 5, “Minutes to” only 1\\.5"):
        rules_of(fields_of(Wishes()) | {"shortest_s": 5, "longest_s": "1.50"})


def test_an_empty_field_sets_no_limit_and_no_distance() -> None:
    empty = fields_of(ALL) | dict.fromkeys(("artist_spacing", "slowest_bpm", "fastest_bpm", "shortest_s"), "")
    rules = rules_of(empty | {"genres": None, "not_genres": [" ", "  old   time "]})
    assert (rules.artist_spacing, rules.slowest_bpm, rules.fastest_bpm, rules.shortest_s) == (0, None, None, None)
    assert (rules.genres, rules.not_genres) == (frozenset(), frozenset({"old time"}))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slowest_bpm": 150, "fastest_bpm": 120}, "“BPM from” is 150, “BPM to” only 120. Swap the two"),
        ({"shortest_s": 5, "longest_s": 0.5}, "“Minutes from” is 5, “Minutes to” only 0.5"),
        ({"first_year": 1970.5}, "“Years from” cannot be 1970.5. Choose a whole number from 0 to 9,999"),
        ({"artist_spacing": -1}, "“Songs between two by one artist” cannot be -1"),
        ({"repeat_after_hours": "soon"}, "cannot be soon. Choose a number from"),
        ({"fastest_bpm": float("nan")}, "“BPM to” cannot be nan"),
        ({"fastest_bpm": 10**400}, "“BPM to” cannot be 1000"),
        ({"fastest_bpm": True}, "“BPM to” cannot be True"),
        ({"genres": ["jazz"], "not_genres": ["jazz"]}, "stands under “Only these genres” and under “None of these"),
        ({"genres": ["?!"]}, "“\\?!” under “Only these genres” is no genre"),
        ({"folders": ["music/mine"]}, "neither a full path nor a name"),
        ({"not_folders": ["x" * 201]}, "is too long"),
        ({"only_tags": "jazz"}, "“Only what is heard as” is no list of words"),
        ({"not_tags": ["a"] * 201}, "Choose 200 at most"),
        ({"christmas": "in july"}, "december or always or never"),
    ],
)
def test_what_is_wrong_is_said_by_the_name_of_its_field(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        rules_of(fields_of(Wishes()) | wrong)
