"""Put a list in the order in which its songs flow best, by how well each follows the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.itinerary import Waypoint
from segue.choose.joins import JoinWeights, Sounds, score
from segue.choose.ordering import Doubles, Integers, cheapest_order
from segue.choose.playlist import OutsideSeed, sounds_of
from segue.config import JOURNEY
from segue.errors import ParameterError
from segue.values import Floats, TrackId, TrackInfo


@dataclass(frozen=True, slots=True)
class ReorderSpec:
    """How to reorder: whether the ends stay where they are, and what counts in a join."""

    keep_first: bool = False
    keep_last: bool = False
    weights: JoinWeights = field(default_factory=JoinWeights)


@dataclass(frozen=True, slots=True)
class Flow:
    """How well the songs of a list follow each other: mean and least of the join scores; None where nothing follows."""

    mean: float | None
    worst: float | None

    @classmethod
    def of(cls, steps: Doubles) -> Flow:
        """That of the join scores of a list's steps ``(k,)``."""
        return cls(round(float(steps.mean()), 6), round(float(steps.min()), 6)) if len(steps) else cls(None, None)


@dataclass(frozen=True, slots=True)
class Placed:
    """A song in its new place. ``was`` is its place in the old order, from 0; ``join`` its score after the one before.

    ``track_id`` is None for a song from outside the library.
    """

    track_id: TrackId | None
    info: TrackInfo
    was: int
    join: float | None
    why: str

    def to_json(self) -> dict[str, Any]:
        """The song as plain JSON values."""
        about = {"artist": self.info.artist, "title": self.info.title}
        return {"track_id": self.track_id, **about, "was": self.was, "join": self.join, "why": self.why}


@dataclass(frozen=True, slots=True)
class Reordered:
    """A list in its new order; ``is_exact`` says that no order flows better."""

    songs: tuple[Placed, ...]
    before: Flow
    after: Flow
    is_exact: bool

    def to_json(self) -> dict[str, Any]:
        """The list as plain JSON values."""
        flows = {name: {"mean": flow.mean, "worst": flow.worst} for name, flow in self._flows}
        return {"songs": [song.to_json() for song in self.songs], **flows, "is_exact": self.is_exact}

    @property
    def _flows(self) -> tuple[tuple[str, Flow], tuple[str, Flow]]:
        return ("before", self.before), ("after", self.after)


def reorder(catalogue: Catalogue, songs: Sequence[Waypoint], spec: ReorderSpec | None = None) -> Reordered:
    """The order of the same songs in which the sum of their join scores is highest; see `cheapest_order`.

    Raises
    ------
    ParameterError
        If the list is longer than ``JourneySpec.longest_reorder``.
    UnknownTrackError
        If a song is not in the library.
    """
    wanted = spec or ReorderSpec()
    if len(songs) > JOURNEY.longest_reorder:
        raise ParameterError(
            f"a list of {len(songs)} songs is too long to reorder",
            remedy=f"Reorder {JOURNEY.longest_reorder} at a time",
        )
    if not songs:
        return Reordered((), Flow(None, None), Flow(None, None), is_exact=True)
    sounds = stacked([sounds_of(song, catalogue) for song in songs])
    scores = score(sounds, sounds, weights=wanted.weights).score
    costs = 1.0 - np.round(scores, 6).astype(np.float64)
    order = cheapest_order(costs, keep_first=wanted.keep_first, keep_last=wanted.keep_last)
    infos = [song.info if isinstance(song, OutsideSeed) else catalogue.info(song) for song in songs]
    placed = tuple(
        Placed(
            None if isinstance(songs[was], OutsideSeed) else songs[was],
            infos[was],
            was,
            None if place == 0 else _rounded(scores[order[place - 1], was]),
            _why(place, order, infos, scores=scores),
        )
        for place, was in enumerate(order.tolist())
    )
    before, after = (Flow.of(_steps(scores, way)) for way in (np.arange(len(songs)), order))
    return Reordered(placed, before, after, is_exact=len(songs) <= JOURNEY.exact_tracks)


def stacked(sounds: Sequence[Sounds]) -> Sounds:
    """The sounds of several songs as those of a list."""
    return Sounds(
        *(
            np.concatenate([getattr(one, name) for one in sounds])
            for name in ("vectors", "heads", "tails", "tempo_bpm", "camelot")
        )
    )


def _steps(scores: Floats, order: Integers) -> Doubles:
    return np.asarray(scores[order[:-1], order[1:]], np.float64)


def _why(place: int, order: Integers, infos: Sequence[TrackInfo], *, scores: Floats) -> str:
    """One plain sentence for the listener."""
    was = int(order[place])
    moved = "stays" if was == place else f"comes from place {was + 1}"
    if place == 0:
        return f"The list begins here; it {moved}"
    before = int(order[place - 1])
    rank = 1 + int((np.delete(scores[before], before) > scores[before, was]).sum())
    text = f"Follows '{infos[before].title}' ({scores[before, was]:.2f}"
    text += ", better than any other of the list)" if rank == 1 else f", {rank - 1} of the list would follow it better)"
    return f"{text}; it {moved}"


def _rounded(value: np.float32) -> float:
    return round(float(value), 6)
