"""Which slices are the same as which: an exact similarity join of unit vectors, by halving, boxes and sketches.

Two unit vectors at a cosine distance below epsilon lie within ``sqrt(2 epsilon)`` of each other, and so do their
projections in any orthonormal frame. The slices are halved again and again along the widest of their leading principal
coordinates, and put in the order of the halves. On the way down, a node keeps of its parent's candidates those that lie
within that reach of the box that its own slices fill. A leaf's slices meet what is left of them in a short sketch whose
products bound the cosines from above; only candidates for which this leaves a pair possible are multiplied in full, and
pairs within float32's error of epsilon are decided in float64. Candidates so near to the middle of a narrow node that
all its slices must be the same as they (the triangle inequality) are counted without any product. All bounds are safe,
so the pruning decides the time, never the result.

When all are joined with all, a leaf looks only at what comes after it in the order: each pair is compared once, and
told of both its slices.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segue.embed.gathering import Found, Gathered, counts_of
from segue.embed.sketching import (
    Integers,
    corners_in,
    corners_of,
    directions_of,
    distinct,
    halves,
    iter_stretches,
    ordered,
    sketches_of,
    squared_distances,
)
from segue.values import Floats

_LEAF_ROWS = 96  # smaller leaves have narrower boxes, larger ones fuller products
_NARROWING = 4  # candidates are looked through when a node has a quarter of the rows since that was last done
_FIRST_ROWS = 8192  # the boxes of larger nodes leave hardly anything out
_PART = 2048  # candidates at a time: a leaf's products with them fit the second-level cache
_BOX_PART = 16_384  # where they only meet a box
_BOX_SLACK = 3e-3  # float32's error in what sketches leave out, as a length, of both slices
_SKETCH_SLACK = 2e-5  # float32's error in a sketch's products
_WORD = 8  # truth values that numpy looks at as one number


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """Unit rows ``(n, d)`` float32 and the track ``(n,)`` int64 of each."""

    vectors: Floats
    owners: Integers


@dataclass(frozen=True, slots=True)
class Work:
    """How to work: threads, who is told of the rows done, and who may stop it.

    ``on_done`` may be told of fewer than none, when rows have to be done again.
    """

    threads: int = 1
    on_done: Callable[[int], None] | None = None
    cancel: threading.Event | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the rest."""
        return self.cancel is not None and self.cancel.is_set()


def iter_same(
    slices: Slices, *, epsilon: float, work: Work, new: Integers | None = None, most_pairs: int | None = None
) -> Iterator[Found]:
    """Find which slices are the same as one of another track, and how many of their own, in no certain order.

    Parameters
    ----------
    slices : Slices
        Unit vectors and their tracks.
    epsilon : float
        Cosine distance below which two slices are the same, in (0, 1).
    work : Work
        Threads and listeners. When it is cancelled, the iteration ends early.
    new : (k,) int64, optional
        Join only these slices with all. Pairs are told of both, but ``within`` of the new ones alone.
    most_pairs : int, optional
        Tell pairs of both their slices, as long as there are no more of slices and tracks; what is found beyond that is
        not complete. Without it, all that a slice is the same as is told with the leaf that it lies in, in one `Found`,
        so that it can be counted and forgotten; that compares each pair twice.

    Yields
    ------
    Found
        Taken together, they are complete.
    """
    if not len(slices.vectors) or (new is not None and not len(new)):
        return
    # Each thread multiplies for itself: the products are small, and BLAS's own threads would wait for each other.
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(work.threads, thread_name_prefix="pooling") as pool,
    ):
        directions = directions_of(slices.vectors)
        others = _side(slices.vectors, np.arange(len(slices.vectors)), directions, pool)
        rows = others if new is None else _side(slices.vectors, new, directions, pool)
        join = _Join(slices, rows, others, epsilon, most_pairs, is_halved=new is None and most_pairs is not None)
        nodes = _branches(len(rows.numbers))
        running: list[Future[list[Found]]] = []
        try:
            while nodes or running:
                while nodes and len(running) < 2 * work.threads:
                    running.append(pool.submit(_Descent(join, work).run, *nodes.pop(0)))
                for found in running.pop(0).result():
                    if work.on_done is not None:
                        work.on_done(len(found.rows))
                    yield found
                if work.is_cancelled:
                    return
        finally:
            for future in running:
                future.cancel()


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Slices in an order in which neighbours lie together: numbers ``(n,)``, sketches ``(n, c)``, corners."""

    numbers: Integers
    sketches: Floats
    corners: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Join:
    """One join at work; threads share it. If it is halved, leaves look only at what comes after them."""

    slices: Slices
    rows: _Side
    others: _Side
    epsilon: float
    most_pairs: int | None
    is_halved: bool

    @property
    def is_one_way(self) -> bool:
        """Whether pairs are told of the rows alone."""
        return self.most_pairs is None

    @property
    def reach(self) -> float:
        """How far apart two slices that are the same can be."""
        return float(np.sqrt(2.0 * self.epsilon))

    @property
    def doubt(self) -> float:
        """Float32 dot products of unit vectors err by less."""
        return float((self.slices.vectors.shape[1] + 8) * 2.0**-24)


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A range of rows that lie together, and the places among the others of what may be the same as one of them.

    ``corners`` are those of ``near``, and so are ``sketches`` in small nodes, put together so that they are read in one
    go; ``sure`` holds the places of slices that are the same as all.
    """

    begin: int
    end: int
    near: Integers
    corners: Floats
    sketches: Floats | None
    sure: tuple[Integers, ...]
    looked_at_rows: int


