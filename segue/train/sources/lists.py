"""Playlist files of players: M3U, M3U8 and PLS as the booth reads them, XSPF and JSPF with what else they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from segue.errors import PlaylistError
from segue.play.locations import Listed, location_to_path
from segue.play.m3u import read_playlist
from segue.play.xspf import parse_jspf, parse_xspf
from segue.train.sources.fields import isrc_of, mbid_of
from segue.train.sources.opening import SourceFile, Tell
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

_REMEDY = "Export the playlist anew, as M3U8 for instance"


def iter_m3u(source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlist of an M3U, M3U8 or PLS file."""
    if source.member:
        raise PlaylistError("a playlist of files lies within a zip", remedy="Unpack it and name the folder")
    found = read_playlist(source.path)
    for place in found.skipped:
        tell("places that are no files, such as internet radio", f"Such as {place}")
    tracks = tuple(
        SourceTrack(entry.artist, entry.title, path=entry.path, duration_s=entry.duration_s or None)
        for entry in found.entries
    )
    yield SourcePlaylist(source.id, found.name, tracks)


def iter_xspf(source: SourceFile, _: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlist of an XSPF file; songs without a place count too."""
    yield _listed(source, *_parsed(parse_xspf, source))


def iter_jspf(source: SourceFile, _: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlist of a JSPF file, such as ListenBrainz gives."""
    yield _listed(source, *_parsed(parse_jspf, source))


def _parsed(parse: Callable[[str], tuple[str, list[Listed]]], source: SourceFile) -> tuple[str, list[Listed]]:
    try:
        return parse(source.text())
    except ValueError as error:
        raise PlaylistError(str(error), remedy=_REMEDY) from error


def _listed(source: SourceFile, name: str, songs: list[Listed]) -> SourcePlaylist:
    return SourcePlaylist(source.id, name or source.stem, tuple(_track(song, source) for song in songs))


def _track(song: Listed, source: SourceFile) -> SourceTrack:
    """A song with the MusicBrainz id and the ISRC that its identifiers or its place hold."""
    identifiers = [*song.identifiers, song.location]
    return SourceTrack(
        artist=song.artist,
        title=song.title,
        album=song.album,
        mbid=next((mbid_of(text) for text in identifiers if "/recording/" in text and mbid_of(text)), ""),
        isrc=next((isrc_of(text) for text in identifiers if "isrc" in text.lower() and isrc_of(text)), ""),
        uri=next((text for text in song.identifiers if text), ""),
        path=location_to_path(song.location, source.folder, is_uri=True) if song.location else None,
        duration_s=song.duration_s or None,
    )
