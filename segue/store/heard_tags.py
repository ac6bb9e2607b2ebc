"""What an ear hears a track as: the probabilities of its tags, a row for each track and ear."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from segue.store import rows
from segue.store.database import Connection
from segue.values import Fingerprint, Floats, TrackId

_LACKING = (
    "FROM slice_vectors LEFT JOIN heard_tags USING (track_id, model, mel) WHERE model = ? AND mel = ? AND head IS NOT ?"
)

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True, eq=False)
class TagRow:
    """What is kept of one track: ``probabilities`` (k,) float32, and the names of the confident tags."""

    probabilities: Floats
    confident: Sequence[str]


class HeardTags:
    """The table of heard tags in a library; ``head`` is the fingerprint of the tag head that they come from."""

    def __init__(self, reading: Transaction, changing: Transaction) -> None:
        self._reading = reading
        self._changing = changing

    def count_lacking(self, fingerprint: Fingerprint, head: str) -> int:
        """How many tracks the ear has heard that have no tags of this head."""
        with self._reading() as db:
            return int(db.execute(f"SELECT count(*) {_LACKING}", (*_key(fingerprint), head)).fetchone()[0])

    def lacking(
        self, fingerprint: Fingerprint, head: str, *, after: TrackId, limit: int
    ) -> list[tuple[TrackId, Floats]]:
        """The first of these tracks ``after`` an id, with their slice vectors ``(s, d)`` float32."""
        statement = f"SELECT track_id, vectors, count {_LACKING} AND track_id > ? ORDER BY track_id LIMIT ?"
        with self._reading() as db:
            found = db.execute(statement, (*_key(fingerprint), head, after, limit)).fetchall()
        return [(TrackId(track_id), rows.blob_to_slices(blob, count)) for track_id, blob, count in found]

    def put(self, tags: Mapping[TrackId, TagRow], fingerprint: Fingerprint, head: str) -> None:
        """Keep the tags of some tracks, all or none; those that went away meanwhile are left out."""
        statement = "INSERT OR REPLACE INTO heard_tags SELECT id, ?, ?, ?, ?, ? FROM tracks WHERE id = ?"
        key = _key(fingerprint)
        new = [
            (*key, head, rows.floats_to_blob(row.probabilities), rows.fold(" ".join(row.confident)), track_id)
            for track_id, row in tags.items()
        ]
        with self._changing() as db:
            db.executemany(statement, new)

    def of(self, track_id: TrackId, fingerprint: Fingerprint, head: str) -> Floats | None:
        """The probabilities ``(k,)`` of one track; None as long as they have not been reckoned."""
        statement = "SELECT probabilities FROM heard_tags WHERE track_id = ? AND model = ? AND mel = ? AND head = ?"
        with self._reading() as db:
            row = db.execute(statement, (track_id, *_key(fingerprint), head)).fetchone()
        return None if row is None else rows.blob_to_floats(row[0])

    def items(self, fingerprint: Fingerprint, head: str) -> Iterator[tuple[TrackId, Floats]]:
        """The probabilities ``(k,)`` of all tracks that have them, by id."""
        statement = (
            "SELECT track_id, probabilities FROM heard_tags WHERE model = ? AND mel = ? AND head = ? ORDER BY track_id"
        )
        with self._reading() as db:
            for track_id, blob in db.execute(statement, (*_key(fingerprint), head)):
                yield TrackId(sys.intern(track_id)), rows.blob_to_floats(blob)


def _key(fingerprint: Fingerprint) -> tuple[str, str]:
    return (fingerprint.model, fingerprint.mel)
