"""Rows of Spotify's playlists to tracks: ``item`` since 2026, ``track`` before and for apps of extended quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.train.sources.fields import isrc_of, text_of
from segue.train.sources.playlist import SourceTrack


def row_to_track(row: Any) -> SourceTrack | None:
    """A row to a track; None for an episode, for a track that is gone, and for one without a name.

    Local files count: Spotify knows their names only, and names are what leads to the files here. So do tracks that
    cannot be played in the market.
    """
    found = _inner(row)
    if found is None or found.get("type") == "episode" or text_of(found.get("uri")).startswith("spotify:episode:"):
        return None
    title = text_of(found.get("name"))
    uri = text_of(_dict(found.get("linked_from")).get("uri")) or text_of(found.get("uri"))
    if not title or not uri:
        return None
    duration_ms = found.get("duration_ms")
    return SourceTrack(
        artist=_artist(found.get("artists")),
        title=title,
        album=text_of(found.get("album")),
        isrc=isrc_of(text_of(_dict(found.get("external_ids")).get("isrc"))),
        uri=uri,
        duration_s=duration_ms / 1000 if isinstance(duration_ms, int | float) and duration_ms > 0 else None,
    )


def _inner(row: Any) -> Mapping[str, Any] | None:
    """What a row is about; ``track`` beside ``item`` may be a mere yes or no."""
    both = (_dict(row).get(key) for key in ("item", "track"))
    return next((found for found in both if isinstance(found, dict)), None)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _artist(artists: Any) -> str:
    """All artists as a tag says it: the first, then "feat." and the others."""
    names = [name for artist in artists if (name := text_of(artist))] if isinstance(artists, list) else []
    return f"{names[0]} feat. {', '.join(names[1:])}" if len(names) > 1 else "".join(names)
