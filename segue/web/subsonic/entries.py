"""Songs, albums and artists as the Subsonic protocol tells of them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segue.discography import NO_ALBUM, NO_ARTIST, Album, Artist, Discs, artist_id
from segue.values import Track, TrackId

if TYPE_CHECKING:
    from segue.services import Services
    from segue.web.covers import Covers

Entry = dict[str, Any]

_TYPES = {
    ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".m4a": "audio/mp4",
    ".wav": "audio/wav",
}  # fmt: skip
_COPY = {"transcodedContentType": "audio/flac", "transcodedSuffix": "flac"}
_REPLAY_GAIN_LUFS = -18.0  # the level that ReplayGain 2 brings songs to


@dataclass(frozen=True, slots=True)
class House:
    """What answers are made of."""

    services: Services
    covers: Covers


@dataclass(frozen=True, slots=True)
class Page:
    """Tells of songs, albums and artists as they are at one moment."""

    services: Services
    discs: Discs
    liked_s: Mapping[TrackId, float]

    @classmethod
    def of(cls, house: House) -> Page:
        """As things are now."""
        return cls(house.services, house.services.discography.now(), house.services.listening.liked_at())

    def songs(self, ids: Sequence[TrackId]) -> list[Entry]:
        """Songs by their ids; those that have left the library are left out."""
        return [self.song(track) for track in self.services.tracks_of(ids)]

    def song(self, track: Track) -> Entry:
        """One song, with what a player needs to bring it to the loudness of others."""
        info, suffix = track.info, track.paths[0].suffix.lower()
        artist, rhythm = info.artist or NO_ARTIST, self.services.rhythm(track.id)
        album_id, place = self.discs.places.get(track.id, (None, None))
        entry: Entry = {
            "id": track.id,
            "parent": album_id,
            "isDir": False,
            "title": info.title,
            "album": info.album or NO_ALBUM,
            "artist": artist,
            "track": place,
            "year": info.year,
            "genre": info.genre or None,
            "coverArt": track.id,
            "duration": round(info.duration_s),
            "contentType": _TYPES.get(suffix, "application/octet-stream"),
            "suffix": suffix[1:],
            "isVideo": False,
            "starred": time_of(self.liked_s.get(track.id)),
            "albumId": album_id,
            "artistId": artist_id(artist),
            "type": "music",
            "mediaType": "song",
            "displayArtist": artist,
            "artists": [{"id": artist_id(artist), "name": artist}],
            "genres": _genres(info.genre),
            **({} if suffix in _TYPES else _COPY),
        }
        if rhythm is not None:
            entry["bpm"] = None if rhythm.tempo_bpm is None else round(rhythm.tempo_bpm)
            if rhythm.loudness_lufs is not None:
                entry["replayGain"] = _gain(rhythm.loudness_lufs, rhythm.true_peak_dbtp)
        return _known(entry)

    def playlist(
        self, *, playlist_id: str, name: str, count: int, songs: Sequence[Entry] = (), made_s: float | None = None
    ) -> Entry:
        """A playlist without its songs; without ``made_s`` it is chosen when it is asked for, and so made just now."""
        now = time_of(time.time())
        return {
            "id": playlist_id,
            "name": name,
            "owner": "segue",
            "public": False,
            "songCount": len(songs) or count,
            "duration": sum(song["duration"] for song in songs),
            "created": now if made_s is None else time_of(made_s),
            "changed": now,
        }


def album_entry(album: Album) -> Entry:
    """One album, without its songs."""
    return _known(
        {
            "id": album.id,
            "name": album.name,
            "artist": album.artist,
            "artistId": album.artist_id,
            "displayArtist": album.artist,
            "artists": [{"id": album.artist_id, "name": album.artist}],
            "coverArt": album.cover,
            "songCount": len(album.tracks),
            "duration": round(album.duration_s),
            "created": time_of(album.added_s),
            "year": album.year,
            "genre": album.genre or None,
            "genres": _genres(album.genre),
        }
    )


def folder_entry(album: Album) -> Entry:
    """One album for apps that browse folders."""
    entry = {**album_entry(album), "parent": album.artist_id, "isDir": True, "title": album.name, "album": album.name}
    return {name: value for name, value in entry.items() if name not in ("name", "artists", "genres")}


def artist_entry(artist: Artist) -> Entry:
    """One artist, without the albums."""
    return {
        "id": artist.id,
        "name": artist.name,
        "albumCount": len(artist.albums),
        "coverArt": artist.albums[0].cover,
    }


def artists_by_letter(artists: Iterable[Artist], letter_of: Mapping[str, str]) -> list[Entry]:
    """Artists in the order in which they come, under the letters that they begin with."""
    letters: dict[str, list[Entry]] = {}
    for artist in artists:
        letters.setdefault(letter_of[artist.id], []).append(artist_entry(artist))
    return [{"name": letter, "artist": found} for letter, found in sorted(letters.items())]


def time_of(at_s: float | None) -> str | None:
    """A time in seconds since 1970 as the protocol writes it."""
    if at_s is None:
        return None
    return dt.datetime.fromtimestamp(at_s, dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _genres(genre: str) -> list[Entry]:
    return [{"name": genre}] if genre else []


def _gain(loudness_lufs: float, true_peak_dbtp: float | None) -> Entry:
    gain: Entry = {"trackGain": round(_REPLAY_GAIN_LUFS - loudness_lufs, 2)}
    if true_peak_dbtp is not None:
        gain["trackPeak"] = round(10.0 ** (true_peak_dbtp / 20.0), 6)
    return gain


def _known(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if value is not None}
