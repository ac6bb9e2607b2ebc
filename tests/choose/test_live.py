from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from segue.choose.catalogue import Catalogue, camelot_code
from segue.choose.index import Index
from segue.choose.live import Memory, Recogniser, Suggester, alignment, live_scores
from segue.choose.rules import RuleSet, rules_for
from segue.choose.wishes import NO_FACTS, Facts, Wishes
from segue.config import LIVE
from segue.values import Floats, TrackId, TrackInfo

WINDOW_S = 5.0


def at(degrees: float) -> Floats:
    angle = np.deg2rad(degrees)
    return np.array([np.cos(angle), np.sin(angle), 0.0], np.float32)


def heard(*degrees: float) -> Memory:
    memory = Memory(WINDOW_S)
    for angle in degrees:
        memory.hear(at(angle))
    return memory


@pytest.fixture
def catalogue(fan: Index, infos: Mapping[TrackId, TrackInfo]) -> Catalogue:
    return Catalogue.plain(fan, infos)


def rules(wishes: Wishes | None = None, facts: Facts = NO_FACTS) -> RuleSet:
    return rules_for(wishes or Wishes(), facts)


def flat(memory: Memory) -> Memory:
    """The same in the plane of the fan."""
    memory._vectors = [vector[:2] for vector in memory._vectors]
    return memory


def test_the_rolling_vector_is_of_the_last_half_minute_and_leans_to_what_is_recent() -> None:
    memory = heard(*[0.0] * 50)
    assert memory.heard_s == LIVE.memory_s
    turned = heard(0.0, 0.0, 0.0, 60.0, 60.0, 60.0)
    assert 30.0 < np.rad2deg(np.arctan2(turned.rolling()[1], turned.rolling()[0])) < 60.0
    np.testing.assert_allclose(turned.now(), at(60.0), atol=1e-6)


def test_a_long_silence_begins_a_new_song_and_a_short_one_does_not() -> None:
    memory = heard(0.0, 0.0, 0.0)
    memory.rest()
    assert not memory.hear(at(10.0))
    memory.rest()
    memory.rest()
    assert memory.hear(at(10.0))
    assert len(memory.windows) == 1


def test_a_jump_begins_a_new_song_when_two_windows_agree_on_it() -> None:
    memory = heard(0.0, 0.0, 0.0, 0.0)
    assert not memory.hear(at(90.0))
    assert memory.hear(at(95.0))
    np.testing.assert_allclose(memory.now(), at(92.5), atol=1e-3)
    drifting = heard(0.0)
    assert not any(drifting.hear(at(angle)) for angle in range(0, 90, 10))


def test_windows_are_found_where_they_lie_in_a_track() -> None:
    rng = np.random.default_rng(1)
    slices = rng.standard_normal((40, 16)).astype(np.float32)
    slices /= np.linalg.norm(slices, axis=1, keepdims=True)
    assert alignment(slices[7:13], slices) == pytest.approx(1.0, abs=1e-6)
    assert alignment(slices[12:6:-1], slices) < 0.9
    assert alignment(slices[12:6:-1], slices, in_order=False) == pytest.approx(1.0, abs=1e-6)
    assert alignment(slices[:6], slices[:2]) < 1.0


