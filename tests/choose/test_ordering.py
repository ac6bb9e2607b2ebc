from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.ordering import cheapest_order, exact_order, improved, path_cost, searched_order
from segue.config import JOURNEY
from segue.errors import ParameterError


def join_costs(rng: np.random.Generator, count: int) -> np.ndarray:
    """Costs as joins have them: wholes alike both ways, and ends that are not."""
    whole = rng.normal(size=(count, 12))
    tails, heads = (whole + 0.5 * rng.normal(size=whole.shape) for _ in range(2))
    whole, tails, heads = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (whole, tails, heads))
    costs = 1.0 - 0.6 * whole @ whole.T - 0.4 * tails @ heads.T
    np.fill_diagonal(costs, 0.0)
    return np.asarray(costs)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans(), st.booleans())
def test_a_short_list_gets_the_best_order_of_all(seed: int, count: int, keep_first: bool, keep_last: bool) -> None:
    costs = join_costs(np.random.default_rng(seed), count)
    before = costs.copy()
    found = cheapest_order(costs, keep_first=keep_first, keep_last=keep_last)
    orders = (
        p for p in itertools.permutations(range(count))
        if (not keep_first or p[0] == 0) and (not keep_last or p[-1] == count - 1)
    )  # fmt: skip
    assert path_cost(costs, found) == pytest.approx(min(path_cost(costs, np.array(p)) for p in orders))
    assert sorted(found.tolist()) == list(range(count))
    np.testing.assert_array_equal(costs, before)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.booleans(), st.booleans())
def test_a_search_keeps_all_places_and_ends_and_never_makes_it_worse(
    seed: int, count: int, keep_first: bool, keep_last: bool
) -> None:
    rng = np.random.default_rng(seed)
    costs = join_costs(rng, count)
    free = (int(keep_first), count - 1 - int(keep_last))
    start = np.arange(count)
    found = improved(costs, start, free=free)
    assert sorted(found.tolist()) == list(range(count))
    assert not keep_first or found[0] == 0
    assert not keep_last or found[-1] == count - 1
    assert path_cost(costs, found) <= path_cost(costs, start) + 1e-9
    np.testing.assert_array_equal(start, np.arange(count))


def test_no_reversal_and_no_move_of_three_is_left_to_be_gained() -> None:
    """What 2-opt and or-opt promise, against every such move, in costs that differ there and back."""
    costs = join_costs(np.random.default_rng(5), 11)
    found = improved(costs, np.arange(11), free=(0, 10)).tolist()
    best = path_cost(costs, np.array(found))
    for i, j in itertools.combinations(range(12), 2):
        turned = found[:i] + found[i:j][::-1] + found[j:]
        assert path_cost(costs, np.array(turned)) >= best - 1e-9
        if j - i <= 3:
            part, rest = found[i:j], found[:i] + found[j:]
            for k, moved in itertools.product(range(len(rest) + 1), (part, part[::-1])):
                assert path_cost(costs, np.array(rest[:k] + moved + rest[k:])) >= best - 1e-9


def test_two_hundred_lists_of_nine() -> None:
    """As they are ordered, none is over the optimum; the search that longer lists get stays within 2 % of it."""
    rng = np.random.default_rng(9)
    gaps = []
    for _ in range(200):
        costs = join_costs(rng, 9)
        optimum = path_cost(costs, exact_order(costs))
        assert path_cost(costs, cheapest_order(costs)) == optimum
        searched = searched_order(costs, kicks=0, rng=np.random.default_rng(0))
        gaps.append(path_cost(costs, searched) / optimum - 1.0)
    assert min(gaps) > -1e-9
    assert max(gaps) < 0.02
    assert np.mean(gaps) < 0.002


def test_a_long_list_is_better_than_greedy_and_the_same_each_time() -> None:
    costs = join_costs(np.random.default_rng(2), JOURNEY.exact_tracks + 28)
    found = cheapest_order(costs)
    np.testing.assert_array_equal(found, cheapest_order(costs))
    left, order = set(range(1, len(costs))), [0]
    while left:
        order.append(min(left, key=lambda place: costs[order[-1], place]))
        left.remove(order[-1])
    assert path_cost(costs, found) < 0.98 * path_cost(costs, np.array(order))
    kept = cheapest_order(costs, keep_first=True, keep_last=True)
    assert (kept[0], kept[-1]) == (0, len(costs) - 1)
    assert path_cost(costs, kept) >= path_cost(costs, found) - 1e-9


def test_costs_must_be_a_square_of_numbers() -> None:
    with pytest.raises(ParameterError, match="shape"):
        cheapest_order(np.zeros((2, 3)))
    with pytest.raises(ParameterError, match="finite"):
        cheapest_order(np.full((3, 3), np.nan))
    assert cheapest_order(np.zeros((1, 1))).tolist() == [0]
