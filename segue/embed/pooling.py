"""From slice vectors to one vector a track: TF-IDF over the whole library, exact, far below a comparison of all pairs.

Two slices are *the same* when their cosine distance is below epsilon. ``tf`` of a slice counts the slices of its own
track that are the same as it, itself included; ``df`` counts the tracks that hold at least one slice the same as it,
its own included; N is the number of tracks. A track's vector is the normalised sum of ``tf * idf * v``.

Which slices are the same is found by `segue.embed.joining`. What was found can be kept: when tracks come and go, only
the new ones are joined with all, and the result is what counting afresh would give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.embed.encoder import Ear
from segue.embed.joining import Slices, Work, iter_same
from segue.embed.sketching import Integers, distinct
from segue.errors import ParameterError
from segue.values import Floats, PoolingMethod, TrackId

Idf = Literal["smooth", "classic"]

_MOST_PAIRS_A_SLICE = 25  # more pairs of slices and tracks than this are counted, but not kept


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """``tf`` and ``df`` of every slice, each ``(n,)`` int64, at least 1.

    ``pairs`` says which other tracks make up df; None where there are too many to keep.
    """

    tf: Integers
    df: Integers
    pairs: Pairs | None = None


class Pairs(NamedTuple):
    """Slice ``slices[i]`` is the same as at least one of track ``tracks[i]``, another than its own; each pair once."""

    slices: Integers
    tracks: Integers


class Stacked(NamedTuple):
    """The slices of tracks one after another: ``ids`` in rising order, owners are places in it."""

    ids: list[TrackId]
    slices: Slices


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
    stacked = stack((track_id, slices[track_id]) for track_id in sorted(slices))
    counts = None
    if method == "tfidf":
        counts = count_same(stacked.slices.vectors, stacked.slices.owners, epsilon=epsilon)
    return pool_counted(stacked, counts, idf=idf)


def pool_for(ear: Ear, slices: Mapping[TrackId, Floats]) -> dict[TrackId, Floats]:
    """Pool as an ear's card says; see `pool`."""
    return pool(slices, epsilon=ear.epsilon, method=ear.pooling)


def stack(tracks: Iterable[tuple[TrackId, Floats]]) -> Stacked:
    """Put the slices of tracks, which come by rising id, one after another as unit rows.

    Raises
    ------
    ParameterError
        If a track has no slices, or a vector is zero or not finite.
    """
    ids, rows = [], []
    for track_id, vectors in tracks:
        ids.append(track_id)
        rows.append(_unit(vectors, track_id))
    owners = np.repeat(np.arange(len(ids)), [len(vectors) for vectors in rows])
    return Stacked(ids, Slices(np.concatenate(rows), owners))


def pool_counted(stacked: Stacked, counts: Counts | None, *, idf: Idf = "smooth") -> dict[TrackId, Floats]:
    """The track vectors that counts give, or the plain means where there are none; see `pool`."""
    weights = np.ones(len(stacked.slices.vectors))
    if counts is not None:
        weights = counts.tf * _idf(counts.df, len(stacked.ids), idf)
    return _weighted_sums(stacked.ids, stacked.slices.vectors, stacked.slices.owners, weights)


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
    See `segue.embed.joining`.
    """
    counts = count(Slices(vectors, owners), epsilon=epsilon, work=Work())
    assert counts is not None  # nobody can have cancelled it
    return counts


def count(slices: Slices, *, epsilon: float, work: Work, known: Counts | None = None) -> Counts | None:
    """Count tf and df of every slice, as `count_same` does, or only what is new.

    Parameters
    ----------
    slices : Slices
        All slices of the library.
    epsilon : float
        Cosine distance below which two slices are the same.
    work : Work
        Threads and listeners.
    known : Counts, optional
        What is known of the same slices from an earlier count: tf is 0 for the slices of new tracks, and the pairs are
        complete for all others. Only new slices are then joined with all.

    Returns
    -------
    Counts or None
        The same whatever was known; None if the work was cancelled.
    """
    counts = _count_pairs(slices, epsilon, work, known)
    if counts is None and not work.is_cancelled:
        counts = _count_each(slices, epsilon, work)
    return None if work.is_cancelled else counts


def _count_pairs(slices: Slices, epsilon: float, work: Work, known: Counts | None) -> Counts | None:
    """Count by collecting pairs, each compared once; None if there are too many."""
    owners = slices.owners
    tf = np.zeros(len(owners), np.int64) if known is None else known.tf.copy()
    new = None if known is None else np.flatnonzero(tf == 0)
    pairs, done = _Collected(owners, None if known is None else known.pairs), 0
    for found in iter_same(slices, epsilon=epsilon, work=work, new=new, most_pairs=pairs.most):
        done += len(found.rows)
        np.add.at(tf, found.slices, found.within)
        pairs.add(found.held, found.by)
        if pairs.are_too_many:
            break
    kept = pairs.distinct()
    if kept is None:
        if work.on_done is not None:
            work.on_done(-done)
        return None
    return Counts(tf, 1 + np.bincount(kept.slices, minlength=len(owners)), kept)


def _count_each(slices: Slices, epsilon: float, work: Work) -> Counts:
    """Count slice by slice, and forget the pairs."""
    owners = slices.owners
    tf, df = np.zeros(len(owners), np.int64), np.ones(len(owners), np.int64)
    for found in iter_same(slices, epsilon=epsilon, work=work):
        np.add.at(tf, found.slices, found.within)
        np.add.at(df, found.held, 1)
        df[found.rows] += len(found.all_hold) - np.isin(owners[found.rows], found.all_hold)
    return Counts(tf, df)


class _Collected:
    """Pairs of a slice and another track, as they are found, as long as there are not too many to keep.

    ``most`` can be kept, each counted once.
    """

    def __init__(self, owners: Integers, known: Pairs | None) -> None:
        self._owners = owners
        self._tracks = int(owners.max()) + 1 if len(owners) else 1
        self.most = _MOST_PAIRS_A_SLICE * len(owners)
        self._codes: list[Integers] = []
        self._size, self.are_too_many = 0, False
        if known is not None:
            self.add(known.slices, known.tracks)

    def add(self, slices: Integers, tracks: Integers) -> None:
        """Take pairs of a slice and another track than its own."""
        if self.are_too_many or not len(slices):
            return
        self._codes.append(slices * self._tracks + tracks)
        self._size += len(slices)
        if self._size > 2 * self.most:
            self._drop_repeated()

    def distinct(self) -> Pairs | None:
        """Each pair once, in rising order; None if there are too many."""
        self._drop_repeated()
        return None if self.are_too_many else Pairs(*np.divmod(self._codes[0], self._tracks))

    def _drop_repeated(self) -> None:
        self._codes = [distinct(np.concatenate([np.zeros(0, np.int64), *self._codes]))]
        self._size = len(self._codes[0])
        if self._size > self.most:
            self.are_too_many, self._codes = True, []
