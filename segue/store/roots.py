"""Which folders a library was scanned from, and whether they are watched: two rows of its meta table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from segue.store.database import Connection

Transaction = Callable[[], AbstractContextManager[Connection]]

_FOLDERS = "roots"
_SWITCH = "watch"
_BELOW = (
    "SELECT path FROM paths WHERE path >= :first AND path < :end"
    " UNION SELECT path FROM scan_errors WHERE path >= :first AND path < :end"
)


class Roots:
    """The folders that were scanned, of which none lies in another, and the switch of the watch."""

    def __init__(self, reading: Transaction, changing: Transaction) -> None:
        self._reading = reading
        self._changing = changing

    def folders(self) -> tuple[Path, ...]:
        """The folders, sorted; they need not be there at the moment."""
        with self._reading() as db:
            return _folders(db)

    def add(self, folders: Iterable[Path]) -> None:
        """Note folders by their real, absolute paths; one within another goes without saying."""
        new = set(folders)
        if _outermost(new.union(held := self.folders())) == list(held):
            return
        with self._changing() as db:
            _put(db, _outermost(new.union(_folders(db))))

    def remove(self, folder: Path) -> None:
        """Take a folder off the list; nothing, where it is not on it."""
        with self._changing() as db:
            _put(db, [held for held in _folders(db) if held != folder])

    def files_below(self, folder: Path) -> tuple[Path, ...]:
        """The files in a folder and in its folders that the library holds, or could not read."""
        with self._reading() as db:
            return tuple(Path(os.fsdecode(path)) for (path,) in db.execute(_BELOW, _span(folder)))

    def count_below(self, folder: Path) -> int:
        """How many those are."""
        with self._reading() as db:
            return int(db.execute(f"SELECT COUNT(*) FROM ({_BELOW})", _span(folder)).fetchone()[0])  # noqa: S608 - ours

    @property
    def watched(self) -> bool:
        """Whether the listener wants them watched; so it is until said otherwise."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (_SWITCH,)).fetchone()
        return row is None or bool(row[0])

    def watch(self, *, on: bool) -> None:
        """Keep what the listener wants."""
        with self._changing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_SWITCH, int(on)))


def _span(folder: Path) -> dict[str, bytes]:
    """Between which paths those lie that begin with a folder: from its separator on, up to the next character."""
    first = os.path.join(os.fsencode(folder), b"")  # noqa: PTH118 - as bytes, with a separator at its end
    return {"first": first, "end": first[:-1] + bytes([first[-1] + 1])}


def _folders(db: Connection) -> tuple[Path, ...]:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_FOLDERS,)).fetchone()
    return () if row is None else tuple(Path(text) for text in json.loads(row[0]))


def _put(db: Connection, folders: Iterable[Path]) -> None:
    # ASCII JSON keeps the halves of characters that stand for the bytes of a name that is not UTF-8.
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_FOLDERS, json.dumps([str(path) for path in folders])))


def _outermost(folders: Iterable[Path]) -> list[Path]:
    kept: list[Path] = []
    for folder in sorted(folders):
        if not any(folder.is_relative_to(root) for root in kept):
            kept.append(folder)
    return kept
