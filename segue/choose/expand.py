"""Put further tracks into a list, where they help most: between the songs that follow each other worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from segue.choose.allowed import NOBODY, Allowed, Integers, Names, levels, lifted, middle_of
from segue.choose.assignment import Doubles, Spacing
from segue.choose.catalogue import Catalogue
from segue.choose.itinerary import Waypoint
from segue.choose.joins import JoinWeights, Sounds, score
from segue.choose.picking import counted, relaxed_words, so_many
from segue.choose.playlist import OutsideSeed, sounds_of
from segue.choose.reorder import Flow
from segue.choose.rules import PLAYED, SPACING, History, Song, rules_for
from segue.choose.sphere import middle
from segue.choose.wishes import NO_FACTS, Facts, Wishes, in_range
from segue.config import CHOICE, JOURNEY
from segue.errors import ParameterError
from segue.values import TrackId, TrackInfo


@dataclass(frozen=True, slots=True)
class ExpandSpec:
    """By how many tracks to expand a list, what counts in a join, and which tracks may come."""

    by: int = 1
    weights: JoinWeights = field(default_factory=JoinWeights)
    never: frozenset[TrackId] = frozenset()
    wishes: Wishes = field(default_factory=Wishes)

    def __post_init__(self) -> None:
        in_range(self, "by", 0, 10_000)


@dataclass(frozen=True, slots=True)
class Expanded:
    """A song of an expanded list; ``was`` is its place in the old one, from 0, None for a new track.

    ``join`` is its score after the song before, ``was_join`` the score of the step that a new track was put into.
    """

    track_id: TrackId | None
    info: TrackInfo
    was: int | None
    join: float | None
    was_join: float | None = None
    relaxed: tuple[str, ...] = ()
    why: str = "It stands in your list"

    def to_json(self) -> dict[str, Any]:
        """The song as plain JSON values."""
        about = {"track_id": self.track_id, "artist": self.info.artist, "title": self.info.title, "was": self.was}
        return {**about, "join": self.join, "was_join": self.was_join, "relaxed": list(self.relaxed), "why": self.why}


@dataclass(frozen=True, slots=True)
class Expansion:
    """A list with new tracks in it; ``ended`` says why there are fewer than were asked for, None if there are not."""

    songs: tuple[Expanded, ...]
    before: Flow
    after: Flow
    ended: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The list as plain JSON values."""
        flows = {"before": self.before, "after": self.after}
        told = {name: {"mean": flow.mean, "worst": flow.worst} for name, flow in flows.items()}
        return {"songs": [song.to_json() for song in self.songs], **told, "ended": self.ended}


