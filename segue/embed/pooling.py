"""From slice vectors to one vector a track: TF-IDF over the whole library, exact, far below a comparison of all pairs.

Two slices are *the same* when their cosine distance is below epsilon. ``tf`` of a slice counts the slices of its own
track that are the same as it, itself included; ``df`` counts the tracks that hold at least one slice the same as it,
its own included; N is the number of tracks. A track's vector is the normalised sum of ``tf * idf * v``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segue.embed.encoder import Ear
from segue.errors import ParameterError
from segue.values import Floats, PoolingMethod, TrackId

Idf = Literal["smooth", "classic"]
Integers = NDArray[np.int64]

_COORDINATES = 8  # principal coordinates that bound distances from below
_SKETCH_COORDINATES = 24  # a quarter of the work of comparing in full
_SKETCH_SLACK = 1e-3  # the root of a float32 remainder may err by half of it
_PART_SLICES = 32_768  # candidates held at a time: 32 MB of products against a block
_BLOCK_SLICES = 256  # a block's GEMM fits the second-level cache
_DOUBT = 2e-6  # float32 dot products of unit vectors err by less; nearer to the threshold float64 decides


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """``tf`` and ``df`` of every slice, each ``(n,)`` int64, at least 1."""

    tf: Integers
    df: Integers


def pool(
    slices: Mapping[TrackId, Floats], *, epsilon: float, method: PoolingMethod = "tfidf", idf: Idf = "smooth"
) -> dict[TrackId, Floats]:
    """Pool each track's slice vectors into one unit vector.

    Parameters
    ----------
    slices : mapping of TrackId to (s, d) float32
        All tracks of the library, s > 0, rows of any non-zero length.
    epsilon : float
        Cosine distance below which two slices are the same, in (0, 1); it belongs to the ear.
    method : {"tfidf", "mean"}
        "mean" weights all slices alike.
    idf : {"smooth", "classic"}
        ``ln((1 + N) / (1 + df)) + 1``, or the original ``-ln(df / N)``, which gives 0 to what every track holds.

    Returns
    -------
    dict of TrackId to (d,) float32
        Unit vectors; they do not depend on the order of the tracks.

    Raises
    ------
    ParameterError
        If epsilon is out of range, a track has no slices, or a vector is zero or not finite.

    Notes
    -----
    After R. D. Smith, "Create your own automatic DJ" (2019). The counting is a similarity join, see `count_same`.
    """
    if not 0.0 < epsilon < 1.0:
        raise ParameterError(f"epsilon is {epsilon}", remedy="Give a cosine distance between 0 and 1")
    if not slices:
        return {}
    ids = sorted(slices)
    vectors = [_unit(slices[track_id], track_id) for track_id in ids]
    owners = np.repeat(np.arange(len(ids)), [len(v) for v in vectors])
    stacked = np.concatenate(vectors)
    weights = np.ones(len(stacked))
    if method == "tfidf":
        counts = count_same(stacked, owners, epsilon=epsilon)
        weights = counts.tf * _idf(counts.df, len(ids), idf)
    return _weighted_sums(ids, stacked, owners, weights)


def pool_for(ear: Ear, slices: Mapping[TrackId, Floats]) -> dict[TrackId, Floats]:
    """Pool as an ear's card says; see `pool`."""
    return pool(slices, epsilon=ear.epsilon, method=ear.pooling)


def _unit(vectors: Floats, track_id: TrackId) -> Floats:
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True) if vectors.ndim == 2 else np.zeros(0)
    if lengths.size == 0 or not np.isfinite(lengths).all() or not lengths.all():
        raise ParameterError(
            f"track {track_id} has slice vectors {vectors.shape} that are missing, zero or not finite",
            remedy="Scan the track again",
        )
    unit: Floats = (vectors / lengths).astype(np.float32)
    return unit


def _idf(df: Integers, tracks: int, idf: Idf) -> NDArray[np.float64]:
    if idf == "classic":
        return np.asarray(-np.log(df / tracks))
    return np.asarray(np.log((1.0 + tracks) / (1.0 + df)) + 1.0)


def _weighted_sums(
    ids: list[TrackId], vectors: Floats, owners: Integers, weights: NDArray[np.float64]
) -> dict[TrackId, Floats]:
    starts = np.searchsorted(owners, np.arange(len(ids)))
    ends = np.append(starts[1:], len(owners))
    pooled = {}
    for track_id, start, end in zip(ids, starts, ends, strict=True):
        rows, row_weights = vectors[start:end].astype(np.float64), weights[start:end]
        total = row_weights @ rows
        if np.linalg.norm(total) < 1e-9:  # weights that are all 0 (classic idf), or slices that cancel
            total = rows.mean(axis=0)
        if np.linalg.norm(total) < 1e-9:
            total = rows[0]
        pooled[track_id] = (total / np.linalg.norm(total)).astype(np.float32)
    return pooled


