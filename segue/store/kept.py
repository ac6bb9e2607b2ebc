"""What else the booth keeps: JSON objects by kind and name. What they mean is the business of those who keep them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

from segue.store.database import Connection
from segue.store.profiles import body_of
from segue.store.rows import storable

Transaction = Callable[[], AbstractContextManager[Connection]]
Kind = Literal["booth", "setting", "correction", "content", "list"]


class Kept:
    """The table of kept objects in a library. None of it changes what the library says of its tracks' vectors."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading = reading
        self._writing = writing

    def get(self, kind: Kind, name: str) -> dict[str, Any] | None:
        """What is kept under a name; None where nothing is, or it cannot be read."""
        with self._reading() as db:
            return kept_in(db, kind, name)

    def all(self, kind: Kind) -> dict[str, dict[str, Any]]:
        """All of a kind by name; what cannot be read is passed over."""
        with self._reading() as db:
            return all_kept_in(db, kind)

    def put(self, kind: Kind, name: str, body: Mapping[str, Any], *, at_s: float) -> None:
        """Keep an object; one of the same kind and name gives way to it."""
        with self._writing() as db:
            keep_in(db, kind, name, body, at_s=at_s)

    def drop(self, kind: Kind, name: str) -> bool:
        """Delete an object; whether there was one."""
        with self._writing() as db:
            return drop_in(db, kind, name)

    def drop_older(self, kind: Kind, *, than_s: float) -> int:
        """Delete all of a kind whose last change was before a time; how many there were."""
        with self._writing() as db:
            return db.execute("DELETE FROM kept WHERE kind = ? AND at_s < ?", (kind, than_s)).rowcount


def kept_in(db: Connection, kind: Kind, name: str) -> dict[str, Any] | None:
    """As `Kept.get`, within a transaction."""
    query = "SELECT CAST(body AS BLOB) FROM kept WHERE kind = ? AND name = ?"
    found = db.execute(query, (kind, storable(name))).fetchone()  # whoever asks may send half a character
    return None if found is None else body_of(found[0])


def all_kept_in(db: Connection, kind: Kind) -> dict[str, dict[str, Any]]:
    """As `Kept.all`, within a transaction."""
    # As bytes, since text that is no UTF-8 would end the whole reading.
    query = "SELECT CAST(name AS BLOB), CAST(body AS BLOB) FROM kept WHERE kind = ? ORDER BY name"
    found = db.execute(query, (kind,)).fetchall()
    bodies = ((raw.decode("utf-8", "replace"), body_of(blob)) for raw, blob in found)
    return {name: body for name, body in bodies if body is not None}


def keep_in(db: Connection, kind: Kind, name: str, body: Mapping[str, Any], *, at_s: float) -> None:
    """As `Kept.put`, within a transaction."""
    text = json.dumps(body, allow_nan=False)  # ASCII, since a name may hold half a character
    db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (kind, name, text, at_s))


def drop_in(db: Connection, kind: Kind, name: str) -> bool:
    """As `Kept.drop`, within a transaction."""
    return db.execute("DELETE FROM kept WHERE kind = ? AND name = ?", (kind, name)).rowcount > 0