def test_the_score_weighs_the_beginning_against_the_whole(catalogue: Catalogue) -> None:
    heads = catalogue.index.vectors[::-1].copy()
    heads[3] = 0.0  # not known: the whole stands for it
    turned = replace(catalogue, heads=heads)
    now, rolling = at(0.0)[:2], at(90.0)[:2]
    np.testing.assert_allclose(live_scores(now, rolling, turned, head_weight=1.0)[[0, 9]], [0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(live_scores(now, rolling, turned, head_weight=0.0)[[0, 9]], [0.0, 1.0], atol=1e-6)
    assert live_scores(now, rolling, turned, head_weight=1.0)[3] == pytest.approx(np.sin(np.deg2rad(30.0)), abs=1e-6)


def test_what_plays_its_copies_and_what_was_banned_are_not_suggested(catalogue: Catalogue) -> None:
    suggester = Suggester(count=3)
    memory = flat(heard(0.0, 0.0))
    banned = Facts(banned=frozenset((TrackId("b"),)))
    shown = suggester.suggest(memory, catalogue, rules(facts=banned), hidden=[TrackId("a")])
    assert [s.track_id for s in shown] == ["c", "d", "e"]
    suggester.played(TrackId("c"))
    shown = suggester.suggest(memory, catalogue, rules(facts=banned), hidden=[TrackId("a")])
    assert [s.track_id for s in shown] == ["d", "e", "f"]
    assert all("Begins as what plays now sounds" in s.why for s in shown)


def test_the_artist_of_what_was_recognised_waits_unless_there_is_nobody_else(fan: Index) -> None:
    infos = {TrackId(n): TrackInfo(n, "One" if n < "e" else "Two", duration_s=200.0) for n in "abcdefghij"}
    suggester = Suggester(count=2)
    suggester.played(TrackId("a"))
    shown = suggester.suggest(flat(heard(0.0)), Catalogue.plain(fan, infos), rules())
    assert [s.track_id for s in shown] == ["e", "f"]
    same = {TrackId(n): TrackInfo(n, "One", duration_s=200.0) for n in "abcdefghij"}
    shown = suggester.suggest(flat(heard(0.0)), Catalogue.plain(fan, same), rules())
    assert len(shown) == 2
    assert all("artist spacing was relaxed" in s.why for s in shown)
    assert suggester.suggest(flat(heard(0.0)), Catalogue.plain(fan, same), rules(Wishes(strict=True))) == ()


def test_the_list_holds_still_until_something_is_clearly_better(catalogue: Catalogue) -> None:
    suggester = Suggester(count=3)
    rng = np.random.default_rng(3)
    lists = set()
    for _ in range(
        50
    ):  # around 14 degrees b and c are equally near, and a and d: they would change places all the time
        shown = suggester.suggest(flat(heard(15.0 + rng.uniform(-1.0, 1.0))), catalogue, rules())
        lists.add(tuple(s.track_id for s in shown))
    assert len(lists) == 1
    moved = suggester.suggest(flat(heard(80.0)), catalogue, rules())
    assert {s.track_id for s in moved} == {"h", "i", "j"}


def test_recognition_says_nothing_of_what_it_is_not_sure_of(fan: Index) -> None:
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((30, 16))
    index = Index.build([TrackId(f"{n:02}") for n in range(30)], vectors)
    slices = {i: np.repeat(index.vector(i)[None], 9, axis=0) for i in index.ids}
    asked: list[TrackId] = []

    def slices_of(ids: Sequence[TrackId]) -> dict[TrackId, Floats]:
        asked.extend(ids)
        return {i: slices[i] for i in ids}

    recogniser = Recogniser(slices_of)
    catalogue = Catalogue.plain(index, {})
    memory = Memory(WINDOW_S)
    memory.hear(index.vectors[4])
    early = recogniser.find(memory, catalogue)
    assert early is not None
    assert (early.track_id, early.sure) == ("04", False)
    for _ in range(3):
        memory.hear(index.vectors[4])
    sure = recogniser.find(memory, catalogue)
    assert sure is not None
    assert (sure.track_id, sure.sure, round(sure.fit, 3)) == ("04", True, 1.0)
    assert sure.likely == ("04",)
    assert len(asked) == len(set(asked))
    between = Memory(WINDOW_S)
    for _ in range(4):
        between.hear(
            (index.vectors[4] + index.vectors[5]) / np.float32(np.sqrt(2 + 2 * index.vectors[4] @ index.vectors[5]))
        )
    unsure = recogniser.find(between, catalogue)
    assert unsure is not None
    assert not unsure.sure
    through_room = Recogniser(slices_of, view=lambda vectors: vectors).find(between, catalogue)
    assert through_room is not None
    assert len(through_room.likely) == 2  # of thirty tracks so many may be kept out of the list
    assert through_room.likely[0] == unsure.track_id


def test_the_slices_that_are_kept_do_not_grow_without_end() -> None:
    index = Index.build([TrackId(f"{n:04}") for n in range(1500)], np.random.default_rng(2).standard_normal((1500, 8)))
    recogniser = Recogniser(lambda ids: {i: index.vector(i)[None] for i in ids})
    catalogue = Catalogue.plain(index, {})
    for row in range(0, 1500, 20):
        memory = Memory(WINDOW_S)
        memory.hear(index.vectors[row])
        recogniser.find(memory, catalogue)
    assert len(recogniser._kept) <= 400


class Heard:
    """Sound in A minor, whose beat is that of 120 BPM."""

    keys: Mapping[str, float] = {"8A": 0.9, "3B": 0.1}

    def tempos(self, bpm: Floats) -> np.ndarray:
        return np.where(np.isnan(bpm), np.nan, np.where(bpm == 120.0, 0.8, 0.2))


def test_of_tracks_that_sound_alike_that_one_plays_whose_tempo_and_key_are_heard() -> None:
    index = Index.build([TrackId(name) for name in "abcd"], np.ones((4, 3), np.float32))
    tempo_bpm = np.array([90.0, 120.0, 120.0, np.nan], np.float32)
    camelot = np.array([camelot_code(key) for key in ("3B", "3B", "8A", None)], np.int8)
    catalogue = replace(Catalogue.plain(index, {}), tempo_bpm=tempo_bpm, camelot=camelot)
    memory = Memory(WINDOW_S)
    memory.hear(index.vectors[0])
    recogniser = Recogniser(lambda ids: {i: index.vector(i)[None] for i in ids})
    ranking = recogniser.ranking(memory, catalogue, Heard())
    assert ranking[0].track_id == "c"
    found = {fit.track_id: fit.score - fit.fit for fit in ranking}
    assert found["d"] == pytest.approx((found["a"] + found["b"] + found["c"]) / 3)  # of which nothing is known
    assert found["b"] - found["a"] == pytest.approx(0.6 * LIVE.tempo_weight)
    assert found["c"] - found["b"] == pytest.approx(0.8 * LIVE.key_weight)
    assert all(fit.score == fit.fit for fit in recogniser.ranking(memory, catalogue))
