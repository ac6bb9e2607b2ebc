"""What a journey is asked to be, and how it is laid out: fixed stops, free ones, and where the free ones should lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np

from segue.choose.arc import ARCS, Arc, mirrored
from segue.choose.catalogue import Catalogue
from segue.choose.index import unit_vector
from segue.choose.playlist import OutsideSeed
from segue.choose.sphere import angle_between, great_circle
from segue.choose.wishes import Wishes, in_range
from segue.config import JOURNEY
from segue.errors import ParameterError
from segue.values import Floats, TrackId, TrackInfo
from segue.words import later, say

Mode = Literal["shortest", "smoothest"]
MODES: tuple[Mode, ...] = ("shortest", "smoothest")

Waypoint = TrackId | OutsideSeed


@dataclass(frozen=True, slots=True)
class Itinerary:
    """How to travel. See ``JourneySpec`` and ``ChoiceSpec`` for the numbers.

    ``between`` is the number of tracks on each leg, or one number for each; ``minutes``, where given, decides instead.
    "shortest" keeps to the great circle, "smoothest" makes the largest step as small as it can be. A ``loop`` comes
    back to where it began. ``pins`` are (position, track) pairs, position 0 being the first waypoint: those stops are
    fixed, and the way leads through them. ``never`` and the wishes are about the stops in between.
    """

    between: int | tuple[int, ...] = JOURNEY.between
    minutes: float | None = None
    mode: Mode = "shortest"
    loop: bool = False
    arc: Arc = "none"
    arc_weight: float = JOURNEY.arc_weight
    pins: tuple[tuple[int, TrackId], ...] = ()
    never: frozenset[TrackId] = frozenset()
    wishes: Wishes = field(default_factory=Wishes)

    def __post_init__(self) -> None:
        counts = (self.between,) if isinstance(self.between, int) else self.between
        if any(count < 0 for count in counts):
            raise ParameterError(say("between is {between}", between=self.between), remedy=later("Choose 0 or more"))
        if self.minutes is not None and not 0.0 < self.minutes <= 60.0 * 24.0:
            raise ParameterError(
                say("a journey of {minutes} minutes", minutes=self.minutes),
                remedy=later("Choose more than 0, and a day at most"),
            )
        if self.mode not in MODES or self.arc not in ARCS:
            raise ParameterError(
                say("the mode is {mode!r} and the arc {arc!r}", mode=self.mode, arc=self.arc),
                remedy=say("Choose among {modes} and among {arcs}", modes=", ".join(MODES), arcs=", ".join(ARCS)),
            )
        in_range(self, "arc_weight", 0.0, 10.0)
        if self.arc != "none" and self.mode == "smoothest":
            raise ParameterError(
                later("the smoothest way takes no regard of energy"),
                remedy=later("Leave the arc out, or choose the shortest way"),
            )
        if self.pins and self.minutes is not None:
            raise ParameterError(
                later("pins stand at positions, and minutes leave open how many there are"),
                remedy=later("Say how many tracks between instead of minutes"),
            )


@dataclass(frozen=True, slots=True, eq=False)
class FixedStop:
    """A stop that is given: where it is, the row of its track (None outside the library), and whether it was pinned."""

    position: int
    vector: Floats = field(repr=False)
    row: int | None
    info: TrackInfo
    is_pinned: bool = False


class Gap(NamedTuple):
    """The free positions between two fixed stops, and these, which may be the same in a loop."""

    start: FixedStop
    end: FixedStop
    positions: range


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A journey before its free stops are filled. ``fixed`` rise by position, the first is 0; ``stops`` in all."""

    fixed: tuple[FixedStop, ...]
    stops: int
    loop: bool
    arc: Arc

    def gaps(self) -> Iterator[Gap]:
        """Where there are free stops, in order."""
        last = self.fixed[-1]
        around = [(last, self.fixed[0], self.stops)] if self.loop else []
        for start, end, until in (*((a, b, b.position) for a, b in pairwise(self.fixed)), *around):
            if until - start.position > 1:
                yield Gap(start, end, range(start.position + 1, until))

    def canonical(self) -> tuple[Course, bool]:
        """This course or its mirror image, whichever comes first by a fixed order; and whether it was turned.

        Solving only the one of the two makes the journey back the exact mirror of the journey there, whatever is equal.
        """
        turned = self._turned()
        return (turned, True) if turned.key < self.key else (self, False)

    def _turned(self) -> Course:
        fixed = (replace(stop, position=self.turned_position(stop.position)) for stop in self.fixed)
        return replace(self, fixed=tuple(sorted(fixed, key=lambda stop: stop.position)), arc=mirrored(self.arc))

    def turned_position(self, position: int) -> int:
        """Where a position is in the mirror image; a loop still begins with its first stop."""
        return -position % self.stops if self.loop else self.stops - 1 - position

    @property
    def key(self) -> tuple[Any, ...]:
        """What courses are put in order by."""
        return (self.arc, *((stop.position, stop.vector.tobytes(), stop.row or -1) for stop in self.fixed))


def gap_points(gap: Gap, towards: Floats) -> Floats:
    """Where the free stops of a gap should lie, ``(k, d)``: at i / (k + 1) of the great circle across it."""
    count = len(gap.positions)
    shares = [(i + 1) / (count + 1) for i in range(count)]
    return great_circle(gap.start.vector, gap.end.vector, shares=shares, towards=towards)


