"""The queue: an immutable value, and functions from one state to the next.

Every change makes a new version. Changes of the entries can be undone; moving the playhead cannot, for one simply
moves it back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, get_args

from segue.config import QUEUE
from segue.errors import ParameterError
from segue.values import EntryId, Origin, TrackId
from segue.words import later, say

_FORMAT = 1
_LARGEST = 2**53 - 1
"""The largest whole number that a browser keeps exactly."""

_TRACK_ID = re.compile(r"[0-9a-f]{16}")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Song:
    """What is to be queued: a track, who wants it, and why."""

    track_id: TrackId
    origin: Origin = "picked"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the queue."""

    id: EntryId
    track_id: TrackId
    origin: Origin
    why: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A state to go back to; ``seen`` is the entry that was current just after the change that left it."""

    entries: tuple[Entry, ...]
    current_id: EntryId | None
    seen: EntryId | None


@dataclass(frozen=True, slots=True)
class Queue:
    """Entries in playing order, the one that plays (None before the first), and the way back."""

    entries: tuple[Entry, ...] = ()
    current_id: EntryId | None = None
    version: int = 0
    next_id: int = 1
    undo_steps: tuple[Step, ...] = ()
    redo_steps: tuple[Step, ...] = ()

    @property
    def position(self) -> int | None:
        """Place of the current entry, counted from 0; None if nothing is current."""
        return None if self.current_id is None else _place(self, self.current_id)

    @property
    def current(self) -> Entry | None:
        """The entry that plays."""
        position = self.position
        return None if position is None else self.entries[position]

    @property
    def played(self) -> tuple[Entry, ...]:
        """What came before the current entry."""
        return self.entries[: self.position or 0]

    @property
    def upcoming(self) -> tuple[Entry, ...]:
        """What comes after the current entry: everything if nothing is current."""
        return self.entries[_next_place(self) :]

    @property
    def track_ids(self) -> tuple[TrackId, ...]:
        """Every track heard or queued, in playing order."""
        return tuple(entry.track_id for entry in self.entries)


def append(queue: Queue, songs: Sequence[Song], *, undoable: bool = True) -> Queue:
    """Add songs at the end.

    With ``undoable=False`` (Segue topping the queue up) the songs join every remembered state as well, so that undo
    takes back what the listener did last and leaves them where they are.
    """
    new, next_id = _entries(queue, songs)
    if undoable:
        return _edited(queue, (*queue.entries, *new), queue.current_id, next_id=next_id)
    if not new:
        return queue
    return _changed(
        queue,
        entries=_fit((*queue.entries, *new), queue.current_id),
        next_id=next_id,
        undo_steps=_joined(queue.undo_steps, new),
        redo_steps=_joined(queue.redo_steps, new),
    )


def remove(queue: Queue, entry_id: EntryId) -> Queue:
    """Take an entry out; if it was current, the one that takes its place is, or else the last one."""
    at = _place(queue, entry_id)
    entries = (*queue.entries[:at], *queue.entries[at + 1 :])
    current_id = queue.current_id
    if current_id == entry_id:
        current_id = entries[min(at, len(entries) - 1)].id if entries else None
    return _edited(queue, entries, current_id)


def clear_upcoming(queue: Queue) -> Queue:
    """Drop everything after the current entry."""
    return replace_upcoming(queue, ())


def replace_upcoming(queue: Queue, songs: Sequence[Song]) -> Queue:
    """Put these songs in the place of everything after the current entry."""
    new, next_id = _entries(queue, songs)
    kept = queue.entries[: _next_place(queue)]
    return _edited(queue, (*kept, *new), queue.current_id, next_id=next_id)


def move(queue: Queue, entry_id: EntryId, to: int) -> Queue:
    """Move an entry that is still to come to a place among those, counted from 0; a place beyond the last is the last.

    What stands before it then stays there too: it and all before it are the listener's picks from now on, under new
    ids where they were not. Raises ParameterError for an entry that plays or has played.
    """
    first = _next_place(queue)
    at = _place(queue, entry_id)
    if at < first:
        raise ParameterError(later("this song has begun already"), remedy=later("Move one that is still to come"))
    others = [*queue.entries[first:at], *queue.entries[at + 1 :]]
    place = max(0, min(to, len(others)))
    ordered = [*others[:place], queue.entries[at], *others[place:]]
    next_id = queue.next_id
    for position, entry in enumerate(ordered[: place + 1]):
        if entry.origin == "chosen":
            ordered[position] = replace(entry, id=EntryId(next_id), origin="picked")
            next_id += 1
    return _edited(queue, (*queue.entries[:first], *ordered), queue.current_id, next_id=next_id)


def jump(queue: Queue, entry_id: EntryId) -> Queue:
    """Make an entry the current one."""
    _place(queue, entry_id)
    return queue if queue.current_id == entry_id else _changed(queue, current_id=entry_id)


def go_next(queue: Queue) -> Queue:
    """Make the next entry current; at the end the queue stays as it is."""
    at = _next_place(queue)
    return jump(queue, queue.entries[at].id) if at < len(queue.entries) else queue


def go_previous(queue: Queue) -> Queue:
    """Make the entry before current; at the beginning the queue stays as it is."""
    return jump(queue, queue.entries[queue.position - 1].id) if queue.position else queue


def undo(queue: Queue) -> Queue:
    """Take the last change of the entries back; what plays goes on playing if it is still there."""
    if not queue.undo_steps:
        return queue
    step = queue.undo_steps[-1]
    back = _restored(queue, step)
    forth = Step(queue.entries, queue.current_id, back.current_id)
    return replace(back, undo_steps=queue.undo_steps[:-1], redo_steps=(*queue.redo_steps, forth))


def redo(queue: Queue) -> Queue:
    """Make the change that was undone last again."""
    if not queue.redo_steps:
        return queue
    step = queue.redo_steps[-1]
    forth = _restored(queue, step)
    back = Step(queue.entries, queue.current_id, forth.current_id)
    return replace(forth, undo_steps=(*queue.undo_steps, back), redo_steps=queue.redo_steps[:-1])


def is_track_id(value: object) -> TypeGuard[str]:
    """Whether a value has the form of a track id."""
    return isinstance(value, str) and _TRACK_ID.fullmatch(value) is not None


def to_json(queue: Queue) -> dict[str, Any]:
    """The queue as plain JSON values, each entry written once however many remembered states hold it."""
    states = (queue.entries, *(step.entries for step in (*queue.undo_steps, *queue.redo_steps)))
    table = {entry.id: entry for entries in states for entry in entries}
    return {
        "format": _FORMAT,
        "version": queue.version,
        "next_id": queue.next_id,
        "current": queue.current_id,
        "table": [[e.id, e.track_id, e.origin, e.why] for e in table.values()],
        "entries": [e.id for e in queue.entries],
        "undo": [_step_to_json(step) for step in queue.undo_steps],
        "redo": [_step_to_json(step) for step in queue.redo_steps],
    }


def from_json(value: object) -> Queue:
    """The queue that ``to_json`` wrote; ParameterError for anything else, for the browser may send what it likes."""
    data = _exactly(value, {"format", "version", "next_id", "current", "table", "entries", "undo", "redo"})
    if data["format"] != _FORMAT:
        raise _bad(f"its format is {_shown(data['format'])}")
    next_id = _whole(data["next_id"], least=1)
    states = 1 + 2 * QUEUE.undo_steps
    table: dict[int, Entry] = {}
    for row in _list(data["table"], QUEUE.longest_entries * states):
        entry = _entry_from_json(row)
        if entry.id >= next_id or entry.id in table:
            raise _bad(f"the entry id {entry.id} is out of order or comes twice")
        table[entry.id] = entry
    entries = _state_from_json(data["entries"], table)
    undo_steps, redo_steps = (
        tuple(_step_from_json(step, table, next_id=next_id) for step in _list(data[name], QUEUE.undo_steps))
        for name in ("undo", "redo")
    )
    return Queue(
        entries=entries,
        current_id=_current_from_json(data["current"], entries),
        version=_whole(data["version"], least=0),
        next_id=next_id,
        undo_steps=undo_steps,
        redo_steps=redo_steps,
    )


def _changed(queue: Queue, **changes: Any) -> Queue:
    """The queue with these changes and the next version."""
    return replace(queue, version=queue.version + 1, **changes)


def _edited(
    queue: Queue, entries: tuple[Entry, ...], current_id: EntryId | None, *, next_id: int | None = None
) -> Queue:
    """The queue with other entries and a way back; the queue itself if nothing is different."""
    if entries == queue.entries and current_id == queue.current_id:
        return queue
    step = Step(queue.entries, queue.current_id, current_id)
    return _changed(
        queue,
        entries=_fit(entries, current_id),
        current_id=current_id,
        next_id=queue.next_id if next_id is None else next_id,
        undo_steps=(*queue.undo_steps, step)[-QUEUE.undo_steps :],
        redo_steps=(),
    )


def _restored(queue: Queue, step: Step) -> Queue:
    """The entries of a step; what plays goes on unless the change itself had put it there or it is gone."""
    moved_on = queue.current_id != step.seen
    entries = _with_current(queue, step.entries) if moved_on else step.entries
    there = any(entry.id == queue.current_id for entry in entries)
    current_id = queue.current_id if there and moved_on else step.current_id
    return _changed(queue, entries=entries, current_id=current_id)


def _with_current(queue: Queue, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The same songs in an earlier order, with what plays in place of itself under the id that it had before `move`."""
    current, known = queue.current, {entry.id for entry in queue.entries}
    if current is None or sorted(entry.track_id for entry in entries) != sorted(queue.track_ids):
        return entries
    for place, entry in enumerate(entries):
        if entry.track_id == current.track_id and entry.id not in known:
            return (*entries[:place], current, *entries[place + 1 :])
    return entries


