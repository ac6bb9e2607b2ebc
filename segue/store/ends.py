"""How a track begins and how it ends, as an ear hears it: what a segue from one to the next is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.config import CHOICE
from segue.store import rows
from segue.store.database import Connection
from segue.values import Fingerprint, Floats, TrackId

Halves = NDArray[np.float16]

_TYPE = np.dtype("<f2")
_TRACKS_AT_ONCE = 500  # ten megabytes of slice vectors
_CANCELLED = 1e-3
"""A mean of unit vectors that is shorter has no direction; float16 could not tell it from noise."""

Transaction = Callable[[], AbstractContextManager[Connection]]


class TrackEnds(NamedTuple):
    """Row i of ``heads`` and ``tails`` (n, d) float16 belongs to track i, zero where nothing is known.

    Rows are as they are kept, of unit length but for float16's rounding: half of what float32 would take.
    """

    heads: Halves
    tails: Halves


def ends_of(slices: Floats) -> tuple[Floats, Floats]:
    """Mean direction of the first and of the last slices of a track.

    Parameters
    ----------
    slices : (s, d) float32
        Unit rows in the order of the track, s at least 1.

    Returns
    -------
    two (d,) float32
        Of unit length each, over ``ChoiceSpec.end_slices`` slices or as many as there are. Where those cancel out, the
        very first or last slice alone.
    """
    count = CHOICE.end_slices
    return _direction(slices[:count], slices[0]), _direction(slices[-count:], slices[-1])


def _direction(some: Floats, alone: Floats) -> Floats:
    mean = some.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    return alone if length < _CANCELLED else (mean / length).astype(np.float32)


def put_ends(db: Connection, track_id: TrackId, fingerprint: Fingerprint, slices: Floats) -> None:
    """Keep how a track begins and ends, as part of a transaction; nothing, if the track is gone."""
    db.execute(
        "INSERT OR REPLACE INTO ends SELECT id, ?, ?, ?, ? FROM tracks WHERE id = ?",
        (fingerprint.model, fingerprint.mel, *(end.astype(_TYPE).tobytes() for end in ends_of(slices)), track_id),
    )


class Ends:
    """The table of ends in a library. Those that are missing or damaged are made anew from the slices."""

    def __init__(self, reading: Transaction, changing: Transaction, *, read_only: bool) -> None:
        self._reading = reading
        self._changing = changing
        self._read_only = read_only

    def of(self, ids: Sequence[TrackId], fingerprint: Fingerprint, *, dimension: int) -> TrackEnds:
        """Heads and tails of these tracks, in their order; zero rows for what the ear has not heard."""
        rows_of = {track_id: row for row, track_id in enumerate(ids)}
        found = TrackEnds(*np.zeros((2, len(ids), dimension), _TYPE))
        lacking = set(rows_of)
        with self._reading() as db:
            statement = "SELECT track_id, head, tail FROM ends WHERE model = ? AND mel = ?"
            for track_id, head, tail in db.execute(statement, (fingerprint.model, fingerprint.mel)):
                row = rows_of.get(track_id)
                if row is not None and len(head) == len(tail) == dimension * _TYPE.itemsize:
                    found.heads[row], found.tails[row] = (np.frombuffer(blob, _TYPE) for blob in (head, tail))
                    lacking.discard(track_id)
        in_order = sorted(lacking)
        for start in range(0, len(in_order), _TRACKS_AT_ONCE):
            batch = self._made(in_order[start : start + _TRACKS_AT_ONCE], fingerprint)
            for track_id, (head, tail) in batch.items():
                found.heads[rows_of[track_id]], found.tails[rows_of[track_id]] = head, tail
        for part in found:
            part[~np.isfinite(part).all(axis=1)] = 0.0
        return found

    def _made(self, lacking: Sequence[TrackId], fingerprint: Fingerprint) -> dict[TrackId, tuple[Floats, Floats]]:
        """The ends of tracks that have none kept, from their slices; kept from now on, if anything may be."""
        statement = "SELECT vectors, count FROM slice_vectors WHERE track_id = ? AND model = ? AND mel = ?"
        ear = (fingerprint.model, fingerprint.mel)
        with self._reading() as db:
            held = {track_id: db.execute(statement, (track_id, *ear)).fetchone() for track_id in lacking}
        slices = {track_id: rows.blob_to_slices(*row) for track_id, row in held.items() if row is not None}
        if slices and not self._read_only:
            with self._changing() as db:
                for track_id, vectors in slices.items():
                    put_ends(db, track_id, fingerprint, vectors)
        return {track_id: ends_of(vectors) for track_id, vectors in slices.items()}
