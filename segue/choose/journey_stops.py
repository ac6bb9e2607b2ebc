"""The stops of a journey as they are told: how each lies between its neighbours and its waypoints, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from segue.choose.allowed import NOBODY
from segue.choose.arc import targets
from segue.choose.index import best_rows, rank_of
from segue.choose.itinerary import Course, FixedStop
from segue.choose.picking import Refusal, passed_over, relaxed_words
from segue.choose.rules import SPACING
from segue.choose.wayfinding import Finder, Way
from segue.config import CHOICE
from segue.values import Floats, TrackId, TrackInfo
from segue.words import later, number, say


class StopKind(StrEnum):
    """How a stop came to be on a journey."""

    WAYPOINT = "waypoint"
    PINNED = "pinned"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Stop:
    """One song of a journey. ``track_id`` is None for a waypoint from outside the library.

    ``position`` counts from 0, and passes over stops that stayed empty. Similarities are cosines: to the songs before
    and after (None at an open end) and to the fixed stops on either side (None for a fixed one). ``rank`` is the place
    that the track had at this stop among all but the fixed ones, by distance from the way and by energy, and
    ``refused`` the first of those before it; the smoothest way has no such ranking. ``energy`` lies in (0, 1). Most
    changes from the song before to the one with ``is_largest_step``; none has it where several steps are as large.
    """

    position: int
    track_id: TrackId | None
    info: TrackInfo
    kind: StopKind
    similarity_before: float | None
    similarity_after: float | None
    similarity_from: float | None
    similarity_to: float | None
    energy: float | None
    energy_wanted: float | None
    rank: int | None
    refused: tuple[Refusal, ...]
    relaxed: tuple[str, ...]
    why: str
    is_largest_step: bool = False

    def to_json(self) -> dict[str, Any]:
        """The stop as plain JSON values."""
        info = {"artist": self.info.artist, "title": self.info.title}
        facts = {name: value for name, value in asdict(self).items() if name != "info"}
        return {
            **info,
            **facts,
            "kind": str(self.kind),
            "relaxed": list(self.relaxed),
            "refused": list(facts["refused"]),
        }


def described(finder: Finder, course: Course, way: Way) -> tuple[Stop, ...]:
    """Every stop that was filled, in order, each with its why."""
    seen = _Seen.of(finder, course, way)
    ranked = _rankings(finder, course, way) if finder.itinerary.mode == "shortest" else {}
    around = _fixed_around(course)
    stops = [_stop(seen, place, ranked.get(position), around) for place, position in enumerate(seen.positions)]
    steps = sorted((s.similarity_before, place) for place, s in enumerate(stops) if s.similarity_before is not None)
    if len(steps) > 1 and round(steps[0][0], 2) < round(steps[1][0], 2):  # of equal ones, none is the largest
        place = steps[0][1]
        told = say("{why}; the largest step of the journey leads here", why=stops[place].why)
        stops[place] = replace(stops[place], is_largest_step=True, why=told)
    return tuple(stops)


class _Around(NamedTuple):
    """The fixed stops on either side of a free one, its place among the free ones between, and how many these are."""

    start: FixedStop
    end: FixedStop
    place: int
    of: int


class _Ranking(NamedTuple):
    rank: int
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The filled stops: element i of each belongs to the i-th of them."""

    finder: Finder
    course: Course
    positions: tuple[int, ...]
    vectors: Floats
    infos: tuple[TrackInfo, ...]
    rows: tuple[int | None, ...]
    relaxed: tuple[tuple[str, ...], ...]
    after: tuple[float | None, ...]
    wanted: Floats | None

    @classmethod
    def of(cls, finder: Finder, course: Course, way: Way) -> _Seen:
        """What is seen of a way without its reasons."""
        fixed = {stop.position: stop for stop in course.fixed}
        positions = tuple(at for at, row in enumerate(way.rows) if row is not None or at in fixed)
        rows = tuple(way.rows[at] for at in positions)
        index = finder.catalogue.index
        vectors, infos = [], []
        for at, row in zip(positions, rows, strict=True):
            vectors.append(fixed[at].vector if row is None else index.vectors[row])
            infos.append(fixed[at].info if row is None else finder.catalogue.info(index.ids[row]))
        stacked = np.stack(vectors)
        after: list[float | None] = [_cosine(a, b) for a, b in pairwise(stacked)]
        after.append(_cosine(stacked[-1], stacked[0]) if course.loop and len(stacked) > 1 else None)
        relaxed = _relaxed(finder, infos, [at in fixed for at in positions])
        wanted = targets(course.arc, course.stops)
        return cls(finder, course, positions, stacked, tuple(infos), rows, relaxed, tuple(after), wanted)


def _stop(seen: _Seen, place: int, ranking: _Ranking | None, arounds: dict[int, _Around]) -> Stop:
    position, row, vector = seen.positions[place], seen.rows[place], seen.vectors[place]
    around = arounds.get(position)
    before = seen.after[place - 1]
    after = seen.after[place]
    energy = None if row is None else float(seen.finder.energies[row])
    stop = Stop(
        position=position,
        track_id=None if row is None else seen.finder.catalogue.index.ids[row],
        info=seen.infos[place],
        kind=_kind(seen.course, position),
        similarity_before=before,
        similarity_after=after,
        similarity_from=None if around is None else _cosine(vector, around.start.vector),
        similarity_to=None if around is None else _cosine(vector, around.end.vector),
        energy=energy,
        energy_wanted=None if seen.wanted is None else float(seen.wanted[position]),
        rank=None if ranking is None else ranking.rank,
        refused=() if ranking is None else ranking.refused,
        relaxed=seen.relaxed[place],
        why="",
    )
    return replace(stop, why=_why(stop, around, is_first=place == 0))


