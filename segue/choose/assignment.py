"""Which track stands where: one assignment problem over all points of a way, with artists kept apart."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.choose.allowed import NOBODY
from segue.config import JOURNEY

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]

_ROUNDING = 1e-9
_EMPTY_COST = 1000.0
"""What a point without a track costs: more than any detour, so that as many points as can be are filled."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """So many tracks between two of a kind, as by one artist; each that is missing costs ``price``."""

    tracks: int
    price: float

    def of(self, distance: int) -> float:
        """The price of two tracks of a kind at this distance; 1 is next to each other."""
        return self.price * max(0, self.tracks + 1 - distance)


@dataclass(frozen=True, slots=True, eq=False)
class Candidacies:
    """Which column (a recording) may stand at which point, and at what cost; element i of each array is one of them.

    ``point`` and ``column`` (m,) int64 with no pair twice, ``cost`` (m,) float64. ``kinds`` (k, m) int64 are what shall
    not come too near to itself, as artists and albums, `NOBODY` where unknown, and ``spacings`` k rules for that.
    ``positions`` (p,) int64 rises: where on the way each point lies, as spacing counts.
    """

    point: Integers
    column: Integers
    cost: Doubles
    kinds: Integers
    spacings: tuple[Spacing, ...]
    positions: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """``chosen`` (p,) int64: the candidacy of each point, -1 where none is left; ``cost`` includes broken spacing."""

    chosen: Integers
    cost: float


def assign(candidacies: Candidacies, *, tries: int = JOURNEY.spacing_tries) -> Assigned:
    """Fill the points at the least cost: no column twice, and no artist or album too near to itself where that
    costs less.

    The spacing is found by branch and bound over assignments that know nothing of it: of two tracks of a kind that
    stand too near, one goes, or the other, or the price is paid. The answer is the best of all if that ends within
    ``tries`` assignments, and otherwise the best that was found until then. With equal input comes equal output.
    """
    start = _Node()
    found = _filled(candidacies, start.banned)
    best = Assigned(found.chosen, np.inf)
    queue = [(found.cost, 0, start, found)]
    solved = 1
    while queue and queue[0][0] < best.cost - _ROUNDING:
        _, _, node, found = heapq.heappop(queue)
        broken = list(_broken(candidacies, found.chosen))
        whole = found.cost + sum(one.price for one in broken)
        if whole < best.cost:
            best = Assigned(found.chosen, whole)
        unpaid = next((one for one in broken if one not in node.paid), None)
        if unpaid is None or solved >= tries:
            continue
        for child in node.children(unpaid):
            solved += child.banned != node.banned
            filled = found if child.banned == node.banned else _filled(candidacies, child.banned)
            bound = filled.cost + sum(one.price for one in child.paid)
            if bound < best.cost:
                heapq.heappush(queue, (bound, solved + len(child.paid) * tries, child, filled))
    return best


@dataclass(frozen=True, slots=True)
class _Conflict:
    """Two points whose tracks are alike in one kind, and too near to each other."""

    one: int
    other: int
    kind: int
    value: int
    price: float


@dataclass(frozen=True, slots=True)
class _Node:
    """What is decided so far: (point, kind, value) that may not be, and conflicts that are paid for."""

    banned: frozenset[tuple[int, int, int]] = frozenset()
    paid: frozenset[_Conflict] = frozenset()

    def children(self, conflict: _Conflict) -> tuple[_Node, _Node, _Node]:
        """The three ways to settle a conflict."""
        one, other = (
            self.banned | {(point, conflict.kind, conflict.value)} for point in (conflict.one, conflict.other)
        )
        return replace(self, banned=one), replace(self, banned=other), replace(self, paid=self.paid | {conflict})


def _filled(candidacies: Candidacies, banned: frozenset[tuple[int, int, int]]) -> Assigned:
    """The best assignment without any spacing; a point that gets nothing costs `_EMPTY_COST`.

    It is scipy's sparse kin of `linear_sum_assignment`, since a point has few candidates and a library many tracks.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    points = len(candidacies.positions)
    chosen = np.full(points, -1, np.int64)
    if not points:
        return Assigned(chosen, 0.0)
    alive = np.ones(len(candidacies.point), np.bool_)
    for point, kind, value in banned:
        alive &= (candidacies.point != point) | (candidacies.kinds[kind] != value)
    entries = np.flatnonzero(alive)
    columns = int(candidacies.column.max(initial=-1)) + 1
    empty = np.arange(points)
    cost = np.concatenate([candidacies.cost[entries], np.full(points, _EMPTY_COST)]) + 1.0  # a zero would be no entry
    rows, stands = (
        np.concatenate([candidacies.point[entries], empty]),
        np.concatenate([candidacies.column[entries], columns + empty]),
    )
    graph = csr_matrix((cost, (rows, stands)), shape=(points, columns + points))
    matched, taken = min_weight_full_bipartite_matching(graph)
    of_pair = {(int(candidacies.point[e]), int(candidacies.column[e])): int(e) for e in entries}
    for point, column in zip(matched.tolist(), taken.tolist(), strict=True):
        chosen[point] = of_pair.get((point, column), -1)
    total = float(candidacies.cost[chosen[chosen >= 0]].sum()) + _EMPTY_COST * int((chosen < 0).sum())
    return Assigned(chosen, total)


def _broken(candidacies: Candidacies, chosen: Integers) -> Iterator[_Conflict]:
    """Every two points whose tracks are of a kind and nearer to each other than its spacing wants."""
    places = candidacies.positions.tolist()
    for kind, spacing in enumerate(candidacies.spacings):
        values = [int(candidacies.kinds[kind, entry]) if entry >= 0 else NOBODY for entry in chosen.tolist()]
        for one, value in enumerate(values):
            for other in range(one + 1, len(values)):
                if places[other] - places[one] > spacing.tracks:
                    break
                if value != NOBODY and values[other] == value:
                    yield _Conflict(one, other, kind, value, spacing.of(places[other] - places[one]))
