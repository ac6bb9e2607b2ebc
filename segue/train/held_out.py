"""How well next tracks of held-out playlists are foretold: Track2Vec beside popularity and plain co-occurrence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segue.errors import PlaylistError
from segue.train.sentences import Corpus, Integers
from segue.train.track2vec import TrackVectors
from segue.values import Floats

_BLOCK_BYTES = 128 << 20
_HIT = 10
RECENT_DAYS = 28
_MOST_LISTS = 5000  # from so many a share of 1 % is known to a seventh of itself; rarer ones decide nothing


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What was heard, oldest first, and what came next, as rows of the model; -1 is a track the model never learned."""

    heard: NDArray[np.int32]
    wanted: int


@dataclass(frozen=True, slots=True)
class Queries:
    """Queries drawn from held-out lists, and what was passed over."""

    drawn: list[Query]
    repeats: int  # next tracks that had been heard already
    possible: int


@dataclass(frozen=True, slots=True)
class Scores:
    """How the wanted tracks ranked. ``_all`` counts every query, also those whose wanted track was never learned."""

    hit10: float
    mrr: float
    median_rank: float
    hit10_all: float
    mrr_all: float


class Ranker(Protocol):
    """Gives every track of the vocabulary a score, the higher the sooner."""

    def __call__(self, heard: Sequence[NDArray[np.int32]]) -> Floats:
        """From the known tracks heard in each of b queries, oldest first, to scores ``(b, n)``."""


def draw_queries(corpus: Corpus, lists: Integers, model: TrackVectors, *, most: int, seed: int) -> Queries:
    """All next tracks of the held-out ``lists``, or ``most`` of them at random; a track heard before is no query."""
    rows = _model_rows(corpus, model)
    owners, places, repeats = [], [], 0
    for k in lists.tolist():
        tokens = corpus.list_tokens(k)
        first = np.unique(tokens, return_index=True)[1]
        repeats += len(tokens) - len(first)
        places.append(np.sort(first[first > 0]).astype(np.int32))
        owners.append(np.full(len(places[-1]), k, np.int32))
    if not places or not (possible := sum(map(len, places))):
        raise PlaylistError("the held-out playlists hold no next track", remedy="Hold out more playlists")
    owner, place = np.concatenate(owners), np.concatenate(places)
    chosen = np.arange(possible)
    if possible > most:
        chosen = np.sort(np.random.default_rng(seed).choice(possible, most, replace=False))
    drawn = []
    for k, at in zip(owner[chosen].tolist(), place[chosen].tolist(), strict=True):
        tokens = corpus.list_tokens(k)
        drawn.append(Query(rows[tokens[:at]], int(rows[tokens[at]])))
    return Queries(drawn, repeats, possible)


def _model_rows(corpus: Corpus, model: TrackVectors) -> NDArray[np.int32]:
    """The model's row of each track of the corpus, ``(tracks,)``; -1 where it has none."""
    position = {key: row for row, key in enumerate(model.keys)}
    return np.asarray([position.get(key, -1) for key in corpus.keys], np.int32)


def score(queries: Queries, ranker: Ranker, plays: Integers) -> Scores:
    """Rank each wanted track among all tracks that were not heard before it.

    Where no heard track is known, the more played comes first. Of equal scores the wanted track takes the middle
    rank. A wanted track that was never learned has no rank: it is no hit, and counts in the ``_all`` figures only.
    """
    ranks = _ranks([q for q in queries.drawn if q.wanted >= 0], ranker, plays)
    answerable = len(ranks) / len(queries.drawn)
    if not len(ranks):
        return Scores(0.0, 0.0, float("nan"), 0.0, 0.0)
    hit, mrr = float((ranks <= _HIT).mean()), float((1.0 / ranks).mean())
    return Scores(hit, mrr, float(np.median(ranks)), hit * answerable, mrr * answerable)