def _side(vectors: Floats, numbers: Integers, directions: Floats, pool: ThreadPoolExecutor) -> _Side:
    """Put some of the slices in order, branch by branch."""
    corners = corners_of(vectors if len(numbers) == len(vectors) else vectors[numbers], directions)
    order = ordered(corners, most=_FIRST_ROWS)
    branches = [order[begin:end] for begin, end in _branches(len(order))]
    within = pool.map(lambda branch: ordered(corners[:, branch], most=_LEAF_ROWS), branches)
    numbers = numbers[np.concatenate([branch[inner] for branch, inner in zip(branches, within, strict=True)])]
    sketches = sketches_of(vectors, numbers, directions)
    return _Side(numbers, sketches, corners_in(sketches))


def _branches(rows: int) -> list[tuple[int, int]]:
    """The ranges at which the work is divided, in rising order."""
    found, todo = [], [(0, rows)]
    while todo:
        begin, end = todo.pop()
        if end - begin <= _FIRST_ROWS:
            found.append((begin, end))
        else:
            todo += reversed(halves(begin, end))
    return found


class _Descent:
    """The way from one branch down to its leaves, and what was found there."""

    def __init__(self, join: _Join, work: Work) -> None:
        self._join, self._work = join, work
        self._found: list[Found] = []
        self._gathered = Gathered(join.slices.owners)
        self._products = np.empty(_PART * (_LEAF_ROWS + _WORD), np.float32)
        self._truths = np.empty(_PART * (_LEAF_ROWS + _WORD), np.bool_)

    def run(self, begin: int, end: int) -> list[Found]:
        """Halve a branch down to its leaves, and find what their slices are the same as."""
        join = self._join
        first = begin if join.is_halved else 0
        near = np.arange(first, len(join.others.numbers))
        todo = [_Node(begin, end, near, join.others.corners[:, first:], None, (), _NARROWING * _FIRST_ROWS)]
        while todo and not self._work.is_cancelled and not self._gathered.holds_more_than(join.most_pairs):
            node = todo.pop()
            is_leaf = node.end - node.begin <= _LEAF_ROWS
            if is_leaf or node.looked_at_rows >= _NARROWING * (node.end - node.begin):
                node = self._narrowed(node)
            if is_leaf or not len(node.near):
                self._join_leaf(node)
            else:
                for low, high in halves(node.begin, node.end):
                    todo.append(replace(node, begin=low, end=high))
        self._tell()
        return self._found

    def _narrowed(self, node: _Node) -> _Node:
        """Leave out what lies too far from the box of the node's rows, and set aside what is the same as all."""
        join = self._join
        before = int(np.searchsorted(node.near, node.begin)) if join.is_halved else 0
        near, corners = node.near[before:], node.corners[:, before:]
        box = join.rows.corners[:, node.begin : node.end]
        low, high = box.min(axis=1, keepdims=True), box.max(axis=1, keepdims=True)
        most = (join.reach + _BOX_SLACK) ** 2
        parts = [np.zeros(0, np.int64)]
        parts += [
            part.start + np.flatnonzero(squared_distances(corners[:, part], low, high) <= most)
            for part in iter_stretches(len(near), _BOX_PART)
        ]
        kept = np.concatenate(parts)
        is_sure = np.zeros(0, np.bool_)
        if float((high - low).max()) < 2.0 * join.reach:  # no narrower than the ball around them
            is_sure = self._are_sure(node, near.take(kept))
        if is_sure.any():
            sure = (*node.sure, near.take(kept[is_sure]))
            kept = kept[~is_sure]
        else:
            sure = node.sure
        rows, near = node.end - node.begin, near.take(kept)
        corners = corners[:, :0] if rows <= _LEAF_ROWS else corners.take(kept, axis=1)  # a leaf asks no further
        sketches = None
        if node.sketches is not None:
            sketches = node.sketches[before:].take(kept, axis=0)
        elif rows <= _NARROWING * _LEAF_ROWS:
            sketches = join.others.sketches.take(near, axis=0)
        return _Node(node.begin, node.end, near, corners, sketches, sure, rows)

    def _are_sure(self, node: _Node, near: Integers) -> NDArray[np.bool_]:
        """Which of the others are so near to the middle of the rows that they are the same as each."""
        join = self._join
        if _radius(join.rows.sketches[node.begin : node.end]) > join.reach:
            return np.zeros(len(near), np.bool_)
        vectors = join.slices.vectors[join.rows.numbers[node.begin : node.end]]
        allowed = join.reach - _radius(vectors) - _BOX_SLACK
        if allowed <= 0:
            return np.zeros(len(near), np.bool_)
        middle, numbers = vectors.mean(axis=0), join.others.numbers[near]
        found = [np.zeros(0, np.bool_)]
        found += [
            np.linalg.norm(join.slices.vectors[numbers[part]] - middle, axis=1) <= allowed
            for part in iter_stretches(len(near), _PART)
        ]
        return np.concatenate(found)

    def _join_leaf(self, leaf: _Node) -> None:
        """Gather which of the others are the same as the leaf's rows."""
        join, rows = self._join, self._join.rows.numbers[leaf.begin : leaf.end]
        sure = np.concatenate([np.zeros(0, np.int64), *leaf.sure])
        sure = sure[sure >= leaf.begin] if join.is_halved else sure
        if len(sure):
            if join.is_one_way:
                self._tell()
            self._gather_sure(leaf, rows, sure)
        possible = leaf.near if leaf.sketches is None else self._possible(leaf, leaf.sketches)
        vectors = join.slices.vectors[rows]
        for part in iter_stretches(len(possible), _PART):
            places = possible[part]
            others = join.others.numbers[places]
            row, column = _same(vectors, join.slices.vectors[others], join.epsilon, join.doubt)
            slices, others = rows[row], others[column]
            self._gathered.add(slices, others)
            if join.is_halved:
                later = places[column] >= leaf.end
                self._gathered.add(others[later], slices[later])
            elif not join.is_one_way:
                foreign = join.slices.owners[slices] != join.slices.owners[others]
                self._gathered.add(others[foreign], slices[foreign])
        self._gathered.rows.append(rows)
        if len(sure) and join.is_one_way:
            self._tell(distinct(join.slices.owners[join.others.numbers[sure]]))

    def _gather_sure(self, leaf: _Node, rows: Integers, sure: Integers) -> None:
        """Count what is the same as all rows: for the rows here, and for it, if that is not told elsewhere."""
        join, owners = self._join, self._join.slices.owners
        own = owners[rows]
        self._gathered.add_within(rows, counts_of(own, owners[join.others.numbers[sure]]))
        if join.is_one_way:
            return
        for track in distinct(owners[join.others.numbers[sure]]):
            self._gathered.add_held(rows, track)
        others = join.others.numbers[sure[sure >= leaf.end] if join.is_halved else sure]
        if join.is_halved:
            self._gathered.add_within(others, counts_of(owners[others], own))
        for track in distinct(own):
            self._gathered.add_held(others, track)

    def _possible(self, leaf: _Node, near: Floats) -> Integers:
        """Of what is near, what the sketches ``(k, c)`` allow to be the same as one of the rows."""
        join, count = self._join, leaf.end - leaf.begin
        width = -(-count // _WORD) * _WORD
        sketches = np.zeros((width, near.shape[1]), np.float32)
        sketches[:count] = join.rows.sketches[leaf.begin : leaf.end]
        found = [np.zeros(0, np.int64)]
        for part in iter_stretches(len(near), _PART):
            others = near[part]
            products = self._products[: len(others) * width].reshape(len(others), width)
            truths = self._truths[: len(others) * width]
            np.matmul(others, sketches.T, out=products)
            np.greater(products.ravel(), np.float32(1.0 - join.epsilon - _SKETCH_SLACK), out=truths)
            words = np.flatnonzero(truths.view(np.uint64))  # hardly any are not 0
            found.append(leaf.near[part.start + distinct(words // (width // _WORD))])
        return np.concatenate(found)

    def _tell(self, all_hold: Integers | None = None) -> None:
        """Make of what is gathered a `Found`, if there is any."""
        if self._gathered.rows:
            none = np.zeros(0, np.int64)
            self._found.append(self._gathered.told(none if all_hold is None else all_hold))
            self._gathered = Gathered(self._join.slices.owners)


def _radius(points: Floats) -> float:
    """How far the farthest of some points is from their middle."""
    return float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).max()))


def _same(vectors: Floats, others: Floats, epsilon: float, doubt: float) -> tuple[Integers, Integers]:
    """Pairs (row, row of the others) that are the same."""
    cosine = vectors @ others.T
    row, column = np.nonzero(cosine > 1.0 - epsilon - doubt)
    doubtful = np.flatnonzero(cosine[row, column] < 1.0 - epsilon + doubt)
    if len(doubtful):
        exact = _cosines(vectors[row[doubtful]], others[column[doubtful]])
        wrong = doubtful[1.0 - exact >= epsilon]
        row, column = np.delete(row, wrong), np.delete(column, wrong)
    return row, column


def _cosines(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Cosines of paired rows in float64; a pair's does not depend on its order, nor on the pairs beside it."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", x, x)) * np.sqrt(np.einsum("ij,ij->i", y, y))
    cosines: NDArray[np.float64] = np.einsum("ij,ij->i", x, y) / lengths
    return cosines
