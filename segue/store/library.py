"""The only reader and writer of the library. SQLite is the truth; everything else that is made of it is a cache."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from segue.errors import LibraryError, ModelError, UnknownTrackError, printable
from segue.store import rows
from segue.store.database import Connection, Database
from segue.store.heard_tags import HOLDS_TAG, HeardTags
from segue.store.typos import SHORTEST, other_spellings
from segue.values import (
    FileStat,
    Fingerprint,
    Floats,
    HeardBy,
    Hearing,
    LibraryCounts,
    ScanFailure,
    Track,
    TrackId,
    TrackInfo,
    TrackVectors,
)

FILE_NAME = "library.db"

# Statements are put together from these constants only; whatever a user or a file says is a parameter.
_INFO = "title, artist, album, genre, year, duration_s, has_artwork"
_ORDER = "artist COLLATE NOCASE, album COLLATE NOCASE, (SELECT min(path) FROM paths WHERE track_id = tracks.id), id"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that the library holds; ``heard`` says whether by the ear that was asked about."""

    track_id: TrackId
    stat: FileStat
    heard: bool


class Library:
    """The library in a data folder. Safe from several threads and processes: many readers, one writer at a time."""

    def __init__(self, data_folder: Path | str, *, read_only: bool = False) -> None:
        self.folder = Path(data_folder)
        self._database = Database(self.folder / FILE_NAME, read_only=read_only)
        self.heard_tags = HeardTags(self._database.reading, self._changing)

    @classmethod
    def open(cls, data_folder: Path | str, *, read_only: bool = False) -> Self:
        """Open the library of a data folder, making both where there are none; raises LibraryError."""
        return cls(data_folder, read_only=read_only)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # What changes it -------------------------------------------------------------------------------------------------

    def add(self, hearing: Hearing, path: Path, *, stat: FileStat, vector: Floats) -> None:
        """Keep one heard file with a provisional track vector, all of it or nothing.

        Raises LibraryError for zero or non-finite vectors, and where the disk does not take them.
        """
        slices = rows.slices_to_blob(hearing.slice_vectors)
        single = rows.vector_to_blob(vector)
        key = (hearing.track_id, hearing.fingerprint.model, hearing.fingerprint.mel)
        with self._changing() as db:
            _put_track(db, hearing.track_id, hearing.info)
            db.execute(
                "INSERT OR REPLACE INTO slice_vectors VALUES (?, ?, ?, ?, ?)",
                (*key, len(hearing.slice_vectors), slices),
            )
            db.execute("INSERT OR REPLACE INTO track_vectors VALUES (?, ?, ?, ?, 0)", (*key, single))
            _bump(db, "content")
            _put_path(db, hearing.track_id, path, stat)

    def attach_path(self, track_id: TrackId, path: Path, *, stat: FileStat) -> None:
        """Say that a recording the library holds lies at this path too; raises UnknownTrackError."""
        with self._changing() as db:
            if db.execute("SELECT 1 FROM tracks WHERE id = ?", (track_id,)).fetchone() is None:
                raise self._unknown(track_id)
            _put_path(db, track_id, path, stat)

    def forget_paths(self, paths: Iterable[Path]) -> int:
        """Drop files that are gone, with their errors; a track with no file left goes too. Returns files dropped."""
        blobs = [_path_to_blob(path) for path in paths]
        if not blobs:
            return 0
        with self._changing() as db:
            db.executemany("DELETE FROM scan_errors WHERE path = ?", ((blob,) for blob in blobs))
            return sum(_drop_path(db, blob) for blob in blobs)

    def add_failure(self, failure: ScanFailure, *, drop_path: bool = False) -> None:
        """Record why a file could not be heard; ``drop_path`` where what the library knew of it no longer holds."""
        blob = _path_to_blob(failure.path)
        with self._changing() as db:
            if drop_path:
                _drop_path(db, blob)
            row = (
                blob,
                failure.kind,
                failure.message,
                failure.remedy,
                failure.stat.size_bytes,
                failure.stat.mtime_ns,
                failure.when_s,
            )
            db.execute("INSERT OR REPLACE INTO scan_errors VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def set_track_vectors(
        self, vectors: Mapping[TrackId, Floats], fingerprint: Fingerprint, *, recipe: str, content: int
    ) -> None:
        """Replace the track vectors of one ear by those pooled over the whole library.

        ``recipe`` names how they were pooled and ``content`` the state they were pooled from; see `is_pooled`.
        Tracks that went away meanwhile are left out. Raises LibraryError for zero or non-finite vectors.
        """
        ear = (fingerprint.model, fingerprint.mel)
        new = [(rows.vector_to_blob(vector), track_id, *ear) for track_id, vector in vectors.items()]
        with self._changing() as db:
            db.executemany(
                "UPDATE track_vectors SET vector = ?, pooled = 1 WHERE track_id = ? AND model = ? AND mel = ?", new
            )
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"pooled {fingerprint}", f"{content} {recipe}"))

    def name_ear(self, name: str, fingerprint: Fingerprint) -> None:
        """Note what the ear of a fingerprint is called, for the day when it is here no longer."""
        if self.ear_name(fingerprint) == name:
            return
        with self._changing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"name {fingerprint}", name))

    def choose_ear(self, fingerprint: Fingerprint) -> None:
        """Let this ear's vectors be the ones that the library goes by."""
        with self._changing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('ear', ?)", (str(fingerprint),))

    def forget_ear(self, fingerprint: Fingerprint) -> int:
        """Drop all that one ear has heard, and return of how many tracks; the tracks themselves stay."""
        ear = (fingerprint.model, fingerprint.mel)
        with self._changing() as db:
            heard = db.execute("DELETE FROM slice_vectors WHERE model = ? AND mel = ?", ear).rowcount
            db.execute("DELETE FROM track_vectors WHERE model = ? AND mel = ?", ear)
            db.execute("DELETE FROM heard_tags WHERE model = ? AND mel = ?", ear)
            db.execute("DELETE FROM meta WHERE key IN (?, ?)", (f"name {fingerprint}", f"pooled {fingerprint}"))
            return heard

    # What it holds ---------------------------------------------------------------------------------------------------

    def version(self) -> int:
        """A number that grows with every change that any thread or process commits."""
        with self._database.reading() as db:
            return _meta(db, "version")

    def content(self) -> int:
        """A number that grows whenever the slice vectors change."""
        with self._database.reading() as db:
            return _meta(db, "content")

    def is_pooled(self, fingerprint: Fingerprint, recipe: str) -> bool:
        """Whether the track vectors are those of this recipe over all slice vectors as they are now."""
        with self._database.reading() as db:
            held = db.execute("SELECT value FROM meta WHERE key = ?", (f"pooled {fingerprint}",)).fetchone()
            return held is not None and held[0] == f"{_meta(db, 'content')} {recipe}"

    def counts(self) -> LibraryCounts:
        """How many tracks, files, slices (of all ears) and failures there are."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM paths),"
                " (SELECT coalesce(sum(count), 0) FROM slice_vectors), (SELECT count(*) FROM scan_errors)"
            ).fetchone()
        return LibraryCounts(*found)

    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """The ears by which at least one track was heard."""
        with self._database.reading() as db:
            return _fingerprints(db)

    def ear_name(self, fingerprint: Fingerprint) -> str:
        """What that ear was called when it last listened; "" where nobody noted it."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (f"name {fingerprint}",)).fetchone()
        return "" if row is None else str(row[0])

    def heard(self) -> tuple[HeardBy, ...]:
        """What each ear has heard, by fingerprint."""
        statement = (
            "SELECT model, mel, (SELECT value FROM meta WHERE key = 'name ' || model || '/' || mel), count(*),"
            " sum(count) FROM slice_vectors GROUP BY model, mel ORDER BY model, mel"
        )
        with self._database.reading() as db:
            return tuple(
                HeardBy(Fingerprint(model, mel), name or "", tracks, slices)
                for model, mel, name, tracks, slices in db.execute(statement)
            )

    def chosen_ear(self) -> Fingerprint | None:
        """The ear that the library goes by, if one was chosen."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'ear'").fetchone()
        return None if row is None else Fingerprint(*row[0].split("/"))

    def tracks(self) -> tuple[Track, ...]:
        """All tracks, by artist, album and path."""
        with self._database.reading() as db:
            paths: dict[str, list[Path]] = {}
            for track_id, blob in db.execute("SELECT track_id, path FROM paths ORDER BY path"):
                paths.setdefault(track_id, []).append(_blob_to_path(blob))
            found = db.execute(f"SELECT id, {_INFO} FROM tracks ORDER BY {_ORDER}")
            return tuple(Track(TrackId(row[0]), tuple(paths[row[0]]), _info(row[1:])) for row in found)

    def track(self, track_id: TrackId) -> Track:
        """One track; raises UnknownTrackError."""
        with self._database.reading() as db:
            track = _track(db, track_id)
        if track is None:
            raise self._unknown(track_id)
        return track

    def find(self, what: str | Path) -> tuple[Track, ...]:
        """The track with that id or at that path, or else all that hold the words, best first.

        Raises UnknownTrackError when there is none.
        """
        text = os.fspath(what)
        with self._database.reading() as db:
            held = _track(db, TrackId(text)) if re.fullmatch("[0-9a-f]{16}", text) else None
            held = held or _track_at(db, Path(text))
        if held is not None:
            return (held,)
        found = () if isinstance(what, Path) else self.search(text, limit=None, by_sound=False)
        if not found:
            raise self._unknown(text)
        return found

    def search(self, words: str, *, limit: int | None = 50, by_sound: bool = True) -> tuple[Track, ...]:
        """Tracks that hold every word in title, artist, album, genre, year or the last three names of the path.

        Case and accents do not matter. Words that begin a word of the tags count most; then come the tags' other hits
        and those in the path alone, and last, ``by_sound``, the tracks that are confidently heard as what a word says.
        Where nothing is found, one slip in a word of five letters or more is forgiven.
        """
        wanted = rows.words_to_find(words)
        found = self._search(wanted, limit, by_sound)
        if found or max(map(len, wanted), default=0) < SHORTEST:
            return found
        with self._database.reading() as db:
            known = {word for (text,) in db.execute("SELECT all_words FROM tracks") for word in text.split()}
        near = (track for spelt in other_spellings(wanted, known) for track in self._search(spelt, limit, by_sound))
        return tuple({track.id: track for track in near}.values())[:limit]

    def _search(self, wanted: list[str], limit: int | None, by_sound: bool) -> tuple[Track, ...]:
        one = f"(instr(all_words, ?) > 0 OR {HOLDS_TAG})" if by_sound else "instr(all_words, ?) > 0"
        holds = " AND ".join(one for _ in wanted) or "1"
        rank = " + ".join(
            "2 * (instr(tag_words, ' ' || ?) > 0) + (instr(tag_words, ?) > 0) + (instr(all_words, ?) > 0)"
            for _ in wanted
        )
        asked = [word for word in wanted for _ in range(2 if by_sound else 1)]
        asked += [word for word in wanted for _ in range(3)]
        statement = f"SELECT id FROM tracks WHERE {holds} ORDER BY {rank or 'NULL'} DESC, {_ORDER} LIMIT ?"
        with self._database.reading() as db:
            ids = db.execute(statement, (*asked, -1 if limit is None else limit)).fetchall()
            found = (_track(db, track_id) for (track_id,) in ids)
            return tuple(track for track in found if track is not None)

    def files(self, fingerprint: Fingerprint) -> dict[Path, KnownFile]:
        """Every file of the library, and whether this ear has heard it."""
        statement = (
            "SELECT path, paths.track_id, size, mtime_ns, slice_vectors.track_id IS NOT NULL FROM paths"
            " LEFT JOIN slice_vectors ON slice_vectors.track_id = paths.track_id AND model = ? AND mel = ?"
        )
        with self._database.reading() as db:
            return {
                _blob_to_path(blob): KnownFile(TrackId(track_id), FileStat(size, mtime_ns), bool(heard))
                for blob, track_id, size, mtime_ns, heard in db.execute(statement, (fingerprint.model, fingerprint.mel))
            }

    def holds(self, track_id: TrackId, fingerprint: Fingerprint) -> bool:
        """Whether this ear has heard that recording."""
        statement = "SELECT 1 FROM slice_vectors WHERE track_id = ? AND model = ? AND mel = ?"
        with self._database.reading() as db:
            return db.execute(statement, (track_id, fingerprint.model, fingerprint.mel)).fetchone() is not None

    def failures(self) -> tuple[ScanFailure, ...]:
        """The files and folders that could not be heard, by path."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT path, kind, message, remedy, size, mtime_ns, at FROM scan_errors ORDER BY path"
            ).fetchall()
        return tuple(
            ScanFailure(_blob_to_path(blob), kind, message, remedy, FileStat(size, mtime_ns), at)
            for blob, kind, message, remedy, size, mtime_ns, at in found
        )

    def vectors(self, fingerprint: Fingerprint) -> TrackVectors:
        """All track vectors of one ear, by track id; provisional ones of a running scan are among them.

        An empty library gives none, ``(0, 0)``. Raises ModelError when only other ears have been at work.
        """
        statement = "SELECT track_id, vector FROM track_vectors WHERE model = ? AND mel = ? ORDER BY track_id"
        with self._database.reading() as db:
            found = db.execute(statement, (fingerprint.model, fingerprint.mel)).fetchall()
            if not found:
                self._refuse_other_ears(db, fingerprint)
        return TrackVectors(tuple(TrackId(row[0]) for row in found), rows.blobs_to_matrix([row[1] for row in found]))

    def iter_slice_vectors(self, fingerprint: Fingerprint) -> Iterator[tuple[TrackId, Floats]]:
        """Each track's slice vectors ``(s, d)`` float32, by id, from one state of the library; raises ModelError."""
        statement = "SELECT track_id, vectors, count FROM slice_vectors WHERE model = ? AND mel = ? ORDER BY track_id"
        with self._database.reading() as db:
            none = True
            for track_id, blob, count in db.execute(statement, (fingerprint.model, fingerprint.mel)):
                none = False
                yield TrackId(track_id), rows.blob_to_slices(blob, count)
            if none:
                self._refuse_other_ears(db, fingerprint)

    # ------------------------------------------------------------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._database.writing() as db:
            yield db
            _bump(db, "version")

    def _unknown(self, what: str) -> UnknownTrackError:
        remedy = "Check the spelling, or scan the folder it lies in"
        return UnknownTrackError(f'no track is, lies at or is called "{printable(what)}"', remedy=remedy)

    def _refuse_other_ears(self, db: Connection, wanted: Fingerprint) -> None:
        held = _fingerprints(db)
        if held:
            names = ", ".join(map(str, held))
            what = f"its vectors were made by {names}, which cannot be compared with those of {wanted}"
            remedy = f"Scan the music again with {wanted}, or choose the ear that made them"
            raise ModelError(what, remedy=remedy, path=self._database.path)


