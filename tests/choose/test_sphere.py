from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.sphere import angle_between, great_circle, middle


def unit(seed: int, dimension: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 120), st.integers(1, 12))
def test_the_points_divide_the_way_evenly_and_lie_on_it(seed: int, dimension: int, count: int) -> None:
    a, b = unit(seed, dimension), unit(seed + 1, dimension)
    shares = [(i + 1) / (count + 1) for i in range(count)]
    points = great_circle(a, b, shares=shares, towards=np.ones(dimension, np.float32))
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0, atol=1e-6)
    path = np.vstack([a, points, b])
    steps = [angle_between(one, other) for one, other in itertools.pairwise(path)]
    np.testing.assert_allclose(steps, angle_between(a, b) / (count + 1), atol=1e-5)
    back = great_circle(b, a, shares=shares, towards=np.ones(dimension, np.float32))
    np.testing.assert_allclose(back[::-1], points, atol=1e-6)


def test_equal_ends_stay_where_they_are() -> None:
    a = unit(1, 8)
    points = great_circle(a, a.copy(), shares=(0.25, 0.5), towards=unit(2, 8))
    np.testing.assert_array_equal(points, np.stack([a, a]))


@pytest.mark.parametrize("towards", ["elsewhere", "along", "nowhere"])
def test_between_opposites_the_way_is_the_same_there_and_back(towards: str) -> None:
    a = unit(1, 8)
    by = {"elsewhere": unit(2, 8), "along": 3 * a, "nowhere": np.zeros(8, np.float32)}[towards]
    there = great_circle(a, -a, shares=(0.25, 0.5, 0.75), towards=by)
    back = great_circle(-a, a, shares=(0.25, 0.5, 0.75), towards=by)
    np.testing.assert_allclose(there, back[::-1], atol=1e-6)
    assert there[1] @ a == pytest.approx(0.0, abs=1e-6)
    assert np.all(np.isfinite(there))
    if towards == "elsewhere":
        assert there[1] @ by > 0.5


def test_in_one_dimension_there_is_nothing_between() -> None:
    one = np.ones(1, np.float32)
    np.testing.assert_array_equal(great_circle(one, -one, shares=(0.2, 0.8), towards=one).ravel(), [1.0, -1.0])


def test_the_middle_is_as_far_from_both() -> None:
    a, b = unit(3, 20), unit(4, 20)
    assert middle(a, b, towards=a) @ a == pytest.approx(float(middle(a, b, towards=a) @ b), abs=1e-6)
