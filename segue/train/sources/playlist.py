"""What every source of playlists yields: playlists of tracks, named by whatever the source knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceTrack:
    """A track as a playlist names it. What the source does not say is "" or None; it need not lie on this machine."""

    artist: str = ""
    title: str = ""
    album: str = ""
    mbid: str = ""  # MusicBrainz recording
    isrc: str = ""
    uri: str = ""  # the source's own id, such as spotify:track:...
    path: Path | None = None  # where the source says that a file lies
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class SourcePlaylist:
    """Tracks that somebody put together, in their order; ``id`` is unique within its source and the same each time."""

    id: str
    name: str
    tracks: tuple[SourceTrack, ...]
    date: str = ""  # when it was played or put together, as YYYY-MM-DD; "" where the source does not say