def waypoint_stops(catalogue: Catalogue, waypoints: Sequence[Waypoint], *, loop: bool) -> tuple[list[FixedStop], bool]:
    """The waypoints as stops whose positions are still open, and whether the journey is a loop: one that ends where
    it began is.

    Raises ParameterError for too few, or one that comes twice; UnknownTrackError.
    """
    named = list(waypoints)
    if len(named) > 1 and _is_same(named[0], named[-1]):
        named, loop = named[:-1], True
    if len(named) < (1 if loop else 2):
        what = (
            say("a journey that comes back needs a waypoint, and {count} came", count=len(named))
            if loop
            else say("a journey needs two waypoints, and {count} came", count=len(named))
        )
        raise ParameterError(what, remedy=later("Name where it begins and where it ends"))
    for place, waypoint in enumerate(named):
        if any(_is_same(waypoint, other) for other in named[:place]):
            name = _stop_of(catalogue, waypoint).info.title
            raise ParameterError(
                say("the waypoint '{name}' comes twice", name=name),
                remedy=later("Name it once; only a loop comes back"),
            )
    return [_stop_of(catalogue, waypoint) for waypoint in named], loop


def lay_out(catalogue: Catalogue, waypoints: Sequence[Waypoint], itinerary: Itinerary) -> Course:
    """Put waypoints and pins where they belong; raises ParameterError and UnknownTrackError."""
    stops, loop = waypoint_stops(catalogue, waypoints, loop=itinerary.loop)
    counts = _counts(itinerary.between, len(stops) - 1 + loop)
    total = len(stops) + sum(counts)
    if total > JOURNEY.longest_stops:
        raise ParameterError(
            say("a journey of {total} stops is too long", total=total),
            remedy=say("Choose {most} stops at most", most=JOURNEY.longest_stops),
        )
    places = np.concatenate([[0], np.cumsum(np.array(counts[: len(stops) - 1], np.int64) + 1)]).astype(int).tolist()
    placed = [replace(stop, position=place) for stop, place in zip(stops, places, strict=True)]
    for position, track_id in itinerary.pins:
        placed.append(_pinned(catalogue, position, track_id, placed=placed, total=total))
    return Course(tuple(sorted(placed, key=lambda stop: stop.position)), total, loop, itinerary.arc)


def shared_out(catalogue: Catalogue, waypoints: Sequence[Waypoint], itinerary: Itinerary, *, tracks: int) -> Itinerary:
    """The itinerary with so many tracks in between in all, each leg getting its share by its angle."""
    stops, loop = waypoint_stops(catalogue, waypoints, loop=itinerary.loop)
    ends = [*stops, stops[0]] if loop else stops
    angles = [angle_between(a.vector, b.vector) for a, b in pairwise(ends)]
    back = [stop.vector.tobytes() for stop in reversed(ends)] < [stop.vector.tobytes() for stop in ends]
    counts = _in_shares(tracks, angles[::-1] if back else angles)  # whole tracks fall alike there and back
    return replace(itinerary, between=tuple(counts[::-1] if back else counts), minutes=None)


def _in_shares(whole: int, weights: Sequence[float]) -> list[int]:
    """So many whole things by weight (largest remainders); evenly where no weight is above 0."""
    total = sum(weights)
    exact = [whole * (weight / total if total > 0.0 else 1 / len(weights)) for weight in weights]
    counts = [int(share) for share in exact]
    by_rest = sorted(range(len(exact)), key=lambda leg: counts[leg] - exact[leg])
    for leg in by_rest[: whole - sum(counts)]:
        counts[leg] += 1
    return counts


def _counts(between: int | tuple[int, ...], legs: int) -> tuple[int, ...]:
    counts = (between,) * legs if isinstance(between, int) else between
    if len(counts) != legs:
        raise ParameterError(
            say("{count} numbers of tracks came for {legs} legs", count=len(counts), legs=legs),
            remedy=later("Give one number, or one for each leg"),
        )
    return counts


def _pinned(
    catalogue: Catalogue, position: int, track_id: TrackId, *, placed: Sequence[FixedStop], total: int
) -> FixedStop:
    row = catalogue.index.row(track_id)
    info = catalogue.info(track_id)
    if not 0 < position < total or any(stop.position == position for stop in placed):
        raise ParameterError(
            say(
                "'{title}' cannot be pinned to stop {stop} of {total}", title=info.title, stop=position + 1, total=total
            ),
            remedy=later("Pin a stop between two waypoints, and each only once"),
        )
    if any(stop.row == row for stop in placed):
        raise ParameterError(
            say("'{title}' would come twice", title=info.title),
            remedy=later("Pin a track that is not on the way already"),
        )
    return FixedStop(position, catalogue.index.vectors[row], row, info, is_pinned=True)


def _stop_of(catalogue: Catalogue, waypoint: Waypoint) -> FixedStop:
    if isinstance(waypoint, OutsideSeed):
        return FixedStop(0, unit_vector(waypoint.vector, catalogue.index.dimension), None, waypoint.info)
    row = catalogue.index.row(waypoint)
    return FixedStop(0, catalogue.index.vectors[row], row, catalogue.info(waypoint))


def _is_same(one: Waypoint, other: Waypoint) -> bool:
    if isinstance(one, OutsideSeed) or isinstance(other, OutsideSeed):
        return one is other
    return one == other
