"""Exact nearest neighbours over one immutable matrix of unit vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.errors import ParameterError, UnknownTrackError
from segue.values import Floats, TrackId
from segue.words import later, say

DECIMALS = 6
"""Two equal rows may differ in the seventh digit of a float32 product; six make them the tie that they are."""

_FIRST_BLOCK = 64
"""How far a ranking is sorted at first; most walks end within it, the others sort four times as many."""

_BLOCK_ROWS = 64
"""The best of each so many rows tell how good the best of all must be, for a tenth of what partitioning costs."""

_ROWS_AT_ONCE = 20_000

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track near a query: its cosine to the query, and its place in the ranking (1 is the nearest)."""

    track_id: TrackId
    similarity: float
    rank: int


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Track vectors, rows in the order of their ids, so that no answer depends on the order of scanning."""

    ids: tuple[TrackId, ...]
    vectors: Floats = field(repr=False)
    _rows: Mapping[TrackId, int] = field(repr=False)

    @classmethod
    def build(cls, ids: Sequence[TrackId], vectors: Floats) -> Index:
        """Make an index out of track vectors.

        Parameters
        ----------
        ids : sequence of n distinct track ids
        vectors : (n, d) real, any scale, row i belongs to ids[i]; copied, never changed

        Raises
        ------
        ParameterError
            If the shapes disagree, an id comes twice, or a row is zero or not finite.
        """
        matrix = np.asarray(vectors)
        if matrix.ndim != 2 or len(matrix) != len(ids) or matrix.shape[1] < 1:
            raise ParameterError(
                f"{len(ids)} ids came with vectors of shape {matrix.shape}", remedy="Give one row for each id"
            )
        order = sorted(range(len(ids)), key=ids.__getitem__)
        sorted_ids = tuple(ids[i] for i in order)
        rows = {track_id: row for row, track_id in enumerate(sorted_ids)}
        if len(rows) != len(sorted_ids):
            twice = next(a for a, b in pairwise(sorted_ids) if a == b)
            raise ParameterError(f"the id {twice!r} comes twice", remedy="Give each recording one row")
        unit = _unit_rows(matrix, np.array(order, np.intp), sorted_ids)
        unit.flags.writeable = False
        return cls(sorted_ids, unit, rows)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, track_id: object) -> bool:
        return track_id in self._rows

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self.vectors.shape[1])

    def row(self, track_id: TrackId) -> int:
        """Row of a track, or UnknownTrackError."""
        try:
            return self._rows[track_id]
        except KeyError:
            raise UnknownTrackError(
                say("no track has the id {track_id!r}", track_id=track_id),
                remedy=later("Scan the folder again, or choose another track"),
            ) from None

    def rows_of(self, track_ids: Iterable[TrackId]) -> Rows:
        """Rows of those of some tracks that are here, rising."""
        found = {row for row in map(self._rows.get, track_ids) if row is not None}
        return np.array(sorted(found), np.intp)

    def vector(self, track_id: TrackId) -> Floats:
        """Unit vector ``(d,)`` of a track, read-only."""
        row: Floats = self.vectors[self.row(track_id)]
        return row

    def scores(self, query: Floats) -> Floats:
        """Cosine of every track to the query.

        Parameters
        ----------
        query : (d,) real, any scale but zero

        Returns
        -------
        (n,) float32 in [-1, 1], in the order of ``ids``

        Raises
        ------
        ParameterError
            If the query is zero, not finite, or of another length than d.
        """
        with np.errstate(invalid="ignore"):  # all is finite; BLAS may set the flag for lanes that it only pads
            cosines: Floats = self.vectors @ unit_vector(query, self.dimension)
        return cosines

    def ranking(self, query: Floats) -> Iterator[Neighbour]:
        """Every track, nearest first, sorted only as far as it is asked for; equals come in the order of their ids."""
        scores = self.scores(query)
        done, reach = 0, _FIRST_BLOCK
        while done < len(self.ids):
            rows = best_rows(scores, reach)[done:]
            for rank, row in enumerate(rows.tolist(), start=done + 1):
                yield Neighbour(self.ids[row], rounded(scores[row]), rank)
            done, reach = min(reach, len(self.ids)), reach * 4

    def nearest(self, query: Floats, count: int, *, exclude: frozenset[TrackId] = frozenset()) -> tuple[Neighbour, ...]:
        """The ``count`` tracks nearest to the query; those in ``exclude`` take no place in the ranking."""
        if count < 0:
            raise ParameterError(f"count is {count}", remedy="Ask for 0 tracks or more")
        scores = self.scores(query)
        hidden = self.rows_of(exclude)
        scores[hidden] = -np.inf
        rows = best_rows(scores, min(count, len(self.ids) - len(hidden))).tolist()
        return tuple(Neighbour(self.ids[row], rounded(scores[row]), place) for place, row in enumerate(rows, start=1))

    def similar(self, track_id: TrackId, count: int) -> tuple[Neighbour, ...]:
        """The ``count`` tracks nearest to a track, itself left out."""
        return self.nearest(self.vector(track_id), count, exclude=frozenset((track_id,)))


def unit_vector(vector: Floats, dimension: int) -> Floats:
    """Scale a vector to unit length.

    Parameters
    ----------
    vector : (dimension,) real, any scale but zero

    Returns
    -------
    (dimension,) float32, C-contiguous, of length 1

    Raises
    ------
    ParameterError
        If the shape is another one, or the vector is zero or not finite.
    """
    values = np.asarray(vector, dtype=np.float64)
    if values.shape != (dimension,):
        raise ParameterError(
            f"a vector of shape {values.shape} met a library of {dimension} dimensions",
            remedy="Compare vectors of one ear only; scan the library with the ear in use",
        )
    peak = float(np.max(np.abs(values)))
    if not np.isfinite(peak) or peak == 0.0:
        raise ParameterError("a vector is zero or not finite", remedy="Scan that track again")
    scaled = values / peak  # the sum of squares can then neither overflow nor vanish
    return np.ascontiguousarray(scaled / np.linalg.norm(scaled), dtype=np.float32)


def _unit_rows(matrix: NDArray[Any], order: Rows, ids: tuple[TrackId, ...]) -> Floats:
    """The rows of ``(n, d)`` in this order at unit length, float32, C-contiguous; refuse rows without a direction.

    They are reckoned with in float64, some at a time: a large library should not be in memory three times over.
    """
    unit = np.empty(matrix.shape, np.float32)
    for start in range(0, len(order), _ROWS_AT_ONCE):
        rows = matrix[order[start : start + _ROWS_AT_ONCE]].astype(np.float64)
        peaks = np.max(np.abs(rows), axis=1, keepdims=True)  # (rows, 1)
        bad = np.flatnonzero(~np.isfinite(peaks) | (peaks == 0.0))
        if bad.size:
            what = f"the vector of {ids[start + bad[0]]!r} is zero or not finite"
            raise ParameterError(what, remedy="Scan that track again")
        rows /= peaks
        unit[start : start + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def best_rows(scores: Floats, count: int) -> Rows:
    """The best rows, best first; those that are equal in six decimals come by their rows.

    Parameters
    ----------
    scores : (n,) float32; rows at -inf are left out
    count : how many at most

    Returns
    -------
    (k,) intp, k the smaller of ``count`` and the number of rows that are not at -inf
    """
    if count <= 0:
        return np.empty(0, np.intp)
    rows = np.flatnonzero(scores >= _floor(scores, count) - 2 * 10.0**-DECIMALS)
    near = np.round(scores[rows], DECIMALS)
    if len(rows) > 2 * count:  # many are equal, or nearly: keep those above the cut, and the first of those at it
        least = np.partition(near, -count)[-count]
        above = near > least
        above[np.flatnonzero(near == least)[: count - int(np.count_nonzero(above))]] = True
        rows, near = rows[above], near[above]
    best: Rows = rows[np.argsort(-near, kind="stable")[:count]]
    return best


def rank_of(scores: Floats, row: int) -> int:
    """The place of a row among all rows as `best_rows` orders them, 1 the best."""
    own, close = rounded(scores[row]), 10.0**-DECIMALS
    better = int(np.count_nonzero(scores > own + close))
    near = np.flatnonzero((scores <= own + close) & (scores >= own - close))
    values = np.round(scores[near], DECIMALS)
    at = np.round(scores[row], DECIMALS)
    return 1 + better + int(np.count_nonzero((values > at) | ((values == at) & (near < row))))


def rounded(score: np.float32) -> float:
    """A score as it is compared: to six decimals."""
    return float(np.round(score, DECIMALS))


def _floor(scores: Floats, count: int) -> float:
    """A score that at least ``count`` rows reach, or the lowest that is not -inf: near to the ``count``-th best."""
    whole = len(scores) // _BLOCK_ROWS * _BLOCK_ROWS
    if whole < 4 * count * _BLOCK_ROWS:
        least = -np.inf if count >= len(scores) else float(np.partition(scores, -count)[-count])
    else:
        best = scores[:whole].reshape(_BLOCK_ROWS, -1).max(axis=0)  # of rows far apart, which is the quicker way
        least = float(np.partition(best, -count)[-count])
    return least if least > -np.inf else float(np.finfo(np.float32).min)
