from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.catalogue import Catalogue
from segue.choose.expand import ExpandSpec, Expansion, expand
from segue.choose.index import Index
from segue.choose.joins import JoinWeights
from segue.choose.playlist import OutsideSeed
from segue.choose.wishes import Facts, Wishes
from segue.errors import ParameterError
from segue.values import TrackId, TrackInfo

Infos = dict[TrackId, TrackInfo]
WHOLE = JoinWeights(join=0.0, tempo=0.0, key=0.0)


def names(found: Expansion) -> str:
    return "".join(song.track_id or "*" for song in found.songs)


def go(index: Index, infos: Infos, songs: str, by: int, **more: object) -> Expansion:
    return expand(Catalogue.plain(index, infos), [TrackId(n) for n in songs], ExpandSpec(by, WHOLE, **more))  # type: ignore[arg-type]


def test_the_largest_steps_are_halved_first(fan: Index, infos: Infos) -> None:
    one = go(fan, infos, "abj", 1)
    assert names(one) == "abfj"
    assert one.after.worst is not None
    assert one.before.worst is not None
    assert one.after.worst > one.before.worst
    assert "Put after 'Song b'" in one.songs[2].why
    assert [song.was for song in one.songs] == [0, 1, None, 2]
    assert names(go(fan, infos, "abj", 3)) == "abdfhj"
    assert names(go(fan, infos, "abj", 7)) == "abcdefghij"
    assert json.loads(json.dumps(one.to_json()))["songs"][2]["was"] is None


def test_where_nothing_helps_the_least_harm_is_done_and_said(fan: Index, infos: Infos) -> None:
    found = go(fan, infos, "ef", 1)
    assert names(found) in ("egf", "edf")
    assert "the least harm" in found.songs[1].why


def test_a_list_of_one_goes_on(fan: Index, infos: Infos) -> None:
    assert names(go(fan, infos, "a", 1)) == "ab"
    assert names(go(fan, infos, "a", 2))[0] == "a"


def test_fewer_tracks_and_a_reason(fan: Index, infos: Infos) -> None:
    found = go(fan, infos, "abcdefgh", 5, never=frozenset({TrackId("i")}))
    assert names(found).replace("j", "") == "abcdefgh"
    assert found.ended is not None
    assert found.ended.startswith("4 songs fewer than wanted")
    assert "you took it out" in found.ended
    assert "9 songs: each stands in the list already" in found.ended
    strict = go(fan, infos, "aj", 2, wishes=Wishes(shortest_s=300, strict=True))
    assert names(strict) == "aj"
    assert "too short" in (strict.ended or "")
    relaxed = go(fan, infos, "aj", 2, wishes=Wishes(shortest_s=300))
    assert len(relaxed.songs) == 4
    assert relaxed.songs[1].relaxed == ("length limits",)


def test_the_artist_is_kept_away_from(fan: Index, infos: Infos) -> None:
    namesake = {**infos, TrackId("f"): TrackInfo("Song f", "Artist a", duration_s=200.0)}
    assert names(go(fan, namesake, "aj", 1)) in ("aej", "agj")
    assert names(go(fan, namesake, "aj", 1, wishes=Wishes(artist_spacing=0))) in ("aej", "afj")


def test_who_lists_carols_may_have_more_of_them(fan: Index, infos: Infos) -> None:
    carols = {**infos, **{TrackId(n): replace(infos[TrackId(n)], genre="Christmas") for n in "aej"}}
    summer = Facts(today=dt.date(2026, 6, 1))
    spec = ExpandSpec(1, WHOLE)
    for songs, expected in (("aj", "aej"), ("bi", "bfi")):
        found = expand(Catalogue.plain(fan, carols), [TrackId(n) for n in songs], spec, facts=summer)
        assert names(found) == expected


def test_rules_that_gave_way_are_told(fan: Index, infos: Infos) -> None:
    same = {i: replace(info, artist="X", album="Y") for i, info in infos.items()}
    found = go(fan, same, "aj", 1, wishes=Wishes(album_spacing=1))
    assert found.songs[1].why.endswith(
        "; artist spacing and album spacing were relaxed, as there was no other choice nearby"
    )


def test_an_empty_list_and_an_outside_song(fan: Index, infos: Infos) -> None:
    with pytest.raises(ParameterError, match="no song in the list"):
        go(fan, infos, "", 1)
    outside = OutsideSeed(fan.vectors[0], infos[TrackId("a")])
    found = expand(Catalogue.plain(fan, infos), [outside, TrackId("d")], ExpandSpec(1, WHOLE))
    assert names(found) in ("*bd", "*cd")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.integers(1, 6), st.integers(0, 8), st.integers(1, 5))
def test_the_order_is_kept_and_nothing_comes_twice(seed: int, size: int, given_: int, by: int, artists: int) -> None:
    rng = np.random.default_rng(seed)
    ids = [TrackId(f"{i:03d}") for i in range(size)]
    infos = {i: TrackInfo(f"S{i}", f"A{int(rng.integers(artists))}", duration_s=200.0) for i in ids}
    never = frozenset(i for i in ids if rng.random() < 0.2)
    songs = [ids[i] for i in rng.permutation(size)[:given_]]
    catalogue = Catalogue.plain(Index.build(ids, rng.normal(size=(size, 5))), infos)
    found = expand(catalogue, songs, ExpandSpec(by, never=never, wishes=Wishes(artist_spacing=2)))
    new = [song.track_id for song in found.songs if song.was is None]
    assert [song.track_id for song in found.songs if song.was is not None] == songs
    assert len({song.track_id for song in found.songs}) == len(found.songs)
    assert never.isdisjoint(new)
    assert len(new) == min(by, len(set(ids) - never - set(songs)))
    assert (found.ended is None) == (len(new) == by)
