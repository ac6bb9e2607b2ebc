"""What the booth's player must know of songs: how loud they are, how one goes over into the next, how they look."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from segue.config import PLAYER
from segue.errors import FileAccessError, TooLongError, UnknownTrackError
from segue.files import atomic_write
from segue.listen.outline import outline_of
from segue.listen.tags import read_place
from segue.play.fades import Side, Turn, fade_between, same_album, sound_of
from segue.values import Rhythm, Track, TrackId
from segue.words import later

log = logging.getLogger(__name__)


class Playing:
    """Turns from song to song, and outlines of songs. Safe from several threads.

    ``only_s`` plays no more than the first seconds of each song.
    """

    def __init__(
        self,
        track: Callable[[TrackId], Track],
        rhythm: Callable[[TrackId], Rhythm | None],
        present_path: Callable[[Track], Path],
        *,
        cache: Path,
        only_s: float | None = None,
    ) -> None:
        self._track = track
        self._rhythm = rhythm
        self._present_path = present_path
        self._cache = cache
        self.only_s = only_s
        self._decoding = threading.Lock()  # one at a time: a page that is opened anew must not stop the others

    def turn(self, this: TrackId | None, following: TrackId | None) -> Turn:
        """How a song is played, how the next is, and how the one goes over into the other."""
        a, b = self._side(this), self._side(following)
        if a is None or b is None:
            return Turn(Turn().this if a is None else sound_of(a), None if b is None else sound_of(b))
        if same_album(a.info, b.info):
            a, b = _placed(a), _placed(b)
        return Turn(sound_of(a), sound_of(b), fade_between(a, b))

    def _side(self, track_id: TrackId | None) -> Side | None:
        if track_id is None:
            return None
        try:
            track = self._track(track_id)
        except UnknownTrackError:
            return None
        return Side(track.paths[0], track.info, self._rhythm(track_id), only_s=self.only_s)

    def outline(self, track_id: TrackId) -> bytes | None:
        """A song's outline, a byte a column, made once and kept in the cache; None while others are being drawn.

        Raises
        ------
        UnknownTrackError, FileAccessError, AudioError
            If there is no such song, its file is gone, or it is too long to be drawn.
        """
        track = self._track(track_id)
        kept = self._cache / f"{track_id}.outline"
        held = _read(kept)
        if held is not None:
            return held
        if track.info.duration_s > PLAYER.longest_outline_s:
            raise TooLongError(
                later("it is too long to be drawn"), remedy=later("Nothing need be done"), path=track.paths[0]
            )
        path = self._present_path(track)
        if not self._decoding.acquire(timeout=PLAYER.outline_wait_s):
            return None
        try:
            return _read(kept) or _drawn(path, kept)
        finally:
            self._decoding.release()


def _placed(side: Side) -> Side:
    """The same, with its number on the album."""
    return Side(side.path, side.info, side.rhythm, read_place(side.path), side.only_s)


def _read(kept: Path) -> bytes | None:
    try:
        data = kept.read_bytes()
    except OSError:
        return None
    return data if len(data) == PLAYER.outline_columns else None


def _drawn(path: Path, kept: Path) -> bytes:
    """Draw a song, and keep that if the disk lets us."""
    data = outline_of(path).tobytes()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(kept) as unfinished:
            unfinished.write_bytes(data)
    except (OSError, FileAccessError) as error:
        log.warning("%s: its outline is not kept: %s", path, error)
    return data
