"""A journey as the page asks for it: its waypoints and wishes, and the stops that stand already. Checked on arrival."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from segue.choose.arc import ARCS
from segue.choose.itinerary import MODES, Itinerary
from segue.choose.journey import Journey, Kept, Reroll
from segue.choose.journey_stops import StopKind
from segue.choose.wishes import Wishes
from segue.config import JOURNEY
from segue.errors import ParameterError
from segue.play.playqueue import is_track_id
from segue.values import TrackId
from segue.web.checks import is_number
from segue.words import listed, say, say_n

_LONGEST_LIST = JOURNEY.longest_stops
_OFF_S = 120.0
"""A journey of a wanted length that is out by more than this is told to be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page wants: a way found anew, or the one that stands told, or one stop of it chosen anew.

    ``minutes`` is the wanted length, also where the legs have been settled since; ``without`` is what stood at the stop
    that is to change; ``taken`` are positions that the listener emptied.
    """

    via: tuple[TrackId, ...]
    itinerary: Itinerary
    minutes: float | None = None
    kept: Mapping[int, TrackId] | None = None
    reroll: int | None = None
    without: frozenset[TrackId] = field(default_factory=frozenset)
    taken: frozenset[int] = field(default_factory=frozenset)

    @property
    def change(self) -> Reroll | Kept | None:
        """What is to be done with the stops that stand."""
        if self.kept is None:
            return None
        if self.reroll is None:
            return Kept(self.kept)
        return Reroll(self.reroll, self.kept, self.without)


def asked_from_json(value: Mapping[str, Any], wishes: Wishes) -> Asked:
    """What the page asks for, by some rules; raises ParameterError for what is none."""
    kept = value.get("kept")
    legs = value.get("legs")
    minutes = _minutes(value.get("minutes")) if value.get("by") == "minutes" else None
    itinerary = Itinerary(
        between=_count(value.get("between", JOURNEY.between)),
        minutes=minutes if kept is None else None,
        mode=_one_of(value.get("mode", "shortest"), MODES),
        loop=value.get("loop") is True,
        arc=_one_of(value.get("arc", "none"), ARCS),
        pins=tuple(sorted(_placed(value.get("pins", {})).items())),
        never=frozenset(_ids(value.get("never", []))),
        wishes=wishes,
    )
    if kept is not None:
        itinerary = replace(itinerary, between=_legs(legs, itinerary))
    return Asked(
        via=tuple(_ids(value.get("via", []))),
        itinerary=itinerary,
        minutes=minutes,
        kept=None if kept is None else _placed(kept),
        reroll=None if value.get("reroll") is None else _count(value["reroll"]),
        without=frozenset(_ids(value.get("without", []))),
        taken=frozenset(map(_count, _list(value.get("taken", [])))),
    )


def found_to_json(found: Journey, number: object) -> dict[str, Any]:
    """What the page keeps of a journey, so that it can be told again and changed."""
    between = found.itinerary.between
    return {
        "number": number,
        "legs": list(between) if isinstance(between, tuple) else between,
        "stops": [[stop.position, stop.track_id] for stop in found.stops if stop.track_id is not None],
        "kept": {str(s.position): s.track_id for s in found.stops if s.kind is StopKind.BETWEEN},
    }


def shortfalls(found: Journey, asked: Asked) -> tuple[str, ...]:
    """What of the wish could not be kept, each in one sentence."""
    told = []
    if asked.minutes is not None and not asked.taken and asked.reroll is None:
        off_s = found.duration_s - 60.0 * asked.minutes
        if abs(off_s) > _OFF_S:
            lasts = say_n("{count} minute", "{count} minutes", round(found.duration_s / 60))
            wanted = f"{asked.minutes:.0f}"
            if off_s > 0 and not _between(found):
                line = say(
                    "It lasts {minutes}: nothing nearer to {wanted} was found, as the waypoints alone are as long",
                    minutes=lasts,
                    wanted=wanted,
                )
            else:
                line = say("It lasts {minutes}: nothing nearer to {wanted} was found", minutes=lasts, wanted=wanted)
            told.append(line)
    if found.relaxed:
        rules = listed([say(rule) for rule in found.relaxed])
        told.append(say("{rules} gave way, or there would be fewer songs", rules=rules[:1].upper() + rules[1:]))
    stops = sum(_leg_counts(found)) + len(asked.via)
    if found.ended and stops - len(found.stops) > len(asked.taken):
        told.append(say(found.ended))
    return tuple(told)


def _between(found: Journey) -> int:
    return sum(stop.kind is StopKind.BETWEEN for stop in found.stops)


def _leg_counts(found: Journey) -> tuple[int, ...]:
    between = found.itinerary.between
    return between if isinstance(between, tuple) else (between,)


def _legs(value: object, itinerary: Itinerary) -> int | tuple[int, ...]:
    if value is None:
        return itinerary.between
    return tuple(map(_count, _list(value))) if isinstance(value, list) else _count(value)


def _ids(value: object) -> list[TrackId]:
    items = _list(value)
    if not all(map(is_track_id, items)):
        raise _damaged(say("it names a song in a way Segue does not know"))
    return [TrackId(item) for item in items]


def _placed(value: object) -> dict[int, TrackId]:
    if not isinstance(value, dict) or len(value) > _LONGEST_LIST:
        raise _damaged(say("its stops are no list"))
    places = [int(place) if isinstance(place, str) and place.isdecimal() and len(place) < 5 else -1 for place in value]
    return {_count(place): track_id for place, track_id in zip(places, _ids(list(value.values())), strict=True)}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > _LONGEST_LIST:
        raise _damaged(say("a list in it is none, or has more than {most} songs", most=_LONGEST_LIST))
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LONGEST_LIST:
        raise _damaged(say("a number in it is not from 0 to {most}", most=_LONGEST_LIST))
    return value


def _minutes(value: object) -> float:
    if not is_number(value):
        raise _damaged(say("its length is no number"))
    return float(value)


def _one_of(value: object, names: tuple[Any, ...]) -> Any:
    if value not in names:
        raise _damaged(say("it is asked to be '{value}'", value=str(value)[:40]))
    return value


def _damaged(what: str) -> ParameterError:
    return ParameterError(say("the journey cannot be read: {what}", what=what), remedy=say("Begin it again"))