def _joined(steps: tuple[Step, ...], new: tuple[Entry, ...]) -> tuple[Step, ...]:
    """The steps with new entries at the end of each; one that grows too long is forgotten, and all beyond it."""
    joined: list[Step] = []
    for step in reversed(steps):
        try:
            joined.append(replace(step, entries=_fit((*step.entries, *new), step.current_id)))
        except ParameterError:
            break
    return tuple(reversed(joined))


def _fit(entries: tuple[Entry, ...], current_id: EntryId | None) -> tuple[Entry, ...]:
    """At most the longest queue: the oldest played entries leave first; what is still to come never does."""
    surplus = len(entries) - QUEUE.longest_entries
    if surplus <= 0:
        return entries
    played = next((i for i, entry in enumerate(entries) if entry.id == current_id), 0)
    if played < surplus:
        raise ParameterError(
            say("the queue would hold more than {longest_entries} entries", longest_entries=QUEUE.longest_entries),
            remedy=later("Clear what is still to come"),
        )
    return entries[surplus:]


def _entries(queue: Queue, songs: Sequence[Song]) -> tuple[tuple[Entry, ...], int]:
    """Entries with fresh ids for these songs, and the id after them."""
    new = tuple(
        Entry(EntryId(number), song.track_id, song.origin, song.why[: QUEUE.longest_why])
        for number, song in enumerate(songs, start=queue.next_id)
    )
    return new, queue.next_id + len(new)


