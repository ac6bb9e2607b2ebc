"""How good playlists are, as far as figures tell: do they hold together and vary, and does all of a library come up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segue.choose.index import Index
from segue.choose.retrieval import skewness
from segue.values import Floats, TrackId

Integers = NDArray[np.int64]
Playlist = Sequence[TrackId]
_SAME = 1e-6  # ends that are no farther apart have no way between them


@dataclass(frozen=True, slots=True)
class Steps:
    """How playlists go from song to song, the song that each began with included.

    ``mean`` cosine of two that follow each other, and the ``worst`` of each list, on average over the lists.
    """

    mean: float
    worst: float


@dataclass(frozen=True, slots=True)
class Kinds:
    """Whether playlists keep to a kind: shares of songs and their followers, or of songs and the one it began with.

    ``next`` is the share of neighbours in a list that bear the same label, ``seed`` that of songs that bear the
    label of the first, ``chance`` what a random order would score in both. Songs without a label do not count.
    """

    next: float
    seed: float
    chance: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How evenly a library is played.

    ``played`` is the share of its tracks that come up at all, ``gini`` 0 where all come up equally often and near 1
    where one alone does, ``skewness`` that of the plays, and ``top`` the share of all plays that the most played
    hundredth of the tracks (one at least) have.
    """

    played: float
    gini: float
    skewness: float
    top: float


def steps(index: Index, playlists: Sequence[Playlist]) -> Steps | None:
    """How lists go from song to song; None where none has two songs."""
    means, worsts = [], []
    for playlist in playlists:
        vectors = _vectors(index, playlist)
        if len(vectors) > 1:
            cosines = np.einsum("ij,ij->i", vectors[:-1], vectors[1:])
            means.append(float(cosines.mean()))
            worsts.append(float(cosines.min()))
    return Steps(float(np.mean(means)), float(np.mean(worsts))) if means else None


def kinds(labels: dict[TrackId, str], playlists: Sequence[Playlist]) -> Kinds | None:
    """Whether lists keep to a kind; None where no two songs of a list have labels."""
    following, beginning = [], []
    for playlist in playlists:
        named = [labels.get(track_id) for track_id in playlist]
        following += [a == b for a, b in pairwise(named) if a is not None and b is not None]
        beginning += [named[0] == name for name in named[1:] if named[0] is not None and name is not None]
    if not following or not beginning:
        return None
    counts = np.unique(list(labels.values()), return_counts=True)[1].astype(np.float64)
    chance = float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1)))
    return Kinds(float(np.mean(following)), float(np.mean(beginning)), chance)


def artist_spread(artists: dict[TrackId, str], playlists: Sequence[Playlist]) -> float | None:
    """Different artists for each song, 1 where no artist comes twice in a list; None where no artist is known."""
    spreads = []
    for playlist in playlists:
        known = [artists[track_id] for track_id in playlist if artists.get(track_id)]
        if known:
            spreads.append(len(set(known)) / len(known))
    return float(np.mean(spreads)) if spreads else None


def plays(index: Index, playlists: Sequence[Playlist]) -> Integers:
    """How often each track comes up in lists, ``(n,)`` int64; the song that a list begins with was no choice."""
    rows = [index.row(track_id) for playlist in playlists for track_id in playlist[1:]]
    return np.bincount(np.array(rows, np.int64), minlength=len(index))


def coverage(counts: Integers) -> Coverage:
    """How evenly a library is played, out of the plays ``(n,)`` of its tracks; n > 0.

    Notes
    -----
    The Gini coefficient is half the mean difference of two tracks' plays over their mean.
    """
    total, tracks = int(counts.sum()), len(counts)
    if not total:
        return Coverage(0.0, 0.0, 0.0, 0.0)
    rising = np.sort(counts).astype(np.float64)
    gini = float((2 * np.arange(1, tracks + 1) - tracks - 1) @ rising / (tracks * total))
    top = float(rising[-max(1, tracks // 100) :].sum() / total)
    return Coverage(float(np.mean(counts > 0)), gini, skewness(rising), top)


def drift(index: Index, playlists: Sequence[Playlist], places: Sequence[int]) -> dict[int, float]:
    """The mean cosine of the song at each place to the one that its list began with, where lists reach so far.

    Place 1 is the first song after that one.
    """
    found = {}
    for place in places:
        ends = [
            index.vector(playlist[0]) @ index.vector(playlist[place]) for playlist in playlists if len(playlist) > place
        ]
        if ends:
            found[place] = float(np.mean(ends))
    return found


def rising(index: Index, journeys: Sequence[Playlist]) -> float | None:
    """The share of steps that lead on, from the first stop of a journey towards its last; None where there are none.

    A stop's place on the way is the angle of its projection on the plane of the two ends: how far along the great
    circle from one to the other it lies, whatever lies beside.
    """
    forward = []
    for journey in journeys:
        vectors = _vectors(index, journey).astype(np.float64)
        if len(vectors) < 3:
            continue
        aside = vectors[-1] - (vectors[-1] @ vectors[0]) * vectors[0]
        length = float(np.linalg.norm(aside))
        if length > _SAME:
            places = np.arctan2(vectors @ (aside / length), vectors @ vectors[0])
            forward += (np.diff(places) > 0).tolist()
    return float(np.mean(forward)) if forward else None


def _vectors(index: Index, playlist: Playlist) -> Floats:
    rows: Floats = index.vectors[[index.row(track_id) for track_id in playlist]]  # (k, d)
    return rows
