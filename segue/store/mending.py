"""A damaged library.db: what is wrong with it, and how it becomes sound again without anybody's music being touched."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from segue.errors import LibraryError
from segue.files import access_error
from segue.store.inspecting import Connection, Damage, find_damage, fresh_library, mend, version_by_tables
from segue.store.schema import APPLICATION_ID, SCHEMA_VERSION

_BUSY_S = 5.0
_HEADER_BYTES = 100
_MOST_PROBED = 1_000_000  # rows between the damage's two ends; a damaged number may claim any
_MOST_BEYOND = 50_000  # rows behind the damage where the other end cannot be read either
_JOURNALS = ("-wal", "-journal")  # what SQLite keeps beside a file that was not closed
_MAGIC = b"SQLite format 3\0"
_OURS = frozenset({"tracks", "paths", "slice_vectors", "scan_errors", "meta"})
_MALFORMED = "pages of the database are damaged"
_REINDEX = "the indexes are made anew"
_TAKE_IN = "its journal is taken in"
_REBUILD = "a new one is made of what can be read"
_LOST = "what cannot be read is heard anew by the next scan"


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did: where the library lies as it was, what was mended, and how many tracks there are now.

    ``unread`` names the tables of which nothing could be read, and ``saved`` is False where nothing at all could.
    """

    backup: Path | None
    mended: tuple[Damage, ...]
    tracks: int
    unread: tuple[str, ...] = ()
    saved: bool = True


@dataclass(slots=True)
class _Salvage:
    """What came of a damaged file, by table."""

    rows: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    in_part: list[str] = field(default_factory=list)

    @property
    def saved(self) -> bool:
        return not self.unread or any(count for table, count in self.rows.items() if table != "meta")

    def damages(self) -> tuple[Damage, ...]:
        return (
            *(
                Damage(f"the table '{name}' cannot be read", "it is made anew, empty", "all of it")
                for name in self.unread
            ),
            *(Damage(f"the table '{name}' can be read in part", "that is kept", "the rest") for name in self.in_part),
        )


def inspect(path: Path) -> tuple[Damage, ...]:
    """What is wrong with a library's file, which is not changed.

    Raises
    ------
    LibraryError
        If it is another program's, a newer Segue's, or cannot be read at all for a reason that is no damage.
    """
    if not path.exists() or path.stat().st_size == 0:
        return ()
    try:
        with _opened(path, "ro") as db:
            db.execute("BEGIN")  # one state of it, though a scan may be running
            _check_owner(db, path)
            if said := _integrity(db):
                return (said,)
            return find_damage(db)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_ROLLBACK:
            return (Damage("something that was writing it was killed", _TAKE_IN, "what was just being written"),)
        _explain(error, path)
        return (Damage(f"{_MALFORMED} ({error})", _REBUILD, _LOST),)


def repair(path: Path) -> Repair:
    """Mend a library's file as far as that can be; the file as it was is kept beside it.

    Raises
    ------
    LibraryError
        As `inspect` does, and if another program holds the library.
    FileAccessError
        If there is no place for the copy.
    """
    wrong = inspect(path)
    if not wrong:
        return Repair(None, (), _count_tracks(path))
    backup = _back_up(path)  # first, since whoever opens a library takes its journal in
    try:
        _check_free(path)
    except LibraryError:
        _remove(backup)
        raise
    if any(damage.cure == _REBUILD for damage in wrong):
        return _rebuilt(path, backup, wrong)
    try:
        with _opened(path, "rw") as db:
            db.execute("REINDEX")
            mended = mend(db)
    except sqlite3.DatabaseError as error:
        _explain(error, path)
        return _rebuilt(path, backup, (Damage(f"it could not be mended in place ({error})", _REBUILD, _LOST),))
    found = tuple(damage for damage in wrong if damage.cure in (_REINDEX, _TAKE_IN))
    return Repair(backup, (*found, *mended), _count_tracks(path))


# Looking --------------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[Connection]:
    with closing(_connect(path, f"mode={mode}")) as first:
        is_blocked = mode == "ro" and _has_no_place_for_wal(first, path)
        if not is_blocked:
            yield first
            return
    with closing(_connect(path, "immutable=1")) as db:
        yield db


def _connect(path: Path, mode: str) -> Connection:
    uri = f"file:{quote(str(path.absolute()).encode('utf-8', 'surrogateescape'))}?{mode}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)


