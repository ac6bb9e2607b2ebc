from __future__ import annotations

import numpy as np
import pytest

import segue.choose.retrieval as module
from segue.choose.retrieval import compare, retrieval, skewness, standardised
from segue.config import EVALUATION
from segue.errors import ParameterError
from segue.values import Floats


def random_vectors(count: int, *, seed: int = 0, dimension: int = 8) -> Floats:
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)


def two_heaps() -> Floats:
    """Six tracks near one direction, six at another."""
    noise = 0.01 * np.random.default_rng(0).standard_normal((6, 8))
    return np.concatenate([np.eye(8)[0] + noise, np.eye(8)[1] + np.zeros((6, 8))]).astype(np.float32)


def by_hand(vectors: Floats, labels: list[str], artists: list[str] | None = None) -> tuple[float, float, float]:
    """P@5, first and MRR, a track at a time."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = []
    for i in range(len(unit)):
        others = [j for j in range(len(unit)) if j != i]
        if artists is not None:
            others = [j for j in others if not artists[i] or artists[j] != artists[i]]
        ranked = sorted(others, key=lambda j: -float(unit[i] @ unit[j]))
        hits = [labels[j] == labels[i] for j in ranked]
        if any(hits):
            scores.append((sum(hits[:5]) / 5, float(hits[0]), 1.0 / (1 + hits.index(True))))
    return tuple(np.mean(scores, axis=0))


def test_two_kinds_of_music_far_apart_are_told_apart() -> None:
    found = retrieval(two_heaps(), ["a"] * 6 + ["b"] * 6)
    assert (found.p_at_5, found.first, found.mrr) == (1.0, 1.0, 1.0)
    assert found.p_at_5_interval == (1.0, 1.0)
    lost = retrieval(two_heaps(), ["a", "b"] * 6)
    assert lost.p_at_5 == pytest.approx(0.4)  # of five others in its heap two share its label


@pytest.mark.parametrize("cells", [1, 100, 4_000_000])
def test_figures_are_those_found_by_hand_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(module, "_BLOCK_CELLS", cells)
    vectors, rng = random_vectors(60), np.random.default_rng(1)
    labels = [str(k) for k in rng.integers(6, size=60)]
    artists = [f"band {k}" if k else "" for k in rng.integers(20, size=60)]
    found = compare(vectors, labels, artists=artists)
    assert found.filtered is not None
    for part, expected in (
        (found.plain, by_hand(vectors, labels)),
        (found.filtered, by_hand(vectors, labels, artists)),
    ):
        assert (part.p_at_5, part.first, part.mrr) == pytest.approx(expected)


def test_an_artists_own_songs_do_not_count_when_filtered() -> None:
    """Labels that are nothing but the artist in disguise: perfect until the artist is taken away."""
    labels, artists = ["a"] * 6 + ["b"] * 6, ["one"] * 6 + ["two"] * 5 + [""]
    found = compare(two_heaps(), labels, artists=artists)
    assert found.plain.p_at_5 == 1.0
    assert found.filtered is not None
    assert found.filtered.queries == 6  # the five of "two", and the unknown one, whose neighbours all stay
    assert found.filtered.p_at_5 == pytest.approx((5 * 0.2 + 1.0) / 6)
    assert compare(two_heaps(), labels, artists=["one"] * 6 + ["two"] * 6).filtered is None


def test_chance_and_ceiling_follow_from_the_labels() -> None:
    found = retrieval(random_vectors(8), ["a"] * 4 + ["b"] * 3 + ["c"])
    assert found.queries == 7  # nobody shares c
    assert found.chance == pytest.approx((4 * 3 / 7 + 3 * 2 / 7) / 7)
    assert found.ceiling == pytest.approx((4 * 3 / 5 + 3 * 2 / 5) / 7)


def test_random_vectors_score_as_chance_says_and_the_interval_holds_it() -> None:
    labels = [str(k) for k in np.random.default_rng(3).integers(4, size=800)]
    found = retrieval(random_vectors(800, seed=4), labels)
    assert found.p_at_5_interval.low < found.chance < found.p_at_5_interval.high
    assert found.p_at_5_interval.low < found.p_at_5 < found.p_at_5_interval.high
    assert found.first_interval.high - found.first_interval.low == pytest.approx(4 * 0.433 / 800**0.5, rel=0.2)


def test_equally_near_tracks_come_in_the_order_of_their_rows() -> None:
    vectors = np.ones((7, 3), np.float32)
    found = retrieval(vectors, ["b", "a", "c", "d", "e", "f", "b"])
    assert found.mrr == pytest.approx((1 / 6 + 1.0) / 2)


def test_hubness_is_high_where_one_track_is_everybodys_neighbour() -> None:
    """Unrelated directions that all share a little of one: it is near to all of them."""
    rng = np.random.default_rng(0)
    spokes = rng.standard_normal((200, 40)) + 3.0 * np.eye(40)[0]
    hubs = np.repeat(np.eye(40)[:1], 10, axis=0) + 0.01 * rng.standard_normal((10, 40))
    labels = ["a", "b"] * 105
    some = compare(np.concatenate([spokes, hubs]).astype(np.float32), labels).hubness
    even = compare(random_vectors(210, dimension=3), labels).hubness
    assert some > 3.0 > 1.0 > even


def test_skewness_of_known_distributions() -> None:
    draws = np.random.default_rng(0).exponential(size=200_000)
    assert skewness(draws) == pytest.approx(2.0, abs=0.1)
    assert skewness(np.ones(5)) == 0.0


def test_standardised_features_have_mean_nought_and_spread_one() -> None:
    found = standardised(np.random.default_rng(0).normal(7.0, 3.0, (50, 4)))
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=0), 1.0, atol=1e-9)


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    compare(random_vectors(50), ["a"] * 50, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (50, 50)


def test_what_cannot_be_measured_is_refused() -> None:
    few = EVALUATION.neighbours
    with pytest.raises(ParameterError, match=f"{few} tracks"):
        retrieval(random_vectors(few), ["a"] * few)
    with pytest.raises(ParameterError, match="no two tracks share"):
        retrieval(random_vectors(8), list("abcdefgh"))
    with pytest.raises(ParameterError, match="8 vectors came with 7 labels"):
        retrieval(random_vectors(8), ["a"] * 7)
    with pytest.raises(ParameterError, match="zero or not finite"):
        retrieval(np.zeros((8, 3), np.float32), ["a"] * 8)