def _ranks(queries: Sequence[Query], ranker: Ranker, plays: Integers) -> NDArray[np.float64]:
    block = max(1, _BLOCK_BYTES // (4 * len(plays)))
    found = []
    for start in range(0, len(queries), block):
        part = queries[start : start + block]
        heard = [q.heard[q.heard >= 0] for q in part]
        scores = np.tile(plays.astype(np.float32), (len(part), 1))
        known = [k for k, h in enumerate(heard) if len(h)]
        if known:
            scores[known] = ranker([heard[k] for k in known])
        for k, h in enumerate(heard):
            scores[k, h] = -np.inf
        wanted = scores[np.arange(len(part)), [q.wanted for q in part]][:, None]
        better, equal = (scores > wanted).sum(axis=1), (scores == wanted).sum(axis=1)
        found.append(better + (equal + 1) / 2.0)
    return np.concatenate(found) if found else np.empty(0)


def popularity(plays: NDArray[Any]) -> Ranker:
    """The most played tracks, whatever was heard."""
    scores = plays.astype(np.float32)
    return lambda heard: np.tile(scores, (len(heard), 1))


def recent_popularity(corpus: Corpus, lists: Integers, model: TrackVectors) -> Ranker:
    """The most played tracks of the last four weeks of these dated ``lists``, whatever was heard; ties as over all."""
    dates = np.asarray([corpus.dates[int(k)] for k in lists])
    since = (dt.date.fromisoformat(max(dates.tolist())) - dt.timedelta(days=RECENT_DAYS)).isoformat()
    rows, lately = _model_rows(corpus, model), corpus.counts(lists[dates > since])
    plays = np.zeros(len(model))
    plays[rows[rows >= 0]] = lately[rows >= 0]
    return popularity(plays + model.plays / (1.0 + model.plays.sum()))


def likeness(model: TrackVectors, *, lookback: int) -> Ranker:
    """Cosine between a track's vector and the mean of the last tracks' unit vectors."""
    unit = _unit(model.vectors)
    return lambda heard: np.stack([unit[h[-lookback:]].mean(axis=0) for h in heard]) @ unit.T


def what_follows(model: TrackVectors, *, lookback: int) -> Ranker:
    """Cosine between a track's output vector and the mean of the last tracks' vectors.

    Word2vec learns to foretell neighbours by products of vectors with output vectors, so this asks what it was taught.
    The vectors keep their lengths: rarely played tracks have short ones, and little to say.
    """
    aims = _unit(model.outputs)
    return lambda heard: np.stack([model.vectors[h[-lookback:]].mean(axis=0) for h in heard]) @ aims.T


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


class CoOccurrence:
    """Counts of which tracks stand in the same lists, looked up list by list, so that no square matrix is needed."""

    def __init__(self, corpus: Corpus, lists: Integers, model: TrackVectors) -> None:
        """Index the places of each track in ``lists``."""
        rows = _model_rows(corpus, model)
        parts = [rows[corpus.list_tokens(k)] for k in lists.tolist()]
        parts = [np.unique(p[p >= 0]) for p in parts]
        self._starts = np.concatenate([[0], np.cumsum([len(p) for p in parts])])
        self._tracks = np.concatenate(parts)  # each list's tracks, each once
        owners = np.repeat(np.arange(len(parts), dtype=np.int32), np.diff(self._starts))
        self._lists_of = owners[np.argsort(self._tracks, kind="stable")]
        self.lists_in = np.bincount(self._tracks, minlength=len(model)).astype(np.float32)  # (n,)
        self._first = np.concatenate([[0], np.cumsum(self.lists_in.astype(np.int64))])

    def counts(self, track: int) -> Floats:
        """Lists that each track shares with this one, ``(n,)``; where there are very many, by a part of them."""
        lists = self._lists_of[self._first[track] : self._first[track + 1]]
        part = lists[:: 1 + len(lists) // _MOST_LISTS]
        together = [self._tracks[self._starts[k] : self._starts[k + 1]] for k in part.tolist()]
        counted = np.bincount(np.concatenate(together), minlength=len(self.lists_in))
        return np.asarray(counted * (len(lists) / len(part)), np.float32)

    def ranker(self, *, cosine: bool, lookback: int) -> Ranker:
        """Share of the track's lists that hold the other, or the cosine of the two; mean over the last tracks.

        Ties, above all among tracks never seen together, go to the more played.
        """
        alone = np.sqrt(self.lists_in) if cosine else np.ones_like(self.lists_in)
        tie = np.asarray(1e-6 * self.lists_in / self.lists_in.max(), np.float32)

        def rank(heard: Sequence[NDArray[np.int32]]) -> Floats:
            return np.stack([tie + self._mean([int(t) for t in h[-lookback:]], alone, cosine=cosine) for h in heard])

        return rank

    def _mean(self, tracks: Sequence[int], alone: Floats, *, cosine: bool) -> Floats:
        """Mean over these tracks of the lists shared with each other one, by the lists that either is in."""
        total = np.zeros_like(alone)
        for track in tracks:
            total += self.counts(track) / (alone[track] if cosine else self.lists_in[track])
        return np.asarray(total / alone / np.float32(len(tracks)), np.float32)