def _has_no_place_for_wal(db: Connection, path: Path) -> bool:
    """Whether it lies in a folder that cannot be written: it is then read as `segue.store.database` reads it."""
    if path.with_name(f"{path.name}-wal").exists():
        return False
    try:
        db.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN
    return False


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        _explain(error, path)
        what = f"it could not be mended ({error})"
        remedy = "The file as it was lies beside it; move library.db away and scan the music again"
        raise LibraryError(what, remedy=remedy, path=path) from error


def _explain(error: sqlite3.Error, path: Path) -> None:
    """Raise LibraryError for what is no damage of the file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        remedy = "Stop the booth and any scan, then try again"
        raise LibraryError("another program holds it", remedy=remedy, path=path) from error
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        raise LibraryError(
            f"the disk does not take or give it ({error})", remedy="Check the disk", path=path
        ) from error
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY):
        remedy = "Give your user the right to read and write it and its folder"
        raise LibraryError(f"it cannot be opened ({error})", remedy=remedy, path=path) from error


def _check_owner(db: Connection, path: Path) -> None:
    """Keep away from what is not ours to mend."""
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if owner != APPLICATION_ID and not names >= _OURS:
        raise LibraryError("it is another program's database", remedy="Choose another --data", path=path)
    if version > SCHEMA_VERSION and owner == APPLICATION_ID:
        what = f"a newer Segue made it (schema {version}; this one reads up to {SCHEMA_VERSION})"
        raise LibraryError(what, remedy="Upgrade Segue", path=path)


def _integrity(db: Connection) -> Damage | None:
    """What SQLite itself finds: damaged indexes can be made anew, damaged pages cannot."""
    said = [str(line) for (line,) in db.execute("PRAGMA integrity_check(50)")]
    if said == ["ok"]:
        return None
    if all("index" in line for line in said):
        return Damage(f"indexes of the database are damaged ({said[0]})", _REINDEX, "nothing is lost")
    return Damage(f"{_MALFORMED} ({said[0].splitlines()[-1]})", _REBUILD, _LOST)


def _count_tracks(path: Path) -> int:
    if not path.exists() or path.stat().st_size == 0:
        return 0
    with _explained(path), _opened(path, "ro") as db:
        return int(db.execute("SELECT count(*) FROM tracks").fetchone()[0])


# Copying and rebuilding -----------------------------------------------------------------------------------------------


def _check_free(path: Path) -> None:
    """Raise LibraryError if another program has it open, as far as that can be told of a damaged file."""
    try:
        with _opened(path, "rw") as db:
            db.execute("PRAGMA journal_mode = DELETE")  # fails as long as anyone else has it open
    except sqlite3.DatabaseError as error:
        _explain(error, path)


def _back_up(path: Path) -> Path:
    """Copy the file, and its journal if it has one, beside it; the copy's name says when that was."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    backup = path.with_name(f"{path.name}.before-repair-{stamp}")
    try:
        for suffix in ("", *_JOURNALS):
            source = path.with_name(path.name + suffix)
            if source.exists():
                shutil.copy2(source, backup.with_name(backup.name + suffix))
    except OSError as error:
        _remove(backup)
        raise access_error(error, backup) from error
    return backup