def _why(stop: Stop, around: _Around | None, *, is_first: bool) -> str:
    """One plain sentence for the listener."""
    if around is not None:
        text = say(
            "{place} of {count} on the way from “{start}” to “{end}” ({to_start} like the one, {to_end} like the "
            "other)",
            place=around.place,
            count=around.of,
            start=around.start.info.title,
            end=around.end.info.title,
            to_start=_said(stop.similarity_from),
            to_end=_said(stop.similarity_to),
        )
    elif stop.kind is StopKind.PINNED:
        text = say("Pinned by you")
    elif is_first:
        text = say("The journey begins here")
    elif stop.similarity_after is None:
        text = say("The journey ends here")
    else:
        text = say("You wanted to come by here")
    text += _steps_words(stop)
    if around is not None and stop.energy is not None and stop.energy_wanted is not None:
        energy, wanted = number(stop.energy, 2), number(stop.energy_wanted, 2)
        text += say("; its energy is {energy}, wanted was {wanted}", energy=energy, wanted=wanted)
    if stop.refused and stop.rank is not None:
        text += passed_over(stop.refused[0], more=f"{stop.rank - 2}" if stop.rank > 2 else "")
    return text + relaxed_words(stop.relaxed)


def _steps_words(stop: Stop) -> str:
    """How alike it is to the stops around it, as a part of a sentence."""
    before, after = stop.similarity_before, stop.similarity_after
    if before is not None and after is not None:
        return say(
            "; {before} like the song before it and {after} like the one after it",
            before=_said(before),
            after=_said(after),
        )
    if before is not None:
        return say("; {before} like the song before it", before=_said(before))
    return "" if after is None else say("; {after} like the one after it", after=_said(after))


def _kind(course: Course, position: int) -> StopKind:
    for stop in course.fixed:
        if stop.position == position:
            return StopKind.PINNED if stop.is_pinned else StopKind.WAYPOINT
    return StopKind.BETWEEN


def _fixed_around(course: Course) -> dict[int, _Around]:
    return {
        position: _Around(gap.start, gap.end, place, len(gap.positions))
        for gap in course.gaps()
        for place, position in enumerate(gap.positions, start=1)
    }


def _relaxed(finder: Finder, infos: Sequence[TrackInfo], is_fixed: Sequence[bool]) -> tuple[tuple[str, ...], ...]:
    """Which spacings each free stop breaks: one of its kind is too near before it, or is a fixed stop after it."""
    kinds = [finder.names.kinds(info) for info in infos]
    broken: list[list[str]] = [[] for _ in infos]
    for kind, (spacing, name) in enumerate(zip(finder.spacings, SPACING, strict=True)):
        for place, own in enumerate(kinds):
            around = range(max(0, place - spacing.tracks), min(len(kinds), place + spacing.tracks + 1))
            near = (other for other in around if other < place or (other > place and is_fixed[other]))
            if not is_fixed[place] and own[kind] != NOBODY and any(kinds[other][kind] == own[kind] for other in near):
                broken[place].append(name)
    return tuple(tuple(names) for names in broken)


def _rankings(finder: Finder, course: Course, way: Way) -> dict[int, _Ranking]:
    """The rank of each free stop's track at its place, and who was passed over there, by position."""
    ids = finder.catalogue.index.ids
    free = [at for gap in course.gaps() for at in gap.positions if way.rows[at] is not None]
    given = [stop.row for stop in course.fixed if stop.row is not None]
    found = {}
    for position, costs in finder.iter_costs(course, way.points, free):
        row = way.rows[position]
        assert row is not None
        scores = -costs
        scores[given] = -np.inf
        rank = rank_of(scores, row)
        first = best_rows(scores, min(rank - 1, CHOICE.reasons_kept)).tolist()
        refused = tuple(
            Refusal(ids[other], finder.catalogue.info(ids[other]).title, _reason(finder, way, other, position=position))
            for other in first
        )
        found[position] = _Ranking(rank, refused)
    return found


def _reason(finder: Finder, way: Way, row: int, *, position: int) -> str:
    """Why a track that lies nearer to a position does not stand there."""
    on_way = [other for other in way.rows if other is not None]
    if refusal := way.allowed.refusal(row):
        return refusal
    if row in on_way:
        return later("it stands elsewhere on the way")
    recordings = finder.names.recordings([*on_way, row], way.allowed.level)
    if any(recordings[row] == recordings[other] for other in on_way):
        return later("another copy of it is on the way")
    info = finder.catalogue.info(finder.catalogue.index.ids[row])
    names = (
        say("{artist} is next to it", artist=info.artist or say("the artist")),
        say("“{album}” is next to it", album=info.album),
    )
    for spacing, kind, said in zip(finder.spacings, (0, 1), names, strict=True):
        around = way.rows[max(0, position - spacing.tracks) : position + spacing.tracks + 1]
        near = finder.names.kinds_of(np.array([other for other in around if other is not None]))[kind]
        if spacing.tracks and finder.names.kinds(info)[kind] in set(near.tolist()) - {NOBODY}:
            return said
    return later("the way as a whole is better so")


def _said(similarity: float | None) -> str:
    """A similarity in two decimals."""
    return number(similarity or 0.0, 2)


def _cosine(one: Floats, other: Floats) -> float:
    return round(float(one @ other), 6)
