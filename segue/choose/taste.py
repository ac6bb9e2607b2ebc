"""A listener's taste: a small metric, learnt of what was heard to its end and what was not, and whether it helps.

What follows a query q is ranked by t . (M q + lean) instead of t . q, where M = I + D + U U' is the identity but for a
few directions. So the taste is a map of the query alone: a pick still costs one product with the library's vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segue.choose.index import Index, unit_vector
from segue.config import TASTE, TasteSpec
from segue.store.events import RATINGS, Event, EventKind
from segue.values import Floats, TrackId

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]

_NONE = -1
_NEWTON_STEPS = 25
_SETTLED = 1e-5
_FREE = (0.1, 1e-3)  # hardly held back: how much nearness counts to the listener, and how readily all is heard
_FURTHEST = 30.0  # a logit beyond which a probability is 0 or 1 in double precision
_LEAST_STRETCH = 0.1  # M keeps every direction by at least so much, so that a song stays like itself
_SAMPLE = 400  # queries by which it is judged how widely similarities spread

_WANTED: frozenset[EventKind] = frozenset(("played", "liked"))
_UNWANTED: frozenset[EventKind] = frozenset(("skipped_early", "disliked", "removed"))


class Lessons(NamedTuple):
    """What the events teach, oldest first: row ``track`` followed row ``before`` (-1 for none), and was wanted or not.

    ``strangers`` counts events about tracks that are not in the library.
    """

    before: Rows
    track: Rows
    wanted: Flags
    strangers: int = 0

    def part(self, start: int, stop: int) -> Lessons:
        """Some of them."""
        return Lessons(self.before[start:stop], self.track[start:stop], self.wanted[start:stop])


def lessons_of(events: Sequence[Event], index: Index, *, spec: TasteSpec = TASTE) -> Lessons:
    """What there is to learn: pairs that were played to the end or liked, and those skipped early, disliked or removed.

    A late skip tells neither; a song that the listener had queued and removed again was no choice of Segue's; of the
    ratings of a track only the last counts, and no removal that was undone. The newest ``most_lessons`` are taken.
    """
    taught: list[tuple[int, int, bool]] = []
    strangers = 0
    for event in _standing(events):
        if event.kind not in _WANTED | _UNWANTED or (event.kind == "removed" and event.origin == "picked"):
            continue
        if event.track_id not in index:
            strangers += 1
            continue
        before = event.before_id
        row = index.row(before) if before is not None and before in index else _NONE
        taught.append((row, index.row(event.track_id), event.kind in _WANTED))
    columns = np.array(taught[-spec.most_lessons :], np.intp).reshape(-1, 3)
    return Lessons(columns[:, 0], columns[:, 1], columns[:, 2].astype(bool), strangers)


def _standing(events: Sequence[Event]) -> Iterable[Event]:
    """The events without ratings that were changed or taken back since, and removals of what was queued again."""
    rated: dict[TrackId, int] = {}
    removed: dict[TrackId, int] = {}
    undone: set[int] = set()
    for place, event in enumerate(events):
        if event.kind in (*RATINGS, "unrated"):
            undone |= {rated[event.track_id]} if event.track_id in rated else set()
            rated[event.track_id] = place
        elif event.kind == "removed":
            removed[event.track_id] = place
        elif event.kind == "queued":
            undone |= {removed.pop(event.track_id, -1)}
    return (event for place, event in enumerate(events) if place not in undone)


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """A learnt taste: ``matrix`` (d, d) is M, symmetric and positive, and ``lean`` (d,) what any song is wanted for."""

    matrix: Floats = field(repr=False)
    lean: Floats = field(repr=False)

    def turned(self, query: Floats) -> Floats:
        """Where a listener of this taste would look.

        Parameters
        ----------
        query : (d,) float32, unit

        Returns
        -------
        (d,) float32, unit: M q + lean, which tracks are then compared with by their cosine
        """
        towards = self.matrix @ query + self.lean
        return query if not towards.any() else unit_vector(towards, len(query))


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """The few directions in which a library spreads most, as the taste sees it.

    ``axes`` (d, k): (x - middle) @ axes are coordinates whose squares sum to 1 on average; directions of little spread
    are brought half way to the others, since a listener may care for what the ear makes little of.
    """

    middle: Doubles
    axes: Doubles

    @classmethod
    def of(cls, vectors: Floats, *, directions: int) -> Space:
        """The space of a library's vectors (n, d)."""
        rows = vectors.astype(np.float64)
        middle = rows.mean(axis=0)
        spread, turn = np.linalg.eigh((rows - middle).T @ (rows - middle) / len(rows))
        kept = np.argsort(-spread)[: min(directions, len(middle))]
        variance = np.maximum(spread[kept], 1e-12)
        axes = turn[:, kept] / variance**0.25
        return cls(middle, axes / np.sqrt(np.sqrt(variance).sum()))

    def place(self, vectors: Floats) -> Doubles:
        """Coordinates (n, k) of vectors (n, d)."""
        places: Doubles = (vectors - self.middle) @ self.axes
        return places


