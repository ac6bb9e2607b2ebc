from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.embed import joining
from segue.embed.pooling import count_same, pool
from segue.errors import ParameterError
from segue.values import Floats, TrackId


def library(seed: int, *, tracks: int = 9, spread: float = 0.15) -> dict[TrackId, Floats]:
    """Tracks around shared motifs, with exact repeats within and across them, in six dimensions."""
    rng = np.random.default_rng(seed)
    motifs = rng.normal(size=(4, 6))
    found = {}
    for number in range(tracks):
        rows = motifs[rng.integers(4, size=rng.integers(1, 9))] + spread * rng.normal(size=6)
        found[TrackId(f"{number:016x}")] = (rows + rng.choice([0.0, spread], size=(len(rows), 1))).astype(np.float32)
    return found


def definition(slices: dict[TrackId, Floats], epsilon: float) -> dict[TrackId, np.ndarray]:
    """TF-IDF pooling as docs/architecture.md writes it: every pair, in float64."""
    ids = sorted(slices)
    vectors = {i: slices[i].astype(float) / np.linalg.norm(slices[i].astype(float), axis=1, keepdims=True) for i in ids}
    vectors = {i: v.astype(np.float32).astype(float) for i, v in vectors.items()}
    unit = {i: v / np.linalg.norm(v, axis=1, keepdims=True) for i, v in vectors.items()}
    pooled = {}
    for i in ids:
        total = np.zeros(unit[i].shape[1])
        for row, vector in zip(unit[i], vectors[i], strict=True):
            tf = int((1 - unit[i] @ row < epsilon).sum())
            df = sum(bool((1 - unit[j] @ row < epsilon).any()) for j in ids)
            total += tf * (np.log((1 + len(ids)) / (1 + df)) + 1) * vector
        pooled[i] = total / np.linalg.norm(total)
    return pooled


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.001, 0.001 - 1e-6, 0.001 + 1e-6, 0.03, 0.3]))
def test_pooling_is_its_definition(seed: int, epsilon: float) -> None:
    slices = library(seed)
    pooled, expected = pool(slices, epsilon=epsilon), definition(slices, epsilon)
    for track_id, vector in pooled.items():
        assert np.abs(vector - expected[track_id]).max() < 1e-6
        assert vector.dtype == np.float32


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1e-3, 0.03, 0.3]), st.sampled_from([12, 70]))
def test_small_leaves_prune_and_lose_nothing(seed: int, epsilon: float, dimension: int) -> None:
    """The join must be exact whatever the boxes and the sketch; most pairs are never compared here."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, dimension))
    vectors = centres[rng.integers(40, size=400)] + 0.05 * rng.normal(size=(400, dimension))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    owners = np.sort(rng.integers(30, size=400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "_LEAF_ROWS", 8)
        patch.setattr(joining, "_FIRST_ROWS", 64)
        patch.setattr(joining, "_PART", 100)
        counts = count_same(vectors, owners, epsilon=epsilon)
    exact = vectors.astype(float) / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    same = 1 - exact @ exact.T < epsilon
    assert np.array_equal(counts.tf, (same & (owners[:, None] == owners)).sum(axis=1))
    assert np.array_equal(counts.df, [len(set(owners[row])) for row in same])


def test_the_threshold_is_sharp() -> None:
    """float16 cosines cannot tell 0.001 from its neighbours; these must."""
    for offset, tf in ((-1e-6, 2), (1e-6, 1)):
        angle = np.arccos(1 - (0.001 + offset))
        pair = np.array([[1.0, 0.0, 0.0], [np.cos(angle), np.sin(angle), 0.0]], np.float32)
        assert count_same(pair, np.zeros(2, np.int64), epsilon=0.001).tf.tolist() == [tf, tf]


def test_one_track_is_a_library() -> None:
    """The random batches of the origin gave a batch of one an idf of 0, a zero vector, and then NaN."""
    slices = {TrackId("a"): np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)}
    for idf in ("smooth", "classic"):
        vector = pool(slices, epsilon=0.01, idf=idf)[TrackId("a")]
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)


def test_order_does_not_matter() -> None:
    slices = library(5, tracks=20)
    turned = dict(reversed(slices.items()))
    first, second = pool(slices, epsilon=0.03), pool(turned, epsilon=0.03)
    assert all(np.array_equal(first[i], second[i]) for i in slices)


def test_what_is_rare_and_recurs_counts_most() -> None:
    common, rare = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    slices = {TrackId("a"): np.array([common, rare, rare], np.float32)}
    slices |= {TrackId(f"b{n}"): np.array([common], np.float32) for n in range(8)}
    by_tfidf = pool(slices, epsilon=0.01)[TrackId("a")]
    by_mean = pool(slices, epsilon=0.01, method="mean")[TrackId("a")]
    assert by_tfidf[1] / by_tfidf[0] == pytest.approx(4 * (np.log(10 / 2) + 1), rel=1e-5)
    assert by_mean[1] / by_mean[0] == pytest.approx(2.0, rel=1e-5)


def test_slices_that_cancel_still_give_a_vector() -> None:
    slices = {TrackId("a"): np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)}
    assert pool(slices, epsilon=0.01)[TrackId("a")].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("rows", [np.zeros((0, 3)), np.zeros((2, 3)), np.full((1, 3), np.nan)])
def test_vectors_that_are_none_are_refused(rows: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="missing, zero or not finite"):
        pool({TrackId("a"): rows.astype(np.float32)}, epsilon=0.01)


def test_epsilon_is_checked_and_nothing_gives_nothing() -> None:
    with pytest.raises(ParameterError, match="epsilon is 0"):
        pool(library(1), epsilon=0)
    assert pool({}, epsilon=0.01) == {}