def _remove(path: Path) -> None:
    """Delete a database, and its journals."""
    for suffix in ("", *_JOURNALS, "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _rebuilt(path: Path, backup: Path, wrong: tuple[Damage, ...]) -> Repair:
    """Rebuild it, and say what of it could not be read."""
    salvage, mended = _rebuild(path)
    said = (*wrong, *salvage.damages(), *mended)
    return Repair(backup, said, _count_tracks(path), tuple(salvage.unread), salvage.saved)


def _rebuild(path: Path) -> tuple[_Salvage, tuple[Damage, ...]]:
    """Put a new database in the place of a damaged one, with all that can be read and is whole."""
    new = path.with_name(f"{path.name}.new")
    _remove(new)
    with _explained(path), closing(sqlite3.connect(new, isolation_level=None)) as db:
        with closing(fresh_library()) as fresh:
            fresh.backup(db)
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("BEGIN")  # one transaction: a thousand would each wait for the disk
        salvage = _salvage(path, db)
        db.execute("COMMIT")
        mended = mend(db)
        db.execute("UPDATE meta SET value = value + 1 WHERE key IN ('version', 'content')")  # whatever was kept of it
    try:
        for suffix in (*_JOURNALS, "-shm"):  # of the damaged file, and would be taken for the new one's
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        new.replace(path)
    except OSError as error:
        raise access_error(error, path) from error
    return salvage, mended


def _salvage(path: Path, new: Connection) -> _Salvage:
    """Copy every row that can be read; where not even the header can, it is put right in a copy first."""
    found = _Salvage()
    tables = [name for (name,) in new.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    patched = _with_header(path)
    try:
        with _opened(patched or path, "rw" if patched else "ro") as old:
            old.text_factory = lambda blob: blob.decode("utf-8", "replace")
            held = _tables_of(old)
            for table in tables:
                if held is None or table in held:
                    _salvage_table(old, new, table, found)
    finally:
        if patched is not None:
            _remove(patched)
    return found


def _tables_of(old: Connection) -> set[str] | None:
    """The tables to look for: all (None), unless the file is readable and of a version that had fewer."""
    # A file shorter than its header says is refused as a whole, and so is a schema with one damaged entry.
    old.execute("PRAGMA writable_schema = ON")
    with suppress(sqlite3.DatabaseError):
        old.execute("SELECT count(*) FROM sqlite_master")  # the first look at a damaged schema fails, later ones do not
    try:
        version = old.execute("PRAGMA user_version").fetchone()[0]
        if max(version, version_by_tables(old)) >= SCHEMA_VERSION:
            return None
        return {name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} | _OURS
    except sqlite3.DatabaseError:
        return None


def _salvage_table(old: Connection, new: Connection, table: str, found: _Salvage) -> None:
    """Copy what can be read of one table, and note how much that was."""
    wanted = [name for _, name, *_ in new.execute(f"PRAGMA table_info({table})")]
    held: set[str] = set()
    with suppress(sqlite3.DatabaseError):
        held = {name for _, name, *_ in old.execute(f"PRAGMA table_info({table})")}
    columns = [name for name in wanted if name in held]
    if not columns:
        found.unread.append(table)
        return
    marks = ", ".join("?" for _ in columns)
    listed = ", ".join(columns)
    put = f"INSERT OR {'REPLACE' if table == 'meta' else 'IGNORE'} INTO {table} ({listed}) VALUES ({marks})"
    rows = _Rows(old, table, listed)
    count = 0
    for row in rows:
        count += 1
        with suppress(sqlite3.IntegrityError):  # a column that must not be empty is: this row is one of the lost
            new.execute(put, row)
    found.rows[table] = count
    if rows.damaged:
        (found.in_part if count else found.unread).append(table)


class _Rows:
    """Every row that can be read: from the front up to the damage, from the back down to it, then one by one."""

    def __init__(self, old: Connection, table: str, columns: str) -> None:
        self._old = old
        self._select = f"SELECT {columns} FROM {table}"
        self._number = "key" if table == "meta" else "rowid"
        self.damaged = False

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        reached: list[int] = []
        for direction in ("ASC", "DESC"):
            last: object = 0
            try:
                for place, *row in self._old.execute(self._ordered(direction)):
                    last = place
                    yield tuple(row)
            except sqlite3.DatabaseError:
                self.damaged = True
                reached.append(last if isinstance(last, int) else 0)
            else:
                return
        if self._number == "rowid":
            yield from self._between(*reached)

    def _ordered(self, direction: str) -> str:
        return f"{self._select.replace('SELECT ', f'SELECT {self._number}, ')} ORDER BY {self._number} {direction}"

    def _between(self, front: int, back: int) -> Iterator[tuple[object, ...]]:
        """The rows within the damage; where not one could be read from the back, its end is not known."""
        end = min(back, front + _MOST_PROBED) if back else front + _MOST_BEYOND
        for number in range(front + 1, end):
            with suppress(sqlite3.DatabaseError):
                yield from self._old.execute(f"{self._select} WHERE rowid = ?", (number,))


def _with_header(path: Path) -> Path | None:
    """A copy with a header as it should be, where the file's own is none any more; None where it is one."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) == _MAGIC:
            return None
    copy = path.with_name(f"{path.name}.salvage")
    shutil.copyfile(path, copy)
    fresh = fresh_library().serialize()[:_HEADER_BYTES]
    with copy.open("r+b") as file:
        file.write(fresh)
        file.seek(28)
        file.write((copy.stat().st_size // 4096).to_bytes(4, "big"))
    return copy
