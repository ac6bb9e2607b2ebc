"""Hubs: how crowded it is around a track, and what it changes when that is held against it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose import hubness
from segue.choose.hubness import crowding, handicaps_of, occurrences
from segue.choose.playlist import ContinueSpec, continue_from
from segue.choose.retrieval import skewness
from segue.values import Floats
from tests.choose.libraries import library, named, number


def unit(vectors: np.ndarray) -> Floats:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def with_hubs(rng: np.random.Generator, n: int = 400) -> Floats:
    """Directions that lie around one: those near to it are near to all."""
    return unit(rng.normal(size=(n, 12)) + 1.2 * np.eye(12)[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12), st.sampled_from([30, 4_000_000]))
def test_crowding_is_the_mean_cosine_to_the_nearest_others(seed: int, n: int, neighbours: int, cells: int) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(n, 5)))
    cosines = vectors.astype(float) @ vectors.T.astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hubness, "_BLOCK_CELLS", cells)
        found = crowding(vectors, neighbours=neighbours)
    for row in range(n):
        others = np.sort(np.delete(cosines[row], row))[::-1][:neighbours]
        assert found[row] == pytest.approx(others.mean() if len(others) else 0.0, abs=1e-6)


def test_in_a_large_library_a_sample_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = with_hubs(np.random.default_rng(1))
    exact = crowding(vectors, neighbours=5)
    monkeypatch.setattr(hubness, "_MOST_COMPARED", 150)
    sampled = crowding(vectors, neighbours=5)
    assert np.corrcoef(exact, sampled)[0, 1] > 0.8
    assert sampled.max() < 0.9999  # no track is its own neighbour


def test_handicaps_bring_tracks_out_of_the_shade_of_hubs() -> None:
    vectors = with_hubs(np.random.default_rng(2))
    catalogue = library(named(len(vectors)), vectors)
    none = np.zeros(len(vectors), np.float32)
    plain, less = (occurrences(vectors, h, neighbours=5) for h in (none, handicaps_of(catalogue, 0.5)))
    assert plain.sum() == less.sum() == 5 * len(vectors)
    assert skewness(less.astype(float)) < 0.5 * skewness(plain.astype(float))
    assert (less == 0).sum() < 0.5 * (plain == 0).sum()
    assert handicaps_of(catalogue, 0.5).mean() == pytest.approx(0.0, abs=1e-6)


def test_occurrences_count_whose_neighbours_tracks_are() -> None:
    fan = unit(np.stack([np.cos(np.arange(4) * 0.2), np.sin(np.arange(4) * 0.2 + 0.01)], axis=1))
    far = np.array([0, 9, 0, 0], np.float32)
    assert occurrences(fan, far, neighbours=1)[1] == 0
    assert occurrences(fan, np.zeros(4, np.float32), neighbours=9).tolist() == [3, 3, 3, 3]
    assert occurrences(fan[:1], far[:1], neighbours=5).tolist() == [0]


def test_a_playlist_passes_over_a_hub_for_a_track_that_is_as_near() -> None:
    """Song 1 is a little nearer to the seed than song 2, but it is near to five others too."""
    angles = np.array([0.0, 0.30, -0.31, 0.32, 0.33, 0.34, 0.35, 0.36])
    catalogue = library(named(8), np.stack([np.cos(angles), np.sin(angles)], axis=1))
    for weight, expected in ((0.0, 1), (0.5, 2)):
        spec = ContinueSpec(count=1, hub_weight=weight)
        (pick,) = continue_from(catalogue, seeds=[number(0)], spec=spec, rng=np.random.default_rng(0)).picks
        assert pick.track_id == number(expected)
        assert pick.similarity == pytest.approx(np.cos(angles[expected]), abs=1e-5)
        assert pick.rank == 1
