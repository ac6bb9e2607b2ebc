"""What may be wrong inside a library: its schema, its rows, and the vectors in them; found, and mended in place."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass

import numpy as np

from segue.errors import one_line
from segue.store import rows
from segue.store.events import SWITCHES, event_of
from segue.store.profiles import body_of
from segue.store.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from segue.values import Floats

Connection = sqlite3.Connection

_UNIT = 0.02  # float16 is within a thousandth of unit length; beyond this the bytes are not what was written
_ID = re.compile(r"[0-9a-f]{16}")
_EAR = re.compile(r"[^/]+/[^/]+")


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong: what it is, how it can be mended, and what is lost by that."""

    what: str
    cure: str
    lost: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.cure}" + (f" ({self.lost})" if self.lost else "")


@dataclass(frozen=True, slots=True)
class _Fault:
    damage: Damage
    mend: Callable[[Connection], object]


def _by(statement: str, *values: object) -> Callable[[Connection], object]:
    """Mend it by one statement."""
    return lambda db: db.execute(statement, values)


def find_damage(db: Connection) -> tuple[Damage, ...]:
    """What is wrong in a library whose pages can be read; nothing is changed. Raises sqlite3.DatabaseError."""
    return tuple(fault.damage for fault in _faults(db))


def mend(db: Connection) -> tuple[Damage, ...]:
    """Mend what is wrong, all of it or nothing, and return what that was; raises sqlite3.DatabaseError."""
    done: list[Damage] = []
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN IMMEDIATE")
    try:
        for check in _CHECKS:  # one after the other, since a track that goes takes its rows along
            for fault in check(db):
                fault.mend(db)
                done.append(fault.damage)
        if done:
            for key in ("version", "content"):
                db.execute("UPDATE meta SET value = value + 1 WHERE key = ?", (key,))
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return tuple(done)


def _faults(db: Connection) -> Iterator[_Fault]:
    for check in _CHECKS:
        yield from check(db)


# The schema -----------------------------------------------------------------------------------------------------------


def fresh_library() -> Connection:
    """An empty library in memory, to compare with."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(TABLES)
    return db


def version_by_tables(db: Connection) -> int:
    """The schema version that the tables speak of."""
    names = _names(db)
    came_with = {"events": SCHEMA_VERSION, "rhythms": 3, "heard_tags": 2}
    return next((version for table, version in came_with.items() if table in names), 1)


def _names(db: Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master")}


def _check_marks(db: Connection) -> Iterator[_Fault]:
    """The application's mark and the schema's version in the file's header."""
    marks = (
        ("application_id", APPLICATION_ID, APPLICATION_ID),
        ("user_version", version_by_tables(db), SCHEMA_VERSION),
    )
    for name, right, newest in marks:
        found = db.execute(f"PRAGMA {name}").fetchone()[0]
        if found != right and not (name == "user_version" and 1 <= found <= newest):
            damage = Damage(f"its {name} is {found}, which no Segue wrote", f"it is set to {right}")
            yield _Fault(damage, _by(f"PRAGMA {name} = {right}"))


def _check_tables(db: Connection) -> Iterator[_Fault]:
    """Tables and indexes that are not there; those of a newer version come when the library is next opened."""
    if db.execute("PRAGMA user_version").fetchone()[0] not in (0, SCHEMA_VERSION):
        return
    fresh = fresh_library()
    held = _names(db)
    for name, statement in fresh.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall():
        if name not in held:
            yield _Fault(
                Damage(f"the table or index '{name}' is not there", "it is made anew, empty"),
                _by(statement),
            )
    fresh.close()


def _check_meta(db: Connection) -> Iterator[_Fault]:
    """The counters, and the choices that are kept."""
    held = dict(db.execute("SELECT key, value FROM meta").fetchall())
    for key in ("version", "content"):
        if not isinstance(held.get(key), int):
            yield _Fault(
                Damage(f"its counter '{key}' {_said(held.get(key))}", "it begins anew"),
                _by("INSERT OR REPLACE INTO meta VALUES (?, 1)", key),
            )
    for key, is_right in (("ear", _is_ear), ("roots", _is_json), ("taste", SWITCHES.__contains__)):
        if key in held and not is_right(held[key]):
            yield _Fault(
                Damage(f"what it keeps as '{key}' cannot be read", "it is dropped"),
                _by("DELETE FROM meta WHERE key = ?", key),
            )


def _said(value: object) -> str:
    return "is not there" if value is None else f"is {value!r}"


def _is_ear(value: object) -> bool:
    return isinstance(value, str) and _EAR.fullmatch(value) is not None


def _is_json(value: object) -> bool:
    try:
        held = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return isinstance(held, list) and all(isinstance(path, str) for path in held)


# Tracks, files and what hangs on them ---------------------------------------------------------------------------------

_PARTS = ("slice_vectors", "track_vectors", "ends", "heard_tags", "rhythms", "paths")


