"""Playlists as JSON Lines, one playlist a line: what fetched playlists are kept in, and radio shows and the like."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from segue.errors import PlaylistError, printable
from segue.files import atomic_write
from segue.train.sources.fields import day_of, row_to_track, text_of
from segue.train.sources.opening import SourceFile
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

_NAME_KEYS = ("name", "title", "program", "show")
_TRACK_KEYS = ("tracks", "files", "songs", "items", "track")


def playlist_to_line(playlist: SourcePlaylist) -> str:
    """A playlist as one line of JSON, without the line's end; what is not known is left out."""
    row: dict[str, Any] = {"id": playlist.id, "name": playlist.name}
    row |= {"date": playlist.date} if playlist.date else {}
    row["tracks"] = [_track_to_row(track) for track in playlist.tracks]
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode()


def line_to_playlist(line: str, base: Path | None = None) -> SourcePlaylist:
    """Read what :func:`playlist_to_line` wrote; relative paths are seen from the folder ``base``.

    Raises
    ------
    ValueError
        If the line is no JSON, or holds no playlist.
    """
    try:
        return row_to_playlist(json.loads(line), base)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error


def write_playlists(path: Path, playlists: Iterable[SourcePlaylist]) -> int:
    """Write playlists as JSON Lines, gzipped if the name ends in ``.gz``; whole or not at all. Return how many.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    count = 0
    opener = gzip.open if path.suffix.lower() == ".gz" else io.open
    with atomic_write(path) as unfinished, opener(unfinished, "wb") as file:
        for playlist in playlists:
            file.write(playlist_to_line(playlist).encode() + b"\n")
            count += 1
    return count


def read_playlists(path: Path) -> Iterator[SourcePlaylist]:
    """Yield the playlists of a file that :func:`write_playlists` wrote.

    Raises
    ------
    PlaylistError
        If the file cannot be read, or a line of it is no playlist.
    """
    for number, line in enumerate(SourceFile(path).lines(), start=1):
        if not line.strip():
            continue
        try:
            playlist = line_to_playlist(line, path.parent)
        except ValueError as error:
            raise PlaylistError(
                f"line {number} is no playlist ({error})", remedy="Remove that line, or fetch anew", path=path
            ) from error
        yield playlist


def row_to_playlist(row: Any, base: Path | None = None) -> SourcePlaylist:
    """A JSON object such as ``{"id": ..., "name": ..., "tracks": [...]}`` to a playlist; a track may be a file's name.

    Raises
    ------
    ValueError
        If it is no object, or names no tracks.
    """
    listed = listed_in(row)
    if listed is None:
        raise ValueError("there is no list of tracks in it")
    tracks = (_item_to_track(item, base) for item in listed)
    name = next((text for key in _NAME_KEYS if (text := text_of(row.get(key)))), "")
    identity = text_of(row.get("id")) or text_of(row.get("pid"))
    return SourcePlaylist(
        id=identity,
        name=name or identity,
        tracks=tuple(track for track in tracks if track is not None),
        date=day_of(text_of(row.get("date"))),
    )


def listed_in(row: Any) -> list[Any] | None:
    """What a JSON object lists under a name for tracks; None if it is no playlist."""
    keys = _TRACK_KEYS if isinstance(row, dict) else ()
    return next((row[key] for key in keys if isinstance(row.get(key), list)), None)


def _item_to_track(item: Any, base: Path | None) -> SourceTrack | None:
    if isinstance(item, str):
        return row_to_track({"path": item}, base)
    if not isinstance(item, dict):
        return None
    inner = next((item[key] for key in ("track", "item") if isinstance(item.get(key), dict)), item)
    return row_to_track(inner, base)


def _track_to_row(track: SourceTrack) -> dict[str, Any]:
    texts = {key: getattr(track, key) for key in ("artist", "title", "album", "mbid", "isrc", "uri")}
    row: dict[str, Any] = {key: text for key, text in texts.items() if text}
    row |= {"path": printable(track.path)} if track.path is not None else {}
    row |= {"duration_s": track.duration_s} if track.duration_s else {}
    return row
