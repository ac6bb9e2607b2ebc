"""The rows of a track: what a file says of itself, and where it lies. Each function is part of a transaction."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from segue.errors import LibraryError, printable
from segue.files import is_url
from segue.store import rows
from segue.store.database import Connection
from segue.values import FileStat, Fingerprint, Track, TrackId, TrackInfo

# Statements are put together from these constants only; whatever a user or a file says is a parameter.
INFO = "title, artist, album, genre, year, duration_s, has_artwork"
ORDER = "artist COLLATE NOCASE, album COLLATE NOCASE, (SELECT min(path) FROM paths WHERE track_id = tracks.id), id"


def path_to_blob(path: Path) -> bytes:
    """A path as the system's own bytes; raises LibraryError unless it is absolute, or stands for a URL."""
    if not (path.is_absolute() or is_url(path)):
        raise LibraryError("a file must be named by its absolute path", remedy="Resolve the path first", path=path)
    return os.fsencode(path)


def blob_to_path(blob: bytes) -> Path:
    """The path that `path_to_blob` was given."""
    return Path(os.fsdecode(blob))


def info_of(row: tuple[Any, ...]) -> TrackInfo:
    """What a row of the columns `INFO` says."""
    title, artist, album, genre, year, duration_s, has_artwork = row
    return TrackInfo(title, artist, album, genre, year, duration_s, bool(has_artwork))


def track_of(db: Connection, track_id: TrackId) -> Track | None:
    """One track with its paths, or None; one that lies nowhere is damage, and as good as not there."""
    row = db.execute(f"SELECT {INFO} FROM tracks WHERE id = ?", (track_id,)).fetchone()
    if row is None:
        return None
    blobs = db.execute("SELECT path FROM paths WHERE track_id = ? ORDER BY path", (track_id,)).fetchall()
    return Track(track_id, tuple(blob_to_path(blob) for (blob,) in blobs), info_of(row)) if blobs else None


def track_at(db: Connection, path: Path) -> Track | None:
    """The track at a path as given, or as its symbolic links resolve."""
    for place in (path.absolute(), Path(os.path.realpath(path))):
        row = db.execute("SELECT track_id FROM paths WHERE path = ?", (os.fsencode(place),)).fetchone()
        if row is not None:
            return track_of(db, row[0])
    return None


def put_track(db: Connection, track_id: TrackId, info: TrackInfo) -> None:
    """Keep what a file says of itself."""
    texts = [rows.storable(text) for text in (info.title, info.artist, info.album, info.genre)]
    tags = rows.fold(" ".join([*texts, str(info.year or "")]))
    db.execute(
        f"INSERT INTO tracks (id, {INFO}, added_at, tag_words, all_words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET title = excluded.title, artist = excluded.artist, album = excluded.album,"
        " genre = excluded.genre, year = excluded.year, duration_s = excluded.duration_s,"
        " has_artwork = excluded.has_artwork, tag_words = excluded.tag_words",
        (track_id, *texts, info.year, info.duration_s, info.has_artwork, time.time(), tags, tags),
    )


def put_path(db: Connection, track_id: TrackId, path: Path, stat: FileStat) -> None:
    """Let the path stand for this track; what it stood for before goes if that was its last path."""
    blob = path_to_blob(path)
    before = db.execute("SELECT track_id FROM paths WHERE path = ?", (blob,)).fetchone()
    db.execute("INSERT OR REPLACE INTO paths VALUES (?, ?, ?, ?)", (blob, track_id, stat.size_bytes, stat.mtime_ns))
    db.execute("DELETE FROM scan_errors WHERE path = ?", (blob,))
    _settle(db, track_id)
    if before is not None and before[0] != track_id:
        _settle(db, before[0])


def drop_path(db: Connection, blob: bytes) -> int:
    """Drop a path, and its track if it was the last; returns how many paths that were."""
    row = db.execute("DELETE FROM paths WHERE path = ? RETURNING track_id", (blob,)).fetchone()
    if row is None:
        return 0
    _settle(db, row[0])
    return 1


def _settle(db: Connection, track_id: TrackId) -> None:
    """After its paths changed: drop a track that has none, or renew the words it is found by."""
    blobs = db.execute("SELECT path FROM paths WHERE track_id = ? ORDER BY path", (track_id,)).fetchall()
    if not blobs:
        db.execute("DELETE FROM tracks WHERE id = ?", (track_id,))
        bump(db, "content")
        return
    places = rows.fold(" ".join(printable(_last_names(blob_to_path(blob))) for (blob,) in blobs))
    db.execute("UPDATE tracks SET all_words = tag_words || ? WHERE id = ?", (places, track_id))


def _last_names(path: Path) -> Path:
    """The end of a path that tells tracks apart, as in Artist/Album/Song.mp3; what all share would fit every search."""
    return Path(*path.parts[-3:])


def fingerprints_in(db: Connection) -> tuple[Fingerprint, ...]:
    """The ears by which at least one track was heard."""
    found = db.execute("SELECT DISTINCT model, mel FROM slice_vectors ORDER BY model, mel")
    return tuple(Fingerprint(*row) for row in found)


def meta(db: Connection, key: str) -> int:
    """A number of the table meta."""
    return int(db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])


def bump(db: Connection, key: str) -> None:
    """Let a number of the table meta grow by one."""
    db.execute("UPDATE meta SET value = value + 1 WHERE key = ?", (key,))