def _place(queue: Queue, entry_id: EntryId) -> int:
    for place, entry in enumerate(queue.entries):
        if entry.id == entry_id:
            return place
    raise ParameterError(
        say("the queue has no entry {entry_id}", entry_id=repr(entry_id)),
        remedy=later("Reload the page; the queue has changed"),
    )


def _next_place(queue: Queue) -> int:
    position = queue.position
    return 0 if position is None else position + 1


def _bad(what: str) -> ParameterError:
    return ParameterError(say("the saved queue is damaged: {what}", what=what), remedy=later("Start a new queue"))


def _step_to_json(step: Step) -> list[Any]:
    return [[entry.id for entry in step.entries], step.current_id, step.seen]


def _step_from_json(value: object, table: dict[int, Entry], *, next_id: int) -> Step:
    row = _list(value, 3)
    if len(row) != 3:
        raise _bad("a step has not three parts")
    entries = _state_from_json(row[0], table)
    seen = None if row[2] is None else EntryId(_whole(row[2], least=1, most=next_id - 1))
    return Step(entries, _current_from_json(row[1], entries), seen)


def _state_from_json(value: object, table: dict[int, Entry]) -> tuple[Entry, ...]:
    numbers = [_whole(number, least=1) for number in _list(value, QUEUE.longest_entries)]
    if len(set(numbers)) != len(numbers) or not table.keys() >= set(numbers):
        raise _bad("an entry id comes twice or stands for nothing")
    return tuple(table[number] for number in numbers)


def _current_from_json(value: object, entries: tuple[Entry, ...]) -> EntryId | None:
    if value is None:
        return None
    number = _whole(value, least=1)
    if all(entry.id != number for entry in entries):
        raise _bad(f"the current entry {number} is not in it")
    return EntryId(number)


def _entry_from_json(value: object) -> Entry:
    row = _list(value, 4)
    if len(row) != 4:
        raise _bad("an entry has not four parts")
    number, track_id, origin, why = row
    if not is_track_id(track_id):
        raise _bad(f"{_shown(track_id)} is not a track id")
    if not isinstance(origin, str) or origin not in get_args(Origin):
        raise _bad(f"{_shown(origin)} is not an origin")
    if not isinstance(why, str) or len(why) > QUEUE.longest_why or _LONE_SURROGATE.search(why):
        raise _bad("a reason is not a short text")
    return Entry(EntryId(_whole(number, least=1)), TrackId(track_id), "chosen" if origin == "chosen" else "picked", why)


def _exactly(value: object, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        raise _bad("it has other parts than a queue has")
    return value


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _bad(f"a list of at most {most} was expected")
    return value


def _whole(value: object, *, least: int, most: int = _LARGEST) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _bad(f"{_shown(value)} is not a number from {least} to {most}")
    return value


def _shown(value: object) -> str:
    """A received value in a message: short, and without turning a number of a million digits into text."""
    return repr(value[:40]) if isinstance(value, str) else f"a value of type {type(value).__name__}"
