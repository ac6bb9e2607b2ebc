"""The similarity join against its definition in float64, on what libraries hold and on what they had better not."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.embed import gathering, joining, pooling, sketching
from segue.embed.joining import Slices, Work
from segue.embed.pooling import Counts, Pairs, count
from segue.values import Floats

NEAR = 1e-6  # how close to epsilon pairs are planted; float16 cosines are 500 times coarser
DRAWN = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many leaves, branches and parts, though there are few slices."""
    monkeypatch.setattr(joining, "_LEAF_ROWS", 8)
    monkeypatch.setattr(joining, "_FIRST_ROWS", 48)
    monkeypatch.setattr(joining, "_PART", 64)
    monkeypatch.setattr(joining, "_BOX_PART", 40)
    monkeypatch.setattr(gathering, "_MOST_CODES", 300)
    monkeypatch.setattr(sketching, "_CLIPPED_FROM", 30)
    monkeypatch.setattr(pooling, "_MOST_PAIRS_A_SLICE", 1000)


def unit(vectors: np.ndarray) -> Floats:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def clusters(rng: np.random.Generator, n: int, epsilon: float) -> np.ndarray:
    centres = rng.normal(size=(6, 20))
    return centres[rng.integers(6, size=n)] + rng.choice([0.01, 0.1, 0.4], size=(n, 1)) * rng.normal(size=(n, 20))


def alike(rng: np.random.Generator, n: int, epsilon: float) -> np.ndarray:
    return np.repeat(rng.normal(size=(1, 20)), n, axis=0)


def great_circle(rng: np.random.Generator, n: int, epsilon: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False) + rng.uniform()
    return np.outer(np.cos(angles), rng.normal(size=20)) + np.outer(np.sin(angles), rng.normal(size=20))


