"""The only reader and writer of the library. SQLite is the truth; everything else that is made of it is a cache."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from segue.errors import ModelError, UnknownTrackError, printable
from segue.listen.by_hand import Correction
from segue.store import rhythms, rows, track_rows
from segue.store.bans import Bans
from segue.store.contents import Contents
from segue.store.corrections import Corrections, correction_of
from segue.store.database import Connection, Database
from segue.store.ends import Ends, put_ends
from segue.store.events import Events
from segue.store.heard_tags import HeardTags
from segue.store.kept import Kept
from segue.store.made import Made
from segue.store.profiles import Profiles
from segue.store.roots import Roots
from segue.store.searching import Wording, read_wording
from segue.store.songs import Songs, read_songs
from segue.values import (
    FileStat,
    Fingerprint,
    Floats,
    HeardBy,
    Hearing,
    LibraryCounts,
    Rhythm,
    ScanFailure,
    Track,
    TrackId,
    TrackVectors,
)
from segue.words import later, say

FILE_NAME = "library.db"


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
        self.ends = Ends(self._database.reading, self._changing, read_only=read_only)
        self.roots = Roots(self._database.reading, self._changing)
        self.contents = Contents(self._database.reading, self._changing)
        self.corrections = Corrections(self._database.reading, self._changing)
        # What the listener does changes no track: the version, and all that is made anew with it, stay as they are.
        self.events = Events(self._database.reading, self._database.writing)
        self.bans = Bans(self._database.reading, self._database.writing)
        self.kept = Kept(self._database.reading, self._database.writing)
        self.profiles = Profiles(self._database.reading, self._database.writing)
        self._counts = Made(self.version, self._count)
        self._wording = Made(self.version, self._read_wording)
        self._songs = Made(self.version, self._read_songs, patience=0.0)

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
            track_rows.put_track(db, hearing.track_id, hearing.info)
            db.execute(
                "INSERT OR REPLACE INTO slice_vectors VALUES (?, ?, ?, ?, ?)",
                (*key, len(hearing.slice_vectors), slices),
            )
            db.execute("INSERT OR REPLACE INTO track_vectors VALUES (?, ?, ?, ?, 0)", (*key, single))
            put_ends(db, hearing.track_id, hearing.fingerprint, rows.unit_rows(hearing.slice_vectors))
            if hearing.rhythm is not None:
                rhythms.put_rhythm(db, hearing.track_id, hearing.rhythm)
            track_rows.bump(db, "content")
            track_rows.put_path(db, hearing.track_id, path, stat)

    def set_rhythm(self, track_id: TrackId, rhythm: Rhythm) -> None:
        """Keep the rhythm of a track that was heard before it was measured; nothing, if the track is gone."""
        with self._changing() as db:
            if track_rows.track_of(db, track_id) is not None:
                rhythms.put_rhythm(db, track_id, rhythm)

    def attach_path(self, track_id: TrackId, path: Path, *, stat: FileStat) -> None:
        """Say that a recording the library holds lies at this path too; raises UnknownTrackError."""
        with self._changing() as db:
            if db.execute("SELECT 1 FROM tracks WHERE id = ?", (track_id,)).fetchone() is None:
                raise self._unknown(track_id)
            track_rows.put_path(db, track_id, path, stat)

    def forget_paths(self, paths: Iterable[Path]) -> int:
        """Drop files that are gone, with their errors; a track with no file left goes too. Returns files dropped."""
        blobs = [track_rows.path_to_blob(path) for path in paths]
        if not blobs:
            return 0
        with self._changing() as db:
            db.executemany("DELETE FROM scan_errors WHERE path = ?", ((blob,) for blob in blobs))
            return sum(track_rows.drop_path(db, blob) for blob in blobs)

    def add_failure(self, failure: ScanFailure, *, drop_path: bool = False) -> None:
        """Record why a file could not be heard; ``drop_path`` where what the library knew of it no longer holds."""
        blob = track_rows.path_to_blob(failure.path)
        with self._changing() as db:
            if drop_path:
                track_rows.drop_path(db, blob)
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
            for part in ("track_vectors", "ends", "heard_tags"):
                db.execute(f"DELETE FROM {part} WHERE model = ? AND mel = ?", ear)
            db.execute("DELETE FROM meta WHERE key IN (?, ?)", (f"name {fingerprint}", f"pooled {fingerprint}"))
            return heard

    # What it holds ---------------------------------------------------------------------------------------------------

    def version(self) -> int:
        """A number that grows with every change that any thread or process commits."""
        with self._database.reading() as db:
            return track_rows.meta(db, "version")

    def content(self) -> int:
        """A number that grows whenever the slice vectors change."""
        with self._database.reading() as db:
            return track_rows.meta(db, "content")

    def is_pooled(self, fingerprint: Fingerprint, recipe: str) -> bool:
        """Whether the track vectors are those of this recipe over all slice vectors as they are now."""
        with self._database.reading() as db:
            held = db.execute("SELECT value FROM meta WHERE key = ?", (f"pooled {fingerprint}",)).fetchone()
            return held is not None and held[0] == f"{track_rows.meta(db, 'content')} {recipe}"

    def counts(self) -> LibraryCounts:
        """How many tracks, files, slices (of all ears) and failures there are."""
        return self._counts.now()

    def _count(self) -> LibraryCounts:
        with self._database.reading() as db:
            found = db.execute(
                "SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM paths),"
                " (SELECT coalesce(sum(count), 0) FROM slice_vectors), (SELECT count(*) FROM scan_errors)"
            ).fetchone()
        return LibraryCounts(*found)

    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """The ears by which at least one track was heard."""
        with self._database.reading() as db:
            return track_rows.fingerprints_in(db)

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
        """All tracks, by artist, album and path; one that lies nowhere is damage, and left out."""
        with self._database.reading() as db:
            paths: dict[str, list[Path]] = {}
            for track_id, blob in db.execute("SELECT track_id, path FROM paths ORDER BY path"):
                paths.setdefault(track_id, []).append(track_rows.blob_to_path(blob))
            found = db.execute(f"SELECT id, {track_rows.INFO} FROM tracks ORDER BY {track_rows.ORDER}")
            return tuple(
                Track(TrackId(row[0]), tuple(paths[row[0]]), track_rows.info_of(row[1:]))
                for row in found
                if row[0] in paths
            )

    def songs(self) -> Songs:
        """As `tracks`, in columns with what was measured of them: the same ones as long as the library is the same."""
        return self._songs.now()

    def added(self) -> dict[TrackId, float]:
        """When each track came into the library, in seconds since 1970."""
        with self._database.reading() as db:
            return {TrackId(row[0]): float(row[1]) for row in db.execute("SELECT id, added_at FROM tracks")}

    def track(self, track_id: TrackId) -> Track:
        """One track; raises UnknownTrackError."""
        with self._database.reading() as db:
            track = track_rows.track_of(db, track_id)
        if track is None:
            raise self._unknown(track_id)
        return track

    def tracks_of(self, ids: Sequence[TrackId]) -> tuple[Track, ...]:
        """The tracks that are still there, in the order of the ids."""
        with self._database.reading() as db:
            held = {track_id: track_rows.track_of(db, track_id) for track_id in dict.fromkeys(ids)}
        return tuple(track for track_id in ids if (track := held[track_id]) is not None)

    def find(self, what: str | Path) -> tuple[Track, ...]:
        """The track with that id or at that path, or else all that hold the words, best first.

        Raises UnknownTrackError when there is none.
        """
        text = os.fspath(what)
        with self._database.reading() as db:
            held = track_rows.track_of(db, TrackId(text)) if re.fullmatch("[0-9a-f]{16}", text) else None
            held = held or track_rows.track_at(db, Path(text))
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
        Where nothing is found, one slip in a word of five letters or more is forgiven. See `wording` for how soon
        changes are found.
        """
        found = self.wording().find(rows.words_to_find(words), limit=limit, by_sound=by_sound)
        with self._database.reading() as db:
            tracks = (track_rows.track_of(db, track_id) for track_id in found)
            return tuple(track for track in tracks if track is not None)

    def wording(self) -> Wording:
        """What tracks are found by; of a large library, as it was some seconds ago while a scan changes it."""
        return self._wording.now()

    def files(self, fingerprint: Fingerprint) -> dict[Path, KnownFile]:
        """Every file of the library, and whether this ear has heard it."""
        statement = (
            "SELECT path, paths.track_id, size, mtime_ns, slice_vectors.track_id IS NOT NULL FROM paths"
            " LEFT JOIN slice_vectors ON slice_vectors.track_id = paths.track_id AND model = ? AND mel = ?"
        )
        with self._database.reading() as db:
            return {
                track_rows.blob_to_path(blob): KnownFile(TrackId(track_id), FileStat(size, mtime_ns), bool(heard))
                for blob, track_id, size, mtime_ns, heard in db.execute(statement, (fingerprint.model, fingerprint.mel))
            }

    def holds(self, track_id: TrackId, fingerprint: Fingerprint) -> bool:
        """Whether this ear has heard that recording."""
        statement = "SELECT 1 FROM slice_vectors WHERE track_id = ? AND model = ? AND mel = ?"
        with self._database.reading() as db:
            return db.execute(statement, (track_id, fingerprint.model, fingerprint.mel)).fetchone() is not None

    def rhythm(self, track_id: TrackId) -> Rhythm | None:
        """Tempo, key, loudness and cue points of a track, as set by hand or measured; None if neither was done."""
        with self._database.reading() as db:
            return rhythms.rhythm_of(db, track_id)

    def heard_rhythm(self, track_id: TrackId) -> Rhythm | None:
        """As `rhythm`, whatever was set by hand."""
        with self._database.reading() as db:
            return rhythms.heard_rhythm_of(db, track_id)

    def correction_at(self, path: Path) -> Correction | None:
        """What was set by hand for the track at a path; None where nothing was, or no track is known there."""
        with self._database.reading() as db:
            track = track_rows.track_at(db, path)
            return None if track is None else correction_of(db, track.id)

    def rhythms(self) -> dict[TrackId, Rhythm]:
        """The rhythm of every track of which it is known; see `rhythm`."""
        with self._database.reading() as db:
            return rhythms.all_rhythms(db)

    def lacking_rhythm(self) -> frozenset[TrackId]:
        """The tracks that were never measured, or by another version of the analyser."""
        with self._database.reading() as db:
            return rhythms.lacking_rhythm(db)

    def heard_at(self, path: Path, stat: FileStat) -> frozenset[Fingerprint]:
        """The ears that have heard what lies at a path, as long as it is unchanged."""
        statement = (
            "SELECT model, mel FROM paths JOIN slice_vectors USING (track_id)"
            " WHERE path = ? AND size = ? AND mtime_ns = ?"
        )
        values = (track_rows.path_to_blob(path), stat.size_bytes, stat.mtime_ns)
        with self._database.reading() as db:
            return frozenset(Fingerprint(*row) for row in db.execute(statement, values))

    def failures(self) -> tuple[ScanFailure, ...]:
        """The files and folders that could not be heard, by path."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT path, kind, message, remedy, size, mtime_ns, at FROM scan_errors ORDER BY path"
            ).fetchall()
        return tuple(
            ScanFailure(track_rows.blob_to_path(blob), kind, message, remedy, FileStat(size, mtime_ns), at)
            for blob, kind, message, remedy, size, mtime_ns, at in found
        )

    def vectors(self, fingerprint: Fingerprint) -> TrackVectors:
        """All track vectors of one ear, by track id; provisional ones of a running scan are among them.

        An empty library gives none, ``(0, 0)``. Raises ModelError when only other ears have been at work.
        """
        statement = "SELECT track_id, vector FROM track_vectors WHERE model = ? AND mel = ? ORDER BY track_id"
        with self._database.reading() as db:
            found = rows.read_vectors(db.execute(statement, (fingerprint.model, fingerprint.mel)))
            if not found.ids:
                self._refuse_other_ears(db, fingerprint)
        return found

    def slice_vectors(self, ids: Sequence[TrackId], fingerprint: Fingerprint) -> dict[TrackId, Floats]:
        """The slice vectors ``(s, d)`` float32 of some tracks; those that the ear has not heard are left out."""
        statement = "SELECT vectors, count FROM slice_vectors WHERE track_id = ? AND model = ? AND mel = ?"
        with self._database.reading() as db:
            held = {i: db.execute(statement, (i, fingerprint.model, fingerprint.mel)).fetchone() for i in ids}
        return {track_id: rows.blob_to_slices(*row) for track_id, row in held.items() if row is not None}

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

    def _read_songs(self) -> Songs:
        with self._database.reading() as db:
            return read_songs(db)

    def _read_wording(self) -> Wording:
        with self._database.reading() as db:
            return read_wording(db)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._database.writing() as db:
            yield db
            track_rows.bump(db, "version")

    def _unknown(self, what: str) -> UnknownTrackError:
        remedy = later("Check the spelling, or scan the folder it lies in")
        told = say('no track has "{what}" for its id, path or name', what=printable(what))
        return UnknownTrackError(told, remedy=remedy)

    def _refuse_other_ears(self, db: Connection, wanted: Fingerprint) -> None:
        held = track_rows.fingerprints_in(db)
        if held:
            names = ", ".join(map(str, held))
            what = f"its vectors were made by {names}, which cannot be compared with those of {wanted}"
            remedy = f"Scan the music again with {wanted}, or choose the ear that made them"
            raise ModelError(what, remedy=remedy, path=self._database.path)
