from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.joins import JoinWeights
from segue.choose.playlist import OutsideSeed
from segue.choose.reorder import ReorderSpec, reorder
from segue.config import JOURNEY
from segue.errors import ParameterError, UnknownTrackError
from segue.values import TrackId, TrackInfo

Infos = dict[TrackId, TrackInfo]
WHOLE = JoinWeights(join=0.0, tempo=0.0, key=0.0)


def names(songs: object) -> str:
    return "".join(song.track_id or "*" for song in songs)  # type: ignore[attr-defined]


def test_a_fan_is_put_in_order(fan: Index, infos: Infos) -> None:
    catalogue = Catalogue.plain(fan, infos)
    songs = [TrackId(n) for n in "fbhadgce"]
    found = reorder(catalogue, songs, ReorderSpec(weights=WHOLE))
    assert names(found.songs) in ("abcdefgh", "hgfedcba")
    assert found.is_exact
    assert found.after.worst == pytest.approx(np.cos(np.deg2rad(10)), abs=1e-5)
    assert found.before.worst is not None
    assert found.before.worst < 0.5
    assert sorted(song.was for song in found.songs) == list(range(8))
    kept = reorder(catalogue, songs, ReorderSpec(keep_first=True, keep_last=True, weights=WHOLE))
    assert names(kept.songs)[0] == "f"
    assert names(kept.songs)[-1] == "e"
    assert songs == [TrackId(n) for n in "fbhadgce"]
    assert json.loads(json.dumps(found.to_json()))["after"]["worst"] == found.after.worst


def test_ends_join_on_to_beginnings(fan: Index, infos: Infos) -> None:
    """Wholes all alike, and each track begins as another one ends: only one order has every join right."""
    count = len(fan)
    basis = np.eye(count + 1, dtype=np.float32)
    alike = Index.build(fan.ids, np.ones((count, count + 1), np.float32))
    goal = np.random.default_rng(1).permutation(count)
    heads, tails = np.empty((2, count, count + 1), np.float32)
    heads[goal], tails[goal] = basis[:-1], basis[1:]
    catalogue = replace(Catalogue.plain(alike, infos), heads=heads, tails=tails)
    found = reorder(catalogue, fan.ids, ReorderSpec(weights=JoinWeights(join=1.0, tempo=0.0, key=0.0)))
    assert [song.was for song in found.songs] == goal.tolist()
    assert found.after.worst == pytest.approx(1.0)
    assert "better than any other" in found.songs[1].why
    assert reorder(catalogue, fan.ids[::-1]).songs[0].track_id == found.songs[0].track_id


def test_songs_from_elsewhere_and_songs_that_come_twice(fan: Index, infos: Infos) -> None:
    catalogue = Catalogue.plain(fan, infos)
    outside = OutsideSeed(fan.vectors[4] + fan.vectors[5], TrackInfo("Outside"))
    found = reorder(
        catalogue, [TrackId("a"), outside, TrackId("i"), TrackId("e"), TrackId("e")], ReorderSpec(weights=WHOLE)
    )
    assert names(found.songs) in ("aee*i", "i*eea")


def test_short_lists(fan: Index, infos: Infos) -> None:
    catalogue = Catalogue.plain(fan, infos)
    assert reorder(catalogue, []).songs == ()
    one = reorder(catalogue, [TrackId("c")])
    assert (names(one.songs), one.after.mean) == ("c", None)
    assert names(reorder(catalogue, [TrackId("c"), TrackId("a")], ReorderSpec(keep_first=True)).songs) == "ca"


def test_what_cannot_be_reordered(fan: Index, infos: Infos) -> None:
    catalogue = Catalogue.plain(fan, infos)
    with pytest.raises(UnknownTrackError):
        reorder(catalogue, [TrackId("a"), TrackId("z")])
    with pytest.raises(ParameterError, match="too long to reorder"):
        reorder(catalogue, [TrackId("a")] * (JOURNEY.longest_reorder + 1))
