"""What the listener did: songs heard, skipped, liked and so on, in the order in which it happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, get_args

from segue.errors import ParameterError
from segue.store.database import Connection
from segue.values import Origin, TrackId

EventKind = Literal[
    "played",
    "skipped_early",
    "skipped_late",
    "liked",
    "disliked",
    "unrated",
    "banned",
    "unbanned",
    "removed",
    "queued",
]
"""What happened to a track.

It was "played" to its end or skipped early or late; rated, or the rating taken back; banned for good, or no longer;
"removed" from what was to come, or "queued" by the listener.
"""

Rating = Literal["liked", "disliked"]

Switch = Literal["on", "off", "auto"]
"""Whether what is learnt counts: always, never, or where it is shown to help."""

KINDS: tuple[EventKind, ...] = get_args(EventKind)
RATINGS: dict[str, Rating] = {"liked": "liked", "disliked": "disliked"}
_HEARD = ("played", "skipped_late", "skipped_early")
SWITCHES: tuple[Switch, ...] = get_args(Switch)
_SWITCH = "taste"
_ORIGINS: tuple[Origin, ...] = get_args(Origin)

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the listener did.

    ``at_s`` counts from 1970; ``before_id`` is the track that had played before; ``heard_share`` in [0, 1] is how much
    of the track was heard, None where that does not apply; ``origin`` is who had put it into the queue.
    """

    at_s: float
    kind: EventKind
    track_id: TrackId
    before_id: TrackId | None = None
    heard_share: float | None = None
    origin: Origin = "picked"

    def __post_init__(self) -> None:
        share = self.heard_share
        if not math.isfinite(self.at_s) or (share is not None and not 0.0 <= share <= 1.0):
            raise ParameterError(
                f"an event at {self.at_s} s with a heard share of {share}", remedy="Give a time, and 0 to 1 or None"
            )


@dataclass(frozen=True, slots=True)
class EventLog:
    """All events, oldest first, and how many rows there were that no Segue wrote."""

    events: tuple[Event, ...] = ()
    damaged: int = 0


class Events:
    """The table of events in a library. They outlive the tracks' files, and nothing here asks what time it is."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading = reading
        self._writing = writing

    def add(self, *events: Event) -> None:
        """Keep these events, all or none."""
        statement = (
            "INSERT INTO events (at_s, kind, track_id, before_id, heard_share, origin) VALUES (?, ?, ?, ?, ?, ?)"
        )
        with self._writing() as db:
            db.executemany(
                statement, ((e.at_s, e.kind, e.track_id, e.before_id, e.heard_share, e.origin) for e in events)
            )

    def all(self) -> EventLog:
        """Every event in the order in which they were kept, which a clock that is set back does not upset."""
        with self._reading() as db:  # as bytes, since text that is no UTF-8 would end the whole reading
            found = db.execute(
                "SELECT at_s, CAST(kind AS BLOB), CAST(track_id AS BLOB), CAST(before_id AS BLOB), heard_share,"
                " CAST(origin AS BLOB) FROM events ORDER BY id"
            ).fetchall()
        events = [event for row in found if (event := event_of(row)) is not None]
        return EventLog(tuple(events), len(found) - len(events))

    def count(self) -> int:
        """How many events are kept."""
        with self._reading() as db:
            return int(db.execute("SELECT count(*) FROM events").fetchone()[0])

    def last_id(self) -> int:
        """The number of the newest event, 0 where there is none: it changes with whatever is added."""
        with self._reading() as db:
            return int(db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])

    def ratings(self) -> dict[TrackId, Rating]:
        """What is liked and disliked now, by what was said of each track last."""
        statement = (
            "SELECT CAST(track_id AS BLOB), kind FROM events WHERE kind IN ('liked', 'disliked', 'unrated') ORDER BY id"
        )
        with self._reading() as db:
            said = {_text(track_id): RATINGS.get(kind) for track_id, kind in db.execute(statement)}
        return {TrackId(track_id): rating for track_id, rating in said.items() if track_id and rating}

    def last_liked(self) -> dict[TrackId, float]:
        """When each track was last liked, in seconds since 1970, even where that was taken back."""
        statement = (
            "SELECT CAST(track_id AS BLOB), max(at_s) FROM events WHERE kind = 'liked' AND typeof(at_s) = 'real'"
            " GROUP BY track_id"
        )
        with self._reading() as db:
            found = db.execute(statement).fetchall()
        return {TrackId(text): at_s for track_id, at_s in found if (text := _text(track_id))}

    def last_heard(self, *, now_s: float) -> dict[TrackId, float]:
        """When each track was last heard, in whole or in part, in seconds since 1970.

        A time that lies ahead, since the clock was set back, counts as ``now_s``.
        """
        marks = ", ".join("?" for _ in _HEARD)
        statement = (
            f"SELECT CAST(track_id AS BLOB), max(min(at_s, ?)) FROM events WHERE kind IN ({marks})"
            " AND typeof(at_s) = 'real' GROUP BY track_id"
        )
        with self._reading() as db:
            found = db.execute(statement, (now_s, *_HEARD)).fetchall()
        return {TrackId(text): at_s for track_id, at_s in found if (text := _text(track_id))}

    def switch(self) -> Switch:
        """Whether what is learnt counts; "auto" until somebody says otherwise, and where that cannot be read."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (_SWITCH,)).fetchone()
        return next((switch for switch in SWITCHES if row is not None and row[0] == switch), "auto")

    def set_switch(self, to: Switch) -> None:
        """Say whether what is learnt counts."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_SWITCH, to))

    def forget(self) -> int:
        """Delete every event, and return how many there were."""
        with self._writing() as db:
            return db.execute("DELETE FROM events").rowcount


def event_of(row: Sequence[object]) -> Event | None:
    """The event of a row, its texts as bytes; None for one that no Segue wrote."""
    at_s, kind, track_id, before_id, heard_share, origin = row
    names = [name for name in KINDS if name == _text(kind)]
    origins = [name for name in _ORIGINS if name == _text(origin)]
    track, before = _text(track_id), _text(before_id)
    if not (names and origins and track) or (before_id is not None and not before):
        return None
    if not isinstance(at_s, float) or not isinstance(heard_share, float | None):
        return None
    try:
        return Event(at_s, names[0], TrackId(track), TrackId(before) if before else None, heard_share, origins[0])
    except ParameterError:
        return None


def _text(value: object) -> str:
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except UnicodeDecodeError:
        return ""
