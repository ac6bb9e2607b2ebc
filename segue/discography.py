"""The library as artists and albums, for programs that browse by them."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from segue.store.rows import fold, storable, words_to_find
from segue.values import Track, TrackId

VARIOUS = "Various Artists"
NO_ARTIST = "Unknown artist"
NO_ALBUM = "Other songs"
ARTICLE = "The"
_KEPT_SHARE = 10.0  # while a scan adds tracks, a view stays in use for so many times as long as it took to make


@dataclass(frozen=True, slots=True)
class Album:
    """Songs of one name by one artist, in the order of their files; ``cover`` is the song whose cover it shows."""

    id: str
    name: str
    artist: str
    artist_id: str
    tracks: tuple[TrackId, ...]
    duration_s: float
    year: int | None
    genre: str
    cover: TrackId
    added_s: float
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Artist:
    """Somebody, and the albums that are theirs or hold a song of theirs."""

    id: str
    name: str
    albums: tuple[Album, ...]
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Discs:
    """The library at one moment: artists by name, albums by artist and name, songs in that order.

    ``places`` says of each song which album it is on, and as which of its songs, counted from 1.
    """

    artists: Mapping[str, Artist]
    albums: Mapping[str, Album]
    songs: tuple[TrackId, ...]
    places: Mapping[TrackId, tuple[str, int]]

    def find_artists(self, words: str) -> list[Artist]:
        """Artists whose names hold all the words."""
        return [artist for artist in self.artists.values() if _holds(artist.words, words)]

    def find_albums(self, words: str) -> list[Album]:
        """Albums whose names or artists hold all the words."""
        return [album for album in self.albums.values() if _holds(album.words, words)]


class Discography:
    """The artists and albums of one library, worked out again when it has changed. Safe from several threads.

    It takes time and memory in proportion to the tracks; of each no more than its id is kept.
    """

    def __init__(
        self,
        version: Callable[[], int],
        tracks: Callable[[], Sequence[Track]],
        added: Callable[[], Mapping[TrackId, float]],
    ) -> None:
        self._version, self._tracks, self._added = version, tracks, added
        self._lock = threading.Lock()
        self._held: tuple[int, float, Discs] | None = None

    def now(self) -> Discs:
        """Artists and albums; while a scan runs, they may be as they were a little earlier."""
        with self._lock:
            version, began_s = self._version(), time.monotonic()
            if self._held is None or (self._held[0] != version and began_s >= self._held[1]):
                discs = arrange(self._tracks(), self._added())
                took_s = time.monotonic() - began_s
                self._held = version, began_s + _KEPT_SHARE * took_s, discs
            return self._held[2]


def artist_id(name: str) -> str:
    """The id of an artist: the same for the same name, whatever the case."""
    return _id("ar", name or NO_ARTIST)


def arrange(tracks: Sequence[Track], added_s: Mapping[TrackId, float]) -> Discs:
    """Put tracks, sorted by artist, album and path, into albums, and these under their artists."""
    shelves: dict[str, tuple[str, str, list[Track]]] = {}
    for artist, name, held in _albums(tracks):
        shelves.setdefault(_id("al", artist, name), (artist, name, []))[2].extend(held)
    albums = sorted(
        (_album(album_id, *shelf, added_s) for album_id, shelf in shelves.items()), key=lambda a: sort_key(a.artist)
    )
    names: dict[str, str] = {}
    theirs: dict[str, dict[str, Album]] = {}
    for album in albums:
        _, _, held = shelves[album.id]
        for artist in (album.artist, *(track.info.artist or NO_ARTIST for track in held)):
            found = artist_id(artist)
            names.setdefault(found, artist)
            theirs.setdefault(found, {})[album.id] = album
    artists = [Artist(i, name, tuple(theirs[i].values()), fold(name)) for i, name in names.items()]
    return Discs(
        {artist.id: artist for artist in sorted(artists, key=lambda artist: sort_key(artist.name))},
        {album.id: album for album in albums},
        tuple(track_id for album in albums for track_id in album.tracks),
        {track_id: (album.id, at) for album in albums for at, track_id in enumerate(album.tracks, 1)},
    )


def sort_key(name: str) -> str:
    """What a name is sorted by: "The Cartographers" stand under C."""
    plain = name.casefold().removeprefix(f"{ARTICLE.casefold()} ").strip()
    return plain or name.casefold()


def _albums(tracks: Iterable[Track]) -> Iterable[tuple[str, str, list[Track]]]:
    """Artist, name and tracks of each album, or of each part of one."""
    together: dict[tuple[str, str], list[Track]] = {}
    for track in tracks:
        name = track.info.album.casefold()
        where = os.path.dirname(track.paths[0]) if name else track.info.artist.casefold()  # noqa: PTH120 - ten times as fast
        together.setdefault((name, where), []).append(track)
    for held in together.values():
        name = held[0].info.album or NO_ALBUM
        artists = Counter(track.info.artist or NO_ARTIST for track in held)
        credited = _credited(artists)
        if credited:
            yield credited, name, held
            continue
        for artist in artists:
            yield artist, name, [track for track in held if (track.info.artist or NO_ARTIST) == artist]


def _credited(artists: Counter[str]) -> str:
    """Whose album it is when these made its songs; "" where each made one of their own of the same name.

    Guests are named beside the artist; a folder of a few loose songs may hold two artists' Greatest Hits.
    """
    first, count = artists.most_common(1)[0]
    if all(first.casefold() in other.casefold() for other in artists):
        return first
    if len(artists) < 3:
        return ""
    return first if 2 * count > artists.total() else VARIOUS


def _album(album_id: str, artist: str, name: str, held: Sequence[Track], added_s: Mapping[TrackId, float]) -> Album:
    genres = Counter(track.info.genre for track in held if track.info.genre)
    return Album(
        album_id,
        name,
        artist,
        artist_id(artist),
        tuple(track.id for track in held),
        sum(track.info.duration_s for track in held),
        max((track.info.year for track in held if track.info.year), default=None),
        genres.most_common(1)[0][0] if genres else "",
        next((track.id for track in held if track.info.has_artwork), held[0].id),
        max(added_s.get(track.id, 0.0) for track in held),
        fold(f"{name} {artist}"),
    )


def _holds(folded: str, words: str) -> bool:
    return all(word in folded for word in words_to_find(words))


def _id(kind: str, *names: str) -> str:
    text = "\0".join(storable(name).casefold() for name in names)
    return f"{kind}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
