"""Which slices are the same as which: an exact similarity join of unit vectors, by halving, boxes and sketches.

Two unit vectors at a cosine distance below epsilon lie within ``sqrt(2 epsilon)`` of each other, and so do their
projections in any orthonormal frame. The rows are halved again and again along the widest of their leading principal
coordinates. On the way down, a node keeps of its parent's candidates those that lie within that reach of the box that
its rows fill. A leaf's rows meet what is left of them in a short sketch whose products bound the cosines from above;
only columns where this leaves a pair possible are multiplied in full, and pairs within float32's error of epsilon are
decided in float64. Candidates so near to the middle of a narrow node that all its rows must be the same as they (the
triangle inequality) are counted without any product. All bounds are safe, so the pruning decides the time, never the
result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segue.values import Floats

Integers = NDArray[np.int64]

_COORDINATES = 16  # principal coordinates of sketches: 90 % of what Speccy's slices differ by
_BOX_COORDINATES = 8  # the further ones differ by too little to keep slices apart
_LEAF_ROWS = 128  # smaller leaves have narrower boxes, larger ones fuller products
_NARROWING = 4  # candidates are looked through when a node has a quarter of the rows since that was last done
_FIRST_ROWS = 8192  # the boxes of larger nodes leave hardly anything out
_PART = 2048  # candidates at a time: a leaf's products with them fit the second-level cache
_REST_ERROR = 1e-6  # float32's error in the squared length of what a sketch leaves out
_BOX_SLACK = 3e-3  # that error again, as a length, of both slices
_SKETCH_SLACK = 2e-5  # float32's error in a sketch's products
_MOST_CODES = 1_000_000  # pairs of a leaf before repeated ones are dropped


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """Unit rows ``(n, d)`` float32 and the track ``(n,)`` int64 of each."""

    vectors: Floats
    owners: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one leaf's rows are the same as.

    ``rows (k,)`` are indices of the rows and ``within (k,)`` how many of the others of a row's own track it is the same
    as. Row ``rows[row[i]]`` is the same as at least one slice of track ``owner[i]``, each pair once, and every row as
    one of each track in ``all_hold``. In turn, ``other[i]`` is the same as a row of track ``by[i]``, where that was
    asked for; pairs may come again with other leaves.
    """

    rows: Integers
    within: Integers
    row: Integers
    owner: Integers
    all_hold: Integers
    other: Integers
    by: Integers