def _parts(db: Connection) -> list[str]:
    return [part for part in _PARTS if part in _names(db)]


def _check_tracks(db: Connection) -> Iterator[_Fault]:
    """Tracks whose row cannot be read, or that lie nowhere: they would be in every list and could not be played."""
    db.text_factory = bytes
    try:
        found = db.execute(
            "SELECT rowid, id, title, artist, album, genre, duration_s, tag_words, all_words FROM tracks"
        )
        unread = [row[0] for row in found if not _is_track(row[1:])]
    finally:
        db.text_factory = str
    if unread:
        yield _drop(
            "tracks", unread, f"{_count(unread, 'track')} whose tags cannot be read", "the next scan hears them"
        )
    gone = f"rowid NOT IN ({', '.join(map(str, unread))}) AND " if unread else ""
    lost = [
        row for (row,) in db.execute(f"SELECT rowid FROM tracks WHERE {gone}id NOT IN (SELECT track_id FROM paths)")
    ]
    if lost:
        yield _drop(
            "tracks", lost, f"{_count(lost, 'track')} that lie nowhere", "the next scan hears them where they do"
        )


def _is_track(row: tuple[object, ...]) -> bool:
    track_id, *texts = (row[0], *row[1:5], *row[6:])
    if not isinstance(track_id, bytes) or not isinstance(row[5], float | int):
        return False
    try:
        return bool(_ID.fullmatch(track_id.decode())) and all(
            isinstance(t, bytes) and t.decode() is not None for t in texts
        )
    except UnicodeDecodeError:
        return False


def _check_paths(db: Connection) -> Iterator[_Fault]:
    bad = [
        row
        for row, path, size, mtime in db.execute("SELECT rowid, path, size, mtime_ns FROM paths")
        if not isinstance(path, bytes) or not path or b"\0" in path or not isinstance(size, int | None) or mtime is None
    ]
    if bad:
        yield _drop("paths", bad, f"{_count(bad, 'file')} whose path cannot be read", "the next scan finds them again")


def _check_orphans(db: Connection) -> Iterator[_Fault]:
    """Rows of tracks that are not there."""
    for part in _parts(db):
        found = db.execute(f"SELECT rowid FROM {part} WHERE track_id NOT IN (SELECT id FROM tracks)").fetchall()
        if found:
            some = [row for (row,) in found]
            yield _drop(part, some, f"{_count(some, 'row')} in {part} of tracks that are not there", "nothing is lost")


# Vectors --------------------------------------------------------------------------------------------------------------


def _check_slices(db: Connection) -> Iterator[_Fault]:
    """Slice vectors that do not decode into finite unit rows of the dimension that the ear's others have."""
    dimensions: dict[tuple[str, str], Counter[float]] = {}
    statement = "SELECT model, mel, length(vectors) * 1.0 / (2 * count) FROM slice_vectors WHERE count > 0"
    for model, mel, dimension in db.execute(statement):
        dimensions.setdefault((model, mel), Counter())[dimension] += 1
    usual = {ear: counts.most_common(1)[0][0] for ear, counts in dimensions.items()}
    bad = []
    for row, model, mel, count, blob in db.execute("SELECT rowid, model, mel, count, vectors FROM slice_vectors"):
        if not _are_slices(blob, count, usual.get((model, mel), 0.0)):
            bad.append(row)
    if bad:
        yield _drop(
            "slice_vectors", bad, f"{_count(bad, 'track')} whose slice vectors are damaged", "the next scan hears them"
        )


def _are_slices(blob: object, count: object, dimension: float) -> bool:
    if not isinstance(blob, bytes) or not isinstance(count, int) or count <= 0 or len(blob) != count * dimension * 2:
        return False
    return _are_unit(np.frombuffer(blob, "<f2").astype(np.float32).reshape(count, -1))


def _are_unit(vectors: Floats) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vectors, axis=1)
    return bool(vectors.size) and bool(np.isfinite(lengths).all()) and float(np.abs(lengths - 1).max()) < _UNIT


