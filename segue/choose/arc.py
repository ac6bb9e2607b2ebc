"""Energy: how loud and fast a track is among those of its library, and how that may rise and fall over a journey."""

from __future__ import annotations

from typing import Literal

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.config import JOURNEY
from segue.values import Floats

Arc = Literal["none", "rise", "fall", "wave"]
ARCS: tuple[Arc, ...] = ("none", "rise", "fall", "wave")

_NEUTRAL = 0.5


def energies(catalogue: Catalogue) -> Floats:
    """Energy of every track, in the order of the index.

    Returns
    -------
    (n,) float32 in (0, 1)
        Mean of the ranks of loudness and tempo among the tracks of which they are known, as far as the track's own are;
        0.5 where neither is. Ranks, because decibels and beats a minute have no common scale, and because loudness
        crowds at the upper end.
    """
    ranks = np.stack([_ranks(catalogue.loudness_lufs), _ranks(catalogue.tempo_bpm)])  # (2, n)
    known = np.isfinite(ranks)
    count = known.sum(axis=0)
    total = np.where(known, ranks, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), _NEUTRAL), np.float32)


def targets(arc: Arc, stops: int) -> Floats | None:
    """The energy wanted at each of so many stops, ``(stops,)`` float32 in [0, 1]; None where nothing is wanted.

    A wave begins and ends low, and has a crest for every ``JourneySpec.wave_stops`` stops, one at least.
    """
    if arc == "none":
        return None
    way = np.linspace(0.0, 1.0, stops) if stops > 1 else np.full(stops, _NEUTRAL)
    if arc == "wave":
        crests = max(1, round(stops / JOURNEY.wave_stops))
        way = (1.0 - np.cos(2.0 * np.pi * crests * way)) / 2.0
    return np.asarray(1.0 - way if arc == "fall" else way, np.float32)


def mirrored(arc: Arc) -> Arc:
    """The arc of the same journey the other way round."""
    turned: dict[Arc, Arc] = {"rise": "fall", "fall": "rise"}
    return turned.get(arc, arc)


def _ranks(values: Floats) -> Floats:
    """Where each value stands among the known ones, (0, 1), equals alike; NaN stays NaN."""
    known = np.isfinite(values)
    _, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ranks = np.full(len(values), np.nan, np.float32)
    if known.any():
        middles = np.cumsum(counts) - counts / 2.0
        ranks[known] = (middles / known.sum())[place]
    return ranks