def _path_to_blob(path: Path) -> bytes:
    if not path.is_absolute():
        raise LibraryError("a file must be named by its absolute path", remedy="Resolve the path first", path=path)
    return os.fsencode(path)


def _blob_to_path(blob: bytes) -> Path:
    return Path(os.fsdecode(blob))


def _info(row: tuple[Any, ...]) -> TrackInfo:
    title, artist, album, genre, year, duration_s, has_artwork = row
    return TrackInfo(title, artist, album, genre, year, duration_s, bool(has_artwork))


def _track(db: Connection, track_id: TrackId) -> Track | None:
    row = db.execute(f"SELECT {_INFO} FROM tracks WHERE id = ?", (track_id,)).fetchone()
    if row is None:
        return None
    blobs = db.execute("SELECT path FROM paths WHERE track_id = ? ORDER BY path", (track_id,))
    return Track(track_id, tuple(_blob_to_path(blob) for (blob,) in blobs), _info(row))


def _track_at(db: Connection, path: Path) -> Track | None:
    """The track at a path as given, or as its symbolic links resolve."""
    for place in (path.absolute(), Path(os.path.realpath(path))):
        row = db.execute("SELECT track_id FROM paths WHERE path = ?", (os.fsencode(place),)).fetchone()
        if row is not None:
            return _track(db, row[0])
    return None