def _check_track_vectors(db: Connection) -> Iterator[_Fault]:
    """Track vectors that are damaged or missing; the slices' mean takes their place until the next scan pools."""
    statement = (
        "SELECT s.track_id, s.model, s.mel, length(s.vectors) / s.count, t.vector FROM slice_vectors s"
        " LEFT JOIN track_vectors t USING (track_id, model, mel) WHERE s.count > 0"
    )
    bad = [tuple(row[:3]) for row in db.execute(statement) if not _is_vector(row[4], row[3] // 2)]
    if bad:
        damage = Damage(
            f"{_count(bad, 'track')} whose own vector is damaged or missing",
            "the mean of its slices takes its place until the next scan",
            "nothing is lost",
        )
        yield _Fault(damage, lambda db: _put_means(db, bad))
    alone = (
        "SELECT rowid FROM track_vectors WHERE (track_id, model, mel) NOT IN"
        " (SELECT track_id, model, mel FROM slice_vectors)"
    )
    strays = [row for (row,) in db.execute(alone)]
    if strays:
        yield _drop("track_vectors", strays, f"{_count(strays, 'vector')} without slices", "nothing is lost")


def _is_vector(blob: object, dimension: int) -> bool:
    if not isinstance(blob, bytes) or len(blob) != dimension * 4:
        return False
    return _are_unit(np.frombuffer(blob, "<f4")[np.newaxis])


def _put_means(db: Connection, keys: list[tuple[str, ...]]) -> None:
    key = "track_id = ? AND model = ? AND mel = ?"
    for track in keys:
        blob, count = db.execute(f"SELECT vectors, count FROM slice_vectors WHERE {key}", track).fetchone()
        if _are_slices(blob, count, len(blob) / (2 * count)):
            mean = rows.vector_to_blob(rows.blob_to_slices(blob, count).mean(axis=0))
            db.execute("INSERT OR REPLACE INTO track_vectors VALUES (?, ?, ?, ?, 0)", (*track, mean))
    for model, mel in {track[1:] for track in keys}:
        db.execute("DELETE FROM meta WHERE key = ?", (f"pooled {model}/{mel}",))


def _check_numbers(db: Connection) -> Iterator[_Fault]:
    """What was heard besides: probabilities of tags, and times of beats."""
    for part, column, least, most in (("heard_tags", "probabilities", 0.0, 1.0), ("rhythms", "beats", 0.0, 1e6)):
        if part not in _names(db):
            continue
        held = db.execute(f"SELECT rowid, {column} FROM {part}")
        bad = [row for row, blob in held if not _are_numbers(blob, least, most)]
        if bad:
            yield _drop(
                part, bad, f"{_count(bad, 'row')} in {part} that cannot be read", "the next scan makes them anew"
            )


def _are_numbers(blob: object, least: float, most: float) -> bool:
    if not isinstance(blob, bytes) or len(blob) % 4:
        return False
    numbers = np.frombuffer(blob, "<f4")
    return bool(((numbers >= least) & (numbers <= most)).all())


# What the listener did and said ---------------------------------------------------------------------------------------


def _check_events(db: Connection) -> Iterator[_Fault]:
    """Events that no Segue wrote."""
    if "events" not in _names(db):
        return
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in ("kind", "track_id", "before_id"))
    held = db.execute(f"SELECT id, at_s, {columns}, heard_share, CAST(origin AS BLOB) FROM events")
    bad = [row for row, *event in held if event_of(event) is None]
    if bad:
        yield _drop("events", bad, f"{_count(bad, 'event')} that cannot be read", "what was learnt of them")


def _check_bans(db: Connection) -> Iterator[_Fault]:
    """Bans of what is no recording."""
    if "bans" not in _names(db):
        return
    held = db.execute("SELECT rowid, CAST(track_id AS BLOB) FROM bans")
    bad = [row for row, name in held if not _ID.fullmatch(name.decode("utf-8", "replace"))]
    if bad:
        yield _drop("bans", bad, f"{_count(bad, 'ban')} of what is no song", "nothing is lost")


def _check_profiles(db: Connection) -> Iterator[_Fault]:
    """Profiles whose body is no JSON object, one by one, since somebody made each."""
    if "profiles" not in _names(db):
        return
    for row, name, body in db.execute("SELECT rowid, CAST(name AS BLOB), CAST(body AS BLOB) FROM profiles").fetchall():
        if body_of(body) is None:
            shown = one_line(name.decode("utf-8", "replace"))
            yield _drop("profiles", [row], f"the profile '{shown}' cannot be read", "save it anew")


def _check_kept(db: Connection) -> Iterator[_Fault]:
    """Kept objects that are none: they would only be passed over."""
    if "kept" not in _names(db):
        return
    bad = [row for row, body in db.execute("SELECT rowid, CAST(body AS BLOB) FROM kept") if body_of(body) is None]
    if bad:
        yield _drop("kept", bad, f"{_count(bad, 'setting')} or the like that cannot be read", "set it anew")


def _drop(table: str, some: list[int], what: str, lost: str) -> _Fault:
    def mend_it(db: Connection) -> None:
        db.executemany(f"DELETE FROM {table} WHERE rowid = ?", ((row,) for row in some))

    return _Fault(Damage(what, "dropped", lost), mend_it)


def _count(some: Sized, one: str) -> str:
    return f"{len(some):,} {one}{'' if len(some) == 1 else 's'}"


_CHECKS: tuple[Callable[[Connection], Iterator[_Fault]], ...] = (
    _check_tables,
    _check_marks,
    _check_meta,
    _check_paths,
    _check_tracks,
    _check_orphans,
    _check_slices,
    _check_track_vectors,
    _check_numbers,
    _check_events,
    _check_bans,
    _check_profiles,
    _check_kept,
)
