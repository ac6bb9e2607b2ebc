"""The figures of playlists, on lists whose figures are known by heart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.choose.continuity import artist_spread, coverage, drift, kinds, plays, rising, steps
from segue.choose.index import Index
from segue.values import TrackId

a, b, c, d, e = (TrackId(name) for name in "abcde")


def test_steps_are_from_song_to_song(fan: Index) -> None:
    found = steps(fan, [[a, b, d], [a, b]])
    assert found is not None
    ten, twenty = np.cos(np.deg2rad([10, 20]))
    assert found.mean == pytest.approx(((ten + twenty) / 2 + ten) / 2, abs=1e-6)
    assert found.worst == pytest.approx((twenty + ten) / 2, abs=1e-6)
    assert steps(fan, [[a], []]) is None


def test_kinds_are_compared_with_the_song_before_and_the_first() -> None:
    labels = {a: "rock", b: "rock", c: "jazz", d: "jazz"}
    found = kinds(labels, [[a, b, c, d], [e, c]])
    assert found is not None
    assert found.next == pytest.approx(2 / 3)
    assert found.seed == pytest.approx(1 / 3)
    assert found.chance == pytest.approx(1 / 3)
    assert kinds({}, [[a, b]]) is None
    assert kinds(labels, [[e, c]]) is None


def test_artists_are_spread_where_they_are_known() -> None:
    assert artist_spread({a: "x", b: "x", c: "y", d: ""}, [[a, b, c, d], [a, c]]) == pytest.approx((2 / 3 + 1) / 2)
    assert artist_spread({a: ""}, [[a]]) is None


def test_plays_leave_out_what_a_list_begins_with(fan: Index) -> None:
    assert plays(fan, [[a, b, c], [a, c], [d]]).tolist() == [0, 1, 2, 0, 0, 0, 0, 0, 0, 0]


def test_coverage_of_one_track_and_of_all() -> None:
    even, one = coverage(np.full(10, 3)), coverage(np.eye(10, dtype=np.int64)[4] * 30)
    assert (even.played, even.gini, even.skewness, even.top) == pytest.approx((1.0, 0.0, 0.0, 0.1))
    assert (one.played, one.gini, one.top) == pytest.approx((0.1, 0.9, 1.0))
    assert one.skewness > 2
    assert coverage(np.zeros(4, np.int64)).played == 0.0


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30))
def test_gini_is_half_the_mean_difference_over_the_mean(counts: list[int]) -> None:
    values = np.array(counts, np.int64)
    differences = np.abs(values[:, None] - values[None, :]).mean()
    expected = differences / (2 * values.mean()) if values.sum() else 0.0
    assert coverage(values).gini == pytest.approx(expected, abs=1e-9)


def test_drift_is_told_where_lists_reach(fan: Index) -> None:
    found = drift(fan, [[a, b, c], [a, d]], (1, 2, 50))
    assert found == {
        1: pytest.approx(np.cos(np.deg2rad([10, 30])).mean(), abs=1e-6),
        2: pytest.approx(np.cos(np.deg2rad(20)), abs=1e-6),
    }


def test_steps_lead_on_or_back(fan: Index) -> None:
    assert rising(fan, [[a, b, d, e]]) == 1.0
    assert rising(fan, [[a, d, b, e]]) == pytest.approx(2 / 3)
    assert rising(fan, [[a, e, d, c, b]]) == pytest.approx(1 / 4)
    assert rising(fan, [[a, b], [a, b, a]]) is None
