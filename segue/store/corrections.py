"""What the listener set by hand, kept for each recording: it outlives rescans, moves, and every measuring anew."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from segue.errors import ParameterError
from segue.listen.by_hand import Correction
from segue.store.database import Connection
from segue.store.kept import all_kept_in, drop_in, keep_in, kept_in
from segue.values import TrackId

log = logging.getLogger(__name__)

Transaction = Callable[[], AbstractContextManager[Connection]]
Corrected = Mapping[TrackId, Correction | None]
"""What is set for some tracks; None is what was measured."""


class Corrections:
    """The corrections of a library. `segue.store.rhythms` lays them over what was measured."""

    def __init__(self, reading: Transaction, changing: Transaction) -> None:
        self._reading = reading
        self._changing = changing

    def of(self, track_id: TrackId) -> Correction | None:
        """What was set for one track; None where nothing was."""
        with self._reading() as db:
            return correction_of(db, track_id)

    def put(self, corrections: Corrected, *, at_s: float) -> None:
        """Set what holds for some tracks from now on, all of it or nothing; None is what was measured."""
        self.change(tuple(corrections), lambda _: corrections, at_s=at_s)

    def change(self, tracks: Sequence[TrackId], anew: Callable[[Corrected], Corrected], *, at_s: float) -> Corrected:
        """Set what ``anew`` makes of what was set for some tracks, which is returned; nothing where it raises.

        Nobody else changes anything meanwhile.
        """
        with self._changing() as db:
            before = {track_id: correction_of(db, track_id) for track_id in tracks}
            for track_id, correction in anew(before).items():
                if correction:
                    body = {"tempo_bpm": correction.tempo_bpm, "camelot": correction.camelot}
                    keep_in(db, "correction", track_id, body, at_s=at_s)
                else:
                    drop_in(db, "correction", track_id)
        return before


def correction_of(db: Connection, track_id: TrackId) -> Correction | None:
    """What was set for one track, within a transaction."""
    body = kept_in(db, "correction", track_id)
    return None if body is None else _from_body(body)


def all_corrections(db: Connection) -> dict[TrackId, Correction]:
    """All that was set, within a transaction."""
    read = ((TrackId(name), _from_body(body)) for name, body in all_kept_in(db, "correction").items())
    return {track_id: correction for track_id, correction in read if correction is not None}


def _from_body(body: Mapping[str, Any]) -> Correction | None:
    """A correction as it was kept; None, with a word in the log, where nothing of it can be believed."""
    tempo, camelot = body.get("tempo_bpm"), body.get("camelot")
    try:
        return Correction(
            float(tempo) if isinstance(tempo, int | float) else None, camelot if isinstance(camelot, str) else None
        )
    except ParameterError as error:
        log.warning("a correction is damaged and passed over: %s", error)
        return None
