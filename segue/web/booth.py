"""What one browser keeps: its queue, what the queue grew from, and how it goes on. Checked whenever it arrives."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from segue.config import CHOICE
from segue.errors import ParameterError
from segue.play.playqueue import Entry, Queue, from_json, is_track_id, to_json
from segue.values import EntryId, TrackId
from segue.web.checks import is_number
from segue.words import later, say

_REFUSED_KEPT = 500
_LONGEST_NAME = 200
_MOST_STEERING = 20
_STEERING = frozenset(("pulls", "pushes"))
_TOKEN = re.compile(r"drop:[0-9a-f]{16}")
RADIO = "radio"
"""In place of a dropped file's token: the start has the name of a radio."""

ASKED = later("Asked for by somebody else")
"""Why a song is picked that another booth asked for."""


EMPTY = Queue()
Way = Literal["more", "less", "none"]


@dataclass(frozen=True, slots=True)
class Start:
    """Where the listener last set the direction: the entry, and the dropped file or the radio before it if that did."""

    entry_id: EntryId
    token: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Booth:
    """One listener's queue, its start, the tracks taken out by hand, "Keep on" and "Drunk".

    ``pulls`` and ``pushes`` are the songs that this queue goes towards, and away from.
    """

    queue: Queue = EMPTY
    start: Start | None = None
    refused: tuple[TrackId, ...] = ()
    lookback: int = CHOICE.lookback
    noise: float = CHOICE.noise
    pulls: tuple[TrackId, ...] = ()
    pushes: tuple[TrackId, ...] = ()

    def steered(self, track_id: TrackId, way: Way) -> Booth:
        """The booth that goes towards a song ("more"), away from it ("less"), or by it no longer ("none")."""
        pulls, pushes = (
            tuple(other for other in ids if other != track_id)[-_MOST_STEERING + 1 :]
            for ids in (self.pulls, self.pushes)
        )
        if way == "more":
            pulls = (*pulls, track_id)
        if way == "less":
            pushes = (*pushes, track_id)
        return replace(self, pulls=pulls, pushes=pushes)

    def steered_among(self, held: Collection[TrackId]) -> Booth:
        """The booth without the steering by songs that are not among these."""
        pulls, pushes = (tuple(i for i in ids if i in held) for ids in (self.pulls, self.pushes))
        return replace(self, pulls=pulls, pushes=pushes)

    def start_among(self, entries: Sequence[Entry]) -> Start | None:
        """What sets the direction among these entries, which the queue has or is about to have.

        A start that was taken out, or has left a long queue, hands on to what comes behind it; one that was undone sets
        none.
        """
        start = self.start
        if start is None or start.entry_id >= self.queue.next_id or any(e.id == start.entry_id for e in entries):
            return start
        was_there = any(entry.id == start.entry_id for entry in self.queue.entries)
        behind = (replace(start, entry_id=entry.id) for entry in entries if entry.id > start.entry_id)
        return next(behind, None) if was_there else None

    def going_on(self, queue: Queue) -> Booth:
        """The booth with its queue gone on; what was undone may be done again, so its start is kept."""
        return replace(self, queue=queue, start=self.start_among(queue.entries) or self.start)

    @property
    def never(self) -> frozenset[TrackId]:
        """Tracks not to choose: taken out by hand, and not put back since."""
        return frozenset(self.refused) - frozenset(self.queue.track_ids)


def booth_to_json(booth: Booth) -> dict[str, Any]:
    """The booth as plain JSON values."""
    start = booth.start
    return {
        "queue": to_json(booth.queue),
        "start": None if start is None else [start.entry_id, start.token, start.name],
        "refused": list(booth.refused[-_REFUSED_KEPT:]),
        "lookback": booth.lookback,
        "noise": booth.noise,
        "pulls": list(booth.pulls),
        "pushes": list(booth.pushes),
    }


def booth_from_json(value: object) -> Booth:
    """The booth that ``booth_to_json`` wrote, or a new one for None; ParameterError for anything else."""
    if value is None:
        return Booth()
    if not isinstance(value, dict) or value.keys() - _STEERING != {"queue", "start", "refused", "lookback", "noise"}:
        raise _damaged(say("it has other parts than it should"))
    return Booth(
        queue=from_json(value["queue"]),
        start=_start_from_json(value["start"]),
        refused=_ids_from_json(value["refused"], _REFUSED_KEPT),
        lookback=lookback_from_json(value["lookback"]),
        noise=noise_from_json(value["noise"]),
        **{name: _ids_from_json(value.get(name, []), _MOST_STEERING) for name in _STEERING},
    )


def _ids_from_json(value: object, most: int) -> tuple[TrackId, ...]:
    if not isinstance(value, list) or len(value) > most or not all(map(is_track_id, value)):
        raise _damaged(say("what should be songs are not a list of track ids"))
    return tuple(TrackId(track_id) for track_id in value)


def lookback_from_json(value: object) -> int:
    """A checked "Keep on"."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10:
        raise ParameterError(say("'Keep on' is out of range"), remedy=say("Choose 1 to 10"))
    return value


def noise_from_json(value: object) -> float:
    """A checked "Drunk"."""
    if not is_number(value) or not 0 <= value <= 1:
        raise ParameterError(say("'Drunk' is out of range"), remedy=say("Choose 0 to 1"))
    return float(value)


def token_from_json(value: object) -> str:
    """A checked token of a dropped file."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ParameterError(say("the dropped file is not known"), remedy=say("Drop it again"))
    return value


def _start_from_json(value: object) -> Start | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:
        raise _damaged(say("its start has not three parts"))
    number, token, name = value
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise _damaged(say("its start is not an entry"))
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise _damaged(say("the name of its start is not a short text"))
    return Start(EntryId(number), token if token in ("", RADIO) else token_from_json(token), name)


def start_at(entry_id: EntryId, *, token: str = "", name: str = "") -> Start:
    """A start whose name is short enough to keep."""
    return Start(entry_id, token, name[:_LONGEST_NAME])


def _damaged(what: str) -> ParameterError:
    return ParameterError(say("the saved queue is damaged: {what}", what=what), remedy=say("A new one was begun"))
