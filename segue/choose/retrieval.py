"""How well vectors tell labels apart: whether the tracks nearest to one are of its kind. Exact, and in blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.config import EVALUATION
from segue.errors import ParameterError
from segue.values import Floats

_BLOCK_CELLS = 4_000_000  # similarities held at a time: some 100 MB with all that is made of them
_UNKNOWN = -1

OnProgress = Callable[[int, int], None]
"""Told how many tracks are compared, and of how many."""

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Interval(NamedTuple):
    """Where a figure would lie in 19 of 20 samples of tracks like these."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How the neighbours' labels agree with the track's own, on average over ``queries`` tracks.

    ``p_at_5`` is the share of the five nearest with the same label, ``first`` the share of tracks whose nearest has it,
    ``mrr`` the mean of one over the rank of the nearest that has it. ``chance`` is what a random order would score in
    ``p_at_5`` and ``first``, ``ceiling`` the best that ``p_at_5`` can be, as a label may have fewer than six tracks.
    """

    queries: int
    p_at_5: float
    first: float
    mrr: float
    chance: float
    ceiling: float
    p_at_5_interval: Interval
    first_interval: Interval
    mrr_interval: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set of vectors, measured.

    ``filtered`` is `Retrieval` with the neighbours by the track's own artist taken away; None without artists, or where
    no label is shared by two. ``hubness`` is the skewness of how often a track is among the ten nearest of others.
    """

    plain: Retrieval
    filtered: Retrieval | None
    hubness: float


def retrieval(vectors: Floats, labels: Sequence[str]) -> Retrieval:
    """Find each track's nearest others by cosine and compare labels; see `compare`."""
    return compare(vectors, labels).plain