class Fit(NamedTuple):
    """A logistic regression of wanted or not: what counts, and how surely.

    ``weights`` (p + 2,): for each coordinate of the track, then for products with those of the track before, then for
    the cosine of the two, and the constant; ``doubt`` (p + 2, p + 2) is their covariance. ``scale`` is mean and spread
    of the cosines.
    """

    space: Space
    weights: Doubles
    doubt: Doubles
    scale: tuple[float, float]

    @property
    def directions(self) -> int:
        """How many directions there are."""
        return int(self.space.axes.shape[1])

    @property
    def lean(self) -> Doubles:
        """What each coordinate of a track speaks for or against it, in log odds: (k,)."""
        return self.weights[: self.directions]

    @property
    def bond(self) -> Doubles:
        """How coordinates of a track and of the one before it count together: (k, k), symmetric."""
        return _square(self.weights[self.directions : -2], self.directions)


def fit(vectors: Floats, lessons: Lessons, *, spec: TasteSpec = TASTE) -> Fit:
    """Fit the taste to what was wanted and what was not: ridge logistic regression by Newton's method.

    Convex, so that the same lessons give the same taste. The ridge holds all weights but two towards 0, where the
    ranking is the ear's own.

    Parameters
    ----------
    vectors : (n, d) float32, unit rows, as the lessons number them
    lessons : at least one

    Returns
    -------
    Fit
    """
    with threadpool_limits(1, user_api="blas"):  # divided among threads, products so small cost twenty times as much
        space = Space.of(vectors, directions=spec.directions)
        cosines = _cosines(vectors, lessons)
        known = cosines[np.isfinite(cosines)]
        scale = (float(known.mean()), float(known.std()) or 1.0) if known.size else (0.0, 1.0)
        ridge = np.full(space.axes.shape[1] * (space.axes.shape[1] + 3) // 2 + 2, 1.0 / spec.prior**2)
        ridge[-2:] = _FREE
        weights, doubt = _least(_design(space, vectors, lessons, scale), lessons.wanted.astype(np.float64), ridge)
    return Fit(space, weights, doubt, scale)


def _least(design: Doubles, wanted: Doubles, ridge: Doubles) -> tuple[Doubles, Doubles]:
    """The weights of the least penalised loss, by Newton's method, and their covariance about it."""
    weights = np.zeros(design.shape[1])
    curve = np.diag(ridge)
    for _ in range(_NEWTON_STEPS):
        chance = _chance(design @ weights)
        slope = design.T @ (wanted - chance) - ridge * weights
        curve = (design * (chance * (1.0 - chance))[:, np.newaxis]).T @ design + np.diag(ridge)
        newton = np.asarray(np.linalg.solve(curve, slope), np.float64)
        step = _no_worse(design, wanted, ridge, weights=weights, step=newton)
        weights = weights + step
        if np.abs(step).max() < _SETTLED:
            break
    return weights, np.asarray(np.linalg.inv(curve), np.float64)


def _no_worse(design: Doubles, wanted: Doubles, ridge: Doubles, *, weights: Doubles, step: Doubles) -> Doubles:
    """Newton's step, halved until it does not lead uphill."""

    def loss(at: Doubles) -> float:
        logits = design @ at
        return float(np.logaddexp(0.0, logits).sum() - wanted @ logits + 0.5 * ridge @ at**2)

    here = loss(weights)
    while loss(weights + step) > here and np.abs(step).max() > _SETTLED:
        step = step / 2.0
    return step


class Pull(NamedTuple):
    """What the taste adds to the cosine of a track to a query: z . (lean + bond z'), by their coordinates z and z'."""

    lean: Doubles
    bond: Doubles


def pull_of(vectors: Floats, found: Fit, *, spec: TasteSpec = TASTE) -> Pull:
    """The fit in units of the cosine, held back where it would drown the ear.

    Log odds become cosines by what nearness is worth to the listener. Where that is little, the taste would outweigh
    the music that plays; so over the library it may spread no wider than ``most_pull`` times the cosines do. No
    direction is bent so far that a song would not be like itself.
    """
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)][:_SAMPLE]
    heard = found.space.place(sample)
    taste = found.space.place(vectors) @ (found.lean[:, np.newaxis] + found.bond @ heard.T)  # (n, sample)
    worth = max(float(found.weights[-2]), 0.0) / found.scale[1]
    widest = spec.most_pull * float((vectors @ sample.T).std(axis=0).mean())
    spread = float(taste.std(axis=0).mean())
    share = min(1.0 / worth if worth > 0.0 else np.inf, widest / spread if spread > 0.0 else 0.0)
    lengths = np.linalg.norm(found.space.axes, axis=0)  # the axes stand at right angles to each other
    grid = np.outer(lengths, lengths)
    values, turn = np.linalg.eigh(share * found.bond * grid)
    bond = (turn * np.maximum(values, _LEAST_STRETCH - 1.0)) @ turn.T / grid
    return Pull(share * found.lean, bond)