def _put_track(db: Connection, track_id: TrackId, info: TrackInfo) -> None:
    texts = [rows.storable(text) for text in (info.title, info.artist, info.album, info.genre)]
    tags = rows.fold(" ".join([*texts, str(info.year or "")]))
    db.execute(
        f"INSERT INTO tracks (id, {_INFO}, added_at, tag_words, all_words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET title = excluded.title, artist = excluded.artist, album = excluded.album,"
        " genre = excluded.genre, year = excluded.year, duration_s = excluded.duration_s,"
        " has_artwork = excluded.has_artwork, tag_words = excluded.tag_words",
        (track_id, *texts, info.year, info.duration_s, info.has_artwork, time.time(), tags, tags),
    )


def _put_path(db: Connection, track_id: TrackId, path: Path, stat: FileStat) -> None:
    """Let the path stand for this track; what it stood for before goes if that was its last path."""
    blob = _path_to_blob(path)
    before = db.execute("SELECT track_id FROM paths WHERE path = ?", (blob,)).fetchone()
    db.execute("INSERT OR REPLACE INTO paths VALUES (?, ?, ?, ?)", (blob, track_id, stat.size_bytes, stat.mtime_ns))
    db.execute("DELETE FROM scan_errors WHERE path = ?", (blob,))
    _settle(db, track_id)
    if before is not None and before[0] != track_id:
        _settle(db, before[0])


def _drop_path(db: Connection, blob: bytes) -> int:
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
        _bump(db, "content")
        return
    places = rows.fold(" ".join(printable(_last_names(_blob_to_path(blob))) for (blob,) in blobs))
    db.execute("UPDATE tracks SET all_words = tag_words || ? WHERE id = ?", (places, track_id))


def _last_names(path: Path) -> Path:
    """The end of a path that tells tracks apart, as in Artist/Album/Song.mp3; what all share would fit every search."""
    return Path(*path.parts[-3:])


def _fingerprints(db: Connection) -> tuple[Fingerprint, ...]:
    found = db.execute("SELECT DISTINCT model, mel FROM slice_vectors ORDER BY model, mel")
    return tuple(Fingerprint(*row) for row in found)


def _meta(db: Connection, key: str) -> int:
    return int(db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])


def _bump(db: Connection, key: str) -> None:
    db.execute("UPDATE meta SET value = value + 1 WHERE key = ?", (key,))
