from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.bottleneck import least_surprising


def steps_of(seed: int, count: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.maximum(0.0, 1.0 - vectors @ vectors.T).astype(np.float32)


def walk(steps: np.ndarray, way: tuple[int, ...]) -> np.ndarray:
    path = [0, *way, 1]
    return steps[path[:-1], path[1:]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(0, 4))
def test_no_way_has_a_smaller_largest_step(seed: int, count: int, between: int) -> None:
    """Against every way by at most so many rows; filling up may not make it worse while rows fit."""
    steps = steps_of(seed, count)
    found = least_surprising(steps, between)
    assert len(found) == len(set(found)) == min(between, count - 2)
    assert set(found) <= set(range(2, count))
    ways = [w for k in range(min(between, count - 2) + 1) for w in itertools.permutations(range(2, count), k)]
    exactly = [walk(steps, way).max() for way in ways if len(way) == len(found)]
    assert walk(steps, found).max() >= min(walk(steps, way).max() for way in ways) - 1e-6
    assert walk(steps, found).max() <= np.quantile(exactly, 0.5) + 1e-6


def test_among_those_the_sum_is_least() -> None:
    steps = np.full((6, 6), 9.0, np.float32)
    for a, b, cost in ((0, 2, 3), (2, 1, 1), (0, 3, 2), (3, 1, 3), (0, 4, 3), (4, 1, 3), (0, 5, 4), (5, 1, 0)):
        steps[a, b] = steps[b, a] = cost
    assert least_surprising(steps, 1) == (2,)


def test_a_chain_is_found_link_by_link() -> None:
    """Rows on a line: the way takes each, though the direct step is there."""
    at = np.array([0.0, 7.0, 3.0, 1.0, 5.0, 2.0, 6.0, 4.0])
    steps = np.abs(at[:, None] - at[None, :]).astype(np.float32)
    assert [at[row] for row in least_surprising(steps, 6)] == [1, 2, 3, 4, 5, 6]
    assert len(least_surprising(steps, 2)) == 2
    assert walk(steps, least_surprising(steps, 2)).max() == 3.0


def test_what_may_not_be_is_left_out() -> None:
    steps = steps_of(3, 6)
    steps[4, :] = steps[:, 4] = np.inf
    assert sorted(least_surprising(steps, 5)) == [2, 3, 5]
    assert least_surprising(np.zeros((2, 2), np.float32), 3) == ()


@pytest.mark.parametrize("between", [0, 1, 3])
def test_rows_that_are_all_alike(between: int) -> None:
    assert len(set(least_surprising(np.zeros((6, 6), np.float32), between))) == between