def count_same(vectors: Floats, owners: Integers, *, epsilon: float) -> Counts:
    """Count tf and df of every slice by an exact similarity join.

    Parameters
    ----------
    vectors : (n, d) float32
        Unit rows.
    owners : (n,) int64
        The track of each slice, as 0, 1, 2 ...
    epsilon : float
        Cosine distance below which two slices are the same.

    Returns
    -------
    Counts
        ``tf`` and ``df``, each (n,).

    Notes
    -----
    Slices are sorted into blocks by halving along leading principal coordinates (a k-d tree). Two unit vectors closer
    than epsilon lie within sqrt(2 epsilon) in any orthonormal projection, so blocks whose boxes lie further apart are
    never compared. Of the others, a slice is compared with a block only where a short sketch, whose products bound the
    cosines from above, leaves it possible. Doubtful pairs, within float32's error of epsilon, are decided in float64.
    Memory is bounded by a block against a part of its candidates.
    """
    sketches = _sketch(vectors)
    order, bounds = _blocks(sketches[:, :_COORDINATES])
    vectors, sketches, owners = vectors[order], sketches[order], owners[order]
    reach = np.sqrt(2.0 * epsilon) + 1e-4
    tf, df = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.int64)
    for block in range(len(bounds.starts)):
        near = np.flatnonzero(bounds.gaps_squared(block) <= reach * reach)
        rows = np.arange(bounds.starts[block], bounds.ends[block])
        others = np.concatenate([np.arange(bounds.starts[j], bounds.ends[j]) for j in near])
        found = []
        for part in np.array_split(others, len(others) // _PART_SLICES + 1):
            bound = (sketches[rows] @ sketches[part].T).max(axis=0)
            possible = part[bound > 1.0 - epsilon - _SKETCH_SLACK]
            row, other = _same(vectors[rows], vectors[possible], epsilon)
            found.append((row, owners[possible[other]]))
        tf[order[rows]], df[order[rows]] = _count(found, owners[rows])
    return Counts(tf, df)


def _sketch(vectors: Floats) -> Floats:
    """The leading principal coordinates of each vector and the length of what they leave out, ``(n, c + 1)``.

    By Cauchy and Schwarz the product of two sketches is at least the product of the vectors.
    """
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    leading = vectors @ directions[:, : -_SKETCH_COORDINATES - 1 : -1]
    rest = np.maximum(0.0, (vectors * vectors).sum(axis=1) - (leading * leading).sum(axis=1))
    sketch: Floats = np.column_stack([leading, np.sqrt(rest)])
    return sketch


@dataclass(frozen=True, slots=True, eq=False)
class _Bounds:
    """Where each block starts and ends in the order, and the box ``(b, 8)`` that its principal coordinates fill."""

    starts: Integers
    ends: Integers
    low: Floats
    high: Floats

    def gaps_squared(self, block: int) -> Floats:
        """Squared distance between a block's box and every block's, ``(b,)``."""
        gap = np.maximum(0.0, np.maximum(self.low - self.high[block], self.low[block] - self.high))
        squared: Floats = (gap * gap).sum(axis=1)
        return squared


def _blocks(points: Floats) -> tuple[Integers, _Bounds]:
    """Halve the points along their widest coordinate until blocks are small."""
    leaves: list[Integers] = []
    todo = [np.arange(len(points))]
    while todo:
        members = todo.pop()
        if len(members) <= _BLOCK_SLICES:
            leaves.append(members)
            continue
        widest = int(np.ptp(points[members], axis=0).argmax())
        members = members[np.argsort(points[members, widest], kind="stable")]
        todo += [members[len(members) // 2 :], members[: len(members) // 2]]
    ends = np.cumsum([len(leaf) for leaf in leaves])
    low = np.stack([points[leaf].min(axis=0) for leaf in leaves])
    high = np.stack([points[leaf].max(axis=0) for leaf in leaves])
    return np.concatenate(leaves), _Bounds(ends - [len(leaf) for leaf in leaves], ends, low, high)


def _same(rows: Floats, others: Floats, epsilon: float) -> tuple[Integers, Integers]:
    """Which row ``(k, d)`` is the same as which of the others ``(m, d)``: the indices of each pair."""
    cosine = rows @ others.T
    row, other = np.nonzero(cosine > 1.0 - epsilon - _DOUBT)
    doubtful = np.flatnonzero(cosine[row, other] < 1.0 - epsilon + _DOUBT)
    if len(doubtful):
        a, b = rows[row[doubtful]].astype(np.float64), others[other[doubtful]].astype(np.float64)
        exact = np.einsum("ij,ij->i", a, b) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
        wrong = doubtful[1.0 - exact >= epsilon]
        row, other = np.delete(row, wrong), np.delete(other, wrong)
    return row, other


def _count(found: list[tuple[Integers, Integers]], owners: Integers) -> tuple[Integers, Integers]:
    """tf and df of a block's rows from (row, owner of the slice that is the same) of each pair."""
    row = np.concatenate([pair[0] for pair in found])
    owner = np.concatenate([pair[1] for pair in found])
    tf = np.bincount(row[owner == owners[row]], minlength=len(owners))
    tracks = int(owner.max()) + 1
    holders = np.unique(row * tracks + owner) // tracks
    return tf, np.bincount(holders, minlength=len(owners))
