"""Recordings that are never to be chosen, whatever else speaks for them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from segue.store.database import Connection
from segue.values import TrackId

Transaction = Callable[[], AbstractContextManager[Connection]]


class Bans:
    """The table of bans in a library. A ban outlives the file, and the memory of what was heard."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading = reading
        self._writing = writing

    def all(self) -> frozenset[TrackId]:
        """Every banned recording; a row that cannot be read bans nothing."""
        with self._reading() as db:  # in SQL, since text that is no UTF-8 would end the whole reading
            found = db.execute("SELECT track_id FROM bans WHERE track_id GLOB ?", ("[0-9a-f]" * 16,)).fetchall()
        return frozenset(TrackId(track_id) for (track_id,) in found)

    def put(self, track_id: TrackId, *, at_s: float) -> None:
        """Ban a recording from now on; one that is banned stays so."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO bans VALUES (?, ?)", (track_id, at_s))

    def drop(self, track_id: TrackId) -> bool:
        """Let a recording be chosen again; whether it was banned."""
        with self._writing() as db:
            return db.execute("DELETE FROM bans WHERE track_id = ?", (track_id,)).rowcount > 0
