"""The library as a picture: songs that sound alike near each other, and each where it was as others come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.config import MAP
from segue.values import Floats, TrackId

OnShare = Callable[[float], None]
Regions = NDArray[np.uint8]
Rows = NDArray[np.int64]

_SEED = 0  # the same library gives the same map
_ROUGH_STEPS, _FINE_STEPS = 250, 500  # in which the great parts come apart, and the small ones
_BY_TREE = 5_000  # up to so many tracks push each other apart by a tree, which is quicker then; more by a grid
_TRACKS_A_REGION = 4  # the number of regions is the root of the number of tracks divided by this
_ROWS_AT_ONCE = 1000
_FEWEST_EMBEDDED = 24  # fewer would all be drawn into one point
_SPREAD = 1e-4  # of a start, as openTSNE wants it: farther apart, the points could no longer find their way
_ASIDE = 1e-3  # keeps the weights of a twin, and of neighbours that are all as near, finite


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Where each track lies ``(n, 2)`` float32, its region ``(n,)``, and the middle of each region ``(k, d)``."""

    ids: tuple[TrackId, ...] = field(repr=False)
    places: Floats = field(repr=False)
    regions: Regions = field(repr=False)
    centres: Floats = field(repr=False)

    def only(self, ids: frozenset[TrackId]) -> Atlas:
        """The atlas of those of its tracks that are among these."""
        rows = np.array([row for row, track_id in enumerate(self.ids) if track_id in ids], np.int64)
        return Atlas(tuple(self.ids[row] for row in rows), self.places[rows], self.regions[rows], self.centres)


def is_outgrown(atlas: Atlas, ids: Sequence[TrackId]) -> bool:
    """Whether so many tracks have come that the whole should be laid out anew."""
    known = set(atlas.ids)
    fresh = sum(track_id not in known for track_id in ids)
    return fresh > MAP.outgrown_share * (len(ids) - fresh)


def laid_out(ids: Sequence[TrackId], vectors: Floats, *, before: Atlas | None, on_share: OnShare) -> Atlas:
    """Lay out a library as a whole.

    Parameters
    ----------
    ids, vectors : n tracks and their unit vectors (n, d)
    before : where tracks lay until now: the new picture begins from there, and is turned to lie as the old one did; one
        of which most is new lies on its longer side, as a screen does
    on_share : told how much is done, in [0, 1]; what it raises ends the work
    """
    rng = np.random.default_rng(_SEED)
    count = len(ids)
    some = np.sort(rng.permutation(count)[: MAP.laid_out])
    start, known = _start(ids, vectors, before)
    places = np.zeros((count, 2), np.float32)
    places[some] = _embedded(vectors[some], start[some], on_share)
    rest = np.setdiff1d(np.arange(count), some, assume_unique=True)
    places[rest] = placed(vectors[some], places[some], vectors[rest])
    is_mostly_known = 2 * known.sum() >= count and known.sum() > 1
    places = _aligned(places, onto=start, by=known) if is_mostly_known else _principal(places)
    centres = _centres(vectors[some])
    return Atlas(tuple(ids), places, regions_of(vectors, centres), centres)


def extended(atlas: Atlas, ids: Sequence[TrackId], vectors: Floats) -> Atlas:
    """The atlas of these tracks: those that it has stay where they are to the bit, the others join their like."""
    row_of = {track_id: row for row, track_id in enumerate(atlas.ids)}
    rows = np.array([row_of.get(track_id, -1) for track_id in ids], np.int64)
    held, fresh = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
    places = np.zeros((len(ids), 2), np.float32)
    regions = np.zeros(len(ids), np.uint8)
    places[held], regions[held] = atlas.places[rows[held]], atlas.regions[rows[held]]
    if len(fresh):
        places[fresh] = placed(vectors[held], places[held], vectors[fresh])
        regions[fresh] = regions_of(vectors[fresh], atlas.centres)
    return Atlas(tuple(ids), places, regions, atlas.centres)


def placed(known: Floats, places: Floats, vectors: Floats) -> Floats:
    """Where tracks belong among others that have their places.

    A track lies between its nearest neighbours, and mostly by the nearest: each counts by the square of what it is
    nearer than the last of them, divided by its distance. So a track lies by its twin; and nothing else moves.

    Parameters
    ----------
    known : (n, d) unit vectors, n at least 1
    places : (n, 2) their places
    vectors : (m, d) unit vectors

    Returns
    -------
    (m, 2) float32
    """
    found = np.zeros((len(vectors), 2), np.float32)
    for rows, near, cosines in _iter_nearest(vectors, known, min(MAP.place_by + 1, len(known))):
        weights = ((cosines - cosines[:, -1:] + _ASIDE) / (1.0 - np.minimum(cosines, 1.0) + _ASIDE)) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        found[rows] = (weights[:, :, None] * places[near]).sum(axis=1)
    return found


