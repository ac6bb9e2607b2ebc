"""Files whose tags Segue wrote: their bytes are others now, and they are the recordings that they were."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from segue.store import track_rows
from segue.store.database import Connection
from segue.store.kept import keep_in, kept_in
from segue.values import FileStat, TrackId, TrackInfo

Transaction = Callable[[], AbstractContextManager[Connection]]


class Contents:
    """Which recording some bytes are, where that is not the one that their hash names."""

    def __init__(self, reading: Transaction, changing: Transaction) -> None:
        self._reading = reading
        self._changing = changing

    def recording(self, content: TrackId) -> TrackId:
        """The recording that bytes of this hash are, whether the library holds it or not."""
        with self._reading() as db:
            body = kept_in(db, "content", content)
        track_id = None if body is None else body.get("track_id")
        return TrackId(track_id) if isinstance(track_id, str) else content

    def stat_at(self, path: Path) -> FileStat | None:
        """The state in which the library knows the file at a path; None where it knows none."""
        with self._reading() as db:
            query = "SELECT size, mtime_ns FROM paths WHERE path = ?"
            row = db.execute(query, (track_rows.path_to_blob(path),)).fetchone()
        return None if row is None else FileStat(*row)

    def expect(self, content: TrackId, track_id: TrackId, *, at_s: float) -> None:
        """Say that bytes of this hash are this recording, before they are to be found anywhere."""
        with self._changing() as db:
            keep_in(db, "content", content, {"track_id": track_id}, at_s=at_s)

    def rewrote(self, track_id: TrackId, path: Path, *, stat: FileStat, info: TrackInfo) -> None:
        """Take note of a file of a recording as it is since its tags were written, so that nobody hears it again."""
        with self._changing() as db:
            track_rows.put_track(db, track_id, info)
            track_rows.put_path(db, track_id, path, stat)
