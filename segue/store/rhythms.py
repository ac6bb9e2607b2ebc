"""Tempo, beats, key, loudness and cue points of the recordings: a row for each track, whichever ear heard it.

What the listener set by hand is laid over what was measured here, where rhythms are read, and nowhere else.
"""

from __future__ import annotations

from typing import Any

from segue.config import RHYTHM_VERSION
from segue.listen.by_hand import corrected
from segue.store import rows
from segue.store.corrections import all_corrections, correction_of
from segue.store.database import Connection
from segue.values import UNKNOWN_RHYTHM, Rhythm, TrackId

_COLUMNS = (
    "tempo_bpm, tempo_confidence, tempo_alternatives, beats, key, camelot, key_confidence, loudness_lufs,"
    " true_peak_dbtp, leading_silence_s, trailing_silence_s, intro_end_s, intro_confidence, outro_start_s,"
    " outro_confidence"
)


def put_rhythm(db: Connection, track_id: TrackId, rhythm: Rhythm) -> None:
    """Keep what is known of a track in the table of tracks, as this version of the analyser says it."""
    values = (
        rhythm.tempo_bpm,
        rhythm.tempo_confidence,
        " ".join(f"{tempo:.6g}" for tempo in rhythm.tempo_alternatives),
        rows.floats_to_blob(rhythm.beats_s),
        rhythm.key,
        rhythm.camelot,
        rhythm.key_confidence,
        rhythm.loudness_lufs,
        rhythm.true_peak_dbtp,
        rhythm.leading_silence_s,
        rhythm.trailing_silence_s,
        rhythm.intro_end_s,
        rhythm.intro_confidence,
        rhythm.outro_start_s,
        rhythm.outro_confidence,
    )
    marks = ", ".join("?" for _ in values)
    db.execute(
        f"INSERT OR REPLACE INTO rhythms (track_id, version, {_COLUMNS}) VALUES (?, ?, {marks})",
        (track_id, RHYTHM_VERSION, *(_plain(value) for value in values)),
    )


def rhythm_of(db: Connection, track_id: TrackId) -> Rhythm | None:
    """What is known of one track; None if it was never measured, and nothing of it was set by hand."""
    heard, correction = heard_rhythm_of(db, track_id), correction_of(db, track_id)
    if correction is None or (heard is None and not _is_there(db, track_id)):
        return heard
    return corrected(heard or UNKNOWN_RHYTHM, correction)


def heard_rhythm_of(db: Connection, track_id: TrackId) -> Rhythm | None:
    """What was measured of one track, whatever was set by hand; None if it was never measured."""
    row = db.execute(f"SELECT {_COLUMNS} FROM rhythms WHERE track_id = ?", (track_id,)).fetchone()
    return None if row is None else _rhythm(row)


def all_rhythms(db: Connection) -> dict[TrackId, Rhythm]:
    """What is known of every track of which something is."""
    found = db.execute(f"SELECT track_id, {_COLUMNS} FROM rhythms ORDER BY track_id")
    known = {TrackId(row[0]): _rhythm(row[1:]) for row in found}
    return known | corrected_rhythms(db)


def corrected_rhythms(db: Connection) -> dict[TrackId, Rhythm]:
    """What is known of the tracks of which something was set by hand."""
    found = ((track_id, rhythm_of(db, track_id)) for track_id in all_corrections(db))
    return {track_id: rhythm for track_id, rhythm in found if rhythm is not None}


def lacking_rhythm(db: Connection) -> frozenset[TrackId]:
    """The tracks that were never measured, or by another version of the analyser."""
    found = db.execute(
        "SELECT id FROM tracks WHERE NOT EXISTS (SELECT 1 FROM rhythms WHERE track_id = id AND version = ?)",
        (RHYTHM_VERSION,),
    )
    return frozenset(TrackId(track_id) for (track_id,) in found)


def _is_there(db: Connection, track_id: TrackId) -> bool:
    """Whether the library holds a track; what was set by hand outlives it."""
    return db.execute("SELECT 1 FROM tracks WHERE id = ?", (track_id,)).fetchone() is not None


def _plain(value: Any) -> Any:
    """A number of numpy's as SQLite's own, which would else keep its bytes."""
    return value.item() if hasattr(value, "item") else value


def _rhythm(row: tuple[Any, ...]) -> Rhythm:
    tempo, confidence, alternatives, beats, *rest = row
    return Rhythm(tempo, confidence, tuple(map(float, alternatives.split())), rows.blob_to_floats(beats), *rest)
