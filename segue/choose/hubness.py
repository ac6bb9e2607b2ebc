"""Tracks that are near to everybody, and how to keep them from being played too often.

In spaces of many dimensions some points lie near to far more others than most do; these hubs come up in every list, and
other tracks in none. How crowded it is around a track says how much of its nearness is its own doing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segue.choose.catalogue import Catalogue
from segue.config import CHOICE
from segue.values import Floats

_BLOCK_CELLS = 4_000_000  # similarities held at a time
_MOST_COMPARED = 20_000  # in larger libraries every track is compared with a sample of so many, so that time stays O(n)


def crowding(vectors: Floats, *, neighbours: int = CHOICE.hub_neighbours) -> Floats:
    """How near each track's nearest others are: the mean cosine to so many of them.

    Parameters
    ----------
    vectors : (n, d) float32
        Unit rows. With more than 20,000 rows the neighbours are sought among every second, third ... of them.
    neighbours : int
        How many; fewer where there are no more.

    Returns
    -------
    (n,) float32 in [-1, 1]
        0 where there are no others.

    Notes
    -----
    It is the r of cross-domain similarity local scaling (CSLS), ``2 cos(x, y) - r(x) - r(y)``: Conneau and others,
    "Word translation without parallel data", 2018.
    """
    found = np.zeros(len(vectors), np.float32)
    step = -(-len(vectors) // _MOST_COMPARED)
    others = vectors[:: max(1, step)]
    for rows, likeness in _likenesses(vectors, others, step):
        count = min(neighbours, likeness.shape[1] - 1)
        if count > 0:
            found[rows] = np.partition(likeness, -count, axis=1)[:, -count:].mean(axis=1)
    return found


def occurrences(vectors: Floats, handicaps: Floats, *, neighbours: int) -> NDArray[np.int64]:
    """How often each track is among the nearest others of another, when its cosine is lowered by its handicap.

    Parameters
    ----------
    vectors : (n, d) float32, unit rows
    handicaps : (n,) float32
    neighbours : how many are nearest; fewer where there are no more

    Returns
    -------
    (n,) int64, their sum is n times ``neighbours``
    """
    counts = np.zeros(len(vectors), np.int64)
    count = min(neighbours, len(vectors) - 1)
    if count <= 0:
        return counts
    for _, likeness in _likenesses(vectors, vectors, 1):
        nearest = np.argpartition(likeness - handicaps, -count, axis=1)[:, -count:]  # the row itself stands at -inf
        counts += np.bincount(nearest.ravel(), minlength=len(counts))
    return counts


def handicaps_of(catalogue: Catalogue, weight: float) -> Floats:
    """What the similarity of each track to any query is lowered by, ``(n,)`` float32, 0 on average.

    ``weight`` times how much more crowded it is around a track than around most. With a weight of 0.5 that ranks as
    CSLS does: what depends on the query alone changes no ranking.
    """
    crowds: Floats = catalogue.once("crowding", lambda: crowding(catalogue.index.vectors))
    return np.asarray(weight * (crowds - crowds.mean()), np.float32)


def _likenesses(vectors: Floats, others: Floats, step: int) -> Iterator[tuple[slice, Floats]]:
    """The cosines of some rows at a time with the others, of which every ``step``-th row is one; -inf with itself."""
    block = max(1, _BLOCK_CELLS // max(1, len(others)))
    for start in range(0, len(vectors), block):
        rows = slice(start, min(len(vectors), start + block))
        likeness = vectors[rows] @ others.T  # (block, k)
        own = np.arange(rows.start, rows.stop)
        own = own[own % step == 0]
        likeness[own - start, own // step] = -np.inf
        yield rows, likeness
