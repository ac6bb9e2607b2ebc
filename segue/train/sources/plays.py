"""Rows of listening histories to plays: Last.fm, ListenBrainz, Spotify's own export, and tables with a time in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from segue.config import PLAYLISTS
from segue.train.sources.fields import plain, row_to_track, seconds_since_1970, text_of
from segue.train.sources.opening import SourceFile
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.sources.sessions import Play, cut_sessions

_WHEN = ("listenedat", "playedat", "uts", "timestamp", "ts", "utctime", "endtime", "scrobbledat", "datetime", "date")
_USER = ("username", "user", "userid")


class Histories:
    """Plays as they come, each listener's apart; a track that is played often is kept once."""

    def __init__(self) -> None:
        self._plays: dict[str, list[Play]] = {}
        self._tracks: dict[SourceTrack, SourceTrack] = {}

    def add(self, row: Mapping[str, Any]) -> bool:
        """Keep a play; False if the row is none. One that was broken off early is a play, but is not kept."""
        said = {plain(name): value for name, value in row.items()}
        when_s = _when_s(said)
        track = None if when_s is None else _row_to_played(row)
        if when_s is None or track is None:
            return False
        played_ms = said.get("msplayed")
        if not (isinstance(played_ms, int | float) and played_ms < 1000.0 * PLAYLISTS.shortest_play_s):
            track = self._tracks.setdefault(track, track)
            user = next((text for name in _USER if (text := text_of(said.get(name)))), "")
            self._plays.setdefault(user, []).append(Play(when_s, track))
        return True

    def iter_sessions(self, source: SourceFile) -> Iterator[SourcePlaylist]:
        """Yield each listener's plays, cut into sessions."""
        for user, plays in self._plays.items():
            owner = f"{source.id}/{user}" if user else source.id
            for session in cut_sessions(plays):
                yield SourcePlaylist(f"{owner}/{session.id}", session.name, session.tracks, session.date)


def is_when(name: str) -> bool:
    """Whether a column of this name says when something was played."""
    return plain(name) in _WHEN


def _row_to_played(row: Mapping[str, Any]) -> SourceTrack | None:
    """The track of a play: flat, or with ListenBrainz's parts within each other (the surest id counts)."""
    said = row.get("track_metadata")
    if not isinstance(said, dict):
        return row_to_track(row)
    more, mapped = (
        part if isinstance(part := said.get(key), dict) else {} for key in ("additional_info", "mbid_mapping")
    )
    flat = {"recording_mbid": mapped.get("recording_mbid") or more.get("recording_mbid")}
    flat |= {key: more.get(key) for key in ("isrc", "duration_ms", "duration")}
    flat |= {"uri": more.get("spotify_id") or more.get("origin_url")}
    return row_to_track({**said, **flat})


def _when_s(said: Mapping[str, Any]) -> float | None:
    for name in _WHEN:
        value = said.get(name)
        if isinstance(value, dict):
            value = value.get("uts") or value.get("#text")
        if (when_s := seconds_since_1970(value)) is not None:
            return when_s
    return None
