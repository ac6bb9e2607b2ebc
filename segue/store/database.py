"""The SQLite file itself: connections for many threads, transactions, and SQLite's errors in plain words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from segue.errors import EmptyLibraryError, LibraryError
from segue.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, TABLES

Connection = sqlite3.Connection

_BUSY_TIMEOUT_S = 30.0  # a scan's transactions take milliseconds; only a stuck disk makes anyone wait so long

_SCAN_FIRST = "Scan a folder first (segue scan ~/Music), or say with --data where the library lies"
_ELSEWHERE = "Choose another data folder with --data"
_DAMAGED = ("it is damaged, or not a Segue library", "Let it be looked at and mended: segue doctor --repair")
_READ_ONLY = (
    "it cannot be written",
    f"Give yourself the right to write there, or {_ELSEWHERE[0].lower()}{_ELSEWHERE[1:]}",
)
_REASONS = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space; what was scanned so far is kept"),
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", f"Check that the folder can be read and written. {_ELSEWHERE}"),
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_BUSY: ("another program holds it", "Stop the other program, or try again when it is done"),
    sqlite3.SQLITE_LOCKED: ("another program holds it", "Stop the other program, or try again when it is done"),
}


class Database:
    """One SQLite file in WAL mode: any number of readers, one writer at a time, from any thread.

    Connections are lent to whoever works and then go back to the shelf, so there are never more than threads at work.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._shelf: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._immutable = False
        self._lacking = ""  # tables that a library of an older version has not got, where it may not be given them
        self._check_place()
        with self._explained():
            self._prepare()

    def close(self) -> None:
        """Close every idle connection; those at work are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._shelf = self._shelf, []
        for connection in idle:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one unchanging state of the library."""
        with self._explained(), self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: everything in it is kept, or nothing."""
        if self.read_only:
            raise LibraryError("it was opened for reading only", remedy="Open it for writing", path=self.path)
        with self._explained(), self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:  # SQLite itself rolls back after some failures, a full disk for one
                    connection.execute("ROLLBACK")

    def _check_place(self) -> None:
        """Make the data folder where it may be made, and say in time what cannot work."""
        folder = self.path.parent
        if self.read_only and not self.path.exists():
            raise EmptyLibraryError("there is no library yet", remedy=_SCAN_FIRST, path=self.path.absolute())
        try:
            folder.mkdir(exist_ok=True)
        except FileExistsError as error:
            raise LibraryError("it is a file, not a folder", remedy=_ELSEWHERE, path=folder) from error
        except FileNotFoundError as error:
            remedy = f"Make {folder.parent} first, or mount its drive. {_ELSEWHERE}"
            raise LibraryError("the folder above the data folder is not there", remedy=remedy, path=folder) from error
        except OSError as error:
            what = f"the data folder cannot be made ({error.strerror})"
            raise LibraryError(what, remedy=_ELSEWHERE, path=folder) from error

    def _prepare(self) -> None:
        """Open the first connection, make the tables in a new file, and refuse what this version cannot read."""
        try:
            connection = self._connect()
        except sqlite3.OperationalError:
            # A WAL library in a folder that cannot be written has no place for SQLite's shared memory.
            if not self.read_only or self.path.with_name(self.path.name + "-wal").exists():
                raise
            self._immutable = True
            connection = self._connect()
        self._shelf.append(connection)
        try:
            self._check_schema(connection)
        except BaseException:
            self.close()
            raise

    def _check_schema(self, connection: Connection) -> None:
        if not self.read_only:
            connection.execute("BEGIN IMMEDIATE")  # also finds out now whether the file can be written
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if empty and not self.read_only:
            _run(connection, TABLES)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif empty:
            raise EmptyLibraryError("there is no library yet", remedy=_SCAN_FIRST, path=self.path.absolute())
        elif owner != APPLICATION_ID:
            raise LibraryError("it is another program's database", remedy=_ELSEWHERE, path=self.path)
        elif version > SCHEMA_VERSION:
            what = f"a newer Segue made it (schema {version}; this one reads up to {SCHEMA_VERSION})"
            raise LibraryError(what, remedy=f"Upgrade Segue. {_ELSEWHERE}", path=self.path)
        elif version < 1:
            what = f"its schema version is {version}, which no Segue wrote"
            raise LibraryError(what, remedy=_DAMAGED[1], path=self.path)
        else:
            self._bring_up_to_date(connection, version)
        if not self.read_only:
            connection.execute("COMMIT")
            with suppress(sqlite3.OperationalError):  # a network drive may decline it, another process do it just now
                connection.execute("PRAGMA journal_mode = WAL")  # stays with the file

    def _bring_up_to_date(self, connection: Connection, version: int) -> None:
        """Turn a library of an older version into one of this, or stand in for what it lacks if it is only read."""
        steps = "".join(MIGRATIONS[step] for step in range(version, SCHEMA_VERSION))
        if self.read_only:
            self._lacking = steps.replace("CREATE TABLE", "CREATE TEMP TABLE")
            _run(connection, self._lacking)
        elif steps:
            _run(connection, steps)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _connect(self) -> Connection:
        mode = "immutable=1" if self._immutable else "mode=ro" if self.read_only else "mode=rwc"
        # Bytes, since a name that is not UTF-8 has to reach SQLite unchanged.
        uri = f"file:{quote(str(self.path.absolute()).encode('utf-8', 'surrogateescape'))}?{mode}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")  # safe in WAL mode against a killed process
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            _run(connection, self._lacking)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        with self._lock:
            if self._closed:
                raise LibraryError("the library is closed", remedy="Open it again", path=self.path)
            connection = self._shelf.pop() if self._shelf else None
        if connection is None:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._take_back(connection)

    def _take_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._closed:
                self._shelf.append(connection)
                return
        connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into one line that names the file, the cause and the remedy."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the extended code's family
            known = _REASONS.get(code)
            what, remedy = known or (f"SQLite reports: {error}", f"Check the disk. {_ELSEWHERE}")
            raise LibraryError(what, remedy=remedy, path=self.path) from error


def _run(connection: Connection, statements: str) -> None:
    """Execute statements one by one, within whatever transaction there is."""
    for statement in statements.split(";"):
        if statement.strip():
            connection.execute(statement)
