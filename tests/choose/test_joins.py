from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.catalogue import UNKNOWN_KEY, Catalogue, camelot_code
from segue.choose.index import Index
from segue.choose.joins import JoinWeights, Sounds, key_agreement, score, tempo_agreement
from segue.config import CHOICE
from segue.errors import ParameterError
from segue.values import TrackId

NOTHING = JoinWeights(join=0.0, tempo=0.0, key=0.0)


def tempo(a: float, b: float) -> float:
    return float(tempo_agreement(np.array(a, np.float32), np.array(b, np.float32)))


def key(a: str | None, b: str | None) -> float:
    return float(key_agreement(np.int8(camelot_code(a)), np.int8(camelot_code(b))))


def sounds(count: int, *, seed: int = 0, unknown: bool = False) -> Sounds:
    rng = np.random.default_rng(seed)
    parts = rng.standard_normal((3, count, 6)).astype(np.float32)
    parts /= np.linalg.norm(parts, axis=2, keepdims=True)
    if unknown:
        return Sounds.unmeasured(parts[0])
    return Sounds(*parts, rng.uniform(60, 180, count).astype(np.float32), rng.integers(0, 24, count).astype(np.int8))


@pytest.mark.parametrize(("a", "b"), [(120, 120), (120, 123), (70, 140), (174, 87), (60, 240)])
def test_tempi_that_mix_as_they_are_agree_fully_octaves_aside(a: float, b: float) -> None:
    assert tempo(a, b) == pytest.approx(1.0, abs=1e-3)


def test_tempi_clash_beyond_the_limit_and_change_smoothly_before_it() -> None:
    assert tempo(120, 132) == tempo(100, 141) == -1.0
    middle = 120 * (1 + (CHOICE.same_tempo + CHOICE.other_tempo) / 2)
    assert tempo(120, middle) == pytest.approx(0.0, abs=1e-3)
    steps = [tempo(120, 120 * (1 + differ)) for differ in np.linspace(0, 0.1, 101)]
    assert all(0 <= a - b < 0.1 for a, b in pairwise(steps))


def test_an_unknown_tempo_or_key_agrees_with_nothing_and_clashes_with_nothing() -> None:
    assert np.isnan([tempo(float("nan"), 120), tempo(120, float("nan")), key(None, "8A"), key("8A", None)]).all()


def test_keys_agree_with_their_neighbours_on_the_wheel() -> None:
    assert key("8A", "8A") == 1.0
    near = {other for n in range(1, 13) for x in "AB" if key("8A", other := f"{n}{x}") == pytest.approx(0.8)}
    assert near == {"7A", "9A", "8B"}
    bold = {other for n in range(1, 13) for x in "AB" if key("12B", other := f"{n}{x}") == pytest.approx(0.3)}
    assert bold == {"11A", "1A", "7B", "5B"}
    assert key("8A", "2A") == key("8A", "10B") == -1.0


def test_agreements_do_not_depend_on_which_comes_first() -> None:
    codes = np.arange(-1, 24).astype(np.int8)
    table = key_agreement(codes[:, None], codes[None, :])
    np.testing.assert_array_equal(table, table.T)
    assert np.isnan(table).sum() == 49
    assert tempo(90, 95) == pytest.approx(tempo(95, 90), abs=1e-4)  # float32: 1e-6 of the ratio, times the slope


def test_the_score_is_the_formula() -> None:
    before, after = sounds(1, seed=1), sounds(4, seed=2)
    found = score(before, after, weights=JoinWeights(join=0.4, tempo=0.2, key=0.1))
    for n in range(4):
        by_hand = 0.6 * float(before.vectors[0] @ after.vectors[n]) + 0.4 * float(before.tails[0] @ after.heads[n])
        by_hand += 0.2 * tempo(before.tempo_bpm[0], after.tempo_bpm[n])
        by_hand += 0.1 * float(key_agreement(before.camelot[0], after.camelot[n]))
        assert found.score[0, n] == pytest.approx(by_hand, abs=1e-6)


def test_unknown_parts_leave_what_is_known_as_it_is() -> None:
    before, after = sounds(3), sounds(5, seed=1, unknown=True)
    found = score(before, after, weights=JoinWeights(join=1.0, tempo=1.0, key=1.0))
    assert np.isnan(found.ends).all()
    np.testing.assert_allclose(found.score, found.whole, atol=1e-6)


def test_no_weights_leave_the_wholes() -> None:
    found = score(sounds(3), sounds(5), weights=NOTHING)
    np.testing.assert_allclose(found.score, found.whole, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(0, 99), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_all_against_all_is_each_against_all(count: int, seed: int, w: float, t: float, k: float) -> None:
    weights, all_of_them = JoinWeights(w, t, k), sounds(count, seed=seed)
    table = score(all_of_them, all_of_them, weights=weights).score
    assert table.dtype == np.float32
    for i in range(count):
        one = Sounds(*(getattr(all_of_them, name)[i : i + 1] for name in Sounds.__slots__))
        np.testing.assert_allclose(score(one, all_of_them, weights=weights).score[0], table[i], atol=1e-5)


def test_rows_of_a_catalogue_come_as_asked_and_a_query_may_stand_for_a_track() -> None:
    ids = [TrackId(n) for n in "abc"]
    plain = Catalogue.plain(Index.build(ids, np.eye(3)), {})
    keyed = replace(plain, camelot=np.array([0, UNKNOWN_KEY, 5], np.int8))
    some = Sounds.of(keyed, np.array([2, 0]))
    assert some.camelot.tolist() == [5, 0]
    np.testing.assert_array_equal(some.vectors, np.eye(3)[[2, 0]])
    turned = replace(some, vectors=np.ones((2, 3), np.float32))
    assert score(turned, some, weights=NOTHING).score.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("wrong", [{"join": -0.1}, {"tempo": 1.1}, {"key": float("nan")}])
def test_weights_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        JoinWeights(**wrong)