@dataclass(frozen=True, slots=True)
class Work:
    """How to work: threads, whether pairs are told both ways, who is told of the rows done, and who may stop it."""

    threads: int = 1
    both_ways: bool = False
    on_done: Callable[[int], None] | None = None
    cancel: threading.Event | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the rest."""
        return self.cancel is not None and self.cancel.is_set()


def iter_same(rows: Slices, others: Slices, *, epsilon: float, work: Work) -> Iterator[Found]:
    """Find for each row the tracks that hold a slice which is the same, leaf by leaf, in no certain order.

    Parameters
    ----------
    rows, others : Slices
        Unit vectors of one dimension; ``rows`` and ``others`` may be the same object.
    epsilon : float
        Cosine distance below which two slices are the same, in (0, 1).
    work : Work
        Threads and listeners. When it is cancelled, the iteration ends early.

    Yields
    ------
    Found
        Each row is in exactly one of them.
    """
    if not len(rows.vectors):
        return
    # Each thread multiplies for itself: the products are small, and BLAS's own threads would wait for each other.
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(work.threads, thread_name_prefix="pooling") as pool,
    ):
        join = _Join(rows, others, epsilon, work)
        nodes = join.branches()
        running: list[Future[list[Found]]] = []
        try:
            while nodes or running:
                while nodes and len(running) < 2 * work.threads:
                    running.append(pool.submit(join.descend, nodes.pop()))
                for found in running.pop(0).result():
                    yield found
                    if work.on_done is not None:
                        work.on_done(len(found.rows))
                if work.is_cancelled:
                    return
        finally:
            for future in running:
                future.cancel()


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """Rows that lie together, the others that may be the same as one of them, and those that are as all of them."""

    members: Integers
    near: Integers
    sure: tuple[Integers, ...]
    looked_at_rows: int


class _Join:
    """One join at work; nothing in it changes after it was made, so threads share it."""

    def __init__(self, rows: Slices, others: Slices, epsilon: float, work: Work) -> None:
        self._rows, self._others, self._work = rows, others, work
        self._epsilon = epsilon
        self._reach = float(np.sqrt(2.0 * epsilon))
        self._doubt = (rows.vectors.shape[1] + 8) * 2.0**-24  # float32 dot products of unit vectors err by less
        self._tracks = 1 + int(max(rows.owners.max(), others.owners.max()))
        directions = _directions(others.vectors)
        self._other_sketches = _sketches(others.vectors, directions)
        self._row_sketches = self._other_sketches if rows is others else _sketches(rows.vectors, directions)
        self._other_corners = np.ascontiguousarray(self._other_sketches[:, :_BOX_COORDINATES])
        self._row_corners = np.ascontiguousarray(self._row_sketches[:, :_BOX_COORDINATES])

    def branches(self) -> list[_Node]:
        """The nodes at which the work is divided; all the others are near to each."""
        everything = np.arange(len(self._others.vectors))
        leaves, todo = [], [np.arange(len(self._rows.vectors))]
        while todo:
            members = todo.pop()
            if len(members) <= _FIRST_ROWS:
                leaves.append(_Node(members, everything, (), _NARROWING * _FIRST_ROWS))
            else:
                todo += self._halves(members)
        return leaves

    def descend(self, top: _Node) -> list[Found]:
        """Halve a node down to its leaves, and find what their rows are the same as."""
        found, todo = [], [top]
        while todo and not self._work.is_cancelled:
            node = todo.pop()
            is_leaf = len(node.members) <= _LEAF_ROWS
            if is_leaf or node.looked_at_rows >= _NARROWING * len(node.members):
                node = self._narrowed(node)
            if is_leaf or not len(node.near):
                found.append(self._found(node))
            else:
                todo += [_Node(half, node.near, node.sure, node.looked_at_rows) for half in self._halves(node.members)]
        return found

    def _halves(self, members: Integers) -> list[Integers]:
        points = self._row_corners.take(members, axis=0)
        widest = int(np.ptp(points, axis=0).argmax())
        order = np.argpartition(points[:, widest], len(members) // 2)
        return [np.sort(members[order[: len(members) // 2]]), np.sort(members[order[len(members) // 2 :]])]

    def _narrowed(self, node: _Node) -> _Node:
        """Leave out what lies too far from the box of the node's rows, and set aside what is the same as all."""
        points = self._row_corners.take(node.members, axis=0)
        near = self._near(node.near, points.min(axis=0), points.max(axis=0))
        sure = node.sure
        vectors = self._rows.vectors[node.members]
        middle = vectors.mean(axis=0)
        radius = float(np.sqrt(((vectors - middle) ** 2).sum(axis=1).max()))
        allowed = self._reach - radius - _BOX_SLACK
        if allowed > 0:
            is_sure = self._distances(near, middle) <= allowed
            near, sure = near[~is_sure], (*sure, near[is_sure])
        return _Node(node.members, near, sure, len(node.members))

    def _near(self, others: Integers, low: Floats, high: Floats) -> Integers:
        """Those of the other slices that lie within reach of a box of the leading coordinates."""
        width = min(_PART, len(others))
        lows, highs = np.tile(low, (width, 1)), np.tile(high, (width, 1))  # numpy is slow along rows of eight
        ones = np.ones(len(low), np.float32)
        found = []
        for part in _parts(others):
            points = self._other_corners.take(part, axis=0)
            points -= np.minimum(np.maximum(points, lows[: len(part)]), highs[: len(part)])
            points *= points
            found.append(part[points @ ones <= (self._reach + _BOX_SLACK) ** 2])
        return np.concatenate(found)

    def _distances(self, others: Integers, middle: Floats) -> Floats:
        found = [np.linalg.norm(self._others.vectors[part] - middle, axis=1) for part in _parts(others)]
        distances: Floats = np.concatenate(found)
        return distances

    def _found(self, leaf: _Node) -> Found:
        members, own, tracks = leaf.members, self._rows.owners[leaf.members], self._tracks
        held = np.zeros(tracks, np.int64)
        for sure in leaf.sure:
            held += np.bincount(self._others.owners[sure], minlength=tracks)
        within = held[own]
        codes, back = _Codes(), _Codes()
        for part in _parts(leaf.near):
            row, other = self._pairs(members, part)
            owner = self._others.owners[other]
            within += np.bincount(row[owner == own[row]], minlength=len(members))
            codes.add((row * tracks + owner)[held[owner] == 0])
            if self._work.both_ways:
                back.add(other * tracks + own[row])
        if self._work.both_ways:
            for sure in leaf.sure:
                back.add((sure[:, np.newaxis] * tracks + np.unique(own)).ravel())
        row, owner = np.divmod(codes.distinct(), tracks)
        other, by = np.divmod(back.distinct(), tracks)
        return Found(members, within, row, owner, np.flatnonzero(held), other, by)

    def _pairs(self, members: Integers, part: Integers) -> tuple[Integers, Integers]:
        """Pairs (place among the members, other slice) that are the same."""
        bound = self._row_sketches.take(members, axis=0) @ self._other_sketches.take(part, axis=0).T
        possible = part[(bound > 1.0 - self._epsilon - _SKETCH_SLACK).any(axis=0)]
        rows, others = self._rows.vectors[members], self._others.vectors[possible]
        cosine = rows @ others.T
        row, column = np.nonzero(cosine > 1.0 - self._epsilon - self._doubt)
        doubtful = np.flatnonzero(cosine[row, column] < 1.0 - self._epsilon + self._doubt)
        if len(doubtful):
            exact = _cosines(rows[row[doubtful]], others[column[doubtful]])
            wrong = doubtful[1.0 - exact >= self._epsilon]
            row, column = np.delete(row, wrong), np.delete(column, wrong)
        return row, possible[column]