def taste_of(space: Space, pull: Pull) -> Taste:
    """The map of a query that ranks all tracks by their cosine to it plus the pull."""
    axes = space.axes
    matrix = np.eye(len(axes)) + axes @ pull.bond @ axes.T
    lean = axes @ (pull.lean - pull.bond @ (axes.T @ space.middle))
    return Taste(matrix.astype(np.float32), lean.astype(np.float32))


class Verdict(NamedTuple):
    """How well wanted tracks are told from unwanted ones among the newest, which nobody learnt from.

    ``ear`` and ``taste`` are the shares of all pairs of the two that each puts in the right order (the area under the
    curve); ``gain`` lies between ``low`` and ``high`` with the spec's confidence. NaN where there are too few.
    """

    learnt: int
    held_out: int
    ear: float = float("nan")
    taste: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")

    @property
    def is_judged(self) -> bool:
        """Whether there was enough to judge by."""
        return bool(np.isfinite(self.low))

    @property
    def gain(self) -> float:
        """What the taste adds."""
        return self.taste - self.ear

    @property
    def helps(self) -> bool:
        """Whether it surely adds something."""
        return self.low > 0.0


def judge(vectors: Floats, lessons: Lessons, *, spec: TasteSpec = TASTE) -> Verdict:
    """Learn from the older lessons and see how well that orders the newest.

    The interval is DeLong's for two correlated areas under the curve (Biometrics 44, 1988).
    """
    count = len(lessons.track)
    first = count - round(count * spec.held_out_share)
    old, new = lessons.part(0, first), lessons.part(first, count)
    kinds = (new.wanted.sum(), (~new.wanted).sum())
    if count < spec.fewest_lessons or min(kinds) < spec.fewest_of_a_kind:
        return Verdict(first, count - first)
    found = fit(vectors, old, spec=spec)
    after, before = _places(found.space, vectors, new)
    pull = pull_of(vectors, found, spec=spec)
    cosines = _cosines(vectors, new)
    near = np.where(np.isfinite(cosines), cosines, found.scale[0])
    wanted = near + np.einsum("ij,ij->i", after, pull.lean + before @ pull.bond)
    ear, taste = _placements(near, new.wanted), _placements(wanted, new.wanted)
    among, against = (mine - theirs for mine, theirs in zip(taste, ear, strict=True))
    error = np.sqrt(among.var(ddof=1) / len(among) + against.var(ddof=1) / len(against))
    reach = NormalDist().inv_cdf(0.5 + spec.confidence / 2.0) * error
    accuracy = float(ear[0].mean()), float(taste[0].mean())
    gain = accuracy[1] - accuracy[0]
    return Verdict(first, count - first, *accuracy, float(gain - reach), float(gain + reach))