def planted(rng: np.random.Generator, n: int, epsilon: float) -> np.ndarray:
    """Pairs whose distance is epsilon, a millionth more or a millionth less, and duplicates."""
    base = unit(rng.normal(size=(n, 20))).astype(float)
    beside = rng.normal(size=(n, 20))
    beside -= (beside * base).sum(axis=1, keepdims=True) * base
    angle = np.arccos(1 - epsilon - rng.choice([-NEAR, NEAR], size=(n, 1)))
    other = base * np.cos(angle) + beside / np.linalg.norm(beside, axis=1, keepdims=True) * np.sin(angle)
    return np.concatenate([base[: n // 3], other[: n // 3], base[: n - 2 * (n // 3)]])


def as_stored(rng: np.random.Generator, n: int, epsilon: float) -> np.ndarray:
    """float16, as a library keeps them."""
    return unit(clusters(rng, n, epsilon)).astype(np.float16).astype(float)


KINDS = st.sampled_from([clusters, alike, great_circle, planted, as_stored])


def owners_of(rng: np.random.Generator, n: int, tracks: int) -> np.ndarray:
    """Each of the tracks owns at least one slice."""
    owners = np.sort(np.concatenate([np.arange(tracks), rng.integers(tracks, size=n - tracks)]))
    return owners.astype(np.int64)


def definition(slices: Slices, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """tf and df from every pair, in float64."""
    vectors = slices.vectors.astype(float)
    cosine = np.einsum("ik,jk->ij", vectors, vectors)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    same = 1.0 - cosine / (lengths[:, None] * lengths) < epsilon
    tf = (same & (slices.owners[:, None] == slices.owners)).sum(axis=1)
    return tf, np.array([len(set(slices.owners[row])) for row in same])


def counted(slices: Slices, epsilon: float, work: Work | None = None, known: Counts | None = None) -> Counts:
    counts = count(slices, epsilon=epsilon, work=work or Work(), known=known)
    assert counts is not None
    return counts


@settings(max_examples=80, deadline=None)
@given(DRAWN, KINDS, st.sampled_from([1, 2, 30, 150]), st.sampled_from([1e-3, 0.034, 0.3]), st.integers(1, 3))
def test_it_is_its_definition(seed: int, kind, n: int, epsilon: float, threads: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(kind(rng, n, epsilon))
    for tracks in {1, min(n, 7), n}:  # one track; a few; tracks of one slice each
        slices = Slices(vectors, owners_of(rng, n, tracks))
        tf, df = definition(slices, epsilon)
        counts = counted(slices, epsilon, Work(threads=threads))
        assert np.array_equal(counts.tf, tf)
        assert np.array_equal(counts.df, df)
        assert counts.pairs is not None
        assert np.array_equal(1 + np.bincount(counts.pairs.slices, minlength=n), df)


@settings(max_examples=40, deadline=None)
@given(DRAWN, KINDS, st.integers(1, 2), st.sampled_from([0, 1, 1000]))
def test_pairs_compared_once_or_twice_count_the_same(seed: int, kind, threads: int, most: int) -> None:
    """Kept pairs are compared once and told of both slices; those that are too many, slice by slice."""
    rng = np.random.default_rng(seed)
    slices = Slices(unit(kind(rng, 150, 0.034)), owners_of(rng, 150, 12))
    tf, df = definition(slices, 0.034)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "_MOST_PAIRS_A_SLICE", most)
        counts = counted(slices, 0.034, Work(threads=threads))
    assert np.array_equal(counts.tf, tf)
    assert np.array_equal(counts.df, df)
    assert (counts.pairs is None) == (int((df - 1).sum()) > most * 150)


@settings(max_examples=40, deadline=None)
@given(DRAWN, KINDS, st.integers(1, 3))
def test_each_pair_is_told_once_of_both_its_slices(seed: int, kind, threads: int) -> None:
    """Within a track, a pair that two leaves found would count twice."""
    rng = np.random.default_rng(seed)
    slices = Slices(unit(kind(rng, 150, 0.034)), np.zeros(150, np.int64))
    tf, done = np.zeros(150, np.int64), []
    for found in joining.iter_same(slices, epsilon=0.034, work=Work(threads=threads)):
        np.add.at(tf, found.slices, found.within)
        done += found.rows.tolist()
    assert np.array_equal(tf, definition(slices, 0.034)[0])
    assert sorted(done) == list(range(150))


@settings(max_examples=40, deadline=None)
@given(DRAWN, KINDS, st.integers(1, 9))
def test_adding_gives_what_counting_afresh_gives(seed: int, kind, new_tracks: int) -> None:
    rng = np.random.default_rng(seed)
    slices = Slices(unit(kind(rng, 120, 0.034)), owners_of(rng, 120, 10))
    is_new = np.isin(slices.owners, rng.choice(10, new_tracks, replace=False))
    afresh = counted(slices, 0.034)
    known = known_of(afresh, slices, is_new)
    added = counted(slices, 0.034, Work(threads=2), known)
    assert_equal(added, afresh)


def known_of(counts: Counts, slices: Slices, is_new: np.ndarray) -> Counts:
    """What would be known if some tracks were not there yet."""
    assert counts.pairs is not None
    new_tracks = np.unique(slices.owners[is_new])
    old = ~is_new[counts.pairs.slices] & ~np.isin(counts.pairs.tracks, new_tracks)
    tf = np.where(is_new, 0, counts.tf)
    return Counts(tf, np.zeros(0, np.int64), Pairs(counts.pairs.slices[old], counts.pairs.tracks[old]))


def assert_equal(one: Counts, other: Counts) -> None:
    assert np.array_equal(one.tf, other.tf)
    assert np.array_equal(one.df, other.df)
    assert one.pairs is not None
    assert other.pairs is not None
    assert np.array_equal(one.pairs.slices, other.pairs.slices)
    assert np.array_equal(one.pairs.tracks, other.pairs.tracks)


def test_order_and_threads_and_pieces_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    slices = Slices(unit(clusters(rng, 500, 0.034)), owners_of(rng, 500, 20))
    expected = counted(slices, 0.034)
    turned = counted(Slices(slices.vectors[::-1].copy(), 19 - slices.owners[::-1]), 0.034)
    assert np.array_equal(turned.tf[::-1], expected.tf)
    assert np.array_equal(turned.df[::-1], expected.df)
    for leaf, part, threads in ((3, 7, 4), (100, 5000, 1), (1000, 50, 2)):
        monkeypatch.setattr(joining, "_LEAF_ROWS", leaf)
        monkeypatch.setattr(joining, "_PART", part)
        monkeypatch.setattr(joining, "_BOX_PART", 2 * part)
        assert_equal(counted(slices, 0.034, Work(threads=threads)), expected)


def test_too_many_pairs_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    slices = Slices(unit(clusters(rng, 200, 0.034)), owners_of(rng, 200, 40))
    expected = counted(slices, 0.034)
    known = known_of(expected, slices, slices.owners < 5)
    monkeypatch.setattr(pooling, "_MOST_PAIRS_A_SLICE", 1)
    done: list[int] = []
    assert counted(slices, 0.034, Work(on_done=done.append)).pairs is None
    assert min(done) < 0
    assert sum(done) == 200
    for counts in (counted(slices, 0.034), counted(slices, 0.034, known=known)):
        assert counts.pairs is None
        assert np.array_equal(counts.tf, expected.tf)
        assert np.array_equal(counts.df, expected.df)


def test_what_is_all_alike_needs_no_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty thousand copies of one slice would be 400 million pairs."""
    monkeypatch.setattr(joining, "_FIRST_ROWS", 8192)
    monkeypatch.setattr(gathering, "_MOST_CODES", 1_000_000)
    monkeypatch.setattr(pooling, "_MOST_PAIRS_A_SLICE", 25)
    vectors = unit(alike(np.random.default_rng(0), 20_000, 0.034))
    counts = counted(Slices(vectors, np.arange(20_000) // 50), 0.034)
    assert set(counts.tf.tolist()) == {50}
    assert set(counts.df.tolist()) == {400}


def test_it_tells_how_far_it_is_and_can_be_stopped() -> None:
    rng = np.random.default_rng(5)
    slices = Slices(unit(clusters(rng, 400, 0.034)), owners_of(rng, 400, 20))
    done: list[int] = []
    counted(slices, 0.034, Work(on_done=done.append))
    assert sum(done) == 400
    assert len(done) > 10
    assert min(done) > 0
    cancel = threading.Event()
    assert count(slices, epsilon=0.034, work=Work(on_done=lambda _: cancel.set(), cancel=cancel)) is None