def compare(
    vectors: Floats,
    labels: Sequence[str],
    *,
    artists: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Compare each track's label with its neighbours', with and without those by its own artist.

    Parameters
    ----------
    vectors : (n, d) float32
        Track vectors of any non-zero length.
    labels : sequence of n str
    artists : sequence of n str, optional
        "" where unknown: nobody's namesake.
    rng : np.random.Generator, optional
        Draws the tracks of the bootstrap; the same each time if left out.
    on_progress : callable, optional
        Told after each block how many tracks are done.

    Returns
    -------
    Comparison
        Of the tracks whose label another one bears; the others are neighbours only.

    Raises
    ------
    ParameterError
        If there are not more than five tracks, no label has two, or a vector is zero or not finite.

    Notes
    -----
    Intervals are percentiles of a bootstrap over tracks (Efron, 1979). Hubness is the skewness of the k-occurrence
    N_10 (Radovanovic, Nanopoulos and Ivanovic, "Hubs in space", 2010): 0 where every track is a neighbour equally
    often, 2 and more where a few are everybody's.
    """
    unit = _unit(vectors, len(labels))
    found = _search(unit, _codes(labels), None if artists is None else _codes(artists, unknown=""), on_progress)
    source = rng or np.random.default_rng(0)
    plain = _summary(found.plain, source)
    if plain is None:
        raise ParameterError("no two tracks share a label", remedy="Give labels of two tracks or more")
    return Comparison(
        plain=plain,
        filtered=None if found.filtered is None else _summary(found.filtered, source),
        hubness=skewness(found.occurrences.astype(np.float64)),
    )


def skewness(values: NDArray[np.float64]) -> float:
    """Third standardised moment of ``(n,)`` values; 0 where all are equal."""
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean(centred**3) / spread**3) if spread > 0.0 else 0.0


def standardised(features: Floats) -> Floats:
    """Features less their mean, over their spread, column by column: what hand-made features need to be compared."""
    return np.asarray((features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Of each query ``(n,)``: share of hits, hit of the first, reciprocal rank, tracks of its label, tracks in all."""

    precision: NDArray[np.float64]
    first: NDArray[np.float64]
    reciprocal: NDArray[np.float64]
    relevant: Integers
    candidates: Integers

    @classmethod
    def empty(cls, tracks: int) -> _Answers:
        """Room for the answers of so many tracks."""
        reals, wholes = (np.zeros((3, tracks), np.float64), np.zeros((2, tracks), np.int64))
        return cls(*reals, *wholes)

    def put(self, rows: slice, likeness: Floats, nearest: Integers, same: Flags) -> None:
        """Fill in a block: ``likeness`` and ``same`` (b, n), ``nearest`` (b, k); what is left out is at -inf."""
        count = EVALUATION.neighbours
        hits = np.take_along_axis(same, nearest[:, :count], axis=1)
        self.precision[rows] = hits.sum(axis=1) / count
        self.first[rows] = hits[:, 0]
        own = np.where(same, likeness, -np.inf)
        at = own.argmax(axis=1)[:, None]
        best = np.take_along_axis(own, at, axis=1)  # (b, 1)
        before = (likeness == best) & (np.arange(likeness.shape[1]) < at)  # equals come in the order of their rows
        before |= likeness > best
        self.reciprocal[rows] = np.where(np.isfinite(best[:, 0]), 1.0 / (1.0 + before.sum(axis=1)), 0.0)
        self.relevant[rows] = same.sum(axis=1)
        self.candidates[rows] = (likeness > -np.inf).sum(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    plain: _Answers
    filtered: _Answers | None
    occurrences: Integers


def _search(unit: Floats, labels: Integers, artists: Integers | None, on_progress: OnProgress | None) -> _Found:
    """Compare all tracks with all, a block at a time."""
    tracks = len(unit)
    found = _Found(
        _Answers.empty(tracks), None if artists is None else _Answers.empty(tracks), np.zeros(tracks, np.int64)
    )
    deep = min(max(EVALUATION.neighbours, EVALUATION.hub_neighbours), tracks - 1)
    step = max(1, _BLOCK_CELLS // tracks)
    for start in range(0, tracks, step):
        rows = slice(start, min(start + step, tracks))
        likeness = unit[rows] @ unit.T
        likeness[np.arange(len(likeness)), np.arange(rows.start, rows.stop)] = -np.inf
        same = labels[rows, None] == labels[None, :]
        same[np.arange(len(likeness)), np.arange(rows.start, rows.stop)] = False
        nearest = _nearest(likeness, deep)
        found.plain.put(rows, likeness, nearest, same)
        hubs = nearest[:, : EVALUATION.hub_neighbours]
        np.add(found.occurrences, np.bincount(hubs.ravel(), minlength=tracks), out=found.occurrences)
        if artists is not None and found.filtered is not None:
            own = (artists[rows, None] == artists[None, :]) & (artists[rows, None] != _UNKNOWN)
            likeness[own] = -np.inf
            found.filtered.put(rows, likeness, _nearest(likeness, deep), same & ~own)
        if on_progress is not None:
            on_progress(rows.stop, tracks)
    return found


def _nearest(likeness: Floats, count: int) -> Integers:
    """The columns of the ``count`` highest of each row, highest first, equals in the order of the columns."""
    tracks = likeness.shape[1]
    some = np.sort(np.argpartition(likeness, tracks - count, axis=1)[:, tracks - count :], axis=1)
    order = np.argsort(-np.take_along_axis(likeness, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _summary(answers: _Answers, rng: np.random.Generator) -> Retrieval | None:
    """Average over the tracks that have anything to be found; None where there is no such track."""
    asked = answers.relevant > 0
    if not asked.any():
        return None
    scores = np.stack([answers.precision, answers.first, answers.reciprocal], axis=1)[asked]  # (q, 3)
    low, high = _bootstrap(scores, rng)
    precision, first, reciprocal = scores.mean(axis=0)
    possible = np.minimum(answers.relevant[asked], EVALUATION.neighbours) / EVALUATION.neighbours
    return Retrieval(
        queries=int(asked.sum()),
        p_at_5=float(precision),
        first=float(first),
        mrr=float(reciprocal),
        chance=float(np.mean(answers.relevant[asked] / answers.candidates[asked])),
        ceiling=float(possible.mean()),
        p_at_5_interval=Interval(float(low[0]), float(high[0])),
        first_interval=Interval(float(low[1]), float(high[1])),
        mrr_interval=Interval(float(low[2]), float(high[2])),
    )


def _bootstrap(scores: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Percentiles of the mean over tracks drawn with replacement: (2, columns)."""
    means = [scores[rng.integers(len(scores), size=len(scores))].mean(axis=0) for _ in range(EVALUATION.resamples)]
    outside = (1.0 - EVALUATION.confidence) / 2.0
    return np.asarray(np.quantile(np.stack(means), (outside, 1.0 - outside), axis=0))


def _unit(vectors: Floats, labels: int) -> Floats:
    """Unit rows float32; refuse what cannot be compared."""
    least = EVALUATION.neighbours
    if len(vectors) != labels:
        raise ParameterError(f"{len(vectors)} vectors came with {labels} labels", remedy="Give each track a label")
    if len(vectors) <= least:
        raise ParameterError(f"{len(vectors)} tracks are too few", remedy=f"Give {least + 1} or more")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise ParameterError("a vector is zero or not finite", remedy="Scan the music again")
    return np.ascontiguousarray(vectors / lengths, dtype=np.float32)


def _codes(names: Sequence[str], *, unknown: str | None = None) -> Integers:
    """Equal names as equal numbers, ``unknown`` as -1."""
    codes = np.unique(np.asarray(names, dtype=np.str_), return_inverse=True)[1].astype(np.int64)
    if unknown is not None:
        codes[[k for k, name in enumerate(names) if name == unknown]] = _UNKNOWN
    return codes
