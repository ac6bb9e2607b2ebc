"""The least surprising way through given steps: the largest step as small as it can be, then the least sum of steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.values import Floats

Integers = NDArray[np.int64]

_START, _END = 0, 1


def least_surprising(steps: Floats, between: int) -> tuple[int, ...]:
    """The way from row 0 to row 1 by ``between`` others, none twice, or by all others if they are fewer.

    Parameters
    ----------
    steps : (m, m) float32
        What it costs to go from a row to a column, at least 0; infinite where that may not be. m is 2 or more.
    between : int
        How many rows the way is to take in between, 0 or more.

    Returns
    -------
    tuple of int
        Their rows, in order. The largest of the steps is the least that any way with at most so many rows can have
        (a bottleneck path), and among those ways it is the one with the least sum. A way that needs fewer rows is then
        filled up at its largest steps, with the rows that keep both halves smallest.
    """
    largest = float(_layers(steps, between, np.maximum)[0][-1, _END])
    bounded = np.where(steps <= largest, steps, np.inf).astype(np.float32)
    _, came_from = _layers(bounded, between, np.add)
    way = _traced(came_from)
    return _filled_up(steps, way, between)


def _layers(steps: Floats, between: int, join: np.ufunc) -> tuple[Floats, Integers]:
    """Bellman and Ford's relaxation: the best value of reaching each row by at most k steps, for each k, and whence.

    Two arrays (k, m); a row that was not reached better by one more step keeps -1 there. Ends as soon as nothing gets
    better.
    """
    best = steps[_START].copy()
    best[_START] = np.inf  # nothing comes back to the start
    values, origins = [best], [np.zeros(len(best), np.int64)]
    for _ in range(between):
        reached = best.copy()
        reached[_END] = np.inf  # and nothing goes on from the end
        through = join(reached[:, None], steps)
        whence = through.argmin(axis=0)
        new = through[whence, np.arange(len(best))]
        better = new < best
        better[_START] = False
        if not better.any():
            break
        best = np.where(better, new, best)
        values.append(best)
        origins.append(np.where(better, whence, -1))
    return np.stack(values), np.stack(origins)


def _traced(came_from: Integers) -> list[int]:
    """The rows between start and end, from the last layer back."""
    way: list[int] = []
    row, layer = _END, len(came_from) - 1
    while True:
        while came_from[layer, row] < 0:
            layer -= 1
        row, layer = int(came_from[layer, row]), layer - 1
        if row == _START:
            return way[::-1]
        way.append(row)


def _filled_up(steps: Floats, way: list[int], between: int) -> tuple[int, ...]:
    """The way with further rows at its largest steps, until there are enough, or none is left."""
    path = [_START, *way, _END]
    free = np.ones(len(steps), np.bool_)
    free[path] = False
    while len(path) < between + 2 and free.any():
        before, after = np.array(path[:-1]), np.array(path[1:])
        halves = np.maximum(steps[before], steps[:, after].T)  # (gaps, m)
        halves[:, ~free] = np.inf
        best = halves.argmin(axis=1)
        worst = halves[np.arange(len(best)), best]
        if not np.isfinite(worst).any():
            break
        here = steps[before, after]
        fits = worst <= here.max()
        gap = int(np.where(fits, here, -np.inf).argmax()) if fits.any() else int(worst.argmin())
        path.insert(gap + 1, int(best[gap]))
        free[best[gap]] = False
    return tuple(path[1:-1])
