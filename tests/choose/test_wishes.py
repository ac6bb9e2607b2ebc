from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.playlist import ContinueSpec
from segue.choose.wishes import Wishes
from segue.config import CHOICE
from segue.errors import ParameterError
from segue.values import TrackId

words = st.frozensets(st.text(max_size=8).map("x".__add__), max_size=3)
wishes = st.builds(
    Wishes,
    artist_spacing=st.integers(0, 100),
    repeat_after_hours=st.floats(0, 1000),
    versions=st.booleans(),
    shortest_s=st.none() | st.floats(0, 60),
    longest_s=st.none() | st.floats(60, 6000),
    first_year=st.none() | st.integers(0, 1990),
    last_year=st.none() | st.integers(1990, 2030),
    genres=words,
    folders=words,
    christmas=st.sampled_from(["december", "always", "never"]),
    strict=st.booleans(),
)
specs = st.builds(
    ContinueSpec,
    lookback=st.integers(1, 10),
    noise=st.floats(0, 1),
    adventure=st.floats(0, 1),
    key_weight=st.floats(0, 1),
    liked=words.map(lambda ids: frozenset(map(TrackId, ids))),
    wishes=wishes,
)


@settings(max_examples=60, deadline=None)
@given(specs)
def test_settings_survive_json(spec: ContinueSpec) -> None:
    assert ContinueSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_what_is_not_said_is_as_usual() -> None:
    assert ContinueSpec.from_json({}) == ContinueSpec()
    assert Wishes.from_json({"spoken": True}) == Wishes(spoken=True)
    assert Wishes().longest_s == CHOICE.longest_s


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ([], "no JSON object"),
        ({"lookbackk": 3}, "no setting is called 'lookbackk'"),
        ({1: 3}, "no setting is called '1'"),
        ({"lookback": "3"}, "'lookback' cannot be '3'"),
        ({"lookback": True}, "'lookback' cannot be 'True'"),
        ({"lookback": 2.5}, "'lookback' cannot be"),
        ({"lookback": 0}, "lookback is 0"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"noise": None}, "'noise' cannot be"),
        ({"liked": "abc"}, "'liked' cannot be"),
        ({"liked": [1]}, "'liked' cannot be"),
        ({"wishes": 1}, "no JSON object"),
        ({"wishes": {"christmas": "easter"}}, "christmas is 'easter'"),
        ({"wishes": {"strict": 1}}, "'strict' cannot be"),
        ({"wishes": {"first_year": 1.5}}, "'first_year' cannot be"),
        ({"wishes": {"first_year": 1990, "last_year": 1980}}, "first_year is 1990, but last_year only 1980"),
        ({"wishes": {"longest_s": -1}}, "longest_s is -1"),
        ({"wishes": {"genres": ["jazz", "!?"]}}, "'!\\?' is no genre"),
        ({"wishes": {"not_genres": [""]}}, "'' is no genre"),
        ({"wishes": {"not_folders": [" "]}}, "a folder has no name"),
    ],
)
def test_damaged_settings_are_refused(value: object, what: str) -> None:
    with pytest.raises(ParameterError, match=what):
        ContinueSpec.from_json(value)


def test_every_setting_can_be_kept() -> None:
    told = ContinueSpec().to_json()
    assert set(told) == {f.name for f in fields(ContinueSpec)}
    assert set(told["wishes"]) == {f.name for f in fields(Wishes)}