class _Codes:
    """Numbers as they come, of which each distinct one counts once."""

    def __init__(self) -> None:
        self._held: list[Integers] = []
        self._size = 0

    def add(self, codes: Integers) -> None:
        """Take more of them; repeated ones are dropped now and then, so that their number stays bounded."""
        if len(codes):
            self._held.append(codes)
            self._size += len(codes)
        if self._size > _MOST_CODES and len(self._held) > 1:
            self._held = [self.distinct()]
            self._size = 0

    def distinct(self) -> Integers:
        """Each once, in rising order."""
        return np.unique(np.concatenate(self._held)) if self._held else np.zeros(0, np.int64)


def _parts(indices: Integers) -> Iterator[Integers]:
    """Indices in stretches that are worked on at a time; at least one, perhaps empty."""
    for start in range(0, max(1, len(indices)), _PART):
        yield indices[start : start + _PART]


def _directions(vectors: Floats) -> Floats:
    """The leading principal directions ``(d, c)``, or all of them."""
    _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    leading: Floats = np.ascontiguousarray(directions[:, : -_COORDINATES - 1 : -1], dtype=np.float32)
    return leading


def _sketches(vectors: Floats, directions: Floats) -> Floats:
    """The leading coordinates of each vector and the most that the length of the rest can be, ``(n, c + 1)``.

    By Cauchy and Schwarz the product of two sketches is at least the product of the vectors.
    """
    leading = vectors @ directions
    rest = 1.0 - np.einsum("ij,ij->i", leading, leading, dtype=np.float64)
    lengths = np.sqrt(np.maximum(rest, 0.0) + _REST_ERROR)
    sketches: Floats = np.column_stack([leading, lengths.astype(np.float32)])
    return sketches


def _cosines(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Cosines of paired rows in float64; a pair's does not depend on its order, nor on the pairs beside it."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", x, x)) * np.sqrt(np.einsum("ij,ij->i", y, y))
    cosines: NDArray[np.float64] = np.einsum("ij,ij->i", x, y) / lengths
    return cosines