def regions_of(vectors: Floats, centres: Floats) -> Regions:
    """The region whose middle is nearest to each vector."""
    found = np.empty(len(vectors), np.uint8)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        found[start : start + _ROWS_AT_ONCE] = (vectors[start : start + _ROWS_AT_ONCE] @ centres.T).argmax(axis=1)
    return found


# How it is done -------------------------------------------------------------------------------------------------------


def _start(ids: Sequence[TrackId], vectors: Floats, before: Atlas | None) -> tuple[Floats, NDArray[np.bool_]]:
    """Where each track begins, and which lay somewhere until now."""
    known = np.zeros(len(ids), np.bool_)
    if before is not None:
        held = set(before.ids)
        known = np.array([track_id in held for track_id in ids], np.bool_)
    if before is not None and known.any():
        return extended(before, ids, vectors).places, known
    return _principal(vectors), known


def _principal(vectors: Floats) -> Floats:
    """The two coordinates in which the vectors differ most, ``(n, 2)``; 0 where they differ in fewer."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # so that its sign is no accident
    flat = np.zeros((len(vectors), 2), np.float32)
    flat[:, : axes.shape[1]] = centred @ axes
    return flat


def _embedded(vectors: Floats, start: Floats, on_share: OnShare) -> Floats:
    """t-SNE by openTSNE, from a start; a handful of tracks lie as they start."""
    count = len(vectors)
    if count < _FEWEST_EMBEDDED:
        return start
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    perplexity = min(MAP.perplexity, (count - 1) / 3)
    near, far = np.empty((count, int(3 * perplexity)), np.int64), np.empty((count, int(3 * perplexity)))
    for rows, neighbours, cosines in _iter_nearest(vectors, vectors, near.shape[1], but_itself=True):
        near[rows], far[rows] = neighbours, np.maximum(0.0, 1.0 - cosines)
        on_share(0.1 * rows[-1] / count)
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(near, far), perplexity=perplexity, n_jobs=1, random_state=_SEED
    )
    began = start - start.mean(axis=0)
    began = began * (_SPREAD / max(float(began.std(axis=0).max()), 1e-12))
    steps = _ROUGH_STEPS + _FINE_STEPS
    options: dict[str, Any] = {
        "n_jobs": 1,
        "random_state": _SEED,
        "negative_gradient_method": "fft" if count > _BY_TREE else "bh",
        "callbacks_every_iters": 10,
    }
    embedding = TSNEEmbedding(began.astype(np.float64), affinities, **options)
    for done, more, momentum, exaggeration in (
        (0, _ROUGH_STEPS, 0.5, 12.0),
        (_ROUGH_STEPS, _FINE_STEPS, 0.8, 1.0),
    ):

        def told(step: int, _error: float, _embedding: object, done: int = done) -> None:
            on_share(0.1 + 0.9 * (done + step) / steps)

        embedding = embedding.optimize(n_iter=more, exaggeration=exaggeration, momentum=momentum, callbacks=[told])
    return np.asarray(embedding, np.float32)


def _iter_nearest(
    vectors: Floats, known: Floats, count: int, *, but_itself: bool = False
) -> Iterator[tuple[Rows, Rows, Floats]]:
    """Some rows at a time: these, their nearest ``(r, count)`` of the known, nearest first, and the cosines to them."""
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(vectors)))
        cosines = vectors[rows] @ known.T
        if but_itself:
            cosines[np.arange(len(rows)), rows] = -np.inf
        near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(cosines, near, axis=1), axis=1, kind="stable")
        near = np.take_along_axis(near, order, axis=1)
        yield rows, near, np.take_along_axis(cosines, near, axis=1)


def _aligned(places: Floats, *, onto: Floats, by: NDArray[np.bool_]) -> Floats:
    """The places turned, mirrored, moved and scaled as a whole, so that those that count lie as near as can be to where
    they lay (Procrustes)."""
    here, there = places[by].astype(np.float64), onto[by].astype(np.float64)
    middle, target = here.mean(axis=0), there.mean(axis=0)
    left, sizes, right = np.linalg.svd((here - middle).T @ (there - target))
    scale = sizes.sum() / max(float(((here - middle) ** 2).sum()), 1e-12)
    return np.asarray((places - middle) @ (left @ right) * (scale or 1.0) + target, np.float32)


def _centres(vectors: Floats) -> Floats:
    """The middles of the regions ``(k, d)``, by k-means."""
    from sklearn.cluster import KMeans

    wanted = int(np.clip(round((len(vectors) / _TRACKS_A_REGION) ** 0.5), 1, MAP.most_regions))
    count = min(wanted, len(np.unique(vectors, axis=0)))
    if count < 2:
        mean: Floats = vectors.mean(axis=0, keepdims=True)
        return mean
    found = KMeans(count, n_init=4, random_state=_SEED).fit(vectors)
    middles: Floats = found.cluster_centers_.astype(np.float32)
    middles = middles / np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-12)
    sizes = np.bincount(found.labels_, minlength=count)
    ordered: Floats = middles[np.argsort(-sizes, kind="stable")]  # the largest first
    return ordered
