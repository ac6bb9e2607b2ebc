"""How far two ears agree: whether a track has the same neighbours by both."""

from __future__ import annotations

import numpy as np

from segue.choose.index import Index
from segue.config import EVALUATION
from segue.errors import ParameterError
from segue.values import Floats, TrackId

_BLOCK_TRACKS = 256


def neighbour_overlap(one: Floats, other: Floats, *, neighbours: int = EVALUATION.shared_neighbours) -> float:
    """Mean share of a track's nearest others that two sets of vectors have in common.

    Parameters
    ----------
    one : (n, d) float32
        Track vectors of one ear, rows of any non-zero length.
    other : (n, e) float32
        Those of another ear, of the same tracks in the same order.
    neighbours : int
        How many of the nearest are looked at; fewer where there are fewer tracks.

    Returns
    -------
    float in [0, 1]
        1 if all have the same nearest. By chance it would be ``neighbours / (n - 1)``.

    Raises
    ------
    ParameterError
        If the tracks are not as many, or fewer than two, or a vector is zero or not finite.
    """
    if len(one) != len(other) or len(one) < 2:
        raise ParameterError(
            f"{len(one)} vectors were compared with {len(other)}", remedy="Compare those of the same tracks, 2 at least"
        )
    ids = [TrackId(f"{row:08d}") for row in range(len(one))]
    first, second = (Index.build(ids, vectors).vectors for vectors in (one, other))
    count = min(neighbours, len(one) - 1)
    shared = 0
    for start in range(0, len(one), _BLOCK_TRACKS):
        rows = slice(start, min(start + _BLOCK_TRACKS, len(one)))
        near, near_too = (_nearest(vectors, rows, count) for vectors in (first, second))  # (b, n) bool
        shared += int((near & near_too).sum())
    return shared / (count * len(one))


def _nearest(vectors: Floats, rows: slice, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which tracks are among the nearest of each row, itself left out."""
    likeness = vectors[rows] @ vectors.T
    own = np.arange(rows.start, rows.stop)
    likeness[np.arange(len(own)), own] = -np.inf
    marked = np.zeros(likeness.shape, np.bool_)
    np.put_along_axis(marked, np.argpartition(likeness, -count, axis=1)[:, -count:], True, axis=1)
    return marked
