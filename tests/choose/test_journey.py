from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.arc import energies, mirrored
from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.itinerary import Itinerary, Waypoint
from segue.choose.journey import Journey, Kept, Reroll, journey, reroll, retold
from segue.choose.playlist import OutsideSeed
from segue.choose.wishes import Facts, Wishes
from segue.config import JOURNEY
from segue.errors import ParameterError, UnknownTrackError
from segue.values import TrackId, TrackInfo

Infos = dict[TrackId, TrackInfo]


def names(found: Journey) -> str:
    return "".join(stop.track_id or "*" for stop in found.stops)


def go(index: Index, infos: Infos, waypoints: str, **asked: object) -> Journey:
    return journey(Catalogue.plain(index, infos), [TrackId(n) for n in waypoints], Itinerary(**asked))  # type: ignore[arg-type]


def made(seed: int, count: int, *, artists: int = 5, kinds: int = 4) -> Catalogue:
    """Vectors of which some are equal, and artists who come often; lengths, loudness and tempo are half known."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(kinds, 5))[rng.integers(kinds, size=count)] + 0.3 * rng.normal(size=(count, 5)) * (
        rng.random((count, 1)) < 0.7
    )
    ids = [TrackId(f"{n:03d}") for n in range(count)]
    infos = {
        i: TrackInfo(
            f"T{int(rng.integers(count))}",
            f"A{int(rng.integers(artists))}",
            duration_s=float(rng.choice([0, 100, 200])),
        )
        for i in ids
    }
    loud, fast = (np.where(rng.random(count) < 0.5, rng.normal(size=count), np.nan).astype(np.float32) for _ in "ab")
    return replace(Catalogue.plain(Index.build(ids, vectors), infos), loudness_lufs=loud, tempo_bpm=fast)


def test_who_travels_between_carols_may_hear_carols(fan: Index, infos: Infos) -> None:
    """In summer too; the rule used to be lifted for playlists alone."""
    carols = {**infos, **{TrackId(n): replace(infos[TrackId(n)], genre="Christmas") for n in "aej"}}
    summer = Facts(today=dt.date(2026, 6, 1))
    for waypoints, expected in (("aj", "aej"), ("bi", "bfi")):
        ways = [TrackId(n) for n in waypoints]
        found = journey(Catalogue.plain(fan, carols), ways, Itinerary(between=1), facts=summer)
        assert names(found) == expected


def test_the_dots_are_joined_evenly(fan: Index, infos: Infos) -> None:
    found = go(fan, infos, "aj", between=2)
    assert names(found) == "adgj"
    assert found.largest_step is not None
    assert found.largest_step.similarity == pytest.approx(np.cos(np.deg2rad(30)), abs=1e-5)
    middle = found.stops[1]
    assert middle.similarity_from == pytest.approx(np.cos(np.deg2rad(30)), abs=1e-5)
    assert middle.similarity_to == pytest.approx(np.cos(np.deg2rad(60)), abs=1e-5)
    assert middle.rank == 1
    assert middle.why == (
        "1 of 2 on the way from “Song a” to “Song j” (0.87 like the one, 0.50 like the other);"
        " 0.87 like the song before it and 0.87 like the one after it"
    )
    assert found.ended is None


def test_a_way_through_several_songs(fan: Index, infos: Infos) -> None:
    assert names(go(fan, infos, "aei", between=1)) == "acegi"
    uneven = go(fan, infos, "aei", between=(3, 0))
    assert names(uneven) == "abcdei"
    assert [stop.is_largest_step for stop in uneven.stops] == [False] * 5 + [True]
    assert uneven.stops[5].why.endswith("0.77 like the song before it; the largest step of the journey leads here")
    assert json.loads(json.dumps(go(fan, infos, "aei", between=1).to_json()))["between"] == [1, 1]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 30),
    st.integers(2, 4),
    st.integers(0, 5),
    st.integers(0, 2),
    st.sampled_from(["none", "rise", "wave"]),
    st.booleans(),
)
def test_back_as_there_no_repeats_and_nothing_changed(
    seed: int, count: int, dots: int, between: int, spacing: int, arc: str, smoothest: bool
) -> None:
    """Through equal vectors, copies and namesakes; waypoints in their order; arguments as they were."""
    catalogue = made(seed, count)
    ids = catalogue.index.ids
    rng = np.random.default_rng(seed)
    waypoints: list[Waypoint] = [ids[i] for i in rng.permutation(count)[:dots]]
    waypoints[1:1] = [OutsideSeed(rng.normal(size=5).astype(np.float32), TrackInfo("Outside"))] if seed % 2 else []
    never = frozenset(i for i in ids if rng.random() < 0.1) - set(waypoints)  # type: ignore[arg-type]
    way = Itinerary(
        between=between,
        mode="smoothest" if smoothest else "shortest",
        arc="none" if smoothest else arc,  # type: ignore[arg-type]
        never=never,
        wishes=Wishes(artist_spacing=spacing),
    )
    before = copy.deepcopy((waypoints[0], catalogue.index.vectors, dict(catalogue.infos)))
    found = journey(catalogue, waypoints, way)
    back = journey(catalogue, waypoints[::-1], replace(way, arc=mirrored(way.arc)))
    path = [stop.track_id for stop in found.stops]
    assert [stop.track_id for stop in back.stops][::-1] == path
    inside = [track_id for track_id in path if track_id is not None]
    assert len(set(inside)) == len(inside)
    assert never.isdisjoint(inside)
    fixed = [stop.track_id for stop in found.stops if stop.kind == "waypoint"]
    assert fixed == [None if isinstance(one, OutsideSeed) else one for one in waypoints]
    assert (found.ended is None) == (len(path) == len(waypoints) + between * (len(waypoints) - 1))
    assert len(path) == min(len(waypoints) + between * (len(waypoints) - 1), len(path))
    assert before[0] == waypoints[0] or isinstance(waypoints[0], OutsideSeed)
    np.testing.assert_array_equal(before[1], catalogue.index.vectors)
    assert before[2] == dict(catalogue.infos)


@pytest.mark.parametrize("mode", ["shortest", "smoothest"])
def test_all_vectors_equal(mode: str, infos: Infos) -> None:
    index = Index.build(sorted(infos), np.ones((len(infos), 4)))
    found = go(index, infos, "ac", between=5, mode=mode)
    assert len(set(names(found))) == 7
    assert found.relaxed == ("same sound",)
    assert found.largest_step is not None
    assert found.largest_step.similarity == pytest.approx(1.0)


def test_opposite_waypoints(infos: Infos) -> None:
    """The way leads by the middle of the library, here by b, and not by c on the other side."""
    index = Index.build([TrackId(n) for n in "abcd"], np.array([[1, 0.0], [0.1, 1], [0.1, -1], [-1, 0]]))
    crowd = Index.build(
        [TrackId(n) for n in "abcdef"], np.array([[1, 0.0], [0.1, 1], [0.1, -1], [-1, 0], [0, 1], [0, 1]])
    )
    assert names(go(crowd, infos, "ad", between=1)) in ("abd", "aed", "afd")
    assert names(go(index, infos, "ad", between=1))[1] in "bc"


def test_the_smoothest_way_has_no_large_step() -> None:
    """Two crowds and a bridge of small steps that leads far around: the straight way jumps, the smoothest does not."""
    ids = [TrackId(f"{n:02d}") for n in range(19)]
    angle = np.deg2rad(np.linspace(0, 90, 19))
    bridge = np.stack([np.cos(angle), np.sin(angle), 0.9 * np.sin(2 * angle)], axis=1)
    straight = np.array([[np.cos(a), np.sin(a), 0.0] for a in np.deg2rad([5, 10, 80, 85])])
    index = Index.build([*ids, *(TrackId(f"s{n}") for n in range(4))], np.concatenate([bridge, straight]))
    infos = {i: TrackInfo(i, i) for i in index.ids}
    worst = {}
    for mode in ("shortest", "smoothest"):
        found = journey(Catalogue.plain(index, infos), [ids[0], ids[-1]], Itinerary(between=7, mode=mode))  # type: ignore[arg-type]
        assert len(found.stops) == 9
        assert found.largest_step is not None
        worst[mode] = found.largest_step.similarity
    assert worst["smoothest"] > worst["shortest"] + 0.05


def test_a_loop_comes_back(fan: Index, infos: Infos) -> None:
    loop = go(fan, infos, "aj", between=3, loop=True)
    assert names(loop)[0] == "a"
    assert names(loop)[4] == "j"
    assert len(set(names(loop))) == 8
    assert loop.stops[0].similarity_before == loop.stops[-1].similarity_after
    assert names(go(fan, infos, "aja", between=3)) == names(loop)
    alone = go(fan, infos, "e", between=4, loop=True)
    assert sorted(names(alone)) == ["c", "d", "e", "f", "g"]
    there, back = go(fan, infos, "adh", between=1, loop=True), go(fan, infos, "ahd", between=1, loop=True)
    assert names(back) == names(there)[0] + names(there)[:0:-1]


def test_energy_rises_where_it_is_wanted(infos: Infos) -> None:
    rng = np.random.default_rng(4)
    ids = [TrackId(f"{n:03d}") for n in range(200)]
    index = Index.build(ids, np.ones((200, 6)) + 0.3 * rng.normal(size=(200, 6)))
    plain = Catalogue.plain(index, {i: TrackInfo(i, i) for i in ids})
    catalogue = replace(plain, loudness_lufs=rng.normal(size=200).astype(np.float32))
    level = energies(catalogue)

    def heard(**asked: object) -> list[float]:
        found = journey(catalogue, ids[:2], Itinerary(between=12, **asked))  # type: ignore[arg-type]
        return [float(level[index.row(stop.track_id)]) for stop in found.stops[1:-1]]  # type: ignore[arg-type]

    rise = heard(arc="rise")
    assert np.corrcoef(rise, np.arange(12))[0, 1] > 0.95
    assert np.corrcoef(heard(arc="fall"), np.arange(12))[0, 1] < -0.95
    assert abs(np.corrcoef(heard(arc="rise", arc_weight=0.0), np.arange(12))[0, 1]) < 0.9
    assert heard(arc="rise", arc_weight=0.0) == heard()
    wave = heard(arc="wave")
    assert min(wave[4:8]) > max(wave[0], wave[-1])
    stop = journey(catalogue, ids[:2], Itinerary(between=12, arc="rise")).stops[3]
    assert f"its energy is {stop.energy:.2f}, wanted was {stop.energy_wanted:.2f}" in stop.why


def test_pins_stay_and_the_way_leads_through_them(fan: Index, infos: Infos) -> None:
    found = go(fan, infos, "aj", between=4, pins=((2, TrackId("h")),))
    assert names(found)[2] == "h"
    assert names(found)[1] in "cde"
    assert len(set(names(found))) == 6
    assert found.stops[2].why.startswith("Pinned by you")
    with pytest.raises(ParameterError, match="cannot be pinned"):
        go(fan, infos, "aj", between=4, pins=((5, TrackId("h")),))
    with pytest.raises(ParameterError, match="would come twice"):
        go(fan, infos, "aj", between=4, pins=((1, TrackId("a")),))
    with pytest.raises(ParameterError, match="minutes leave open"):
        Itinerary(minutes=20, pins=((1, TrackId("b")),))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(6, 25), st.booleans())
def test_one_stop_is_rolled_again_and_the_others_stay(seed: int, count: int, smoothest: bool) -> None:
    catalogue = made(seed, count)
    waypoints = list(catalogue.index.ids[:2])
    found = journey(catalogue, waypoints, Itinerary(between=3, mode="smoothest" if smoothest else "shortest"))
    path = {stop.position: stop.track_id for stop in found.stops if stop.track_id is not None}
    if 2 not in path:
        return
    seen = {path[2]}
    for _ in range(count):
        kept = {place: track for place, track in path.items() if place != 2}
        again = reroll(catalogue, waypoints, found.itinerary, Reroll(2, kept, frozenset(seen)))
        new = {stop.position: stop.track_id for stop in again.stops if stop.track_id is not None}
        assert {place: track for place, track in new.items() if place != 2} == kept
        if 2 not in new:
            assert again.ended is not None
            break
        assert new[2] not in {*seen, *kept.values()}
        seen.add(new[2])
    else:
        pytest.fail("it never ran out of tracks")


def test_a_waypoint_cannot_be_rolled_again(fan: Index, infos: Infos) -> None:
    with pytest.raises(ParameterError, match="cannot be chosen anew"):
        reroll(Catalogue.plain(fan, infos), [TrackId("a"), TrackId("j")], Itinerary(between=2), Reroll(3, {}))


def test_minutes_are_kept_as_far_as_tracks_allow(infos: Infos) -> None:
    rng = np.random.default_rng(3)
    ids = [TrackId(f"{n:03d}") for n in range(300)]
    infos = {i: TrackInfo(i, i, duration_s=float(rng.uniform(120, 400))) for i in ids}
    catalogue = Catalogue.plain(Index.build(ids, rng.normal(size=(300, 8))), infos)
    for dots, loop in ((2, False), (3, False), (2, True)):
        found = journey(catalogue, ids[:dots], Itinerary(minutes=60, loop=loop))
        assert found.duration_s == pytest.approx(3600, abs=200)
        assert found.itinerary.minutes is None
        again = journey(catalogue, ids[:dots], found.itinerary)
        assert [s.track_id for s in again.stops] == [s.track_id for s in found.stops]
    back = journey(catalogue, ids[2::-1], Itinerary(minutes=60))
    there = journey(catalogue, ids[:3], Itinerary(minutes=60))
    assert [s.track_id for s in back.stops][::-1] == [s.track_id for s in there.stops]
    assert len(journey(catalogue, ids[:2], Itinerary(minutes=1)).stops) == 2
    everything = journey(catalogue, ids[:2], Itinerary(minutes=60 * 24))
    assert len(everything.stops) == 300
    assert everything.ended is not None


def test_namesakes_keep_apart_until_that_costs_too_much(fan: Index, infos: Infos) -> None:
    near = {**infos, TrackId("d"): TrackInfo("Song d", "Artist a"), TrackId("g"): TrackInfo("Song g", "Artist a")}
    assert names(go(fan, near, "aj", between=2)) in ("aegj", "acgj", "adfj", "adhj")
    spaced = go(fan, near, "aj", between=2)
    assert all(not stop.relaxed for stop in spaced.stops)
    one = {i: replace(info, artist="Everybody") for i, info in infos.items()}
    alone = go(fan, one, "aj", between=2)
    assert names(alone) == "adgj"
    assert alone.stops[1].relaxed == ("artist spacing",)
    assert "artist spacing was relaxed" in alone.stops[1].why
    assert names(go(fan, one, "aj", between=2, wishes=Wishes(strict=True))) == "aj"
    assert names(go(fan, one, "aj", between=2, mode="smoothest", wishes=Wishes(strict=True))) == "aj"


def test_rules_that_forbid_everything(fan: Index, infos: Infos) -> None:
    for mode in ("shortest", "smoothest"):
        strict = go(fan, infos, "aj", mode=mode, wishes=Wishes(shortest_s=300, strict=True))
        assert names(strict) == "aj"
        assert "4 of 4 stops between stay empty" in (strict.ended or "")
        assert "is too short or too long" in (strict.ended or "")
        relaxed = go(fan, infos, "aj", mode=mode, wishes=Wishes(shortest_s=300))
        assert len(relaxed.stops) == 6
        assert relaxed.relaxed == ("length limits",)
        banned = go(fan, infos, "aj", mode=mode, never=frozenset(fan.ids))
        assert names(banned) == "aj"
        assert "you took each out" in (banned.ended or "")


@pytest.mark.parametrize("mode", ["shortest", "smoothest"])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_tiny_libraries(count: int, mode: str) -> None:
    ids = [TrackId(n) for n in "abc"[:count]]
    index = Index.build(ids, np.eye(3)[:count].reshape(count, 3))
    catalogue = Catalogue.plain(index, {i: TrackInfo(i, i) for i in ids})
    dots = [OutsideSeed(np.array(v, np.float32), TrackInfo(f"Outside {v}")) for v in ([1, 1, 0.1], [0, 1, 1])]
    found = journey(catalogue, dots, Itinerary(between=4, mode=mode))  # type: ignore[arg-type]
    assert len(found.stops) == 2 + count
    assert found.ended is not None
    assert found.ended.startswith(f"{4 - count} of 4 stops between stay empty")


def test_what_the_listener_dislikes_stays_away(fan: Index, infos: Infos) -> None:
    catalogue, ends = Catalogue.plain(fan, infos), [TrackId("a"), TrackId("j")]
    facts = Facts(disliked=frozenset({TrackId("d")}), banned=frozenset({TrackId("g")}))
    found = journey(catalogue, ends, Itinerary(between=2), facts=facts)
    assert {"d", "g"}.isdisjoint(names(found))
    assert [(r.title, r.reason) for r in found.stops[1].refused][:1] == [("Song d", "you disliked it")]


def test_what_is_no_journey(fan: Index, infos: Infos) -> None:
    for dots, match in (("", "two waypoints"), ("a", "two waypoints"), ("abcb", "'Song b' comes twice")):
        with pytest.raises(ParameterError, match=match):
            go(fan, infos, dots)
    with pytest.raises(UnknownTrackError):
        go(fan, infos, "az")
    with pytest.raises(ParameterError, match="too long"):
        go(fan, infos, "aj", between=JOURNEY.longest_stops)
    with pytest.raises(ParameterError, match="2 numbers of tracks came for 1 legs"):
        go(fan, infos, "aj", between=(1, 2))
    for wrong in ({"between": -1}, {"minutes": 0}, {"minutes": float("nan")}, {"mode": "x"}, {"arc_weight": -1.0}):
        with pytest.raises(ParameterError):
            Itinerary(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="no regard of energy"):
        Itinerary(mode="smoothest", arc="rise")


def test_a_journey_is_told_again_as_it_was_and_its_gaps_stay(fan: Index, infos: Infos) -> None:
    catalogue = Catalogue.plain(fan, infos)
    ways = [TrackId("a"), TrackId("j")]
    found = journey(catalogue, ways, Itinerary(between=4))
    tracks = {stop.position: stop.track_id for stop in found.stops[1:-1] if stop.track_id}
    assert retold(catalogue, ways, found.itinerary, Kept(tracks)) == found
    shorter = retold(catalogue, ways, found.itinerary, Kept({at: t for at, t in tracks.items() if at != 2}))
    assert [stop.position for stop in shorter.stops] == [0, 1, 3, 4, 5]
    twice = retold(catalogue, ways, found.itinerary, Kept({**tracks, 2: TrackId("a")}))
    assert names(twice) == names(shorter)
    with pytest.raises(ParameterError, match="stop 7 is not among the 6"):
        retold(catalogue, ways, found.itinerary, Kept({6: TrackId("b")}))
    with pytest.raises(UnknownTrackError):
        retold(catalogue, ways, found.itinerary, Kept({1: TrackId("?")}))
