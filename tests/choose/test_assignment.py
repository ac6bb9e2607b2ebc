from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.choose.allowed import NOBODY
from segue.choose.assignment import Candidacies, Spacing, assign


def whole(costs: np.ndarray, artists: list[int], spacing: int, price: float) -> Candidacies:
    """Every column may stand at every point."""
    points, columns = costs.shape
    point, column = np.divmod(np.arange(points * columns), columns)
    kinds = np.array([np.array(artists)[column], np.full(len(column), NOBODY)])
    spacings = (Spacing(spacing, price), Spacing(0, price))
    return Candidacies(point, column, costs.ravel(), kinds, spacings, np.arange(points))


def cost_of(choice: tuple[int, ...], costs: np.ndarray, artists: list[int], spacing: Spacing) -> float:
    total = sum(costs[point, column] for point, column in enumerate(choice))
    for one, other in itertools.combinations(range(len(choice)), 2):
        if artists[choice[one]] == artists[choice[other]] != NOBODY:
            total += spacing.of(other - one)
    return float(total)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3), st.booleans())
def test_no_choice_is_cheaper(seed: int, points: int, spacing: int, artists: int, is_dear: bool) -> None:
    """Against every choice there is, with the price of broken spacing."""
    rng = np.random.default_rng(seed)
    columns = points + int(rng.integers(0, 3))
    costs = rng.random((points, columns))
    names = [int(rng.integers(artists)) if rng.random() < 0.8 else NOBODY for _ in range(columns)]
    rule = Spacing(spacing, 5.0 if is_dear else 0.1)
    found = assign(whole(costs, names, spacing, rule.price), tries=10_000)
    best = min(cost_of(c, costs, names, rule) for c in itertools.permutations(range(columns), points))
    chosen = tuple(int(entry) % columns for entry in found.chosen)
    assert len(set(chosen)) == points
    assert abs(found.cost - best) < 1e-9
    assert abs(cost_of(chosen, costs, names, rule) - best) < 1e-9


def test_too_few_columns_leave_the_dearest_points_empty() -> None:
    found = assign(whole(np.array([[0.9], [0.1], [0.5]]), [NOBODY], 1, 0.2))
    assert (found.chosen >= 0).tolist() == [False, True, False]
    nothing = np.empty(0, np.int64)
    spacings = (Spacing(1, 0.2), Spacing(0, 0.2))
    none = Candidacies(nothing, nothing, np.empty(0), np.empty((2, 0), np.int64), spacings, np.arange(2))
    assert assign(none).chosen.tolist() == [-1, -1]


def test_a_search_that_is_cut_short_still_answers() -> None:
    """Twelve points, and one artist for everything: any order breaks the spacing eleven times."""
    costs = np.random.default_rng(0).random((12, 14))
    found = assign(whole(costs, [7] * 14, 2, 0.2), tries=3)
    assert len(set(found.chosen.tolist())) == 12
    assert found.cost < 12 + 11 * 0.4 + 10 * 0.2
