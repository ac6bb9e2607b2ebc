"""The cheapest order in which to pass all of some places once: exact for a few, by local search for many.

A step may cost another amount there than back, as the end of one song on the beginning of the next does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.config import JOURNEY
from segue.errors import ParameterError

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST_GAIN = 1e-9
"""Less is rounding, and could be gained for ever."""

_WHOLE_SEARCH = 120
"""Lists of up to so many places are searched with all starts and kicks."""

_LONGEST_MOVED, _LONGEST_MOVED_FAR = 8, 3
"""Or-opt moves up to so many places together (Or, 1976), and in longer lists; with 3 a hundred end 2 % dearer."""


class Move(NamedTuple):
    """Places ``first`` to ``last`` of an order are replaced by the same places in the order ``places``."""

    gain: float
    first: int
    last: int
    places: Integers


def cheapest_order(costs: Doubles, *, keep_first: bool = False, keep_last: bool = False) -> Integers:
    """The order of an open path through all places at the least cost.

    Parameters
    ----------
    costs : (n, n) float64
        ``costs[i, j]`` of going from i to j, finite, of any sign; the diagonal is not looked at.
    keep_first, keep_last : bool
        Whether place 0 stays the first, and place n - 1 the last.

    Returns
    -------
    (n,) int64
        Optimal for up to ``JourneySpec.exact_tracks`` places (Held and Karp, 1962). Beyond that the best of several
        greedy orders, each improved by 2-opt and or-opt and then disturbed and mended a number of times; never dearer
        than the order 0, 1, 2, ... itself. The same each time.

    Raises
    ------
    ParameterError
        If the costs are no square of finite numbers.
    """
    values = np.array(costs, np.float64)
    count = len(values)
    if values.shape != (count, count) or not np.isfinite(values[~np.eye(count, dtype=bool)]).all():
        raise ParameterError(
            f"the costs have shape {values.shape}, or are not finite", remedy="Give a square of finite costs"
        )
    np.fill_diagonal(values, 0.0)
    if count <= 2:
        return _of_two(values, keep_first=keep_first, keep_last=keep_last)
    if count <= JOURNEY.exact_tracks:
        return exact_order(values, keep_first=keep_first, keep_last=keep_last)
    return searched_order(values, keep_first=keep_first, keep_last=keep_last, rng=np.random.default_rng(0))


def path_cost(costs: Doubles, order: Integers) -> float:
    """What all steps of an order cost together."""
    return float(costs[order[:-1], order[1:]].sum())


def exact_order(costs: Doubles, *, keep_first: bool = False, keep_last: bool = False) -> Integers:
    """The best order of all, by dynamic programming over sets of places; time and memory grow as 2^n."""
    count = len(costs)
    everything = (1 << count) - 1
    best = np.full((1 << count, count), np.inf)
    came_from = np.zeros((1 << count, count), np.int8)
    for start in [0] if keep_first else range(count):
        best[1 << start, start] = 0.0
    sets = np.arange(1 << count)
    sizes = np.array([bin(members).count("1") for members in sets.tolist()])
    for size in range(2, count + 1):
        of_size = sets[sizes == size]
        for last in range(count):
            ending = of_size[of_size >> last & 1 == 1]
            through = best[ending ^ (1 << last)] + costs[:, last]  # (sets, n), infinite where a place is not in the set
            came_from[ending, last] = through.argmin(axis=1)
            best[ending, last] = through.min(axis=1)
    last, members = count - 1 if keep_last else int(best[everything].argmin()), everything
    order = [last]
    for _ in range(count - 1):
        last, members = int(came_from[members, last]), members ^ (1 << last)
        order.append(last)
    return np.array(order[::-1], np.int64)


def searched_order(
    costs: Doubles,
    *,
    keep_first: bool = False,
    keep_last: bool = False,
    kicks: int = JOURNEY.reorder_kicks,
    rng: np.random.Generator,
) -> Integers:
    """A good order: greedy starts, 2-opt and or-opt, and an iterated local search from the best of them.

    All moves of an order are looked at together, which takes n^2 each time; so lists of more than a hundred places get
    fewer starts and kicks, and one of a thousand a single start and none.
    """
    count = len(costs)
    share = min(1.0, _WHOLE_SEARCH / count)
    wanted = max(1, int(JOURNEY.reorder_starts * share))
    starts = [0] if keep_first else rng.permutation(count - int(keep_last))[:wanted].tolist()
    orders = [np.arange(count), *(_greedy(costs, start, keep_last=keep_last) for start in starts)]
    free = (int(keep_first), count - 1 - int(keep_last))
    begun = orders if share == 1.0 else [min(orders, key=lambda order: path_cost(costs, order))]
    best = min((improved(costs, order, free=free) for order in begun), key=lambda order: path_cost(costs, order))
    for _ in range(int(kicks * share**2) if free[1] - free[0] > 1 else 0):
        kicked = improved(costs, _kicked(best, free, rng), free=free)
        if path_cost(costs, kicked) < path_cost(costs, best) - _LEAST_GAIN:
            best = kicked
    return best


def improved(costs: Doubles, order: Integers, *, free: tuple[int, int]) -> Integers:
    """An order after all 2-opt and or-opt moves that make it cheaper; only places ``free[0]`` to ``free[1]`` move.

    Of each round's moves all are made that do not touch each other, the most gainful first.
    """
    current = order.copy()
    while True:
        touched = np.zeros(len(order) + 2, np.bool_)
        moves = sorted(_moves(costs, current, free), key=lambda move: -move.gain)
        if not moves:
            return current
        for move in moves:
            around = slice(move.first, move.last + 3)  # with the places before and after, counted from one before
            if not touched[around].any():
                current[move.first : move.last + 1] = move.places
                touched[around] = True


def _of_two(costs: Doubles, *, keep_first: bool, keep_last: bool) -> Integers:
    order = np.arange(len(costs))
    turns = len(costs) == 2 and not keep_first and not keep_last and costs[1, 0] < costs[0, 1]
    return order[::-1].copy() if turns else order


def _greedy(costs: Doubles, start: int, *, keep_last: bool) -> Integers:
    """From the start always on to the cheapest of what is left."""
    count = len(costs)
    left = np.ones(count, np.bool_)
    left[start] = False
    left[count - 1] &= not keep_last
    order = [start]
    while left.any():
        order.append(int(np.where(left, costs[order[-1]], np.inf).argmin()))
        left[order[-1]] = False
    return np.array([*order, count - 1] if keep_last else order, np.int64)


def _kicked(order: Integers, free: tuple[int, int], rng: np.random.Generator) -> Integers:
    """An order with two neighbouring stretches changed over (a double bridge, which no 2-opt move undoes)."""
    first, last = free
    a, b, c = np.sort(rng.choice(np.arange(first, last + 2), size=3, replace=False)).tolist()
    return np.concatenate([order[:a], order[b:c], order[a:b], order[c:]])


def _moves(costs: Doubles, order: Integers, free: tuple[int, int]) -> Iterator[Move]:
    """For each place the best move of each kind that begins there, as far as it makes the order cheaper."""
    count = len(order)
    steps = np.zeros((count + 2, count + 2))  # by place; nothing leads to the first and on from the last, at no cost
    steps[1:-1, 1:-1] = costs[np.ix_(order, order)]
    there, back = (np.concatenate([[0.0], np.cumsum(np.diagonal(steps, side))]) for side in (1, -1))
    turning = back - there  # turning[j] - turning[i] is what it costs to go from i to j backwards
    low, high = free[0] + 1, free[1] + 1
    yield from _reversals(steps, turning, order, low=low, high=high)
    longest = _LONGEST_MOVED if count <= _WHOLE_SEARCH else _LONGEST_MOVED_FAR
    for length in range(1, min(longest, high - low) + 1):
        yield from _insertions(steps, turning, order, (low, high), length)


def _reversals(steps: Doubles, turning: Doubles, order: Integers, *, low: int, high: int) -> Iterator[Move]:
    """2-opt: a stretch is passed backwards (Croes, 1958), with what each of its steps costs the other way."""
    begin, end = np.arange(low, high + 1)[:, None], np.arange(low, high + 1)[None, :]
    now = steps[begin - 1, begin] + steps[end, end + 1]
    then = steps[begin - 1, end] + steps[begin, end + 1] + turning[end] - turning[begin]
    gains = np.where(begin < end, now - then, -np.inf)
    ends = gains.argmax(axis=1)
    for row in np.flatnonzero(gains[np.arange(len(gains)), ends] > _LEAST_GAIN).tolist():
        first, last = low + row - 1, low + int(ends[row]) - 1
        yield Move(float(gains[row, ends[row]]), first, last, order[first : last + 1][::-1].copy())


def _insertions(
    steps: Doubles, turning: Doubles, order: Integers, free: tuple[int, int], length: int
) -> Iterator[Move]:
    """Or-opt: a short stretch goes elsewhere, as it is or backwards."""
    low, high = free
    begin = np.arange(low, high - length + 2)[:, None]
    end = begin + length - 1
    after = np.arange(low - 1, high + 1)[None, :]  # the stretch comes between this place and the next
    out = steps[begin - 1, begin] + steps[end, end + 1] - steps[begin - 1, end + 1]
    elsewhere = (after < begin - 1) | (after > end)
    for is_turned in (False, True) if length > 1 else (False,):
        head, tail = (end, begin) if is_turned else (begin, end)
        into = steps[after, head] + steps[tail, after + 1] - steps[after, after + 1]
        inside = (turning[end] - turning[begin]) if is_turned else 0.0
        gains = np.where(elsewhere, out - into - inside, -np.inf)
        best = gains.argmax(axis=1)
        for row in np.flatnonzero(gains[np.arange(len(gains)), best] > _LEAST_GAIN).tolist():
            first, last, goal = low + row - 1, low + row + length - 2, low - 1 + int(best[row]) - 1
            moved = order[first : last + 1][:: -1 if is_turned else 1]
            if goal > last:
                places = np.concatenate([order[last + 1 : goal + 1], moved])
                yield Move(float(gains[row, best[row]]), first, goal, places)
            else:
                places = np.concatenate([moved, order[goal + 1 : first]])
                yield Move(float(gains[row, best[row]]), goal + 1, last, places)
