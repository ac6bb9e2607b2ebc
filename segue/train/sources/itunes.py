"""iTunes' and Music's ``Library.xml``: the playlists that somebody put together by hand."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError

from segue.errors import PlaylistError
from segue.play.locations import location_to_path
from segue.play.xspf import seconds
from segue.train.sources.fields import text_of
from segue.train.sources.opening import SourceFile, Tell
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

_NOT_BY_HAND = ("Master", "Distinguished Kind", "Smart Info", "Folder")
_NO_MUSIC = ("Podcast", "Movie", "TV Show", "Has Video", "Audiobook")


def iter_itunes(source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlists of a ``Library.xml``; "Library", "Downloaded", smart lists and folders are left out.

    Raises
    ------
    PlaylistError
        If it is damaged, declares entities (they may expand without bound), or is no music library.
    """
    try:
        library = plistlib.loads(source.data())
    except (ValueError, ExpatError, LookupError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise PlaylistError(f"its XML is damaged or unsafe ({error})", remedy="Export the library anew") from error
    rows = library.get("Tracks") if isinstance(library, dict) else None
    if not isinstance(rows, dict):
        raise PlaylistError("it is a property list without tracks", remedy="Export the library (File > Library)")
    tracks = {key: _track(row, source) for key, row in rows.items() if isinstance(row, dict)}
    for playlist in _dicts(library.get("Playlists")):
        if any(playlist.get(key) for key in _NOT_BY_HAND):
            tell("lists that the program made (Library, Downloaded, smart lists, folders)", "Nothing needs to be done")
            continue
        found = [tracks.get(str(item.get("Track ID"))) for item in _dicts(playlist.get("Playlist Items"))]
        name = text_of(playlist.get("Name")) or source.stem
        identity = text_of(playlist.get("Playlist Persistent ID")) or text_of(playlist.get("Playlist ID")) or name
        yield SourcePlaylist(f"{source.id}/{identity}", name, tuple(track for track in found if track is not None))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _track(row: dict[str, Any], source: SourceFile) -> SourceTrack | None:
    if any(row.get(key) for key in _NO_MUSIC):
        return None
    location = row.get("Location")
    return SourceTrack(
        artist=text_of(row.get("Artist")),
        title=text_of(row.get("Name")),
        album=text_of(row.get("Album")),
        path=location_to_path(location, source.folder, is_uri=True) if isinstance(location, str) else None,
        duration_s=seconds(row.get("Total Time")) / 1000.0 or None,
    )
