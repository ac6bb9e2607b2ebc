"""Folders and albums as playlists: what somebody put into one folder, or published together, goes together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from segue.errors import printable
from segue.train.local import LocalTrack, read_folder, read_library
from segue.train.sources.opening import Tell
from segue.train.sources.playlist import SourcePlaylist, SourceTrack


def iter_folder(folder: Path, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the folders and the albums of the songs below a folder, by their tags."""
    tracks = read_folder(folder, on_error=lambda error: tell(error.what, f"{error.remedy} ({printable(folder)})"))
    yield from iter_albums(tracks, folder)


def iter_library(data_folder: Path) -> Iterator[SourcePlaylist]:
    """Yield the folders and the albums of a library."""
    yield from iter_albums(read_library(data_folder), None)


def iter_albums(tracks: Iterable[LocalTrack], root: Path | None) -> Iterator[SourcePlaylist]:
    """Yield folders, then albums that are not simply one of these folders; ids are seen from ``root``."""
    folders: dict[str, list[LocalTrack]] = {}
    albums: dict[tuple[str, str], list[LocalTrack]] = {}
    for track in tracks:
        folder = track.path.parent
        near = folder.relative_to(root) if root is not None and folder.is_relative_to(root) else folder
        folders.setdefault(printable(near.as_posix()), []).append(track)
        if track.info.album:
            albums.setdefault((track.info.artist.casefold(), track.info.album.casefold()), []).append(track)
    done = set()
    for name, inside in folders.items():
        done.add(tuple(sorted(track.path for track in inside)))
        shown = inside[0].path.parent.name
        yield SourcePlaylist(f"folder/{name}", printable(shown), tuple(map(_source_track, inside)))
    for (artist, album), inside in albums.items():
        if tuple(sorted(track.path for track in inside)) not in done:
            shown = f"{inside[0].info.artist} - {inside[0].info.album}".removeprefix(" - ")
            yield SourcePlaylist(f"album/{artist}/{album}", shown, tuple(map(_source_track, inside)))


def _source_track(track: LocalTrack) -> SourceTrack:
    info = track.info
    return SourceTrack(
        artist=info.artist,
        title=info.title,
        album=info.album,
        mbid=track.ids.mbid,
        isrc=track.ids.isrc,
        path=track.path,
        duration_s=info.duration_s or None,
    )
