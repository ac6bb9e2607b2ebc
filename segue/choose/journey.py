"""Join the dots: a way through some songs, each stop with its why. The way back is the mirror of the way there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.itinerary import Course, Itinerary, Waypoint, lay_out, shared_out, waypoint_stops
from segue.choose.journey_stops import Stop, StopKind, described
from segue.choose.picking import counted
from segue.choose.rules import PLAYED
from segue.choose.wayfinding import Finder, Way
from segue.choose.wishes import NO_FACTS, Facts
from segue.config import JOURNEY
from segue.errors import ParameterError
from segue.values import TrackId
from segue.words import later, say


@dataclass(frozen=True, slots=True)
class LargestStep:
    """The step of a journey at which most changes: the stop that it leads to (0 in a loop's last), and how alike."""

    to_stop: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Journey:
    """Stops in order; ``ended`` says why there are fewer than were asked for, and is None if there are not.

    ``itinerary`` is the one that was asked for, with the number of tracks on each leg as they came to be; with it, one
    stop can be chosen anew. ``duration_s`` takes unknown lengths to be as long as most. ``relaxed`` rules gave way for
    all of its stops; what gave way for one is told there.
    """

    stops: tuple[Stop, ...]
    itinerary: Itinerary = field(repr=False)
    largest_step: LargestStep | None
    duration_s: float
    relaxed: tuple[str, ...] = ()
    ended: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The journey as plain JSON values."""
        asked = self.itinerary
        step = self.largest_step
        return {
            "stops": [stop.to_json() for stop in self.stops],
            "mode": asked.mode,
            "loop": asked.loop,
            "between": list(asked.between) if isinstance(asked.between, tuple) else asked.between,
            "arc": asked.arc,
            "arc_weight": asked.arc_weight,
            "pins": [list(pin) for pin in asked.pins],
            "relaxed": list(self.relaxed),
            "largest_step": None if step is None else {"to_stop": step.to_stop, "similarity": step.similarity},
            "duration_s": round(self.duration_s, 1),
            "ended": self.ended,
        }


def journey(
    catalogue: Catalogue, waypoints: Sequence[Waypoint], itinerary: Itinerary | None = None, *, facts: Facts = NO_FACTS
) -> Journey:
    """Lead from waypoint to waypoint; never a repeat, never at random, and back as there.

    Raises
    ------
    ParameterError
        If there are too few waypoints, one comes twice, or the pins do not fit.
    UnknownTrackError
        If a waypoint or a pin is not in the library.
    """
    asked = itinerary or Itinerary()
    if asked.minutes is not None:
        return _of_length(catalogue, waypoints, asked, facts=facts)
    finder = Finder(catalogue, waypoints, itinerary=asked, facts=facts)
    course = lay_out(catalogue, waypoints, asked)
    return _told(finder, course, finder.find(course), asked=asked)


@dataclass(frozen=True, slots=True)
class Reroll:
    """One stop to be chosen anew, by position; ``kept`` are the tracks of the others in between, by position.

    ``without`` is what stood there, now and before.
    """

    position: int
    kept: Mapping[int, TrackId]
    without: frozenset[TrackId] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """The tracks that stand between the waypoints and pins, by position; what is not named stays empty."""

    tracks: Mapping[int, TrackId]


def retold(
    catalogue: Catalogue, waypoints: Sequence[Waypoint], itinerary: Itinerary, kept: Kept, *, facts: Facts = NO_FACTS
) -> Journey:
    """A journey that was found before, as it is told now: nothing is chosen anew.

    Raises ParameterError for a position that is not on the way, and UnknownTrackError.
    """
    course = lay_out(catalogue, waypoints, itinerary)
    rows: list[int | None] = [None] * course.stops
    for position, track_id in kept.tracks.items():
        if not 0 <= position < course.stops:
            what = f"stop {position + 1} is not among the {course.stops} of this journey"
            raise ParameterError(what, remedy="Find the way again")
        row = catalogue.index.row(track_id)
        rows[position] = None if any(stop.row == row for stop in course.fixed) else row
    for stop in course.fixed:
        rows[stop.position] = stop.row
    finder = Finder(catalogue, waypoints, itinerary=itinerary, facts=facts)
    return _told(finder, course, finder.as_found(course, rows), asked=itinerary)


def reroll(
    catalogue: Catalogue,
    waypoints: Sequence[Waypoint],
    itinerary: Itinerary,
    change: Reroll,
    *,
    facts: Facts = NO_FACTS,
) -> Journey:
    """The same journey with the next best track at one stop; the waypoints and `Journey.itinerary` as they led to it.

    Raises
    ------
    ParameterError
        If the position is fixed, or not on the way.
    UnknownTrackError
        If a track is not in the library.
    """
    course = lay_out(catalogue, waypoints, itinerary)
    index = catalogue.index
    rows = {stop.position: stop.row for stop in course.fixed}
    if change.position in rows or not 0 <= change.position < course.stops:
        raise ParameterError(
            f"stop {change.position + 1} of {course.stops} cannot be chosen anew",
            remedy="Choose a stop between two waypoints",
        )
    free = set(range(course.stops)) - rows.keys() - {change.position}
    rows |= {place: index.row(track_id) for place, track_id in change.kept.items() if place in free}
    finder = Finder(catalogue, waypoints, itinerary=itinerary, facts=facts)
    unwanted = frozenset(index.rows_of(change.without).tolist())
    way = finder.another(course, [rows.get(at) for at in range(course.stops)], change.position, without=unwanted)
    return _told(finder, course, way, asked=itinerary)


def _of_length(catalogue: Catalogue, waypoints: Sequence[Waypoint], asked: Itinerary, *, facts: Facts) -> Journey:
    """The journey whose length is nearest to the wanted one, by trying numbers of tracks."""
    wanted_s = 60.0 * (asked.minutes or 0.0)
    typical_s = _typical_s(catalogue)
    stops, _ = waypoint_stops(catalogue, waypoints, loop=asked.loop)
    given_s = sum(stop.info.duration_s or typical_s for stop in stops)
    tracks = max(0, round((wanted_s - given_s) / typical_s))
    tried: dict[int, Journey] = {}
    while tracks not in tried and len(tried) < JOURNEY.minutes_tries:
        settled = shared_out(catalogue, waypoints, asked, tracks=tracks)
        found = tried[tracks] = journey(catalogue, waypoints, settled, facts=facts)
        if found.ended and found.duration_s < wanted_s:
            break
        off = (wanted_s - found.duration_s) / typical_s
        tracks = max(0, tracks + (round(off) or (1 if off > 0.0 else -1)))
    return min(tried.values(), key=lambda one: abs(one.duration_s - wanted_s))


def _told(finder: Finder, course: Course, way: Way, *, asked: Itinerary) -> Journey:
    """A way as a journey, with all that is to be said of it."""
    stops = described(finder, course, way)
    steps = [(stop.similarity_before, place) for place, stop in enumerate(stops) if stop.similarity_before is not None]
    largest = min(steps, default=None)
    typical_s = _typical_s(finder.catalogue)
    legs = sum(not stop.is_pinned for stop in course.fixed) - 1 + course.loop
    between = (asked.between,) * legs if isinstance(asked.between, int) else asked.between
    return Journey(
        stops,
        replace(asked, between=between, loop=course.loop),
        None if largest is None else LargestStep(largest[1], largest[0]),
        math.fsum(stop.info.duration_s or typical_s for stop in stops),
        finder.given_way(course, way.rows, way.allowed.level),
        _ended(course, stops, way),
    )


def _ended(course: Course, stops: Sequence[Stop], way: Way) -> str | None:
    """Why stops stay empty, in one sentence."""
    missing = course.stops - len(stops)
    if not missing:
        return None
    free = course.stops - len(course.fixed)
    counts = way.allowed.reasons()
    placed = sum(stop.kind is StopKind.BETWEEN for stop in stops)
    counts[later("it is on the way already")] = placed + counts.pop(PLAYED, 0)  # as a waypoint or a pin
    said = "; ".join(counted(count, reason) for reason, count in counts.items() if count)
    return say(
        "{missing} of {free} stops between stay empty, as nothing else is left to play ({reasons})",
        missing=missing,
        free=free,
        reasons=said or say("no other track"),
    )


def _typical_s(catalogue: Catalogue) -> float:
    """The median length of the tracks whose length is known."""
    known = catalogue.lengths_s[catalogue.lengths_s > 0]
    return float(np.median(known)) if len(known) else JOURNEY.unknown_length_s
