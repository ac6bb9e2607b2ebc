"""Saved ways of choosing: a JSON object under a name. What it means is the business of those who save it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from segue.store.database import Connection

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The profiles by name, and the names of those whose body cannot be read."""

    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()


class Profiles:
    """The table of profiles in a library."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading = reading
        self._writing = writing

    def all(self) -> Shelf:
        """Every profile, by name; a damaged one is only named."""
        with self._reading() as db:  # as bytes, since text that is no UTF-8 would end the whole reading
            found = db.execute("SELECT CAST(name AS BLOB), CAST(body AS BLOB) FROM profiles ORDER BY name").fetchall()
        bodies: dict[str, Mapping[str, Any]] = {}
        damaged: list[str] = []
        for raw, blob in found:
            name, body = raw.decode("utf-8", "replace"), body_of(blob)
            if body is None:
                damaged.append(name)
            else:
                bodies[name] = body
        return Shelf(bodies, tuple(damaged))

    def put(self, name: str, body: Mapping[str, Any]) -> None:
        """Keep a profile; one of the same name gives way to it."""
        text = json.dumps(body, allow_nan=False)  # ASCII, since a name may hold half a character
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO profiles VALUES (?, ?)", (name, text))

    def drop(self, name: str) -> bool:
        """Delete a profile; whether there was one."""
        with self._writing() as db:
            return db.execute("DELETE FROM profiles WHERE name = ?", (name,)).rowcount > 0


def body_of(blob: object) -> dict[str, Any] | None:
    """The JSON object that a profile's bytes hold; None where they hold none."""
    try:
        body = json.loads(blob.decode()) if isinstance(blob, bytes) else None
    except (ValueError, RecursionError):  # a UnicodeDecodeError is a ValueError
        return None
    return body if isinstance(body, dict) else None
