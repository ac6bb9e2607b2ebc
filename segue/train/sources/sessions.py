"""Plays with their times, cut into sessions: what somebody played in one sitting is a playlist too."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segue.config import SESSIONS, SessionSpec
from segue.train.sources.playlist import SourcePlaylist, SourceTrack


@dataclass(frozen=True, slots=True)
class Play:
    """A track that was played, and when it began (seconds since 1970, UTC)."""

    when_s: float
    track: SourceTrack


def cut_sessions(plays: Iterable[Play], *, spec: SessionSpec = SESSIONS) -> Iterator[SourcePlaylist]:
    """Yield one playlist a sitting, oldest first; plays may come in any order, and one that comes twice counts once.

    A sitting ends where nothing plays for longer than the gap, counted from the end of a track whose length is known.
    Its id is the second in which it began, so that plays added later change no earlier sitting's id.
    """
    sitting: list[Play] = []
    for play in sorted(dict.fromkeys(plays), key=lambda play: play.when_s):
        if sitting and play.when_s - _end_s(sitting[-1]) > spec.gap_s:
            yield _playlist(sitting)
            sitting = []
        sitting.append(play)
    if sitting:
        yield _playlist(sitting)


def _end_s(play: Play) -> float:
    return play.when_s + (play.track.duration_s or 0.0)


def _playlist(sitting: list[Play]) -> SourcePlaylist:
    began = time.gmtime(sitting[0].when_s)
    return SourcePlaylist(
        id=time.strftime("session-%Y%m%dT%H%M%SZ", began),
        name=time.strftime("Session of %Y-%m-%d %H:%M", began),
        tracks=tuple(play.track for play in sitting),
        date=time.strftime("%Y-%m-%d", began),
    )
