"""Lists of songs that are kept under a name, and ways to take back what was last done to what is kept."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from segue.config import QUEUE
from segue.errors import ParameterError, one_line
from segue.play.playqueue import is_track_id
from segue.profiles import checked_name
from segue.store.kept import Kept
from segue.values import TrackId
from segue.words import later, number, say

_FORMAT = 1
_PARTS = {"format", "name", "tracks", "made_s"}
_MOST_BACKS = 50

Change = Callable[[Sequence[TrackId]], Sequence[TrackId]]
"""What a change makes of the songs of a list."""


@dataclass(frozen=True, slots=True)
class SavedList:
    """A list of songs; those that have left the library stay in it. ``made_s`` is in seconds since 1970."""

    id: str
    name: str
    tracks: tuple[TrackId, ...]
    made_s: float

    def to_json(self) -> dict[str, Any]:
        """The list as plain JSON values, its id aside."""
        return {"format": _FORMAT, "name": self.name, "tracks": list(self.tracks), "made_s": self.made_s}


class SavedLists:
    """The saved lists of one library. Safe from several threads."""

    def __init__(self, kept: Kept, *, now_s: Callable[[], float] = time.time) -> None:
        self._kept = kept
        self._now_s = now_s
        self._changing = threading.RLock()

    def all(self) -> tuple[SavedList, ...]:
        """Every list that can be read, by name."""
        found = (_list_of(list_id, body) for list_id, body in self._kept.all("list").items())
        return tuple(sorted((one for one in found if one is not None), key=lambda one: one.name.casefold()))

    def get(self, list_id: str) -> SavedList:
        """One list; raises ParameterError if there is none of that id."""
        body = self._kept.get("list", list_id)
        held = None if body is None else _list_of(list_id, body)
        if held is None:
            raise ParameterError(
                later("this playlist is not kept any more"), remedy=later("Reload the page, or save it again")
            )
        return held

    def named(self, name: str) -> SavedList | None:
        """The list of a name, whatever its case; None if there is none."""
        wanted = checked_name(name).casefold()
        return next((held for held in self.all() if held.name.casefold() == wanted), None)

    def save(self, name: str, tracks: Sequence[TrackId]) -> SavedList:
        """Keep songs under a name; a list of the same name gives way to them. Raises ParameterError."""
        with self._changing:
            held = self.named(name)
            if held is None:
                return self.create(name, tracks)
            return self.change(held.id, name=name, tracks=lambda _: tracks)

    def create(self, name: str, tracks: Sequence[TrackId]) -> SavedList:
        """Keep songs under a name that no list has; raises ParameterError."""
        with self._changing:
            made = SavedList(secrets.token_hex(8), self._free_name(name), tuple(tracks), self._now_s())
            self.put(made)
        return made

    def change(self, list_id: str, *, tracks: Change | None = None, name: str | None = None) -> SavedList:
        """Let a list hold what ``tracks`` makes of its songs, and be called otherwise; what is not given stays.

        Raises ParameterError, and the list is then as it was: where another one is called so, there is no such list, or
        there are too many songs.
        """
        with self._changing:
            held = self.get(list_id)
            changed = replace(
                held,
                name=held.name if name is None else self._free_name(name, but=list_id),
                tracks=held.tracks if tracks is None else tuple(tracks(held.tracks)),
            )
            self.put(changed)
        return changed

    def put(self, saved: SavedList) -> None:
        """Keep a list as it is, which may be empty; raises ParameterError for too many songs."""
        if len(saved.tracks) > QUEUE.longest_entries:
            raise ParameterError(
                say("a playlist of {tracks} songs", tracks=number(len(saved.tracks))),
                remedy=say("Choose at most {longest_entries}", longest_entries=number(QUEUE.longest_entries)),
            )
        with self._changing:
            self._kept.put("list", saved.id, saved.to_json(), at_s=self._now_s())

    def delete(self, list_id: str) -> SavedList:
        """Delete a list and return what it was; raises ParameterError if there is none of that id."""
        with self._changing:
            held = self.get(list_id)
            self._kept.drop("list", list_id)
        return held

    def _free_name(self, name: str, *, but: str = "") -> str:
        """A name that a list may have; raises ParameterError where another than the one of an id is called so."""
        other = self.named(name)
        if other is not None and other.id != but:
            raise ParameterError(
                say("another playlist is called '{name}'", name=one_line(other.name)),
                remedy=later("Choose another name"),
            )
        return checked_name(name)


class Backs:
    """What takes the last changes back, each once. Safe from several threads; a restart forgets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ways: OrderedDict[str, Callable[[], object]] = OrderedDict()

    def note(self, way: Callable[[], object]) -> str:
        """Remember how a change is taken back, and return the word that asks for it."""
        word = secrets.token_hex(8)
        with self._lock:
            self._ways[word] = way
            if len(self._ways) > _MOST_BACKS:
                self._ways.popitem(last=False)
        return word

    def take(self, word: str) -> None:
        """Take a change back; raises ParameterError if it was taken back already, or is too long ago."""
        with self._lock:
            way = self._ways.pop(word, None)
        if way is None:
            raise ParameterError(later("this cannot be taken back any more"), remedy=later("Do it by hand"))
        way()


def _list_of(list_id: str, body: Mapping[str, Any]) -> SavedList | None:
    """The list that `SavedList.to_json` gave; None for anything else."""
    if set(body) != _PARTS or body["format"] != _FORMAT:
        return None
    name, tracks, made_s = body["name"], body["tracks"], body["made_s"]
    if not isinstance(name, str) or not isinstance(tracks, list) or not isinstance(made_s, int | float):
        return None
    if not all(map(is_track_id, tracks)):
        return None
    return SavedList(list_id, name, tuple(TrackId(track_id) for track_id in tracks), float(made_s))