def expand(
    catalogue: Catalogue, songs: Sequence[Waypoint], spec: ExpandSpec | None = None, *, facts: Facts = NO_FACTS
) -> Expansion:
    """Insert tracks one by one, each into the worst step that some track makes better, the songs staying in order.

    Where no track makes any step better, the next goes where it does the least harm, and says so. Never a repeat.

    Raises
    ------
    ParameterError
        If the list is empty.
    UnknownTrackError
        If a song is not in the library.
    """
    wanted = spec or ExpandSpec()
    if not songs:
        raise ParameterError("there is no song in the list", remedy="Name a list of one song or more")
    growing = _Growing(catalogue, songs, spec=wanted, facts=facts)
    before = growing.flow()
    ended = None
    for done in range(wanted.by):
        if not growing.grow():
            ended = f"{so_many(wanted.by - done)} fewer than wanted: nothing else is left to play ({growing.reasons()})"
            break
    return Expansion(growing.told(), before, growing.flow(), ended)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A song of the growing list; ``was_join`` and the rest are of new ones."""

    sounds: Sounds
    song: Song
    was: int | None
    was_join: float | None = None
    helps: bool = True
    relaxed: tuple[str, ...] = ()


class _Offer(NamedTuple):
    """The best track for a gap: how well the worse of its two joins is, less what broken spacing costs."""

    row: int
    worse: float
    level: int
    relaxed: tuple[str, ...]


class _Growing:
    """A list that grows."""

    def __init__(self, catalogue: Catalogue, songs: Sequence[Waypoint], *, spec: ExpandSpec, facts: Facts) -> None:
        self._catalogue, self._spec = catalogue, spec
        once = replace(spec.wishes, repeat_after_tracks=0)
        given = rules_for(once, facts, never=spec.never)
        self._rules = lifted(given, catalogue, (song for song in songs if isinstance(song, str)))
        self._names = Names(catalogue)
        price = np.inf if spec.wishes.strict else CHOICE.spacing_margin
        self._spacings = (Spacing(spec.wishes.artist_spacing, price), Spacing(spec.wishes.album_spacing, price))
        self._entries = [self._given(place, song) for place, song in enumerate(songs)]
        self._joins: dict[tuple[int, int], float] = {}
        self._offers: dict[tuple[int, ...], _Offer | None] = {}
        self._allowed: list[Allowed] = []

    def grow(self) -> bool:
        """Insert the next track; False where none is left."""
        history = History.of(entry.song for entry in self._entries)
        self._allowed = [Allowed(self._catalogue, level, history) for level in levels(self._rules)]
        steps = self._steps()
        least_harm: tuple[float, int, _Offer] | None = None
        for gap in np.argsort(steps, kind="stable").tolist():
            offer = self._offer(gap)
            if offer is None:
                continue
            if offer.worse > steps[gap] or len(self._entries) == 1:
                self._insert(gap, offer, was_join=float(steps[gap]), helps=True)
                return True
            harm = steps[gap] - offer.worse
            if least_harm is None or harm < least_harm[0]:
                least_harm = (harm, gap, offer)
        if least_harm is None:
            return False
        self._insert(least_harm[1], least_harm[2], was_join=float(steps[least_harm[1]]), helps=False)
        return True

    def flow(self) -> Flow:
        """How the list flows now."""
        return Flow.of(self._steps() if len(self._entries) > 1 else np.empty(0))

    def reasons(self) -> str:
        """What became of the other tracks, in words."""
        last = self._allowed[-1]
        for row in range(len(self._catalogue.index)):
            last.refusal(row)
        counts = last.reasons()
        counts["it stands in the list already"] = counts.pop(PLAYED, 0)
        return "; ".join(counted(count, why) for why, count in counts.items() if count) or "no other track"

    def told(self) -> tuple[Expanded, ...]:
        """The list with the reasons of its new tracks."""
        steps = np.round(self._steps(), 6).tolist()
        return tuple(self._told(place, steps) for place in range(len(self._entries)))

    # ------------------------------------------------------------------------------------------------------------------

    def _given(self, place: int, song: Waypoint) -> _Entry:
        sounds = sounds_of(song, self._catalogue)
        if isinstance(song, OutsideSeed):
            return _Entry(sounds, Song(None, song.info, sounds.vectors[0]), place)
        return _Entry(sounds, Song(song, self._catalogue.info(song), sounds.vectors[0]), place)

    def _steps(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Join score of each gap; a list of one song has one, after it."""
        if len(self._entries) == 1:
            return np.zeros(1)
        return np.array([self._step(before, after) for before, after in pairwise(self._entries)])

    def _step(self, before: _Entry, after: _Entry) -> float:
        """Join score of two entries, which stay as they are: remembered."""
        key = (id(before), id(after))
        if key not in self._joins:
            self._joins[key] = float(score(before.sounds, after.sounds, weights=self._spec.weights).score[0, 0])
        return self._joins[key]

    def _offer(self, gap: int) -> _Offer | None:
        """The best track for a gap, or None; remembered as long as nothing around the gap has changed."""
        reach = 1 + max(spacing.tracks for spacing in self._spacings)
        around = self._entries[max(0, gap + 1 - reach) : gap + 1 + reach]
        key = (gap - max(0, gap + 1 - reach), *(id(entry) for entry in around))
        held = self._offers.get(key)
        if key not in self._offers or (held is not None and self._allowed[held.level].refusal(held.row)):
            self._offers[key] = self._found(gap)
        return self._offers[key]

    def _found(self, gap: int) -> _Offer | None:
        index = self._catalogue.index
        ends = [entry.sounds for entry in self._entries[gap : gap + 2]]
        goal = middle(ends[0].vectors[0], ends[-1].vectors[0], towards=middle_of(self._catalogue))
        scores = index.scores(goal)
        for level, allowed in enumerate(self._allowed):
            rows = allowed.best(scores, JOURNEY.expand_candidates)
            if not len(rows):
                continue
            sounds = Sounds.of(self._catalogue, rows)
            joins = [score(ends[0], sounds, weights=self._spec.weights).score[0]]
            joins += [score(sounds, end, weights=self._spec.weights).score[:, 0] for end in ends[1:]]
            price = self._price(gap, rows)  # (2, k)
            worse = np.min(joins, axis=0) - price.sum(axis=0)
            best = int(np.lexsort((-np.sum(joins, axis=0), -np.round(worse, 6)))[0])
            if worse[best] == -np.inf:
                continue
            broken = tuple(name for name, paid in zip(SPACING, price[:, best], strict=True) if paid)
            refusing = self._allowed[0].refusing(int(rows[best]))
            relaxed = tuple(name for name in allowed.level.relaxed if name in refusing)
            return _Offer(int(rows[best]), float(worse[best]), level, (*relaxed, *broken))
        return None

    def _price(self, gap: int, rows: Integers) -> Doubles:
        """What tracks would cost in a gap for being too near to others by their artist, and of their album: (2, k)."""
        price = np.zeros((2, len(rows)))
        own = self._names.kinds_of(rows)
        for kind, spacing in enumerate(self._spacings):
            first = max(0, gap + 1 - spacing.tracks)
            for place, entry in enumerate(self._entries[first : gap + 1 + spacing.tracks], start=first):
                other = self._names.kinds(entry.song.info)[kind]
                distance = gap + 1 - place if place <= gap else place - gap
                if other != NOBODY:
                    price[kind] += np.where(own[kind] == other, spacing.of(distance), 0.0)
        return price

    def _insert(self, gap: int, offer: _Offer, *, was_join: float, helps: bool) -> None:
        index = self._catalogue.index
        track_id = index.ids[offer.row]
        song = Song(track_id, self._catalogue.info(track_id), index.vectors[offer.row])
        sounds = Sounds.of(self._catalogue, np.array([offer.row]))
        self._entries.insert(gap + 1, _Entry(sounds, song, None, was_join, helps, offer.relaxed))

    def _told(self, place: int, steps: Sequence[float]) -> Expanded:
        entry = self._entries[place]
        join = steps[place - 1] if place else None
        if entry.was is not None:
            return Expanded(entry.song.track_id, entry.song.info, entry.was, join)
        last = place == len(self._entries) - 1
        text = f"Put after '{self._entries[place - 1].song.info.title}' ({join:.2f})"
        text += "" if last else f" and before '{self._entries[place + 1].song.info.title}' ({steps[place]:.2f})"
        if not last:
            text += f", where the step was {entry.was_join:.2f}"
            text += "" if entry.helps else "; no track makes a step better, and here it does the least harm"
        text += relaxed_words(entry.relaxed)
        return Expanded(entry.song.track_id, entry.song.info, None, join, entry.was_join, entry.relaxed, text)