def _placements(scores: Doubles, wanted: Flags) -> tuple[Doubles, Doubles]:
    """For each wanted track the share of unwanted ones below it; for each unwanted the share of wanted ones above."""
    good, bad = scores[wanted], scores[~wanted]
    order = (good[:, np.newaxis] > bad) + 0.5 * (good[:, np.newaxis] == bad)
    return order.mean(axis=1), order.mean(axis=0)


class Leaning(NamedTuple):
    """What the taste makes of the tracks of a kind.

    ``odds``: how many times as readily they are wanted as the others; ``sure``: how probable that direction is.
    """

    odds: float
    sure: float


def leaning(vectors: Floats, found: Fit, members: Flags) -> Leaning:
    """How the taste leans towards the tracks (n,) that are of a kind, against those that are not."""
    places = found.space.place(vectors)
    difference = places[members].mean(axis=0) - places[~members].mean(axis=0)
    effect = float(difference @ found.lean)
    doubt = found.doubt[: found.directions, : found.directions]
    deviation = float(np.sqrt(max(difference @ doubt @ difference, 1e-12)))
    return Leaning(float(np.exp(effect)), NormalDist().cdf(abs(effect) / deviation))


# What they share ------------------------------------------------------------------------------------------------------


def _cosines(vectors: Floats, lessons: Lessons) -> Doubles:
    """Cosine of each track to the one before it; NaN where there was none."""
    cosines: Doubles = np.einsum("ij,ij->i", vectors[lessons.before], vectors[lessons.track], dtype=np.float64)
    cosines[lessons.before == _NONE] = np.nan
    return cosines


def _places(space: Space, vectors: Floats, lessons: Lessons) -> tuple[Doubles, Doubles]:
    """Coordinates (m, k) of each track and of the one before it; the library's middle where there was none."""
    places = space.place(vectors)
    return places[lessons.track], np.where(lessons.before[:, np.newaxis] == _NONE, 0.0, places[lessons.before])


def _design(space: Space, vectors: Floats, lessons: Lessons, scale: tuple[float, float]) -> Doubles:
    """What a lesson is judged by (m, p + 2): see `Fit`."""
    after, before = _places(space, vectors, lessons)
    row, column = np.triu_indices(after.shape[1], 1)
    crossed = (before[:, row] * after[:, column] + before[:, column] * after[:, row]) / np.sqrt(2.0)
    near = np.nan_to_num((_cosines(vectors, lessons) - scale[0]) / scale[1])[:, np.newaxis]
    return np.hstack((after, before * after, crossed, near, np.ones_like(near)))


def _square(weights: Doubles, size: int) -> Doubles:
    """The symmetric matrix whose diagonal and upper triangle the design's products stand for."""
    square = np.diag(weights[:size])
    row, column = np.triu_indices(size, 1)
    square[row, column] = square[column, row] = weights[size:] / np.sqrt(2.0)
    return square


def _chance(logits: Doubles) -> Doubles:
    chances: Doubles = 1.0 / (1.0 + np.exp(-np.clip(logits, -_FURTHEST, _FURTHEST)))
    return chances
