from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.index import Index
from segue.errors import ParameterError, UnknownTrackError
from segue.values import TrackId


def _ids(count: int) -> list[TrackId]:
    return [TrackId(f"{i:016x}") for i in range(count)]


def test_rows_are_unit_contiguous_and_read_only(fan: Index) -> None:
    assert fan.vectors.dtype == np.float32
    assert fan.vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(fan.vectors, axis=1), 1.0, atol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        fan.vectors[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        fan.vector(TrackId("a"))[0] = 2.0


def test_the_given_matrix_is_copied_not_changed() -> None:
    given_vectors = np.array([[3.0, 4.0], [0.0, 2.0]], np.float32)
    index = Index.build(_ids(2), given_vectors)
    np.testing.assert_array_equal(given_vectors, [[3.0, 4.0], [0.0, 2.0]])
    given_vectors[:] = 9.0
    np.testing.assert_allclose(index.vector(_ids(1)[0]), [0.6, 0.8], atol=1e-7)


def test_neighbours_on_a_fan(fan: Index) -> None:
    near = fan.similar(TrackId("d"), 3)
    assert [n.track_id for n in near] == ["c", "e", "b"]  # c and e are equally far: the id decides
    assert [n.rank for n in near] == [1, 2, 3]
    assert near[0].similarity == pytest.approx(np.cos(np.deg2rad(10)), abs=1e-6)


def test_excluded_tracks_take_no_place(fan: Index) -> None:
    near = fan.nearest(fan.vector(TrackId("a")), 2, exclude=frozenset({TrackId("a"), TrackId("b"), TrackId("gone")}))
    assert [(n.track_id, n.rank) for n in near] == [("c", 1), ("d", 2)]


def test_asking_for_more_than_there_are_gives_all(fan: Index) -> None:
    assert len(fan.similar(TrackId("a"), 50)) == 9
    assert fan.nearest(fan.vector(TrackId("a")), 0) == ()
    with pytest.raises(ParameterError, match="count is -1"):
        fan.nearest(fan.vector(TrackId("a")), -1)


def test_an_empty_index_answers() -> None:
    index = Index.build([], np.empty((0, 3), np.float32))
    assert len(index) == 0
    assert index.nearest(np.ones(3, np.float32), 5) == ()
    assert list(index.ranking(np.ones(3, np.float32))) == []


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 200),
    st.integers(1, 12),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_order_of_rows_never_matters_and_search_is_exact(count: int, size: int, seed: int, twins: bool) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, 5)).astype(np.float32)
    if twins:
        vectors[:] = vectors[rng.integers(0, max(1, count // 4), count)]
    ids, query, shuffle = _ids(count), rng.standard_normal(5).astype(np.float32), rng.permutation(count)
    near = Index.build(ids, vectors).nearest(query, size)
    shuffled = Index.build([ids[i] for i in shuffle], vectors[shuffle])
    assert shuffled.nearest(query, size) == near
    assert tuple(shuffled.ranking(query))[:size] == near
    assert [n.rank for n in near] == list(range(1, len(near) + 1))
    cosines = (vectors @ query) / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    # float32 products and the sixth decimal: 2e-6
    np.testing.assert_allclose([n.similarity for n in near], np.sort(cosines)[::-1][:size], atol=2e-6)
    pairs = [(-n.similarity, n.track_id) for n in near]
    assert pairs == sorted(pairs)


@pytest.mark.parametrize(
    ("vectors", "match"),
    [
        ([[1.0, 0.0], [0.0, 0.0]], "zero or not finite"),
        ([[1.0, 0.0], [np.nan, 1.0]], "zero or not finite"),
        ([[np.inf, 0.0], [1.0, 1.0]], "zero or not finite"),
        ([[1.0, 0.0]], "2 ids came with vectors of shape"),
        ([1.0, 0.0], "2 ids came with vectors of shape"),
    ],
)
def test_bad_vectors_are_refused(vectors: list[object], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        Index.build(_ids(2), np.array(vectors, np.float32))


def test_duplicate_ids_are_refused() -> None:
    with pytest.raises(ParameterError, match="comes twice"):
        Index.build([TrackId("x"), TrackId("x")], np.eye(2, dtype=np.float32))


@pytest.mark.parametrize("query", [[0.0, 0.0], [np.nan, 1.0], [1.0, 0.0, 0.0], [[1.0, 0.0]]])
def test_bad_queries_are_refused(fan: Index, query: list[object]) -> None:
    with pytest.raises(ParameterError):
        fan.scores(np.array(query, np.float32))


def test_unknown_ids_are_refused(fan: Index) -> None:
    with pytest.raises(UnknownTrackError, match="no track has the id"):
        fan.similar(TrackId("zz"), 1)


def test_tiny_and_huge_vectors_keep_their_direction() -> None:
    """Squares of 1e-30 vanish in float32 and those of 1e30 overflow; the direction survives both."""
    index = Index.build(_ids(2), np.array([[3e-30, 4e-30], [3e30, 4e30]], np.float32))
    np.testing.assert_allclose(index.vectors, [[0.6, 0.8], [0.6, 0.8]], atol=1e-6)
